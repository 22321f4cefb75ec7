"""Cards: putting another one on record."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.roles import Role
from disbursements import cards
from disbursements.forms import CardForm
from students.models import Student


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
