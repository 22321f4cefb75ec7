"""What always holds of awards and money, counted by the tests themselves from the rows alone.

Of the product it asks only what people are told: balances, the public board, the report.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from common import workdays
from disbursements import funds
from disbursements.choices import BatchState, EntryKind, PaymentState
from disbursements.models import Batch, BatchShare, Bounce, LedgerEntry, Payment, Recovery, RecoveryReceipt
from programs import publicity
from programs.choices import AwardState, ListState, NoticeState
from programs.models import Award, AwardList, Notice, Objection
from reports import totals
from schools.models import Term
from tests.life.office import THIRD_FROM

SIGNS = {
    EntryKind.ARRIVED: 1,
    EntryKind.WITHDRAWN: -1,
    EntryKind.CARRIED_IN: 1,
    EntryKind.CARRIED_OUT: -1,
    EntryKind.RESERVED: -1,
    EntryKind.SPENT: 0,
    EntryKind.RELEASED: 1,
    EntryKind.RETURNED: 1,
    EntryKind.RECOVERED: 1,
}
OF_LINES = (EntryKind.RESERVED, EntryKind.SPENT, EntryKind.RELEASED, EntryKind.RETURNED)
GONE_TO_THE_BANK = {BatchState.SENT, BatchState.SETTLED}
APPROVED = {BatchState.APPROVED, *GONE_TO_THE_BANK}


class Broken(AssertionError):
    """Something that always holds does not."""


def must(holds: bool, what: str, *details: object) -> None:
    if not holds:
        raise Broken(f"{what}: {', '.join(map(repr, details))}")


class Rows:
    """The rows as they are now, each table read once."""

    def __init__(self) -> None:
        columns = ("pk", "batch", "award", "state", "amount_fen", "award__amount_fen", "award__state", "bounce")
        self.payments = list(Payment.objects.order_by("pk").values_list(*columns, named=True))
        self.ledger = list(LedgerEntry.objects.order_by("pk").values())
        self.batches = {batch.pk: batch for batch in Batch.objects.all()}
        self.shares: dict[int, dict[str, int]] = defaultdict(dict)
        for batch, payer, part in BatchShare.objects.order_by("pk").values_list("batch", "payer", "per_mille"):
            self.shares[batch][payer] = part
        self.bounces = list(Bounce.objects.order_by("pk").values())
        self.receipts = list(RecoveryReceipt.objects.order_by("pk").values())
        self.lists = {found.pk: found for found in AwardList.objects.select_related("school_approved_by")}
        self.awards = list(Award.objects.order_by("pk").values_list("pk", "state", "amount_fen", "list", named=True))
        self.notices = list(Notice.objects.order_by("pk"))
        objections = Objection.objects.order_by("pk")
        self.objections = list(objections.values_list("notice", "award", "is_upheld", "received_by", named=True))


class Truths:
    """Asked after every step. What was posted, and how lines were numbered, is remembered from step to step."""

    def __init__(self, term: Term) -> None:
        self.term = term
        self.posted: dict[tuple[str, int], dict[str, Any]] = {}
        self.numbers: dict[tuple[int, int], int] = {}
        self.principals = set(User.objects.filter(is_principal=True).values_list("school", flat=True))

    def hold(self, today: date) -> None:
        rows = Rows()
        truths: list[Callable[[Rows], None]] = [
            self.lines_are_the_batch,
            self.the_ledger_is_the_lines,
            self.no_fund_is_overdrawn,
            self.an_award_is_paid_once,
            self.what_is_posted_stays,
            self.batches_have_their_signatures,
            self.lists_have_their_signatures,
            self.what_is_confirmed_hung_in_public,
            self.objections_hold_and_drop,
            self.the_report_is_the_awards,
        ]
        for truth in truths:
            truth(rows)
        self.the_board_is_the_list(rows, today)

    def lines_are_the_batch(self, rows: Rows) -> None:
        """Σ of its payments = what was approved, in people and in money, whole fen throughout."""
        amounts: dict[int, list[int]] = defaultdict(list)
        for line in rows.payments:
            is_its = type(line.amount_fen) is int and line.amount_fen == line.award__amount_fen
            must(is_its, "a payment is not its award's amount", line)
            amounts[line.batch].append(line.amount_fen)
        for batch in rows.batches.values():
            if batch.state in APPROVED:
                told, counted = (batch.people, batch.amount_fen), (len(amounts[batch.pk]), sum(amounts[batch.pk]))
                must(told == counted and batch.people > 0, "lines are not the batch", batch.pk, told, counted)

    def the_ledger_is_the_lines(self, rows: Rows) -> None:
        """Set aside = all lines; spent = those that arrived; given back = those that failed; by payer to the fen."""
        posted: dict[tuple[int | None, str], Counter[str]] = defaultdict(Counter)
        for entry in rows.ledger:
            must(type(entry["amount_fen"]) is int and entry["amount_fen"] > 0, "an entry is not whole fen", entry)
            posted[entry["batch_id"], entry["kind"]][entry["payer"]] += entry["amount_fen"]
        lines: dict[tuple[int, str], list[int]] = defaultdict(list)
        for line in rows.payments:
            batch = rows.batches[line.batch]
            is_taken_back = batch.state == BatchState.DISCARDED and batch.approved_by_id is not None
            for kind, is_so in (
                (EntryKind.RESERVED, True),
                (EntryKind.SPENT, line.state == PaymentState.PAID),
                (EntryKind.RELEASED, line.state == PaymentState.FAILED or is_taken_back),
                (EntryKind.RETURNED, line.bounce is not None),
            ):
                if is_so:
                    lines[line.batch, kind].append(line.amount_fen)
        for batch_pk, parts in rows.shares.items():
            must(sum(parts.values()) == 1000, "shares are not the whole", batch_pk, parts)
            for kind in OF_LINES:
                what = f"{kind} of batch {batch_pk}"
                must_be_shared(posted[batch_pk, kind], lines[batch_pk, kind], parts, what)
        for batch_pk, kind in posted:
            is_approved = batch_pk in rows.shares
            must(kind not in OF_LINES or is_approved, "an entry of a batch that nobody approved", batch_pk, kind)
        received: Counter[int] = Counter()
        for receipt in rows.receipts:
            received[receipt["recovery_id"]] += receipt["amount_fen"]
        back = sum(entry["amount_fen"] for entry in rows.ledger if entry["kind"] == EntryKind.RECOVERED)
        must(back == sum(received.values()), "what families gave back is not in the ledger", back, received)
        for recovery, due in Recovery.objects.values_list("pk", "due_fen") if received else ():
            must(received[recovery] <= due, "more came back than was asked for", recovery)

    def no_fund_is_overdrawn(self, rows: Rows) -> None:
        left: Counter[tuple[str, str]] = Counter()
        for entry in rows.ledger:
            left[entry["program_id"], entry["payer"]] += SIGNS[EntryKind(entry["kind"])] * entry["amount_fen"]
        for place, fen in left.items():
            must(fen >= 0, "a fund is overdrawn", place, fen)
        told = {(balance.program, balance.payer): balance.available for balance in funds.balances()}
        must(told == dict(left), "balances are not the sum of the ledger", told, left)

    def an_award_is_paid_once(self, rows: Rows) -> None:
        times: Counter[int] = Counter()
        for line in rows.payments:
            is_there = line.state == PaymentState.PAID and line.bounce is None
            times[line.award] += is_there or line.state in {PaymentState.PENDING, PaymentState.SENT}
            is_fit = line.state == PaymentState.DISCARDED or line.award__state == AwardState.CONFIRMED
            must(is_fit, "a payment of an award that is not confirmed", line)
            must(line.bounce is None or line.state == PaymentState.PAID, "what never arrived came back", line)
        for award, how_often in times.items():
            must(how_often <= 1, "an award is paid more than once", award)

    def what_is_posted_stays(self, rows: Rows) -> None:
        paid = Payment.objects.filter(state=PaymentState.PAID).values()
        now = {
            (kind, row["id"]): row
            for kind, found in (
                ("entry", rows.ledger),
                ("payment", paid),
                ("bounce", rows.bounces),
                ("receipt", rows.receipts),
            )
            for row in found
        }
        for key, row in self.posted.items():
            must(now.get(key) == row, "a posted row changed", key)
        self.posted = now

    def batches_have_their_signatures(self, rows: Rows) -> None:
        for batch in rows.batches.values():
            signed = {batch.prepared_by_id, batch.approved_by_id, batch.released_by_id} - {None}
            if batch.state in APPROVED:
                must(len(signed) >= 2, "one person signed a batch alone", batch.pk)
            if batch.state in GONE_TO_THE_BANK and batch.amount_fen >= THIRD_FROM:
                must(len(signed) == 3, "much money left on two signatures", batch.pk)

    def lists_have_their_signatures(self, rows: Rows) -> None:
        for found in rows.lists.values():
            signed = found.school_approved_by
            if signed is not None:
                must(signed.pk != found.school_prepared_by_id, "one person spoke twice for a school", found.pk)
                must(signed.school_id in {None, found.school_id}, "a foreign school signed", found.pk, signed.pk)
                passed_over = found.school_id in self.principals and not signed.is_principal
                must(not passed_over, "the principal was passed over", found.pk)
            if found.state == ListState.CONFIRMED:
                before = {found.prepared_by_id, found.school_approved_by_id}
                must(found.confirmed_by_id not in before, "one person confirmed alone", found.pk)

    def what_is_confirmed_hung_in_public(self, rows: Rows) -> None:
        down = set()
        for notice in rows.notices:
            if notice.state == NoticeState.DOWN:
                last_whole_day = timezone.localdate(notice.taken_down_at) - timedelta(days=1)
                full = workdays.count(notice.starts_on, last_whole_day)
                must(full >= 5, "a list came down early", notice.pk, full)
                down.add(notice.list_id)
        for found in rows.lists.values():
            is_confirmed = found.state == ListState.CONFIRMED
            must(not is_confirmed or found.pk in down, "a list was confirmed unseen", found.pk)

    def objections_hold_and_drop(self, rows: Rows) -> None:
        is_open = {row.award for row in rows.objections if row.is_upheld is None and row.received_by is not None}
        is_upheld = {row.award for row in rows.objections if row.is_upheld}
        is_down = {notice.pk for notice in rows.notices if notice.state == NoticeState.DOWN}
        for row in rows.objections:
            must(row.is_upheld is not None or row.notice not in is_down, "a list came down over an objection", row)
        for award in rows.awards:
            if award.state == AwardState.CONFIRMED:
                must(award.pk not in is_open, "an award was confirmed over an open objection", award.pk)
                is_signed = rows.lists[award.list].state == ListState.CONFIRMED
                must(is_signed, "an award is confirmed on a list that is not", award.pk)
            if award.pk in is_upheld:
                must(award.state == AwardState.DROPPED, "an objection was upheld for nothing", award.pk)

    def the_board_is_the_list(self, rows: Rows, today: date) -> None:
        for notice in rows.notices:
            shown = publicity.lines(notice, on=today)
            on_it = {a.pk for a in rows.awards if a.list == notice.list_id and a.state == AwardState.PROPOSED}
            found = {line.award_id for line in shown}
            must(found in (set(), on_it), "the board shows others than the list", notice.pk)
            must(not found or notice.state == NoticeState.UP, "the board hangs on", notice.pk)
            for line in shown:
                number = self.numbers.setdefault((notice.pk, line.award_id), line.number)
                must(number == line.number, "a line got another number", notice.pk, number, line.number)

    def the_report_is_the_awards(self, rows: Rows) -> None:
        confirmed = [award.amount_fen for award in rows.awards if award.state == AwardState.CONFIRMED]
        told = [
            (figure.persons, figure.amount_fen)
            for figure in totals.figures(self.term.pk)
            if (figure.program, figure.stage, figure.who) == (totals.EVERY_PROGRAM, "", totals.ALL)
        ]
        must(told == ([(len(confirmed), sum(confirmed))] if confirmed else []), "the report is not the awards", told)


def must_be_shared(posted: Counter[str], amounts: list[int], per_mille: dict[str, int], what: str) -> None:
    """Each amount by itself, to the fen: nobody bears a whole fen more or less than his part, and none is lost."""
    must(sum(posted.values()) == sum(amounts), f"{what} is not its lines", dict(posted), amounts)
    for payer, part in per_mille.items():
        least = sum(fen * part // 1000 for fen in amounts)
        must(least <= posted[payer] <= least + len(amounts), f"{what} is borne otherwise", payer, dict(posted))
