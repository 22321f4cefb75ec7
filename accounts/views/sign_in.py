"""Signing in, with a first password once only."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import first_passwords
from accounts.access import public
from accounts.forms import SignInForm
from accounts.models import User
from common.moves import Refused


class SignInView(LoginView):
    """The one place where anybody signs in."""

    authentication_form = SignInForm
    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        try:
            if isinstance(user, User):
                first_passwords.use(user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return super().form_valid(form)


sign_in = public(SignInView.as_view())


@public
def back_office_sign_in(request: HttpRequest) -> HttpResponse:
    """The stock back office has no sign-in of its own; whoever is signed in and sent here is not its administrator."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", ""))
