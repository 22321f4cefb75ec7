"""Rooms (名额): how many children of a school, and of a tier, a program has room for in a term.

From a file, by hand, or as in the term before. A list beyond its rooms is warned of and goes its way: whether there
is money for it is the county's to decide.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export import fields

from accounts import actions, imports
from accounts.imports import List
from accounts.models import User
from common.bulk import insert
from common.moves import Refused
from programs.choices import Way
from programs.models import Award, Nomination, Program, SchoolCap, Standard
from programs.teaching import teaching
from schools.cells import Count as CountCell
from schools.cells import Named, Words, text_of
from schools.choices import TermState
from schools.models import School, SchoolQuerySet, Term, term_name
from schools.resources import ListMeta, ListResource

Pair = tuple[int, str]
"""School and program."""

Schools = Collection[int] | SchoolQuerySet

Used = Mapping[Pair, Mapping[str, int]]
"""How many children of a school a program takes up, by tier."""


class TermIsClosed(Refused):
    code = "cap-term-closed"
    message = _("该学期已经结束，名额不能再改。")


class NothingBefore(Refused):
    code = "cap-nothing-before"
    message = _("上学期没有登记过名额，或者都已经有了。")


class OverCap(Refused):
    code = "list-over-cap"
    message = _("%(program)s：%(words)s。")


@dataclass(frozen=True)
class Room:
    """A school's room in a program, or in one tier of it, and how much of it is taken."""

    tier: str
    people: int
    used: int

    @property
    def over(self) -> int:
        return max(0, self.used - self.people)

    @property
    def words(self) -> str:
        text = (
            _now("名额 %(people)s，已提 %(used)s，超 %(over)s") if self.over else _now("名额 %(people)s，已提 %(used)s")
        ) % {"people": self.people, "used": self.used, "over": self.over}
        return f"{self.tier} {text}" if self.tier else text


# --- How much is taken


def nominated(term: Term, schools: Schools | None = None) -> dict[Pair, dict[str, int]]:
    """By the schools' own words."""
    return _by_tier(Nomination.objects.filter(term=term, is_current=True), schools)


def awarded(term: Term, schools: Schools | None = None) -> dict[Pair, dict[str, int]]:
    """By the lists, drafts among them."""
    return _by_tier(Award.objects.live().filter(term=term), schools)


def _by_tier(rows: Any, schools: Schools | None) -> dict[Pair, dict[str, int]]:
    if schools is not None:
        rows = rows.filter(school__in=schools)
    found: dict[Pair, dict[str, int]] = defaultdict(dict)
    columns = ("school", "program", "tier")
    for school, program, tier, people in rows.order_by().values_list(*columns).annotate(people=Count("pk")):
        found[school, program][tier] = people
    return found


def taken(term: Term) -> Used:
    """As far as a term has come: nominations where schools nominate, else what is on lists."""
    by_word = set(Program.objects.filter(way=Way.SCHOOL).values_list("pk", flat=True))
    return {
        **{pair: tiers for pair, tiers in awarded(term).items() if pair[1] not in by_word},
        **{pair: tiers for pair, tiers in nominated(term).items() if pair[1] in by_word},
    }


def room_of(cap: SchoolCap, used: Used) -> Room:
    tiers = used.get((cap.school_id, cap.program_id), {})
    return Room(cap.tier, cap.people, tiers.get(cap.tier, 0) if cap.tier else sum(tiers.values()))


def rooms(term: Term, used: Used, *, schools: Schools | None = None) -> dict[Pair, list[Room]]:
    """Each school's rooms in each program, the whole before its tiers."""
    caps = SchoolCap.objects.filter(term=term)
    if schools is not None:
        caps = caps.filter(school__in=schools)
    found: dict[Pair, list[Room]] = defaultdict(list)
    for cap in caps.order_by("tier", "pk"):
        found[cap.school_id, cap.program_id].append(room_of(cap, used))
    return found


def over(term: Term, schools: Collection[int]) -> dict[int, list[OverCap]]:
    """school → what of its lists is beyond its rooms, all lists of the term together."""
    if not SchoolCap.objects.filter(term=term, school__in=schools).exists():
        return {}
    beyond = [
        (school, program, room)
        for (school, program), each in rooms(term, awarded(term, schools), schools=schools).items()
        for room in each
        if room.over
    ]
    found: dict[int, list[OverCap]] = defaultdict(list)
    if beyond:
        names = {program.pk: program for program in Program.objects.all()}
        for school, program, room in beyond:
            found[school].append(OverCap(program=str(names[program]), words=room.words))
    return found


# --- What the county says


def tiers_of(term: Term, program: Program) -> list[str]:
    """The tiers that a program has a standard for."""
    standards = Standard.objects.on(term.starts_on).filter(program=program).exclude(tier="")
    return list(dict.fromkeys(standards.order_by("stage__position", "pk").values_list("tier", flat=True)))


class _TermCell(Named):
    """A term by its code or its name."""

    def __init__(self) -> None:
        super().__init__(Term, _("没有“%(text)s”这个学期。"), by=("pk",), shown="pk")

    def find(self, value: object) -> Any:
        if (found := super().find(value)) is None and self._rows is not None:
            found = {_named(code): term for code, term in self._rows.items()}.get(text_of(value))
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return _named(value.pk) if value else ""


def _named(code: str) -> str:
    """A term as files write it, whatever the page is read in."""
    with translation.override(settings.LANGUAGE_CODE):
        return term_name(code)


class _People(CountCell):
    """How many: a cell that says nothing is no room of zero."""

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> int:
        if not text_of(value):
            raise ValueError(_now("没有填写人数。"))
        return super().clean(value, row, **kwargs)


