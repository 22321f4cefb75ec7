"""The file that a bank is asked to pay by: its lines as they are now, and the encrypted archive that carries it."""

import io
import secrets
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyzipper
from django.db.models import Count, Exists, Min, OuterRef, Q, Sum
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import resident_ids
from common.bulk import in_parts
from common.moves import Refused
from common.unreadable import LIMITS, Damaged
from disbursements import banks
from disbursements.bank_layouts import BankField, BankLine
from disbursements.cards import IN_STUDENTS_NAME, OWN_CARD
from disbursements.choices import PaymentState
from disbursements.models import Batch, Payment, PaymentQuerySet
from jobs import files
from jobs.models import StoredFile
from programs.choices import Payee
from schools.models import School
from students.choices import OWN
from students.models import Card

SHOWN = 5
"""Line numbers that a refusal names."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for each other when a password is read out."""


class LineWithoutCard(Refused):
    code = "bank-file-no-card"
    message = _("第 %(lines)s 行的学生现在没有银行卡，文件没有生成。请先补录银行卡，或者撤回批次重新编制。")


class CardNotOwn(Refused):
    code = "bank-file-card-not-own"
    message = _("第 %(lines)s 行的学生现在用的不是本人的卡，这个项目只能发到学生本人的卡上，请先更正银行卡。")


class CardInOtherName(Refused):
    code = "bank-file-card-other-name"
    message = _(
        "第 %(lines)s 行的账户写的是本人，户名与学生姓名不一致，这个项目只能发到学生本人的卡上，请先更正银行卡。"
    )


class CardOfAnotherBank(Refused):
    code = "bank-file-another-bank"
    message = _("第 %(lines)s 行的学生换成了其他银行的卡，不归本批次的银行代发，文件没有生成。请撤回批次重新编制。")


class SchoolWithoutAccount(Refused):
    code = "bank-file-no-account"
    message = _("%(names)s没有填写完整的收款账户，文件没有生成。请先补录学校账户。")


class SeveralInArchive(Refused):
    code = "archive-several-files"
    message = _("压缩包里应当只有一个回盘文件。请解开后只上传回盘文件。")


class WrongPassword(Refused):
    code = "archive-wrong-password"
    message = _("压缩包打不开：口令不对或没有填写。请填写银行告知的口令，或者解开后上传里面的文件。")


@dataclass(frozen=True, slots=True)
class Change:
    """A line whose card is another one now: the old and the new."""

    payment: Payment
    card: Card | None
    is_in_name: bool = False
    """Whether the card's holder is called as the student is."""
    is_to_mend: bool = False
    """Whether money may not go to the card that the child has now, so that a file cannot be written before it is
    another."""


def pending(batch: Batch) -> PaymentQuerySet:
    return batch.payments.filter(state=PaymentState.PENDING)


def outdated(batch: Batch) -> PaymentQuerySet:
    """The payments whose card is no longer the one that money goes to, or may not go to any more.

    A card's relation and a child's name are mended in place, so that what was the student's own need not be it now.
    """
    found = Q(card__is_current=False)
    if batch.program.payee == Payee.STUDENT:
        found |= Q(Exists(Card.objects.filter(~OWN_CARD, pk=OuterRef("card"))))
    return pending(batch).filter(found)


def not_own(batch: Batch) -> PaymentQuerySet:
    """The outdated ones that no new file mends: a program that pays students, and a card now that is not their own."""
    if batch.program.payee != Payee.STUDENT:
        return Payment.objects.none()
    now = Card.objects.filter(~OWN_CARD, student=OuterRef("award__student"), is_current=True)
    return outdated(batch).filter(Exists(now))


def changes(batch: Batch, *, at_most: int | None = None) -> list[Change]:
    """What is other than in the file, line by line."""
    payments = list(outdated(batch).select_related("card", "award__student").order_by("line_no", "pk")[:at_most])
    cards: dict[int, Card] = {}
    in_name = set[int]()
    for part in in_parts([payment.award.student_id for payment in payments]):
        current = Card.objects.filter(student__in=part, is_current=True)
        cards |= {card.student_id: card for card in current.order_by("pk")}
        in_name |= set(current.filter(IN_STUDENTS_NAME).values_list("student", flat=True))
    is_to_students = batch.program.payee == Payee.STUDENT
    found = []
    for payment in payments:
        student = payment.award.student_id
        card, is_in_name = cards.get(student), student in in_name
        is_own = card is not None and card.relation == OWN and is_in_name
        found.append(Change(payment, card, is_in_name, is_to_mend=is_to_students and card is not None and not is_own))
    return found


