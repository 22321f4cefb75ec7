"""The fund: what a document allots, what is left of it, and every movement."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import READERS, Role
from disbursements import funds
from disbursements.choices import EntryKind
from disbursements.forms import AllotForm
from disbursements.models import LedgerEntry
from programs.choices import Payer
from programs.models import Program


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    rows = LedgerEntry.objects.filter(term=request.term)
    counts = counts_by(rows, "kind")
    tab = chosen(request, "tab", EntryKind.values)
    if tab:
        rows = rows.filter(kind=tab)
    rows = rows.select_related("program", "quota", "batch", "receipt", "entered_by").order_by("-pk")
    context = {
        "form": None,
        "tabs": tabs_of(request, EntryKind.choices, counts),
        "page": page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
        "balances": _by_program(funds.balances(request.term)) if request.term else [],
    }
    return render_list(request, "disbursements/funds.html", part="disbursements/_ledger.html", context=context)


def _by_program(balances: list[funds.Balance]) -> list[tuple[Program, str, funds.Balance]]:
    """Balances in the order of the programs, with the words for program and payer."""
    programs = {program.pk: (place, program) for place, program in enumerate(Program.objects.all())}
    rows = sorted(balances, key=lambda balance: programs[balance.program][0])
    return [(programs[row.program][1], str(Payer(row.payer).label), row) for row in rows]


@needs(Role.PREPARER)
def allot(request: SignedInRequest) -> HttpResponse:
    if request.term is None:
        raise Http404
    form = AllotForm(request.term, request.POST or None)
    if request.method == "POST" and form.is_valid():
        quota = dict(form.cleaned_data)
        amount_fen = quota.pop("amount")
        with telling(request, _("指标已登记，资金已到账。")):
            funds.allot(**quota, term=request.term, amount_fen=amount_fen, by=request.user, at=timezone.now())
        return redirect("disbursements:funds")
    return render(request, "disbursements/allot.html", {"form": form})
