"""Rules 7 and 8: the fund beside documents and payments, and what was due beside what became of it."""

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audits import checks
from disbursements import funds
from disbursements.choices import BatchState, PaymentState, QuotaKind
from disbursements.models import Arrival, Batch, LedgerEntry, Payment, Quota, RecoveryReceipt
from programs.choices import AwardState
from programs.models import Award, Program
from reports.choices import Layout
from reports.crossfoot_rules import AWARDS, FEN, Found, Work, rule
from reports.crossfoot_tables import cell_of
from reports.recount import Astray, of_award
from schools.models import Term

_SIGNED = [BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED]


@rule(
    7,
    title=_("到账 + 上期结转 − 发放 − 结转下期 = 结余 ≥ 0"),
    words=_("资金流水的结余与到账登记、结转指标、发放明细、退票和追缴收款重新计算的结余比较，逐项目、逐学期。"),
)
def balances(work: Work, found: Found) -> None:
    named = Program.objects.in_bulk()
    terms = {term.pk: str(term) for term in work.terms}
    left: Counter[tuple[str, str]] = Counter()
    for balance in funds.balances_of(LedgerEntry.objects.filter(term__in=work.terms)):
        left[balance.term, balance.program] += balance.available + balance.under_way
    right = _by_documents(work.terms)
    for key in sorted(left.keys() | right.keys()):
        what = f"{terms[key[0]]} · {named[key[1]]}"
        url = f"{reverse('disbursements:funds')}?program={key[1]}"
        found.equal(what, left[key], right[key], FEN, url)
        found.at_most(_now("%(what)s：结余不小于 0") % {"what": what}, 0, left[key], FEN, url)
    compared = (
        checks.entries_and_arrivals, checks.carried_in_and_quotas, checks.carried_out_and_in,
        checks.expenses_and_payments, checks.returned_and_bounces, checks.recovered_and_receipts,
    )  # fmt: skip
    for term in work.terms:
        for check in compared:
            outcome = check.run(term)
            found.name(Astray(place.words, place.url, str(outcome.title)) for _difference, place in outcome.shown)
    found.name(_unlike(work.terms))


def _by_documents(terms: list[Term]) -> Counter[tuple[str, str]]:
    """(term, program) → what has to be left, from everything but the ledger."""
    there: Counter[tuple[str, str]] = Counter()

    def add(rows: QuerySet[Any], term: str, program: str, sign: int, amount: str = "amount_fen") -> None:
        for code, of, fen in rows.order_by().values_list(term, program).annotate(fen=Sum(amount)):
            there[code, of] += sign * fen

    arrivals = Arrival.objects.filter(quota__term__in=terms, withdrawn_at=None)
    add(arrivals, "quota__term", "quota__program", 1)
    carried = Quota.objects.in_force().filter(kind=QuotaKind.CARRIED)
    add(carried.filter(term__in=terms), "term", "program", 1)
    add(carried.filter(carried_from__in=terms), "carried_from", "program", -1)
    paid = Payment.objects.filter(batch__term__in=terms, state=PaymentState.PAID, bounce=None)
    add(paid, "batch__term", "batch__program", -1)
    back = RecoveryReceipt.objects.filter(recovery__award__term__in=terms)
    add(back, "recovery__award__term", "recovery__award__program", 1)
    return there


@rule(
    8,
    title=_("发放成功 + 失败 + 待发 = 应发"),
    words=_("应发为统计表的人次和金额，发放为每条资助最后一笔发放的结果，逐项目比较；批次的控制总数与发放明细比较。"),
)
def due(work: Work, found: Found) -> None:
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    money: dict[str, Counter[str]] = defaultdict(Counter)
    for program, end, n, fen in _ends(work.terms):
        ends[program][end] += n
        money[program][end] += fen
    lines = [line for line in work.grid(Layout.PROGRAMS).lines if line.row.words.keys() == {"program"}]
    seen = set()
    for line in lines:
        program, cell = line.row.words["program"], cell_of(line, work.scope)
        seen.add(program)
        url = cell.selection.url
        words = _now("%(program)s：成功 %(paid)s、失败 %(failed)s、待发 %(waiting)s 人次") % {
            "program": line.label,
            "paid": ends[program]["paid"],
            "failed": ends[program]["failed"],
            "waiting": ends[program]["waiting"],
        }
        found.equal(words, cell.count.awards, ends[program].total(), AWARDS, url)
        found.equal(line.label, cell.count.amount_fen, money[program].total(), FEN, url)
    astray = sum(counts.total() for program, counts in ends.items() if program not in seen)
    found.equal(_now("表中没有的项目"), 0, astray, AWARDS)
    _control_totals(work.terms, found)
    found.name(_unlike(work.terms))


