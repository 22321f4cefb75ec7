"""What the desk asks schools: the officer's page with the answer, and the county's overview of all questions."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.forms import number_of
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, Role
from students import questions
from students.match_forms import AnswerForm
from students.models import Match, SchoolQuestion
from students.questions import Standing


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's questions to schools: an officer sees the own school's and answers them here."""
    today = timezone.localdate()
    rows = SchoolQuestion.objects.visible_to(request.user).filter(term=request.term)
    counts = questions.counts(rows, today=today)
    tab = chosen(request, "tab", Standing.values) or Standing.WAITING.value
    tabs = [replace(one, is_current=one.key == tab) for one in tabs_of(request, Standing.choices, counts) if one.key]
    shown = questions.standing_so(rows, tab, today=today).select_related(
        "student", "person__snapshot__source", "school", "asked_by", "answered_by"
    )
    return render_list(
        request,
        "students/questions.html",
        part="students/_questions.html",
        context={
            "tabs": tabs,
            "page": page_of(request, shown.order_by("due_on", "pk"), count=counts[tab]),
            "today": today,
            "may_answer": request.user.role == Role.SCHOOL,
            "may_withdraw": request.user.is_county,
        },
    )


@require_POST
@needs(Role.SCHOOL)
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the school's word down for the desk."""
    question = get_object_or_404(SchoolQuestion.objects.visible_to(request.user), pk=pk)
    form = AnswerForm(request.POST)
    said = {"verdict": "", "words": "", **(form.cleaned_data if form.is_valid() else {})}
    with telling(request, _("已答复，由县资助中心作结论。")):
        questions.answer(question, by=request.user, at=timezone.now(), **said)
    return redirect("students:questions")


@require_POST
@needs(*COUNTY)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a question back; whoever came from a case goes back to it."""
    question = get_object_or_404(SchoolQuestion.objects.visible_to(request.user), pk=pk)
    with telling(request, _("已撤回问题。")):
        questions.withdraw(question, by=request.user, at=timezone.now())
    came_from = number_of(request.POST.get("match", "")) or 0
    case = Match.objects.visible_to(request.user).filter(pk=came_from).first()
    return redirect(case) if case else redirect("students:questions")
