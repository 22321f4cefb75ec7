from django.urls import path

from audits import views

app_name = "audits"
urlpatterns = [
    path("actions/", views.actions, name="actions"),
    path("checks/", views.checks, name="checks"),
]