def _ends(terms: list[Term]) -> list[tuple[str, str, int, int]]:
    """(program, how it ended, awards, fen): by the payments; of awards without any by the awards."""
    live = Payment.objects.live().filter(batch__term__in=terms).order_by()
    found: list[tuple[str, str, int, int]] = []
    for program, state, n, fen in live.values_list("batch__program", "state").annotate(
        n=Count("pk"), fen=Sum("amount_fen")
    ):
        found.append((program, "paid" if state == PaymentState.PAID else "waiting", n, fen))
    alive = Payment.objects.live().filter(award=OuterRef("award"))
    later = Payment.objects.exclude(state=PaymentState.DISCARDED).filter(
        award=OuterRef("award"), attempt__gt=OuterRef("attempt")
    )
    failed = Payment.objects.filter(
        Q(state=PaymentState.FAILED) | Q(state=PaymentState.PAID, bounce__isnull=False), batch__term__in=terms
    ).filter(~Exists(alive), ~Exists(later))
    for program, n, fen in (
        failed.order_by().values_list("batch__program").annotate(n=Count("pk"), fen=Sum("amount_fen"))
    ):
        found.append((program, "failed", n, fen))
    tried = Payment.objects.exclude(state=PaymentState.DISCARDED).filter(award=OuterRef("pk"))
    waiting = Award.objects.filter(term__in=terms, state=AwardState.CONFIRMED).filter(~Exists(tried))
    for program, n, fen in waiting.order_by().values_list("program").annotate(n=Count("pk"), fen=Sum("amount_fen")):
        found.append((program, "waiting", n, fen))
    return found


def _control_totals(terms: list[Term], found: Found) -> None:
    """Every signed batch still holds what was signed."""
    batches = list(Batch.objects.filter(term__in=terms, state__in=_SIGNED).order_by("pk"))
    there = {
        batch: (n, fen)
        for batch, n, fen in Payment.objects.filter(batch__in=batches)
        .order_by()
        .values_list("batch")
        .annotate(n=Count("pk"), fen=Sum("amount_fen"))
    }
    people = [there.get(batch.pk, (0, 0)) for batch in batches]
    planned = sum(batch.planned_people or 0 for batch in batches)
    found.equal(_now("批次控制总数，笔数"), planned, sum(n for n, _fen in people), AWARDS)
    amount = sum(batch.planned_fen or 0 for batch in batches)
    found.equal(_now("批次控制总数，金额"), amount, sum(fen for _n, fen in people), FEN)
    found.name(
        Astray(batch.number, batch.get_absolute_url(), _now("控制总数与发放明细不符"))
        for batch in batches
        if there.get(batch.pk, (0, 0)) != (batch.planned_people, batch.planned_fen)
    )


def _unlike(terms: list[Term]) -> list[Astray]:
    """Awards whose payment is of another amount, program or term, or that nobody signed."""
    payments = Payment.objects.exclude(state=PaymentState.DISCARDED).filter(batch__term__in=terms)
    unlike = payments.filter(
        ~Q(amount_fen=F("award__amount_fen"))
        | ~Q(award__program=F("batch__program"))
        | ~Q(award__term=F("batch__term"))
        | ~Q(award__state=AwardState.CONFIRMED)
    )
    rows = unlike.order_by("award", "pk").values_list("award", "award__student")
    return [of_award(award, student, _now("发放与资助不符")) for award, student in dict(rows).items()]
