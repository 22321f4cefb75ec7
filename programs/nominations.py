"""Children that schools put forward (学校提名): for programs whose way is the school's word, each with its tier.

The newest word about a child holds, the ones before it stay on record; a nomination is taken back with words. The
award run proposes whoever is nominated and fits a rule, so a school's word ends where its list is signed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts, insert
from common.moves import Refused, hold, move
from common.roles import Role
from jobs.models import StoredFile
from programs import caps
from programs.caps import Room
from programs.choices import AWARD_MOVES, AwardState, ListState, Way
from programs.models import Award, AwardList, Nomination, Program, Rule, Standard, TermProgram
from programs.teaching import teaching
from schools.choices import TermState
from schools.models import School, SchoolQuerySet, Term
from students.models import Enrollment, EnrollmentQuerySet

TAKEN_BACK = "学校撤回提名："
"""How the reason of an award begins that went with its nomination."""

_SIGNED = (ListState.SCHOOL_PREPARED, ListState.SCHOOL_APPROVED)


class NotNominated(Refused):
    code = "program-not-nominated"
    message = _("这个项目本学期不由学校提名。")


class TermIsClosed(Refused):
    code = "nomination-term-closed"
    message = _("该学期已经结束，不能再改提名。")


class OtherSchoolsChildren(Refused):
    code = "nomination-of-another-school"
    message = _("只能提名本校的学生。")


class ListSigned(Refused):
    code = "nomination-list-signed"
    message = _("学校的%(title)s已经核对，不能再改提名；请先退回名单。")


class AwardSigned(Refused):
    code = "nomination-award-signed"
    message = _("有 %(count)s 名学生已经在确认过的资助名单里，不能再改提名；请先退回名单。")


class NotOffered(Refused):
    code = "nomination-not-offered"
    message = _("有 %(count)s 名学生不在本校的在读学生里，或不在项目的学段、年级里，请刷新页面后重新选择。")


class NoSuchTier(Refused):
    code = "nomination-no-such-tier"
    message = _("“%(tier)s”不是这个项目在所选学生学段里的档次，请重新选择。")


class NobodyChosen(Refused):
    code = "nomination-nobody-chosen"
    message = _("请先勾选学生。")


class ReasonMissing(Refused):
    code = "nomination-reason-missing"
    message = _("请写明撤回提名的原因。")


class AlreadyTakenBack(Refused):
    code = "nomination-already-taken-back"
    message = _("这条提名已经撤回或改过，请刷新页面后再看。")


def programs(term: Term | None) -> list[Program]:
    """The term's programs that schools nominate for."""
    found = Program.objects.filter(terms__term=term, way=Way.SCHOOL).prefetch_related("stages")
    return list(found.order_by("position", "code"))


def children(school: School, program: Program, term: Term) -> EnrollmentQuerySet:
    """Whom the school can put forward: who studies here in the program's stages and the grades of its rules."""
    here = Enrollment.objects.studying().filter(school=school, term=term, stage__in=program.stages.all())
    grades = [rule.grades for rule in Rule.objects.on(term.starts_on).filter(program=program)]
    return here.filter(grade__in=set(chain.from_iterable(grades))) if grades and all(grades) else here


class Tiers:
    """What a school may choose from: the tiers that have a standard for its kind, by stage. Without any, being
    nominated is all there is to say."""

    def __init__(self, school: School, program: Program, term: Term) -> None:
        standards = Standard.objects.on(term.starts_on).filter(program=program).exclude(tier="")
        here = standards.filter(Q(school_kind=None) | Q(school_kind=school.kind_id))
        here = here.filter(Q(ownership="") | Q(ownership=school.ownership))
        known = list(here.order_by("stage__position", "pk").values_list("stage", "tier"))
        self.all = list(dict.fromkeys(tier for _stage, tier in known))
        self._by_stage = {
            stage.code: [tier for of_stage, tier in known if of_stage in (None, stage.code)]
            for stage in program.stages.all()
        }

    def has(self, stage: str, tier: str) -> bool:
        return tier in (self._by_stage.get(stage) or [""])


@transaction.atomic
def nominate(
    tiers: Mapping[int, str],
    *,
    school: School,
    program: Program,
    term: Term,
    by: User,
    at: datetime,
    file: StoredFile | None = None,
    rows: Mapping[int, int] | None = None,
) -> int:
    """Put children (student → tier) forward; how many words are new. What was said before of them stays on record."""
    if not tiers:
        raise NobodyChosen()
    refuse_closed(school, program, term, by=by)
    stages = dict(children(school, program, term).values_list("student", "stage"))
    if strangers := sum(student not in stages for student in tiers):
        raise NotOffered(count=strangers)
    offered = Tiers(school, program, term)
    for student, tier in tiers.items():
        if not offered.has(stages[student], tier):
            raise NoSuchTier(tier=tier)
    standing = current(program, term, tiers)
    changed = {student: tier for student, tier in tiers.items() if standing.get(student) != (school.pk, tier)}
    if signed := signed_of(program, term, changed):
        raise AwardSigned(count=len(signed))
    for students in in_parts(list(changed)):
        Nomination.objects.filter(program=program, term=term, student__in=students, is_current=True).update(
            is_current=False
        )
    insert(
        Nomination,
        (
            "school", "term", "program", "student", "tier", "file", "row", "set_by", "set_at", "is_current",
            "withdrawn_reason",
        ),
        [
            (
                school.pk, term.pk, program.pk, student, tier, file and file.pk, (rows or {}).get(student), by.pk, at,
                True, "",
            )
            for student, tier in changed.items()
        ],
    )  # fmt: skip
    if changed:
        actions.record(by, "nominations.made", school, at=at, term=term.pk, program=program.pk, children=len(changed))
    return len(changed)


