from django.urls import path

from accounts.views import accounts, officers

app_name = "accounts"
urlpatterns = [
    path("", accounts.accounts, name="list"),
    path("new/", accounts.create, name="create"),
    path("password/", accounts.change_password, name="password"),
    path("first-password/", accounts.first_password, name="first-password"),
    path("<int:pk>/", accounts.edit, name="edit"),
    path("<int:pk>/password/", accounts.reset_password, name="reset-password"),
    path("officers/", officers.index, name="officers"),
    path("officers/new/", officers.create, name="officer-create"),
    path("officers/export/", officers.export, name="officers-export"),
    path("officers/import/", officers.bring, name="officers-import"),
    path("officers/import/confirm/", officers.take, name="officers-import-confirm"),
    path("officers/slips/", officers.slips_waiting, name="officers-slips"),
    path("officers/slips/file/", officers.slips_file, name="officers-slips-file"),
    path("officers/<int:pk>/", officers.edit, name="officer-edit"),
    path("officers/<int:pk>/password/", officers.reset, name="officer-reset"),
    path("officers/<int:pk>/hand-over/", officers.hand_over, name="officer-hand-over"),
]
