"""The page on which a family looks up where its child's aid is. It is open to anybody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.access import public
from common.moves import Refused
from disbursements import lookup
from disbursements.lookup_forms import LookUpForm


@public
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Asked by POST only, so that nothing of a child stands in an address or a log; the answer is kept by nobody."""
    form, lines, status = LookUpForm(request.POST or None), None, 200
    if request.method == "POST" and form.is_valid():
        try:
            lines = lookup.ask(**form.cleaned_data, address=limits.address_of(request))
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = 429
        else:
            form = LookUpForm()
    context = {"form": form, "lines": lines, "county": settings.COUNTY_NAME, "phone": settings.COMPLAINT_PHONE}
    response = render(request, "disbursements/lookup.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store"
    return response