@transaction.atomic
def withdraw(nomination: Nomination, *, reason: str, by: User, at: datetime) -> None:
    """Take a child out again, in words. An award that was proposed on a draft goes with it, for that reason."""
    reason = reason.strip()[:200]
    if not reason:
        raise ReasonMissing()
    refuse_closed(nomination.school, nomination.program, nomination.term, by=by)
    if signed_of(nomination.program, nomination.term, [nomination.student_id]):
        raise AwardSigned(count=1)
    facts = {"is_current": False, "withdrawn_by": by, "withdrawn_at": at, "withdrawn_reason": reason}
    if not Nomination.objects.filter(pk=nomination.pk, is_current=True).update(**facts):
        raise AlreadyTakenBack()
    nomination.refresh_from_db(fields=list(facts))
    proposed = Award.objects.filter(
        student=nomination.student_id, program=nomination.program_id, term=nomination.term_id, state=AwardState.PROPOSED
    )
    for award in proposed.select_related("list"):
        hold(award.list, ListState.DRAFT)
        move(award, AwardState.DROPPED, moves=AWARD_MOVES, dropped_reason=f"{TAKEN_BACK}{reason}"[:200])
        actions.record(by, "award.dropped", award, at=at, reason=award.dropped_reason)
    actions.record(by, "nomination.withdrawn", nomination, at=at, reason=reason)


def refuse_closed(school: School, program: Program, term: Term, *, by: User) -> None:
    """Whether the school may still speak. Whoever speaks of a program comes one after the other."""
    if by.role == Role.SCHOOL and by.school_id != school.pk:
        raise OtherSchoolsChildren()
    if term.state != TermState.OPEN:
        raise TermIsClosed()
    if not TermProgram.objects.filter(term=term, program=program, program__way=Way.SCHOOL).update(pays=F("pays")):
        raise NotNominated()
    if signed := AwardList.objects.filter(school=school, term=term, state__in=_SIGNED).first():
        raise ListSigned(title=signed.title)


def current(program: Program, term: Term, students: Iterable[int]) -> dict[int, tuple[int, str]]:
    """student → (school, tier) of the word that holds."""
    found: dict[int, tuple[int, str]] = {}
    for some in in_parts(list(students)):
        rows = Nomination.objects.filter(program=program, term=term, student__in=some, is_current=True)
        found |= {student: (school, tier) for student, school, tier in rows.values_list("student", "school", "tier")}
    return found


def signed_of(program: Program, term: Term, students: Iterable[int]) -> set[int]:
    """Of these students those whose award left the draft: a school stands by it."""
    live = Award.objects.live().filter(program=program, term=term).exclude(list__state=ListState.DRAFT)
    found: set[int] = set()
    for some in in_parts(list(students)):
        found.update(live.filter(student__in=some).values_list("student", flat=True))
    return found


def has_signed_list(school: School, term: Term) -> bool:
    """Whether the school handed its list on, so that nothing can be said before it comes back."""
    return AwardList.objects.filter(school=school, term=term, state__in=_SIGNED).exists()


# --- What the county reads


@dataclass(frozen=True)
class Line:
    """One school and one program: how many children it put forward, by tier, and how many there is room for."""

    school: School
    program: Program
    people: int
    tiers: dict[str, int] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return any(room.over for room in self.rooms)


def lines(term: Term, schools: SchoolQuerySet, program: Program | None = None) -> list[Line]:
    """Every school that teaches a program's stages, by program; one query for each program and a few for all."""
    offered = [each for each in programs(term) if program in (None, each)]
    if not offered:
        return []
    counts = caps.nominated(term, schools)
    rooms = caps.rooms(term, counts, schools=schools)
    found = []
    for each in offered:
        shown = list(teaching(schools, each))
        others = {school for school, code in counts if code == each.pk} - {school.pk for school in shown}
        if others:  # they put children forward and teach the stage no longer
            shown += schools.filter(pk__in=others).for_list()
        for school in shown:
            tiers = counts.get((school.pk, each.pk), {})
            found.append(Line(school, each, sum(tiers.values()), tiers, rooms.get((school.pk, each.pk), [])))
    return found
