from django.urls import path

from audits.views import actions, checks, questions

app_name = "audits"
urlpatterns = [
    path("actions/", actions.actions, name="actions"),
    path("actions/export/", actions.export, name="actions-export"),
    path("actions/check/", actions.check, name="actions-check"),
    path("checks/", checks.checks, name="checks"),
    path("questions/", questions.index, name="questions"),
    path("questions/ask/", questions.ask, name="question-ask"),
    path("questions/<int:pk>/", questions.page, name="question"),
    path("questions/<int:pk>/answer/", questions.answer, name="question-answer"),
    path("questions/<int:pk>/ask-again/", questions.ask_again, name="question-ask-again"),
    path("questions/<int:pk>/close/", questions.close, name="question-close"),
]
