from django.urls import path

from disbursements.views import batches, cards, funds

app_name = "disbursements"
urlpatterns = [
    path("", batches.index, name="batches"),
    path("prepare/", batches.prepare, name="prepare"),
    path("<int:pk>/", batches.page, name="batch"),
    path("<int:pk>/approve/", batches.approve, name="batch-approve"),
    path("<int:pk>/bank-file/", batches.write_bank_file, name="batch-bank-file"),
    path("<int:pk>/send/", batches.send, name="batch-send"),
    path("<int:pk>/discard/", batches.discard, name="batch-discard"),
    path("<int:pk>/return/", batches.hand_in_return, name="batch-return"),
    path("unpaid/<slug:code>/", cards.unpaid, name="unpaid"),
    path("cards/<int:pk>/", cards.correct, name="card"),
    path("funds/", funds.index, name="funds"),
    path("funds/allot/", funds.allot, name="allot"),
]
