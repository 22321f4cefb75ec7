"""Slips that tell families how it went, by class, on paper."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.pages import page_of, render_list
from disbursements import slips
from disbursements.slip_forms import SlipFilter
from schools.models import School


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    form = SlipFilter(request.GET)
    rows = slips.by_class(form.narrow(slips.classes(request.term, request.user)))
    context = {"form": form, "page": page_of(request, rows)}
    return render_list(request, "disbursements/slips.html", part="disbursements/_slips.html", context=context)


@needs(*READERS_AND_SCHOOL)
def sheet(request: SignedInRequest, code: str) -> HttpResponse:
    """A class, or the whole school where none is named."""
    school = get_object_or_404(School.objects.visible_to(request.user), code=code)
    if request.term is None:
        raise Http404
    grade, class_name = request.GET.get("grade", ""), request.GET.get("class", "")
    context = {
        "sheets": slips.sheets(slips.of(request.term, school, grade=grade, class_name=class_name)),
        "term": request.term,
        "today": timezone.localdate(),
        "county": settings.COUNTY_NAME,
        "phone": settings.COMPLAINT_PHONE,
    }
    return render(request, "disbursements/slips_sheet.html", context)
