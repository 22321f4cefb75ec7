"""The banks that pay for the county: which cards each of them pays to, and the layout that it wants its file in."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from disbursements import bank_layouts
from disbursements.bank_layouts import AnswerField, BankField, Layout
from disbursements.choices import BankFormat, Encoding
from disbursements.models import Bank, BankTemplate, Batch
from programs.reference_files import BadValue, Entry, ReferenceFile, Seen


class BankKnown(Refused):
    code = "bank-known"
    message = _("已经有代码或名称相同的银行：%(name)s。")


class AliasTaken(Refused):
    code = "bank-alias-taken"
    message = _("“%(word)s”已经指%(name)s，同一个词不能指两家银行。")


def cards_of(bank: Bank | None) -> Q:
    """The cards (students.Card) that a bank pays to; of None those that no bank takes, so all while there are none.

    Every card is one bank's: the longest name or alias that stands in its 开户行 decides, and where none does, the
    bank of all other cards.
    """
    banks = list(Bank.objects.all())
    words = _words(banks)
    mine = Q(pk__in=[])
    longer = Q(pk__in=[])
    for word, code in words:
        says_so = Q(bank__icontains=word)
        if bank is not None and code == bank.pk:
            mine |= says_so & ~longer
        else:
            longer |= says_so
    takes_the_rest = bank.is_default if bank is not None else not any(each.is_default for each in banks)
    return mine | ~_any(word for word, _code in words) if takes_the_rest else mine


def takes(bank: Bank) -> Callable[[str], bool]:
    """Whether a card with such a 开户行 is one of the bank's, by the rule of `cards_of`, with one query for all."""
    known = list(Bank.objects.all())
    words = _words(known)

    def is_mine(said: str) -> bool:
        code = next((code for word, code in words if word.lower() in said.lower()), None)
        return code == bank.pk or (code is None and bank.is_default)

    return is_mine


def _words(banks: Iterable[Bank]) -> list[tuple[str, str]]:
    """(words that mean a bank, its code), the longest first."""
    said = {(word, bank.pk) for bank in banks for word in (bank.name, *bank.aliases)}
    return sorted(said, key=lambda pair: (-len(pair[0]), pair))


