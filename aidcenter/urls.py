"""All addresses. Each stage keeps its own."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from accounts.access import public
from accounts.forms import SignInForm
from aidcenter import home, styleguide, views
from reports.urls import student_urls

login = public(
    LoginView.as_view(
        authentication_form=SignInForm, template_name="registration/login.html", redirect_authenticated_user=True
    )
)
logout = public(LogoutView.as_view())

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", login, name="login"),
    path("logout/", logout, name="logout"),
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
    path("admin/", admin.site.urls),
]
