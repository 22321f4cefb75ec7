from django.urls import path

from programs.views import awards, lists, notices, programs, recognitions

app_name = "programs"
urlpatterns = [
    path("recognitions/", recognitions.index, name="recognitions"),
    path("recognitions/upload/", recognitions.upload, name="recognition-upload"),
    path("recognitions/<int:pk>/", recognitions.page, name="recognition"),
    path("awards/", awards.index, name="awards"),
    path("awards/propose/<str:code>/", awards.propose, name="awards-propose"),
    path("awards/<int:pk>/drop/", awards.drop, name="award-drop"),
    path("lists/", lists.index, name="lists"),
    path("lists/confirm/", lists.confirm_many, name="lists-confirm"),
    path("lists/<int:pk>/", lists.page, name="list"),
    path("lists/<int:pk>/approve/", lists.approve, name="list-approve"),
    path("lists/<int:pk>/put-up/", lists.put_up, name="list-put-up"),
    path("lists/<int:pk>/confirm/", lists.confirm, name="list-confirm"),
    path("lists/<int:pk>/send-back/", lists.send_back, name="list-send-back"),
    path("notices/", notices.index, name="notices"),
    path("notices/<int:pk>/", notices.page, name="notice"),
    path("notices/<int:pk>/sheet/", notices.sheet, name="notice-sheet"),
    path("notices/<int:pk>/take-down/", notices.take_down, name="notice-take-down"),
    path("notices/<int:pk>/objections/<int:award_pk>/", notices.object_to, name="objection-raise"),
    path("objections/<int:pk>/", notices.answer, name="objection-answer"),
    path("public/<str:token>/", notices.open_page, name="public"),
    path("explain/<int:pk>/", programs.explain, name="explain"),
    path("standards/", programs.index, name="programs"),
    path("standards/<slug:code>/", programs.page, name="program"),
]