def new_cards(batch: Batch) -> dict[int, Card]:
    """payment → the card that it goes to now, where that is another; refused where there is none, or a foreign one."""
    found = changes(batch)
    lost = [change.payment.line_no for change in found if change.card is None]
    if lost:
        raise LineWithoutCard(lines=_named(lost))
    if batch.bank is not None:
        mine = banks.takes(batch.bank)
        foreign = [change.payment.line_no for change in found if change.card and not mine(change.card.bank)]
        if foreign:
            raise CardOfAnotherBank(lines=_named(foreign))
    if batch.program.payee == Payee.STUDENT:
        others = [change.payment.line_no for change in found if change.card and change.card.relation != OWN]
        if others:
            raise CardNotOwn(lines=_named(others))
        otherwise = [change.payment.line_no for change in found if change.card and not change.is_in_name]
        if otherwise:
            raise CardInOtherName(lines=_named(otherwise))
    return {change.payment.pk: change.card for change in found if change.card}


def _named(lines: list[int]) -> str:
    return "、".join(map(str, lines[:SHOWN])) + ("…" if len(lines) > SHOWN else "")


def lines(batch: Batch, cards: Mapping[int, Card], fields: Iterable[str] = ()) -> list[BankLine]:
    """One line for each card, or for each school's account, in their order. `cards` go before those on record."""
    if batch.program.payee == Payee.SCHOOL:
        return _lines_to_schools(batch)
    return _lines_to_cards(batch, cards, BankField.MASKED_ID in set(fields))


def _lines_to_cards(batch: Batch, cards: Mapping[int, Card], with_ids: bool) -> list[BankLine]:
    columns = [
        "pk", "line_no", "amount_fen", "card__holder", "card__number", "card__bank", "award__school__name",
        "award__student__name", "award__student__id_number" if with_ids else "pk",
    ]  # fmt: skip
    rows = pending(batch).order_by("line_no", "pk").values_list(*columns)
    found, lost = [], []
    for pk, line_no, amount_fen, *to, school, student, id_number in rows.iterator(chunk_size=2_000):
        card = cards.get(pk)
        holder, number, bank = (card.holder, card.number, card.bank) if card else to
        if not holder or not number:
            lost.append(line_no)
            continue
        found.append(
            BankLine(
                line=line_no,
                holder=holder,
                number=number,
                amount_fen=amount_fen,
                words=batch.program.short_name,
                bank=bank,
                batch=batch.number,
                school=school,
                student=student,
                masked_id=resident_ids.mask(id_number) if with_ids else "",
            )
        )
    if lost:
        raise LineWithoutCard(lines=_named(lost))
    return found


def _lines_to_schools(batch: Batch) -> list[BankLine]:
    rows = list(
        pending(batch)
        .order_by("line_no")
        .values("line_no")
        .annotate(school=Min("award__school"), amount_fen=Sum("amount_fen"), people=Count("pk"))
    )
    schools = School.objects.in_bulk([row["school"] for row in rows])
    lost = [school.name for school in schools.values() if not school.account_holder or not school.account_number]
    if lost:
        raise SchoolWithoutAccount(names="、".join(sorted(lost)[:SHOWN]) + ("…" if len(lost) > SHOWN else ""))
    return [
        BankLine(
            line=row["line_no"],
            holder=schools[row["school"]].account_holder,
            number=schools[row["school"]].account_number,
            amount_fen=row["amount_fen"],
            words=_now("%(program)s（%(people)s 人）") % {"program": batch.program.short_name, "people": row["people"]},
            bank=schools[row["school"]].account_bank,
            batch=batch.number,
            school=schools[row["school"]].name,
        )
        for row in rows
    ]


def new_password() -> str:
    """Four groups of four, to be read out on the telephone."""
    return "-".join("".join(secrets.choice(_LETTERS) for _sign in range(4)) for _group in range(4))


def locked(content: bytes, *, name: str, password: str) -> bytes:
    """A zip with this one file, under AES-256."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.writestr(name, content)
    return out.getvalue()


def unlocked(content: bytes, *, name: str, password: str = "") -> tuple[bytes, str]:
    """What a bank sent, and its name: the one file of an archive, or the file itself where it is no archive."""
    if not content.startswith(b"PK\x03\x04") or content.count(b"PK\x01\x02") > LIMITS.parts:
        return content, name
    try:
        with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir()]
            if any("workbook" in part.filename.lower() for part in parts):
                return content, name
            if len(parts) != 1:
                raise SeveralInArchive()
            if password:
                archive.setpassword(password.encode())
            with archive.open(parts[0]) as file:
                inner = bytes(file.read(LIMITS.file + 1))
    except RuntimeError as error:
        raise WrongPassword() from error
    except (pyzipper.BadZipFile, zlib.error, OSError, ValueError, EOFError, struct.error) as error:
        raise Damaged() from error
    return inner, PurePosixPath(parts[0].filename.replace("\\", "/")).name


def opened(batch: Batch, file: StoredFile | None = None) -> bytes:
    """The bank file as the bank reads it: the one that holds, or an earlier one of the same batch."""
    file = file or batch.bank_file
    if file is None:
        raise LookupError(f"Batch {batch.pk} has no bank file.")
    content = files.content(file)
    if not batch.zip_password:
        return content
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(batch.zip_password.encode())
        return bytes(archive.read(archive.namelist()[0]))
