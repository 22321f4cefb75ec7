"""The term's children: the list, the exact search by number, the whole number for a stated purpose."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import sealed
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import Role
from schools.models import Stage, Term
from students import disclosure
from students.disclosure import Purpose
from students.forms import EnrollmentFilter, FindForm, PurposeForm
from students.models import Enrollment, EnrollmentQuerySet, Hardship, Student


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The children of the term, by stage."""
    form = EnrollmentFilter(request.GET, term=request.term, is_school=request.user.role == Role.SCHOOL)
    rows = form.narrow(Enrollment.objects.visible_to(request.user).filter(term=request.term))
    counts = counts_by(rows, "stage")
    stages = [(stage.code, str(stage)) for stage in Stage.objects.all()]
    tab = chosen(request, "tab", [code for code, _name in stages])
    if tab:
        rows = rows.filter(stage=tab)
    count = counts.get(tab, 0) if tab else sum(counts.values())
    return render_list(
        request,
        "students/enrollments.html",
        part="students/_enrollments.html",
        context={
            "form": form,
            "tabs": tabs_of(request, [stage for stage in stages if counts.get(stage[0]) or stage[0] == tab], counts),
            "page": page_of(request, _for_list(rows, request.term), count=count),
        },
    )


def _for_list(rows: EnrollmentQuerySet, term: Term | None) -> EnrollmentQuerySet:
    """In the order of the index (term, school, grade, class), with the hardship that holds this term."""
    facts = Hardship.objects.in_force(term) if term else Hardship.objects.none()
    return (
        rows.for_list()
        .defer("student__guardian_phone", "student__guardian_id")
        .order_by("school_id", "grade_no", "class_name", "pk")
        .prefetch_related(
            Prefetch("student__hardships", facts.select_related("category").order_by("category__priority"), "facts")
        )
    )


@sensitive_post_parameters("number")
@needs(*READERS_AND_SCHOOL)
def find(request: SignedInRequest) -> HttpResponse:
    """Exactly one number, by its keyed index; the number itself goes nowhere."""
    form = FindForm(request.POST or None)
    found: list[Student] = []
    if request.method == "POST" and form.is_valid():
        index = sealed.index("id", form.cleaned_data["number"])
        found = list(Student.objects.visible_to(request.user).filter(id_number_index=index).order_by("pk")[:20])
        if len(found) == 1:
            return redirect(found[0])
    return render(request, "students/find.html", {"form": form, "found": found, "is_asked": form.is_bound})


@needs(*COUNTY_AND_SCHOOL)
def reveal(request: SignedInRequest, pk: int, *, is_guardian: bool = False) -> HttpResponse:
    """The masked number, of the child or its guardian; after a POST with a purpose, once, the whole one."""
    student = get_object_or_404(Student.objects.in_care_of(request.user), pk=pk)
    form = PurposeForm(request.POST or None)
    number = ""
    if request.method == "POST" and form.is_valid():
        purpose = Purpose(form.cleaned_data["purpose"])
        show = disclosure.reveal_guardians if is_guardian else disclosure.reveal
        number = show(student, purpose=purpose, by=request.user, at=timezone.now())
    template = "students/_number.html" if request.htmx else "students/number.html"
    context = {"student": student, "number": number, "is_guardian": is_guardian, "purposes": Purpose.choices}
    return render(request, template, context)
