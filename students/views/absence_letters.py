"""Letters to schools outside the county: making them, print and Word, sent on, receipt back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import actions
from accounts.access import SignedInRequest, needs
from common import downloads, money
from common.acts import telling
from common.forms import numbers
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import absence_documents, absence_letters, absences
from students.absence_forms import LetterFilter, LetterForm, ReceiptForm, SentForm
from students.absence_letters import LetterState
from students.forms import ReasonForm
from students.models import Absence, OutsideLetter, OutsideLetterQuerySet
from students.views.absences import term_of

TONES = {
    LetterState.MADE: "amber",
    LetterState.SENT: "blue",
    LetterState.BACK: "green",
    LetterState.WITHDRAWN: "neutral",
}
MOST_AT_ONCE = 500


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's letters, by how far they are."""
    form = LetterFilter(request.GET)
    rows = form.narrow(OutsideLetter.objects.visible_to(request.user).filter(absence__term=term_of(request)))
    counts = absence_letters.counts(rows)
    tab = chosen(request, "tab", LetterState.values)
    count = counts[tab] if tab else sum(counts.values())
    page = page_of(request, absence_letters.in_state(rows, tab).for_list(), count=count, sizes=(50, 100, 200))
    return render_list(
        request,
        "students/absence_letters.html",
        part="students/_absence_letters.html",
        context={
            "form": form,
            "tabs": tabs_of(request, LetterState.choices, counts),
            "page": page,
            "lines": [(letter, *_state(letter)) for letter in page],
            "may_act": request.user.is_county,
        },
    )


def _state(letter: OutsideLetter) -> tuple[str, str]:
    state = absence_letters.state_of(letter)
    return str(state.label), TONES[state]


@needs(*COUNTY)
def create(request: SignedInRequest) -> HttpResponse:
    """Ask for the school of the chosen children; when that page is sent, make a letter for each."""
    term = term_of(request)
    mine = Absence.objects.visible_to(request.user).filter(term=term, pk__in=numbers(request, "absences"))
    children = list(mine.select_related("person", "term").order_by("pk")[:MOST_AT_ONCE])
    form = LetterForm(request.POST if "sure" in request.POST else None, initial=_last_school(children))
    if form.is_bound and form.is_valid():
        try:
            made = absence_letters.make(children, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, ngettext("已制函 %(n)s 份。", "已制函 %(n)s 份。", len(made)) % {"n": len(made)})
            return redirect(made[0] if len(made) == 1 else reverse("students:letters") + "?tab=made")
    lines = [(child, absences.age_of(child)) for child in children]
    return render(request, "students/absence_letter_create.html", {"form": form, "lines": lines})


def _last_school(children: list[Absence]) -> dict[str, str]:
    """Where the first of the children was written to last, in whatever term."""
    letters = OutsideLetter.objects.live().order_by("-pk")
    last = letters.filter(absence__key=children[0].key).first() if children else None
    return {"school_name": last.school_name, "school_place": last.school_place} if last else {}


def _chosen(request: SignedInRequest) -> OutsideLetterQuerySet:
    wanted = numbers(request, "letters")[:MOST_AT_ONCE]
    rows: OutsideLetterQuerySet = OutsideLetter.objects.visible_to(request.user).live().filter(pk__in=wanted)
    return rows.for_list().order_by("pk")


@needs(*READERS)
def sheets(request: SignedInRequest) -> HttpResponse:
    """The chosen letters on paper, each on a sheet of its own."""
    rows = list(_chosen(request))
    context = {
        "sheets": [absence_documents.letter_of(letter) for letter in rows],
        "keys": ",".join(str(letter.pk) for letter in rows),
        "title": absence_documents.TITLE,
        "receipt_title": absence_documents.RECEIPT_TITLE,
        "back": rows[0].get_absolute_url() if len(rows) == 1 else reverse("students:letters"),
    }
    return render(request, "students/absence_letter_print.html", context)


@needs(*READERS)
def word(request: SignedInRequest) -> HttpResponse:
    """The chosen letters as one .docx."""
    rows, now = list(_chosen(request)), timezone.now()
    if not rows:
        messages.warning(request, _("请先勾选要下载的函。"))
        return redirect("students:letters")
    content = absence_documents.word(rows)
    actions.record(request.user, "letters.taken", rows[0], at=now, letters=[letter.pk for letter in rows])
    return downloads.letter(content, rows[0].number if len(rows) == 1 else _("外地就读函%(n)s份") % {"n": len(rows)})


@needs(*COUNTY)
def send(request: SignedInRequest) -> HttpResponse:
    """Ask for the day on which the chosen letters went out, and keep it."""
    rows = list(_chosen(request).filter(sent_on=None))
    form = SentForm(request.POST if "sure" in request.POST else None, initial={"sent_on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        try:
            done = absence_letters.send(rows, on=form.cleaned_data["sent_on"], by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, ngettext("已登记发出 %(n)s 份。", "已登记发出 %(n)s 份。", done) % {"n": done})
            return redirect(rows[0] if len(rows) == 1 else reverse("students:letters") + "?tab=sent")
    return render(request, "students/absence_letter_send.html", {"form": form, "letters": rows})


@needs(*READERS)
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """One letter: to whom, for whom, how far it is."""
    letter = _found(request, pk)
    words, tone = _state(letter)
    context = {
        "letter": letter,
        "words": words,
        "tone": tone,
        "may_act": request.user.is_county and letter.withdrawn_at is None,
        "may_open": request.user.is_county,
    }
    return render(request, "students/absence_letter.html", context)


def _found(request: SignedInRequest, pk: int) -> OutsideLetter:
    rows = OutsideLetter.objects.visible_to(request.user).for_list().select_related("receipt_file")
    return get_object_or_404(rows.select_related("withdrawn_by"), pk=pk)


@needs(*COUNTY)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask why a letter is of no use, and take it back."""
    letter = _found(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已作废，函号保留不再使用。")):
            absence_letters.withdraw(letter, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(letter)
    return render(request, "students/absence_letter_withdraw.html", {"letter": letter, "form": form})


@needs(*COUNTY)
def receive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep what the other school answered, with the scan."""
    letter = _found(request, pk)
    initial = {
        "receipt_on": letter.receipt_on or timezone.localdate(),
        "receives": letter.receives,
        "amount": "" if letter.amount_fen is None else money.yuan(letter.amount_fen),
    }
    form = ReceiptForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        said = {"is_there": given["is_there"], "receives": given["receives"], "amount_fen": given["amount"]}
        try:
            absence_letters.receive(
                letter, on=given["receipt_on"], **said, scan=given["scan"], by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记回执。"))
            return redirect(letter)
    return render(request, "students/absence_letter_receipt.html", {"letter": letter, "form": form})
