"""Which headings in a roster stand for which column: the county keeps them for all, a school maps its own files.

Headings come from people's files, so nothing is kept that could be a child's number (`hide_numbers`).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.columns import heading_key
from common.moves import Refused, WrongState
from schools.models import School
from students.models import RosterHeading
from students.roster_columns import COLUMNS, MARKS, REQUIRED

NOT_READ = ""
"""The field of headings that somebody looked at and nobody needs: no column of ours, and no unknown one."""

NOT_READ_WORDS = _("不读取的列")
LONGEST = 100
MOST, MOST_NOT_READ = 60, 200
"""Headings that one column may have, and those that are not read."""

_UNSEEN = re.compile(r"[\u200b-\u200d\u2060\ufeff]")
_NUMBER = re.compile(r"[A-Za-z]{0,2}\d(?:[ -]{0,2}\d){6,}[Xx]?")


class HeadingTaken(Refused):
    code = "heading-taken"
    message = _("“%(text)s”已经是“%(column)s”的表头写法，请先在那里去掉它。")


class HeadingUnfit(Refused):
    code = "heading-unfit"
    message = _("有的文字不能作为表头写法：超过 100 个字、没有文字，或者含有号码。")


class TooManyHeadings(Refused):
    code = "headings-too-many"
    message = _("这里最多有 %(most)s 个表头写法。")


def synonyms(school: School | None, *, mapping: Mapping[str, str] | None = None) -> Mapping[str, Sequence[str]]:
    """field → its headings, the name of the column first, for the files of one school (or of the whole county).

    What the school maps for itself goes before what holds for all: the same words may mean something else there.
    `mapping` (heading → field) is read as if the school had it already.
    """
    rows = RosterHeading.objects.filter(Q(school=None) | Q(school=school)).order_by("position", "pk")
    known = list(rows.values_list("field", "text", "school"))
    own = {heading_key(text): (field, text) for field, text, whose in known if whose is not None}
    own |= {heading_key(text): (field, text) for text, field in (mapping or {}).items()}
    words: dict[str, list[str]] = {field: [] for field in (*COLUMNS, NOT_READ)}
    for_all = [(field, text) for field, text, whose in known if whose is None]
    for field, text in [*((field, main_text(field)) for field in words), *own.values(), *for_all]:
        if field in words and own.get(heading_key(text), (field, ""))[0] == field:
            words[field].append(text)
    for field in REQUIRED:
        words[field] = words[field] or [main_text(field)]
    return {field: tuple(dict.fromkeys(texts)) for field, texts in words.items() if texts}


def main_text(field: str) -> str:
    """The heading that always stands for a column: its own name."""
    return COLUMNS[field].name if field in COLUMNS else MARKS


def words_of(field: str) -> str:
    """A column in words, or what headings without a column are called."""
    return COLUMNS[field].name if field in COLUMNS else str(NOT_READ_WORDS)


def most(field: str) -> int:
    """How many headings a column may have for all."""
    return MOST if field in COLUMNS else MOST_NOT_READ


def of_all() -> dict[str, list[str]]:
    """field → the headings that hold for all, every column of ours and at last what is not read."""
    found: dict[str, list[str]] = {field: [] for field in (*COLUMNS, NOT_READ)}
    rows = RosterHeading.objects.filter(school=None).order_by("position", "pk")
    for field, text in rows.values_list("field", "text"):
        found.setdefault(field, []).append(text)
    return found


def count_of_schools() -> dict[str, int]:
    """field → how many headings schools have mapped to it for themselves."""
    rows = RosterHeading.objects.exclude(school=None).order_by().values_list("field")
    return dict(rows.annotate(n=Count("pk")))


def tidy(text: str) -> str:
    """A heading as it is kept: one line, one blank where there were many."""
    return " ".join(_UNSEEN.sub("", text).split())


def once(texts: Iterable[str]) -> list[str]:
    """The headings in their order, each word once however it is marked and spaced."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(heading_key(text), text)
    return list(found.values())


def fits(text: str) -> bool:
    """Whether a text can be a heading: some letters, not too long, and no number that could be somebody's."""
    return bool(heading_key(text)) and len(text) <= LONGEST and not has_number(text)


def has_number(text: str) -> bool:
    """Whether a text holds so many digits in a row that it could be a number of a person."""
    return bool(_NUMBER.search(_plain(text)))


def hide_numbers(text: str) -> str:
    """The text with every long number blotted out to its last two characters."""
    if not has_number(text):
        return text
    return _NUMBER.sub(lambda found: "*" * (len(found[0]) - 2) + found[0][-2:], _plain(text))


