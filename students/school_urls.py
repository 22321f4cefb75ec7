"""Addresses of schools. The pages show rosters and children of the term, so this stage keeps them."""

from django.urls import path

from students.views import schools

app_name = "schools"
urlpatterns = [
    path("", schools.index, name="list"),
    path("export/", schools.export, name="export"),
    path("import/", schools.bring, name="import"),
    path("import/confirm/", schools.take, name="import-confirm"),
    path("<str:code>/", schools.school, name="school"),
]