def _any(words: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for word in words:
        found |= Q(bank__icontains=word)
    return found


@transaction.atomic
def add(*, code: str, name: str, aliases: Sequence[str], is_default: bool, by: User, at: datetime) -> Bank:
    """Another bank that pays for the county. The one of all other cards takes this part from the one before."""
    _hold()
    if known := Bank.objects.filter(Q(pk=code) | Q(name=name)).first():
        raise BankKnown(name=known.name)
    words = _tidy(aliases, name)
    _expect_free(words, name)
    if is_default:
        Bank.objects.filter(is_default=True).update(is_default=False)
    try:
        with transaction.atomic():
            bank = Bank.objects.create(code=code, name=name, aliases=words, is_default=is_default)
    except IntegrityError as error:  # the county's first bank, by two people at once: there was none yet to queue at
        raise BankKnown(name=name) from error
    actions.record(by, "bank.added", bank, at=at, aliases=words, is_default=is_default)
    return bank


@transaction.atomic
def change(bank: Bank, *, name: str, aliases: Sequence[str], is_default: bool, by: User, at: datetime) -> None:
    """What is said of a bank; its code stays. Batches that are made already keep their bank and their payments."""
    _hold()
    if known := Bank.objects.filter(name=name).exclude(pk=bank.pk).first():
        raise BankKnown(name=known.name)
    words = _tidy(aliases, name)
    _expect_free(words, name, but=bank)
    if is_default:
        Bank.objects.filter(is_default=True).exclude(pk=bank.pk).update(is_default=False)
    Bank.objects.filter(pk=bank.pk).update(name=name, aliases=words, is_default=is_default)
    bank.refresh_from_db()
    actions.record(by, "bank.changed", bank, at=at, aliases=words, is_default=is_default)


def _hold() -> None:
    """Keep the county's banks to ourselves until the transaction ends: whose a card is hangs on all of them."""
    Bank.objects.update(name=F("name"))


def _tidy(aliases: Iterable[str], name: str) -> list[str]:
    """Each word once, in its order; the bank's own name means it anyway."""
    return [word for word in dict.fromkeys(alias.strip() for alias in aliases) if word and word != name]


def _expect_free(words: Sequence[str], name: str, *, but: Bank | None = None) -> None:
    for other in Bank.objects.exclude(pk=but.pk if but else ""):
        theirs = {word.lower() for word in (other.name, *other.aliases)}
        for word in (name, *words):
            if word.lower() in theirs:
                raise AliasTaken(word=word, name=other.name)


def template_of(bank: Bank | None) -> BankTemplate | None:
    """The layout of a bank's file that holds: the newest. Without one the file is written in the built-in layout."""
    return bank.templates.order_by("-pk").first() if bank is not None else None


def layout_of_answer(batch: Batch) -> Layout:
    """How the answer to a batch is read: as the batch's file was written, whatever layout the bank wants since.

    Only what the bank calls the columns of its answer is asked of the newest layout too, so that an answer nobody could
    read can be handed in again once its headings are known.
    """
    newest = bank_layouts.of(template_of(batch.bank))
    return bank_layouts.restored(batch.file_layout, learned=newest.answers) if batch.file_layout else newest


@transaction.atomic
def set_layout(bank: Bank, layout: Layout, *, by: User | None, at: datetime) -> BankTemplate:
    """Say how a bank wants its file from now on. Layouts are never edited: files were written in the old one."""
    bank_layouts.check(layout)
    Bank.objects.filter(pk=bank.pk).update(name=F("name"))  # two who set the same layout queue here
    before = template_of(bank)
    if before is not None and bank_layouts.of(before) == layout:
        return before
    template = BankTemplate.objects.create(
        bank=bank,
        format=layout.format,
        encoding=layout.encoding,
        columns=[{"heading": heading, "field": str(field)} for heading, field in layout.columns],
        has_heading=layout.has_heading,
        has_total=layout.has_total,
        return_columns={str(field): list(headings) for field, headings in layout.answers.items()},
        made_by=by,
        made_at=at,
    )
    actions.record(by, "bank.layout-set", template, at=at, bank=bank.pk, format=layout.format)
    return template


@transaction.atomic
def load(path: Path, *, at: datetime) -> None:
    """A county's banks from a file of [[bank]] tables: new ones are added, known ones brought up to date.

    A bank that has a layout keeps it: the office may have changed it since.
    """
    codes, defaults = Seen(), Seen()
    for entry in ReferenceFile(path, tables=frozenset({"bank"})).entries("bank"):
        code, name = entry.text("code"), entry.text("name")
        codes.add(entry, code)
        is_default = bool(entry.value("is_default", bool, False))
        if is_default:
            defaults.add(entry, "is_default")
            Bank.objects.filter(is_default=True).exclude(pk=code).update(is_default=False)
        words = _tidy(map(str, entry.value("aliases", list, [])), name)
        _expect_free(words, name, but=Bank(code=code))
        bank, _is_new = Bank.objects.update_or_create(
            code=code, defaults={"name": name, "aliases": words, "is_default": is_default}
        )
        for layout in entry.inner("layout"):
            if template_of(bank) is None:
                set_layout(bank, _layout(layout), by=None, at=at)
            else:
                _layout(layout)
            layout.end()


def _layout(entry: Entry) -> Layout:
    columns = []
    for column in entry.inner("columns"):
        columns.append((column.text("heading"), column.choice("field", BankField)))
        column.end()
    answers = {}
    for name, headings in entry.value("answers", dict, {}).items():
        if name not in AnswerField.values or not isinstance(headings, list):
            raise entry.refused(BadValue, field="answers", value=name)
        answers[name] = [str(heading) for heading in headings]
    return Layout(
        columns=tuple(columns),
        format=entry.choice("format", BankFormat, BankFormat.XLSX),
        encoding=entry.choice("encoding", Encoding, Encoding.GB18030),
        has_heading=bool(entry.value("has_heading", bool, True)),
        has_total=bool(entry.value("has_total", bool, True)),
        answers=answers,
    )