class CapResource(ListResource):
    """Rooms by school, program, term and tier."""

    repeated = _("与第 %(other)s 条名额的学校、学期、项目和档次都相同。")

    school = fields.Field(
        attribute="school",
        column_name="学校标识码",
        widget=Named(School, _("没有标识码为“%(text)s”的学校。"), by=("code",), shown="code"),
    )
    name = fields.Field(attribute="school__name", column_name="学校名称", readonly=True)
    term = fields.Field(attribute="term", column_name="学期", widget=_TermCell())
    program = fields.Field(
        attribute="program", column_name="项目", widget=Named(Program, _("没有名为“%(text)s”的资助项目。"))
    )
    tier = fields.Field(attribute="tier", column_name="档次", widget=Words(longest=20))
    people = fields.Field(attribute="people", column_name="名额", widget=_People())
    document_no = fields.Field(attribute="document_no", column_name="文号", widget=Words(longest=60))

    class Meta(ListMeta):
        model = SchoolCap
        fields = ("school", "name", "term", "program", "tier", "people", "document_no")
        import_id_fields = ("school", "term", "program", "tier")

    def get_queryset(self) -> Any:
        return SchoolCap.objects.select_related("school", "program", "term")

    def key_of(self, known: SchoolCap) -> tuple[int, str, str, str]:
        return known.school_id, known.term_id, known.program_id, known.tier

    def key_in(self, row: dict[str, Any]) -> Any:
        found = [self.fields[name].widget.find(row.get(self.fields[name].column_name)) for name in _FOUND]
        return (*(each.pk for each in found), text_of(row.get("档次"))) if all(found) else object()

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self._tiers: dict[tuple[str, str], list[str]] = {}

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        if instance.term.state != TermState.OPEN:
            raise ValidationError({"term": str(TermIsClosed())})
        key = (instance.term_id, instance.program_id)
        if key not in self._tiers:
            self._tiers[key] = tiers_of(instance.term, instance.program)
        if instance.tier and instance.tier not in self._tiers[key]:
            raise ValidationError({"tier": _now("这个项目没有“%(tier)s”这一档。") % {"tier": instance.tier}})


_FOUND = ("school", "term", "program")

CAPS = List(
    resource=CapResource,
    required=("学校标识码", "学期", "项目", "名额"),
    added="cap.added",
    changed="cap.changed",
    headings={
        "学校标识码": ("学校代码",),
        "项目": ("项目代码", "资助项目"),
        "名额": ("人数", "名额数", "资助名额"),
        "档次": ("资助档次", "等级"),
        "文号": ("下达文号", "批准文号"),
    },
)


def preview(content: bytes) -> imports.Outcome:
    """What a file of rooms would change, without changing anything."""
    return imports.preview(CAPS, content)


def take(content: bytes, *, by: User, at: datetime) -> imports.Outcome:
    """Take the lines of a file that are right; the others are refused one by one."""
    return imports.take(CAPS, content, by=by, at=at)


@transaction.atomic
def set_caps(
    people: Mapping[str, int | None],
    *,
    school: School,
    program: Program,
    term: Term,
    document_no: str,
    by: User,
    at: datetime,
) -> None:
    """Say how many children a program has room for in a school: by tier, "" for the whole; None takes a room away."""
    if term.state != TermState.OPEN:
        raise TermIsClosed()
    known = {cap.tier: cap for cap in SchoolCap.objects.filter(school=school, program=program, term=term)}
    for tier, number in people.items():
        cap = known.get(tier)
        if number is None:
            if cap is not None:
                actions.record(by, "cap.removed", cap, at=at, tier=tier, people=cap.people)
                cap.delete()
        elif cap is None:
            facts = {"tier": tier, "people": number, "document_no": document_no}
            cap = SchoolCap.objects.create(school=school, program=program, term=term, **facts)
            actions.record(by, "cap.added", cap, at=at, tier=tier, people=number)
        elif (cap.people, cap.document_no) != (number, document_no):
            before, cap.people, cap.document_no = cap.people, number, document_no
            cap.save(update_fields=["people", "document_no"])
            actions.record(by, "cap.changed", cap, at=at, tier=tier, before=before, people=number)


@transaction.atomic
def copy(term: Term, before: Term, *, by: User, at: datetime) -> int:
    """The rooms of the term before, for the programs that this one carries out too; what is set already stays."""
    if term.state != TermState.OPEN:
        raise TermIsClosed()
    columns = ("school", "program", "tier", "people", "document_no")
    old = SchoolCap.objects.filter(term=before, program__terms__term=term, school__is_active=True)
    known = set(SchoolCap.objects.filter(term=term).values_list("school", "program", "tier"))
    new = [row for row in old.order_by("pk").values_list(*columns) if row[:3] not in known]
    if not new:
        raise NothingBefore()
    insert(SchoolCap, ("term", *columns), [(term.pk, *row) for row in new])
    actions.record(by, "caps.copied", term, at=at, source=before.pk, caps=len(new))
    return len(new)


# --- A term's rooms


def programs_with_caps(term: Term) -> list[Program]:
    """The term's programs that some school has a room in."""
    with_caps = SchoolCap.objects.filter(term=term, program__terms__term=F("term")).values("program")
    return list(Program.objects.filter(pk__in=with_caps).prefetch_related("stages"))


def missing(term: Term, schools: SchoolQuerySet, program: Program | None = None) -> list[tuple[School, Program]]:
    """Schools that teach such a program's stage and have no room in it on record."""
    found = []
    for each in programs_with_caps(term):
        if program in (None, each):
            with_cap = SchoolCap.objects.filter(term=term, program=each).values("school")
            found += [(school, each) for school in teaching(schools, each).exclude(pk__in=with_cap)]
    return found
