"""The file that goes to the bank, and its going."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import Action, User
from common.bulk import in_parts
from common.money import yuan
from common.moves import Refused, hold, move
from common.roles import COUNTY
from disbursements import bank_files, bank_layouts, banks, blockers
from disbursements.bank_files import Change
from disbursements.bank_layouts import BankLine
from disbursements.choices import BATCH_MOVES, BatchState, PaymentState, Way
from disbursements.models import Batch, BatchAccount, Payment
from jobs import files
from jobs.choices import FileKind
from jobs.models import StoredFile
from jobs.run import Running
from programs.blockers import refuse
from programs.choices import Payee
from students.models import Card

CHANGES_SHOWN = 20


class NoBankFile(Refused):
    code = "no-bank-file"
    message = _("请先生成银行代发文件。")


class InCash(Refused):
    code = "batch-in-cash"
    message = _("这个批次发放现金，没有银行代发文件。")


class NotReleased(Refused):
    code = "batch-not-released"
    message = _("批次金额较大，还要第三个人加签，加签后才能生成和送出银行代发文件。")


class LinesDiffer(Refused):
    code = "bank-file-lines-differ"
    message = _(
        "现在的明细是 %(people)s 笔、%(amount)s 元，审核的是 %(approved)s 笔、%(approved_amount)s 元。"
        "文件没有生成，请撤回批次重新编制。"
    )


class Stale(Refused):
    code = "bank-file-stale"
    message = _("生成文件以后，收款卡或账户又有改动，文件已失效，不能送出。请重新生成银行代发文件。")


class NotForThisPost(Refused):
    code = "bank-password-not-for-this-post"
    message = _("只有县级经办和县级审核可以查看压缩包口令。")


@dataclass(frozen=True)
class Written:
    """One file that was written for a batch; the last one holds."""

    by: User | None
    at: datetime
    file: StoredFile | None
    holds: bool


@dataclass(frozen=True)
class Standing:
    """Whether the bank file still says what holds now."""

    cards: int = 0
    """Lines whose child has another card now, or none."""
    not_own: int = 0
    """Lines whose child has a card now that is not its own, where the program pays to own cards alone."""
    is_other: bool = False
    """Something else is different: the account of a school, or a payment."""

    @property
    def is_stale(self) -> bool:
        return bool(self.cards or self.not_own or self.is_other)


def write_bank_file(batch: Batch, *, running: Running) -> dict[str, Any]:
    """Write the approved payments in the layout of the batch's bank, as a locked archive, and keep it with the batch.

    It is the one file with full card numbers; who downloads it is recorded. Written again, each payment goes to the
    card that its child has now; people and money stay as they were approved. The files written before stay on record,
    and the password of a batch is the same for all of them.
    """
    _expect_signed(batch)
    template = banks.template_of(batch.bank)
    layout = bank_layouts.of(template)
    cards = bank_files.new_cards(batch) if batch.program.payee != Payee.SCHOOL else {}
    lines = bank_files.lines(batch, cards, layout.fields)
    title = f"{batch.program} {batch.term} {batch.number}"
    password = batch.zip_password or bank_files.new_password()
    content = bank_files.locked(
        bank_layouts.write(layout, lines, title=title), name=f"{batch.number}{layout.ending}", password=password
    )
    digest = bank_layouts.digest(lines)
    result: dict[str, Any] = {}
    with running.chunk(to=1, result=result):
        hold(batch, BatchState.APPROVED)
        _expect_signed(batch)
        _expect_as_approved(batch, sum(line.amount_fen for line in lines))
        _repoint(batch, cards)
        if batch.program.payee == Payee.SCHOOL:
            _keep_accounts(batch, lines)
        file = files.store(
            content,
            name=_now("银行代发_%(number)s.zip") % {"number": batch.number},
            kind=FileKind.BANK,
            by=running.job.started_by,
            at=running.at,
        )
        Batch.objects.filter(pk=batch.pk).update(
            bank_file=file, file_layout=bank_layouts.kept(layout), lines_digest=digest, zip_password=password
        )
        actions.record(
            running.job.started_by,
            "batch.bank-file-written",
            batch,
            at=running.at,
            sha256=file.sha256,
            file_id=file.pk,
            digest=digest,
            rows=len(lines),
            changed=len(cards),
        )
        result |= {"file_id": file.pk, "rows": len(lines), "amount_fen": batch.amount_fen, "changed": len(cards)}
    return result


def _expect_signed(batch: Batch) -> None:
    if batch.way == Way.CASH:
        raise InCash()
    if batch.waits_for_third:
        raise NotReleased()


def _expect_as_approved(batch: Batch, written_fen: int) -> None:
    totals = bank_files.pending(batch).totals()
    if totals != {"people": batch.people, "amount_fen": batch.amount_fen} or written_fen != batch.amount_fen:
        raise LinesDiffer(
            people=totals["people"],
            amount=yuan(totals["amount_fen"]),
            approved=batch.people,
            approved_amount=yuan(batch.amount_fen),
        )


def _repoint(batch: Batch, cards: dict[int, Card]) -> None:
    """Let payments go to the cards that stand in the file. A card corrected meanwhile makes the file stale again."""
    for part in in_parts(sorted(cards)):
        payments = list(bank_files.pending(batch).filter(pk__in=part).order_by("pk"))
        for payment in payments:
            payment.card = cards[payment.pk]
        Payment.objects.bulk_update(payments, ["card"])


def _keep_accounts(batch: Batch, lines: Sequence[BankLine]) -> None:
    """The accounts that stand in the file that holds: the bank's answer is read by them."""
    batch.accounts.all().delete()
    BatchAccount.objects.bulk_create(
        BatchAccount(batch=batch, line_no=line.line, holder=line.holder, number=line.number) for line in lines
    )


