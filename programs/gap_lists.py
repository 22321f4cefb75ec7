"""The two lists as people read them: each line with its child, rule, facts and answer; and as a workbook."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.bulk import in_parts
from common.roles import COUNTY
from common.workbooks import Column, Value, write_table
from programs.choices import Gap, GapReason, GapState, Level
from programs.gap_answers import Answers, open_lines
from programs.gaps import Line
from programs.models import Award, GapAnswer, Program, Recognition, Rule
from schools.models import School, Term
from students.models import Enrollment, Hardship

TONES = {
    GapState.UNANSWERED: "red",
    GapState.WAITING: "amber",
    GapState.SENT_BACK: "violet",
    GapState.TO_ADD: "blue",
    GapState.TO_PROPOSE: "blue",
    GapState.CLOSED: "neutral",
}


@dataclass(frozen=True)
class Fact:
    """What is known of a child, and since when."""

    words: str
    known_on: date | None = None

    def __str__(self) -> str:
        if self.known_on is None:
            return self.words
        return _("%(category)s（%(day)s 查明）") % {"category": self.words, "day": self.known_on.isoformat()}


@dataclass(frozen=True)
class Shown:
    """A line with everything that its row says: the answer of its own school, or the award that should not stand."""

    line: Line
    enrollment: Enrollment
    school: School
    program: Program
    rule: Rule
    facts: list[Fact]
    state: GapState
    answer: GapAnswer | None
    award: Award | None
    days: int

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def is_on_behalf(self) -> bool:
        """Whether county staff answered for the school."""
        return self.answer is not None and self.answer.answered_by.role in COUNTY

    @property
    def mistakes(self) -> list[str]:
        return [str(mistake.label) for mistake in self.line.mistakes]


def shown(lines: Sequence[Line], term: Term, answers: Answers, *, today: date) -> list[Shown]:
    """These lines with their rows, in as many queries for one as for a page."""
    students = {line.student for line in lines}
    enrollments = Enrollment.objects.select_related("student", "stage").in_bulk({line.enrollment for line in lines})
    schools = School.objects.select_related("town").in_bulk({line.school for line in lines})
    programs = Program.objects.in_bulk({line.program for line in lines})
    rules = Rule.objects.in_bulk({line.rule for line in lines})
    standing = Award.objects.select_related("list").in_bulk({line.award for line in lines if line.award})
    said = {
        (each.student_id, each.program_id, each.school_id): each
        for each in GapAnswer.objects.filter(term=term, student__in=students).select_related("answered_by")
    }
    facts = _facts(term, students)
    return [
        Shown(
            line=line,
            enrollment=enrollments[line.enrollment],
            school=schools[line.school],
            program=programs[line.program],
            rule=rules[line.rule],
            facts=facts.get(line.student, []),
            state=answers.state(line),
            answer=said.get((line.student, line.program, line.school)),
            award=standing.get(line.award),
            days=line.days(today),
        )
        for line in lines
    ]


def _facts(term: Term, students: Iterable[int]) -> dict[int, list[Fact]]:
    """student → what is known of it in words: categories with the day they were known, the level of recognition."""
    found: dict[int, list[Fact]] = {}
    held = Hardship.objects.in_force(term).filter(student__in=students).select_related("category")
    for fact in held.order_by("category__priority", "pk"):
        found.setdefault(fact.student_id, []).append(Fact(str(fact.category), fact.known_on))
    lists = Recognition.objects.in_force(term).filter(student__in=students)
    for student, level in dict(lists.last_holds().values_list("student", "level")).items():
        found.setdefault(student, []).append(Fact(_("认定等级：%(level)s") % {"level": Level(level).label}))
    return found


@dataclass
class Summary:
    """The two lists in numbers, for one school or one program."""

    of: School | Program
    by_state: Counter[str] = field(default_factory=Counter)
    mistaken: int = 0

    @property
    def missed(self) -> int:
        """Lines that are open."""
        return open_lines(self.by_state)

    @property
    def states(self) -> list[int]:
        return [self.by_state[state] for state in GapState]


def by_school(lines: Iterable[Line], answers: Answers) -> list[Summary]:
    """Every school that has a line."""
    counted, mistaken = _count(lines, answers, "school")
    schools = School.objects.select_related("town").filter(pk__in=counted.keys() | mistaken.keys()).order_by("code")
    return [Summary(school, counted[school.pk], mistaken[school.pk]) for school in schools]


def by_program(lines: Iterable[Line], answers: Answers) -> list[Summary]:
    """Every program that has a line."""
    counted, mistaken = _count(lines, answers, "program")
    programs = Program.objects.filter(pk__in=counted.keys() | mistaken.keys())
    return [Summary(program, counted[program.pk], mistaken[program.pk]) for program in programs]


class _Counts(dict[int | str, Counter[str]]):
    def __missing__(self, key: int | str) -> Counter[str]:
        return Counter()


def _count(lines: Iterable[Line], answers: Answers, column: str) -> tuple[_Counts, Counter[int | str]]:
    by_state, mistaken = _Counts(), Counter[int | str]()
    for line in lines:
        key = getattr(line, column)
        if line.gap is Gap.MISTAKEN:
            mistaken[key] += 1
        else:
            by_state.setdefault(key, Counter())[answers.state(line)] += 1
    return by_state, mistaken


# The workbook


def write(lines: Sequence[Line], gap: Gap, term: Term, answers: Answers, *, by: User, at: datetime) -> bytes:
    """One of the lists, every line with its child, its rule and its facts. No resident number stands in it."""
    title = _("%(term)s%(list)s清单") % {"term": term, "list": gap.label}
    minute = date_format(timezone.localtime(at), "Y-m-d H:i")
    remarks = [_("共 %(n)s 条") % {"n": len(lines)}, _("导出：%(by)s　%(at)s") % {"by": by, "at": minute}]
    missed = gap is Gap.MISSED
    rows = (_row(each, is_missed=missed) for each in _all(lines, term, answers, today=timezone.localdate(at)))
    return write_table(title, _columns(is_missed=missed), rows, preamble=remarks, sheet_name=str(gap.label))


def _all(lines: Sequence[Line], term: Term, answers: Answers, *, today: date) -> Iterator[Shown]:
    for some in in_parts(lines):
        yield from shown(some, term, answers, today=today)


def _columns(*, is_missed: bool) -> list[Column]:
    columns = [
        Column(_("学校标识码"), 13),
        Column(_("学校名称"), 24),
        Column(_("乡镇"), 12),
        Column(_("姓名"), 10),
        Column(_("年级"), 12),
        Column(_("班级"), 8),
        Column(_("资助项目"), 24),
        Column(_("享受条件") if is_missed else _("享受时的条件"), 34),
        Column(_("文号"), 22),
        Column(_("已知情况"), 34),
        Column(_("自"), 12, "date"),
        Column(_("已过天数"), 9, "number"),
    ]
    if not is_missed:
        return [*columns, Column(_("不应享受的原因"), 30)]
    return [*columns, Column(_("办理情况"), 18), Column(_("学校答复"), 16), Column(_("说明"), 30)]


def _row(each: Shown, *, is_missed: bool) -> list[Value]:
    child = each.enrollment
    row: list[Value] = [
        each.school.code,
        each.school.name,
        str(each.school.town),
        str(child.student),
        child.grade,
        child.class_name,
        str(each.program),
        each.rule.description,
        each.rule.document_no,
        _("；").join(map(str, each.facts)),
        each.line.since_on,
        each.days,
    ]
    if not is_missed:
        return [*row, _("；").join(each.mistakes)]
    reason, words = (GapReason(each.answer.reason).label, each.answer.words) if each.answer else ("", "")
    return [*row, str(each.state.label), str(reason), words]
