"""A child's whole story on one page: where it was, what is known, what it was given and why, what was paid."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.roles import Role
from disbursements.choices import PaymentState
from disbursements.models import Payment
from programs.choices import RecognitionListState
from programs.models import Award, Objection, Recognition, RecognitionList
from students.disclosure import Purpose
from students.models import Enrollment, Student


@needs(*READERS_AND_SCHOOL)
def student(request: SignedInRequest, pk: int) -> HttpResponse:
    """A school sees of its own children what happened at that school."""
    child = get_object_or_404(Student.objects.visible_to(request.user), pk=pk)
    user = request.user
    enrollments = list(
        Enrollment.objects.visible_to(user)
        .filter(student=child)
        .select_related("term", "school", "stage", "roster")
        .order_by("-term__starts_on", "-pk")
    )
    terms = {enrollment.term_id for enrollment in enrollments}
    payments = Payment.objects.visible_to(user).select_related("batch", "card", "bounce").order_by("attempt")
    arrived = Payment.objects.live().filter(award__student=child, state=PaymentState.PAID)
    context = {
        "may_ask_back": set(arrived.values_list("award", flat=True)),
        "student": child,
        "enrollments": enrollments,
        "now": enrollments[0] if enrollments else None,
        "may_reveal": user.role in COUNTY_AND_SCHOOL,
        "may_correct": user.role in {Role.PREPARER, Role.SCHOOL},
        "purposes": Purpose.choices,
        "card": child.cards.filter(is_current=True).first(),
        "hardships": child.hardships.filter(term__in=terms)
        .select_related("category", "snapshot__source", "term", "match")
        .order_by("-term__starts_on", "category__priority", "pk"),
        "recognitions": Recognition.objects.filter(
            student=child,
            term__in=terms,
            list__in=RecognitionList.objects.visible_to(user).filter(state=RecognitionListState.IN_FORCE),
        )
        .select_related("term", "list__school")
        .order_by("-term__starts_on", "pk"),
        "awards": Award.objects.visible_to(user)
        .filter(student=child)
        .select_related("program", "term", "stage", "school", "category", "rule", "standard", "school_fee", "list")
        .prefetch_related(
            Prefetch("payments", payments),
            Prefetch("objections", Objection.objects.exclude(received_by=None).order_by("pk")),
            "recoveries",
        )
        .order_by("-term__starts_on", "program__position", "pk"),
    }
    return render(request, "reports/student.html", context)