def standing(batch: Batch) -> Standing:
    """Whether a file that has not gone to the bank yet still holds, and what is different now."""
    if batch.bank_file_id is None or batch.state != BatchState.APPROVED:
        return Standing()
    totals = bank_files.pending(batch).totals()
    is_other = totals != {"people": batch.people, "amount_fen": batch.amount_fen}
    if batch.program.payee != Payee.SCHOOL:
        not_own = bank_files.not_own(batch).count()
        return Standing(bank_files.outdated(batch).count() - not_own, not_own, is_other)
    return Standing(is_other=is_other or _has_other_accounts(batch))


def _has_other_accounts(batch: Batch) -> bool:
    try:
        lines = bank_files.lines(batch, {})
    except bank_files.SchoolWithoutAccount:
        return True
    return bank_layouts.digest(lines) != batch.lines_digest


def _is_as_written(batch: Batch) -> bool:
    """Line by line; files of earlier versions have no digest to compare with."""
    return not batch.lines_digest or bank_layouts.digest(bank_files.lines(batch, {})) == batch.lines_digest


def changes(batch: Batch) -> list[Change]:
    """The first lines that would be other than in the file, for people to see before they write it again."""
    return bank_files.changes(batch, at_most=CHANGES_SHOWN)


def story(batch: Batch) -> list[Written]:
    """Every file that was written for a batch, the last one first."""
    acts = actions.on([batch], "batch.bank-file-written")
    found = list(acts.select_related("actor").order_by("-pk"))
    stored = StoredFile.objects.in_bulk([act.details["file_id"] for act in found if "file_id" in act.details])
    pairs = [(act, stored.get(act.details.get("file_id"))) for act in found]
    return [
        Written(act.actor, act.at, file, holds=file is not None and file.pk == batch.bank_file_id)
        for act, file in pairs
    ]


def may_be_out(batch: Batch) -> bool:
    """Whether the bank may have a file of an approved batch, or families may have been paid from it in cash."""
    if batch.way == Way.CASH:
        return True
    files_of_it = [written.file for written in story(batch) if written.file is not None]
    return actions.on(files_of_it, "file.downloaded").exists()


def delivery(batch: Batch) -> Action | None:
    """The act of sending: who, when, and how it came to the bank."""
    acts = actions.on([batch], "batch.sent")
    return acts.select_related("actor").order_by("-pk").first() if batch.sent_at else None


@dataclass(frozen=True)
class About:
    """What the page of a batch says of its file."""

    standing: Standing
    changes: list[Change]
    story: list[Written]
    delivery: Action | None


def about(batch: Batch) -> About:
    now = standing(batch)
    return About(now, changes(batch) if now.cards or now.not_own else [], story(batch), delivery(batch))


@transaction.atomic
def send(batch: Batch, *, by: User, at: datetime, words: str = "") -> None:
    """The bank file has gone to the bank, in the way that `words` say; from here on only its answer changes a payment.

    A file that no longer says what holds now does not go, nor one with children whose money may have arrived before.
    """
    _expect_signed(batch)
    if batch.bank_file_id is None:
        raise NoBankFile()
    hold(batch, BatchState.APPROVED)
    is_to_schools = batch.program.payee == Payee.SCHOOL  # of whose lines `standing` has the digest in it
    if standing(batch).is_stale or not (is_to_schools or _is_as_written(batch)):
        raise Stale()
    refuse(blockers.in_earlier_answers(batch))
    move(batch, BatchState.SENT, moves=BATCH_MOVES, sent_at=at)
    batch.payments.filter(state=PaymentState.PENDING).update(state=PaymentState.SENT)
    how = {"words": words.strip()[:100]} if words.strip() else {}
    actions.record(
        by,
        "batch.sent",
        batch,
        at=at,
        people=batch.people,
        amount_fen=batch.amount_fen,
        digest=batch.lines_digest,
        **how,
    )


@transaction.atomic
def show_password(batch: Batch, *, by: User, at: datetime) -> str:
    """What opens the archive, after it is written down who looked."""
    if by.role not in COUNTY:
        raise NotForThisPost()
    if not batch.zip_password:
        raise NoBankFile()
    actions.record(by, "batch.password-shown", batch, at=at)
    return batch.zip_password
