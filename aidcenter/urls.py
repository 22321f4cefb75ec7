"""All addresses. Each stage keeps its own."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from accounts.access import public
from accounts.views import sign_in
from aidcenter import home, styleguide, views
from disbursements.views import lookup
from reports.urls import student_urls

logout = public(LogoutView.as_view())

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", sign_in.sign_in, name="login"),
    path("logout/", logout, name="logout"),
    path("query/", lookup.page, name="look-up"),
    path("language/", views.switch_language, name="switch-language"),
    path("term/", views.switch_term, name="switch-term"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("schools/", include("students.school_urls")),
    path("students/", include(student_urls)),
    path("students/", include("students.urls")),
    path("programs/", include("programs.urls")),
    path("payments/", include("disbursements.urls")),
    path("audits/", include("audits.urls")),
    path("reports/", include("reports.urls")),
    path("jobs/", include("jobs.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/login/", sign_in.back_office_sign_in, name="back-office-login"),
    path("admin/", admin.site.urls),
]
