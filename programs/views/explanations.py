"""What each program says of one child in a term, and why."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from programs import eligibility
from programs.choices import RecognitionListState
from programs.models import Recognition
from students.models import Enrollment, Hardship


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
