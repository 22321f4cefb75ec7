"""The term that a person works in: one switch for the whole product."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from schools.models import Term

SESSION_KEY = "term"


class TermMiddleware:
    """Put `request.term` (the chosen term, else the latest one, None before there is any) and `request.terms`.

    Comes after authentication; pages without sign-in know no term.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        terms = list(Term.objects.order_by("-starts_on")) if request.user.is_authenticated else []
        chosen = request.session.get(SESSION_KEY) if terms else None
        request.terms = terms  # type: ignore[attr-defined]
        request.term = next((term for term in terms if term.pk == chosen), terms[0] if terms else None)  # type: ignore[attr-defined]
        return self.get_response(request)
