from django.urls import path

from audits.views import actions, checks, dossier, findings, questions, reviews, samples

app_name = "audits"
urlpatterns = [
    path("actions/", actions.actions, name="actions"),
    path("actions/export/", actions.export, name="actions-export"),
    path("actions/check/", actions.check, name="actions-check"),
    path("checks/", checks.checks, name="checks"),
    path("dossiers/<int:school>/<slug:term>/", dossier.make, name="dossier"),
    path("findings/", findings.index, name="findings"),
    path("findings/rules/", findings.rules, name="rules"),
    path("findings/run/", findings.run, name="findings-run"),
    path("findings/export/", findings.export, name="findings-export"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/say/", findings.say, name="finding-say"),
    path("questions/", questions.index, name="questions"),
    path("questions/ask/", questions.ask, name="question-ask"),
    path("questions/<int:pk>/", questions.page, name="question"),
    path("questions/<int:pk>/answer/", questions.answer, name="question-answer"),
    path("questions/<int:pk>/ask-again/", questions.ask_again, name="question-ask-again"),
    path("questions/<int:pk>/close/", questions.close, name="question-close"),
    path("samples/", samples.index, name="samples"),
    path("samples/draw/", samples.draw, name="sample-draw"),
    path("samples/<int:pk>/", samples.page, name="sample"),
    path("samples/<int:pk>/print/", samples.sheets, name="sample-print"),
    path("samples/<int:pk>/population/", samples.population, name="sample-population"),
    path("samples/<int:pk>/close/", samples.close, name="sample-close"),
    path("samples/<int:pk>/withdraw/", samples.withdraw, name="sample-withdraw"),
    path("samples/items/<int:pk>/", samples.item, name="sample-item"),
    path("samples/items/<int:pk>/note/", samples.note, name="sample-note"),
    path("samples/items/<int:pk>/follow-up/", samples.follow_up, name="sample-follow-up"),
    path("reviews/", reviews.index, name="reviews"),
    path("reviews/<str:code>/", reviews.page, name="review"),
]