def _plain(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


@transaction.atomic
def keep(field: str, texts: Sequence[str], *, by: User, at: datetime) -> None:
    """Say which headings stand for a column for all, the most trusted first.

    A column keeps one heading at least, its own name: without any, the reference data would fill it again.
    """
    wanted = once(tidy(text) for text in texts)
    if not all(fits(text) for text in wanted):
        raise HeadingUnfit()
    if len(wanted) > most(field):
        raise TooManyHeadings(most=most(field))
    rows = list(RosterHeading.objects.filter(school=None).order_by("position", "pk"))
    _refuse_taken(dict.fromkeys(wanted, field), rows)
    before = {row.text: row for row in rows if row.field == field}
    wanted = wanted or [main_text(field)]
    if wanted == list(before):
        return
    added = [text for text in wanted if text not in before]
    removed = [text for text in before if text not in wanted]
    RosterHeading.objects.filter(pk__in=[before[text].pk for text in removed]).delete()
    _add(RosterHeading(field=field, text=text) for text in added)
    kept = {row.text: row for row in RosterHeading.objects.filter(school=None, field=field)}
    for position, text in enumerate(wanted):
        kept[text].position = position
    RosterHeading.objects.bulk_update(kept.values(), ["position"])
    actions.record(by, "heading.changed", kept[wanted[0]], at=at, column=field, added=added, removed=removed)


@transaction.atomic
def learn(*, school: School | None, mapping: Mapping[str, str], by: User, at: datetime) -> None:
    """Remember what headings of a file stand for (heading → field), for one school or for all.

    What was remembered there for the same words is replaced. The log says which columns, not which words: a file
    without a head has a child in its first row.
    """
    wanted = {heading_key(text): (tidy(text), field) for text, field in mapping.items()}
    if not all(fits(text) for text, _field in wanted.values()):
        raise HeadingUnfit()
    if not wanted:
        return
    rows = list(RosterHeading.objects.filter(school=school).order_by("position", "pk"))
    replaced = [row for row in rows if heading_key(row.text) in wanted]
    if school is None:
        _refuse_taken(dict(wanted.values()), ())
    RosterHeading.objects.filter(pk__in=[row.pk for row in replaced]).delete()
    rest = Counter(row.field for row in rows)
    rest.subtract(row.field for row in replaced)
    emptied = {row.field for row in replaced if not rest[row.field]} - {field for _text, field in wanted.values()}
    made = [RosterHeading(field=field, text=text, school=school) for text, field in wanted.values()]
    if school is None:
        made += [RosterHeading(field=field, text=main_text(field)) for field in sorted(emptied)]
    last = {row.field: row.position for row in rows}
    for heading in made:
        heading.position = last[heading.field] = last.get(heading.field, -1) + 1
    _add(made)
    columns = sorted({field for _text, field in wanted.values()} - {NOT_READ})
    not_read = sum(field == NOT_READ for _text, field in wanted.values())
    actions.record(by, "heading.learned", school or made[0], at=at, columns=columns, not_read=not_read)


@transaction.atomic
def take_over(heading: RosterHeading, *, by: User, at: datetime) -> None:
    """Let what one school mapped for itself hold for all."""
    rows = list(RosterHeading.objects.filter(school=None).order_by("position", "pk"))
    _refuse_taken({heading.text: heading.field}, rows)
    same = next((row for row in rows if heading_key(row.text) == heading_key(heading.text)), None)
    if not RosterHeading.objects.filter(pk=heading.pk, school=heading.school_id).delete()[0]:
        raise WrongState()
    if same is None:
        position = 1 + max((row.position for row in rows if row.field == heading.field), default=-1)
        [same] = _add([RosterHeading(field=heading.field, text=heading.text, position=position)])
    actions.record(by, "heading.taken-over", same, at=at, column=heading.field, school=heading.school_id)


@transaction.atomic
def forget(heading: RosterHeading, *, by: User, at: datetime) -> None:
    """Take away what one school mapped for itself; its files are read as everybody's again."""
    if not RosterHeading.objects.filter(pk=heading.pk).exclude(school=None).delete()[0]:
        raise WrongState()
    actions.record(by, "heading.forgotten", heading, at=at, column=heading.field, school=heading.school_id)


def forget_own(school: School, texts: Iterable[str]) -> None:
    """Take away what a school mapped for these words: from now on what holds for all holds for it too."""
    keys = {heading_key(text) for text in texts}
    rows = RosterHeading.objects.filter(school=school)
    rows.filter(pk__in=[row.pk for row in rows if heading_key(row.text) in keys]).delete()


def _refuse_taken(wanted: Mapping[str, str], rows: Iterable[RosterHeading]) -> None:
    """The same words cannot stand for two columns for all; the name of a column is always its own."""
    owners = {heading_key(row.text): row.field for row in rows}
    owners |= {heading_key(main_text(field)): field for field in (*COLUMNS, NOT_READ)}
    for text, field in wanted.items():
        owner = owners.get(heading_key(text), field)
        if owner != field:
            raise HeadingTaken(text=text, column=words_of(owner))


def _add(headings: Iterable[RosterHeading]) -> list[RosterHeading]:
    """WrongState where somebody else has just added the same words."""
    try:
        with transaction.atomic():
            return RosterHeading.objects.bulk_create(headings)
    except IntegrityError as error:
        raise WrongState() from error
