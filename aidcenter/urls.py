"""All addresses. Each stage keeps its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("schools/", include("schools.urls")),
    path("students/", include("students.urls")),
    path("programs/", include("programs.urls")),
    path("payments/", include("disbursements.urls")),
    path("audits/", include("audits.urls")),
    path("reports/", include("reports.urls")),
    path("jobs/", include("jobs.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
]
