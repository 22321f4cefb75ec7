"""Cards: who cannot be paid for want of one, and putting another one on record."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.pages import page_of, render_list
from common.roles import Role
from disbursements import batches, cards
from disbursements.forms import CardForm
from programs.models import Award, AwardQuerySet, Program
from students.models import Student


@needs(*READERS_AND_SCHOOL)
def unpaid(request: SignedInRequest, code: str) -> HttpResponse:
    """Confirmed awards that nobody can pay yet: no card on record, or the bank refused the one there is."""
    program = get_object_or_404(Program.objects.filter(terms__term=request.term), pk=code)
    waiting = batches.waiting_for_a_card(request.term, program) if request.term else Award.objects.none()
    mine = cast(AwardQuerySet, waiting).visible_to(request.user).for_list()
    context = {"form": None, "program": program, "page": page_of(request, mine)}
    return render_list(request, "disbursements/unpaid.html", part="disbursements/_unpaid.html", context=context)


@needs(Role.PREPARER, Role.SCHOOL)
def correct(request: SignedInRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.in_care_of(request.user), pk=pk)
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("银行卡已更正，下一批次按新卡发放。")):
            cards.correct(student, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(student)
    context = {"student": student, "form": form, "current": student.cards.filter(is_current=True).first()}
    return render(request, "disbursements/card.html", context)
