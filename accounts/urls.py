from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.accounts, name="list"),
    path("new/", views.create, name="create"),
    path("password/", views.change_password, name="password"),
    path("<int:pk>/", views.edit, name="edit"),
    path("<int:pk>/password/", views.reset_password, name="reset-password"),
]
