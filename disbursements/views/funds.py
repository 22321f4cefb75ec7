"""The fund: every movement, how far money is and how long it lies, and the pieces behind a mean."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.downloads import workbook
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import READERS
from disbursements import fund_export, fund_figures, funds
from disbursements.choices import EntryKind
from disbursements.fund_figures import Figures, Piece
from disbursements.fund_forms import FundFilter, LedgerFilter, PeriodFilter
from disbursements.models import Batch, LedgerEntry, LedgerEntryQuerySet, Quota
from programs.choices import Payer
from programs.models import Program

_PIECES = [("paid", gettext_lazy("已到卡")), ("lying", gettext_lazy("还在账上"))]


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    form, rows = _entries(request)
    counts = counts_by(rows, "kind")
    tab = chosen(request, "tab", EntryKind.values)
    if tab:
        rows = rows.filter(kind=tab)
    context = {
        "form": form,
        "tabs": [each for each in tabs_of(request, EntryKind.choices, counts) if each.count or not each.key],
        "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
        "balances": _by_program(funds.balances(request.term)) if request.term else [],
        "query": request.GET.urlencode(),
    }
    return render_list(request, "disbursements/funds.html", part="disbursements/_ledger.html", context=context)


def _entries(request: SignedInRequest) -> tuple[LedgerFilter, LedgerEntryQuerySet]:
    form = LedgerFilter(request.GET)
    rows = LedgerEntry.objects.visible_to(request.user).filter(term__in=form.terms(request.term))
    return form, form.narrow(rows)


def _by_program(balances: list[funds.Balance]) -> list[tuple[Program, str, funds.Balance]]:
    """Balances in the order of the programs, with the words for program and payer."""
    programs = Program.objects.in_bulk()
    return [(programs[row.program], str(Payer(row.payer).label), row) for row in balances]


@needs(*READERS)
@require_GET
def export(request: SignedInRequest) -> HttpResponse:
    """The entries that the filter lets through, oldest first."""
    if request.term is None:
        raise Http404
    _form, rows = _entries(request)
    if tab := chosen(request, "tab", EntryKind.values):
        rows = rows.filter(kind=tab)
    now, title = timezone.now(), _("%(term)s资金流水") % {"term": request.term}
    entries = list(rows.for_list().order_by("pk"))
    content = fund_export.ledger(entries, title=title, by=request.user, at=now)
    actions.record(request.user, "ledger.exported", request.term, at=now, rows=len(entries))
    return workbook(content, title)


@dataclass(frozen=True)
class _Row:
    """One line of the figures, with its words."""

    program: Program
    payer: str
    figures: Figures


@needs(*READERS)
@require_GET
def figures(request: SignedInRequest) -> HttpResponse:
    """How much of the money arrived and was paid, and how many days it lay on the account."""
    form = PeriodFilter(request.GET)
    terms = form.terms(request.term)
    programs, payers = Program.objects.in_bulk(), dict(Payer.choices)
    rows = [
        _Row(programs[one.program], str(payers.get(one.payer, "")), one)
        for one in fund_figures.figures(terms, today=timezone.localdate())
    ]
    context = {"form": form, "terms": terms, "rows": rows, "period": form.wanted("period") or ""}
    return render(request, "disbursements/fund_figures.html", context)


@dataclass(frozen=True)
class _PieceRow:
    """One piece, with the program, document and batch that it names."""

    piece: Piece
    program: Program
    payer: str
    quota: Quota | None
    batch: Batch | None
    days: int


@needs(*READERS)
@require_GET
def pieces(request: SignedInRequest) -> HttpResponse:
    """The money behind the days: by which document it came, in which batch it went."""
    form = FundFilter(request.GET)
    program, payer = form.wanted("program"), form.wanted("payer")
    found = [
        piece
        for piece in fund_figures.pieces(form.terms(request.term))
        if (not program or piece.program == program.pk) and (not payer or piece.payer == payer)
    ]
    counts = {"paid": sum(piece.paid_on is not None for piece in found)}
    counts["lying"] = len(found) - counts["paid"]
    if tab := chosen(request, "tab", ["paid", "lying"]):
        found = [piece for piece in found if (piece.paid_on is not None) == (tab == "paid")]
    today = timezone.localdate()
    found.sort(key=lambda piece: -piece.days(today))
    page = page_of(request, found)
    quotas = Quota.objects.in_bulk({piece.quota for piece in page if piece.quota})
    batches = Batch.objects.in_bulk({piece.batch for piece in page if piece.batch})
    programs = Program.objects.in_bulk()
    page.object_list = [
        _PieceRow(
            piece,
            programs[piece.program],
            str(Payer(piece.payer).label),
            quotas.get(piece.quota or 0),
            batches.get(piece.batch or 0),
            piece.days(today),
        )
        for piece in page
    ]
    context = {"form": form, "tabs": tabs_of(request, _PIECES, counts), "page": page}
    return render_list(
        request, "disbursements/fund_pieces.html", part="disbursements/_fund_pieces.html", context=context
    )
