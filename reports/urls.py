from django.urls import path

from reports import student
from reports.views import figures

app_name = "reports"
urlpatterns = [
    path("", figures.report, name="report"),
    path("names/", figures.names, name="names"),
    path("names/export/", figures.export_names, name="names-export"),
    path("<str:scope>/", figures.report, name="report"),
    path("<str:scope>/export/", figures.export, name="export"),
]

student_urls = [path("<int:pk>/", student.student, name="student")]
"""A child's page lies beside the list of students, but shows what this stage alone may know."""
