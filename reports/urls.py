from django.urls import path

from reports import student, views

app_name = "reports"
urlpatterns = [
    path("", views.report, name="report"),
    path("names/", views.names, name="names"),
    path("names/export/", views.export_names, name="names-export"),
    path("<str:scope>/", views.report, name="report"),
    path("<str:scope>/export/", views.export, name="export"),
]

student_urls = [path("<int:pk>/", student.student, name="student")]
"""A child's page lies beside the list of students, but shows what this stage alone may know."""
