"""Addresses of towns and schools. The pages show rosters and children of the term, so this stage keeps them."""

from django.urls import path

from students.views import schools, towns

app_name = "schools"
urlpatterns = [
    path("", schools.index, name="list"),
    path("export/", schools.export, name="export"),
    path("import/", schools.bring, name="import"),
    path("import/confirm/", schools.take, name="import-confirm"),
    path("new/", schools.create, name="create"),
    path("towns/", towns.index, name="towns"),
    path("towns/new/", towns.create, name="town-create"),
    path("towns/export/", towns.export, name="towns-export"),
    path("towns/import/", towns.bring, name="towns-import"),
    path("towns/import/confirm/", towns.take, name="towns-import-confirm"),
    path("towns/<str:code>/", towns.edit, name="town"),
    path("<str:code>/", schools.school, name="school"),
    path("<str:code>/edit/", schools.edit, name="edit"),
    path("<str:code>/close/", schools.close, name="close"),
    path("<str:code>/reopen/", schools.reopen, name="reopen"),
]
