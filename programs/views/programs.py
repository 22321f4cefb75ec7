"""Programs with their standards and rules."""

from django.db.models import F, Prefetch, Q, Value
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from programs.models import Exclusion, Program, Rule, Share, Standard


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    today = timezone.localdate()
    programs = Program.objects.prefetch_related(
        "stages",
        Prefetch(
            "standards",
            Standard.objects.on(today).select_related("stage", "school_kind"),
            to_attr="standards_now",
        ),
    )
    return render(request, "programs/programs.html", {"programs": programs, "today": today})


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, code: str) -> HttpResponse:
    program = get_object_or_404(Program.objects.prefetch_related("stages"), pk=code)
    context = {
        "program": program,
        "today": timezone.localdate(),
        "standards": Standard.objects.filter(program=program)
        .select_related("stage", "school_kind")
        .order_by("-valid_from", "stage__position", "school_kind__position", "tier", "pk"),
        "rules": Rule.objects.filter(program=program)
        .prefetch_related("categories", "stages")
        .order_by("-valid_from", "position", "pk"),
        "shares": Share.objects.filter(program=program)
        .annotate(percent=F("per_mille") / Value(10.0))
        .order_by("-valid_from", "pk"),
        "exclusions": Exclusion.objects.filter(Q(program=program) | Q(other=program)).select_related(
            "program", "other"
        ),
        "terms": program.terms.select_related("term").order_by("-term__starts_on"),
    }
    return render(request, "programs/program.html", context)
