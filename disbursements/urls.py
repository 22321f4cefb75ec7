from django.urls import path

from disbursements.views import batches, bounces, cards, funds, recoveries, sending, slips

app_name = "disbursements"
urlpatterns = [
    path("", batches.index, name="batches"),
    path("prepare/", batches.prepare, name="prepare"),
    path("<int:pk>/", batches.page, name="batch"),
    path("<int:pk>/approve/", batches.approve, name="batch-approve"),
    path("<int:pk>/bank-file/", sending.write_bank_file, name="batch-bank-file"),
    path("<int:pk>/send/", sending.send, name="batch-send"),
    path("<int:pk>/discard/", batches.discard, name="batch-discard"),
    path("<int:pk>/return/", batches.hand_in_return, name="batch-return"),
    path("unpaid/<slug:code>/", cards.unpaid, name="unpaid"),
    path("cards/<int:pk>/", cards.correct, name="card"),
    path("funds/", funds.index, name="funds"),
    path("funds/allot/", funds.allot, name="allot"),
    path("bounces/", bounces.index, name="bounces"),
    path("bounces/<int:pk>/record/", bounces.record, name="bounce-record"),
    path("return-reasons/", bounces.reasons, name="return-reasons"),
    path("return-reasons/teach/", bounces.teach, name="return-reason-teach"),
    path("recoveries/", recoveries.index, name="recoveries"),
    path("recoveries/proposed/", recoveries.proposals, name="recovery-proposals"),
    path("recoveries/begin/<int:pk>/", recoveries.begin, name="recovery-begin"),
    path("recoveries/<int:pk>/", recoveries.page, name="recovery"),
    path("recoveries/<int:pk>/receive/", recoveries.receive, name="recovery-receive"),
    path("recoveries/<int:pk>/waive/", recoveries.waive, name="recovery-waive"),
    path("slips/", slips.index, name="slips"),
    path("slips/<slug:code>/", slips.sheet, name="slips-sheet"),
]
