"""What each program says of one child in a term, and why."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from programs import explanations
from programs.models import Award
from students.models import Enrollment


@needs(*READERS_AND_SCHOOL)
def explain(request: SignedInRequest, pk: int) -> HttpResponse:
    """One child in one school and term; its other terms are a link away."""
    mine = Enrollment.objects.visible_to(request.user)
    enrollment = get_object_or_404(
        mine.select_related("student", "term", "school__town", "school__kind", "stage", "roster"), pk=pk
    )
    others = mine.filter(student=enrollment.student).exclude(pk=pk).select_related("term", "school")
    context = {
        "enrollment": enrollment,
        "explanation": explanations.explain(enrollment, awards=Award.objects.visible_to(request.user)),
        "elsewhere": others.order_by("-term__starts_on", "pk"),
    }
    return render(request, "programs/explain.html", context)
