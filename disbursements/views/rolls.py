"""Pay rolls on paper, and what comes back signed when the money was cash."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import READERS, Role
from disbursements import cash, rolls
from disbursements.choices import Way
from disbursements.forms import CashForm
from disbursements.models import Batch
from schools.models import School


def _batch(request: SignedInRequest, pk: int) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(request.user).for_list(), pk=pk)


@needs(*READERS)
def index(request: SignedInRequest, pk: int) -> HttpResponse:
    """The schools of a batch, each with its roll."""
    batch = _batch(request, pk)
    context = {
        "batch": batch,
        "form": None,
        "is_cash": batch.way == Way.CASH,
        "page": page_of(request, rolls.schools(batch)),
    }
    return render_list(request, "disbursements/rolls.html", part="disbursements/_rolls.html", context=context)


@needs(*READERS)
def sheet(request: SignedInRequest, pk: int, code: str) -> HttpResponse:
    """A school's roll, or that of one of its classes."""
    batch = _batch(request, pk)
    school = get_object_or_404(School.objects.visible_to(request.user), code=code)
    grade, class_name = request.GET.get("grade", ""), request.GET.get("class", "")
    by_class = request.GET.get("by") == "class"
    sheets, refused = [], ""
    try:
        sheets = rolls.of(batch, school, grade=grade, class_name=class_name, by_class=by_class)
    except Refused as refusal:
        refused = str(refusal)
    context = {
        "batch": batch,
        "school": school,
        "sheets": sheets,
        "refused": refused,
        "classes": rolls.classes(batch, school),
        "chosen": (grade, class_name),
        "by_class": by_class,
        "is_cash": batch.way == Way.CASH,
        "today": timezone.localdate(),
    }
    return render(request, "disbursements/roll.html", context)


@needs(Role.PREPARER)
def register(request: SignedInRequest, pk: int, code: str) -> HttpResponse:
    """Enter the roll that a school brought back, part by part: the day, and who did not sign."""
    batch = _batch(request, pk)
    school = get_object_or_404(School.objects.visible_to(request.user), code=code)
    waiting = rolls.waiting(batch, school)
    form = CashForm(waiting, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("签领结果已登记。")):
            facts = {name: form.cleaned_data[name] for name in ("paid_on", "sheets")}
            cash.register(batch, school, **facts, unsigned=form.unsigned(), by=request.user, at=timezone.now())
        if waiting.exists():
            return redirect("disbursements:batch-cash", batch.pk, school.code)
        return redirect("disbursements:batch-roll", batch.pk)
    return render(request, "disbursements/cash.html", {"batch": batch, "school": school, "form": form})
