from django.urls import path

from audits.views import actions, checks

app_name = "audits"
urlpatterns = [
    path("actions/", actions.actions, name="actions"),
    path("checks/", checks.checks, name="checks"),
]
