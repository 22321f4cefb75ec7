"""Programs with their standards and rules, and what each of them says of one child."""

from django.db.models import F, Prefetch, Q, Value
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from programs import eligibility
from programs.choices import RecognitionListState
from programs.models import Exclusion, Program, Recognition, Rule, Share, Standard
from students.models import Enrollment, Hardship


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


@needs(*READERS_AND_SCHOOL)
def explain(request: SignedInRequest, pk: int) -> HttpResponse:
    enrollments = Enrollment.objects.visible_to(request.user).select_related("student", "term", "school__town", "stage")
    enrollment = get_object_or_404(enrollments, pk=pk)
    verdicts = eligibility.explain(enrollment)
    recognitions = Recognition.objects.filter(student=enrollment.student, term=enrollment.term)
    context = {
        "enrollment": enrollment,
        "hardships": Hardship.objects.in_force(enrollment.term)
        .filter(student=enrollment.student)
        .select_related("category", "snapshot__source")
        .order_by("category__priority", "pk"),
        "recognition": recognitions.filter(list__state=RecognitionListState.IN_FORCE).order_by("-pk").first(),
        "entitled": [verdict for verdict in verdicts if verdict.entitled],
        "others": [verdict for verdict in verdicts if not verdict.entitled],
    }
    return render(request, "programs/explain.html", context)
