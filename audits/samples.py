"""Samples of the auditor: drawn from a term's confirmed awards, looked up one by one, mended by the county, concluded.

The population is frozen as a file before anybody is drawn, so that the draw can be repeated (audits.drawing). Only an
auditor draws, notes and concludes; nothing here changes an award or a payment.
"""

import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from audits import drawing, sample_results
from audits.choices import (
    ITEM_MOVES,
    SAMPLE_MOVES,
    Draw,
    FollowUp,
    ItemState,
    PaidState,
    SampleState,
    Severity,
)
from audits.models import Finding, Sample, SampleItem
from common import keyring
from common.bulk import in_parts
from common.moves import Refused, hold, move
from common.redaction import redact
from common.roles import COUNTY, Role
from disbursements.choices import PaymentState
from disbursements.models import Payment
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from programs.models import Award, Program
from schools.models import School, Stage, Term, Town

LARGE = 20_000
"""A population of more awards than this is drawn from in the background."""
LARGEST_SAMPLE = 5_000
"""More than this nobody looks up one by one."""

POINTS = {Severity.GRAVE: 5, Severity.SERIOUS: 3, Severity.NOTABLE: 1}
"""What a standing finding adds to the weight of its child, or of every child of a school that it is about."""


class NotTheAuditor(Refused):
    code = "sample-not-the-auditor"
    message = _("抽查只能由审计人员办理。")


class NotTheCounty(Refused):
    code = "sample-not-the-county"
    message = _("整改结果由县资助中心登记。")


class NobodyToDraw(Refused):
    code = "sample-nobody"
    message = _("这个范围内没有已审定的资助，没有可以抽取的对象。")


class TooManyDrawn(Refused):
    code = "sample-too-many"
    message = _("会抽到 %(n)s 人次，超过了 %(most)s 人次的上限，请减少抽取数。")


class FaultUnsaid(Refused):
    code = "sample-fault-unsaid"
    message = _("有问题的，请写明核查情况。")


class NothingToMend(Refused):
    code = "sample-nothing-to-mend"
    message = _("没有要求整改，或者整改结果已经登记，请刷新页面后再看。")


class DueDayOdd(Refused):
    code = "sample-due-day"
    message = _("整改期限只能给有问题的对象，并且不能早于今天。")


class AlreadyMended(Refused):
    code = "sample-already-mended"
    message = _("县资助中心已经登记整改结果，核查结果不能再改；还有疑问的，请另行问询。")


class MendUnsaid(Refused):
    code = "sample-mend-unsaid"
    message = _("请写明怎样整改的。")


class ItemsWaiting(Refused):
    code = "sample-items-waiting"
    message = _("还有 %(n)s 个对象没有核查，不能结束抽查。")


class ConclusionMissing(Refused):
    code = "sample-conclusion-missing"
    message = _("请写明抽查结论。")


class ReasonMissing(Refused):
    code = "sample-reason-missing"
    message = _("请写明撤销的原因。")


class AlreadyAsked(Refused):
    code = "sample-already-asked"
    message = _("已经要求县资助中心整改，这次抽查不能撤销。")


@dataclass(frozen=True)
class Order:
    """What an auditor asks to be drawn. By school, `size` is how many of each and `schools` how many schools."""

    title: str
    way: str
    size: int
    seed: str
    schools: int = 0
    criteria: Mapping[str, str] = field(default_factory=dict)

    @property
    def params(self) -> dict[str, Any]:
        """For a background run."""
        return {**asdict(self), "criteria": dict(self.criteria)}


def order(*, title: str, way: str, size: int, seed: str = "", schools: int = 0, **criteria: str) -> Order:
    """An order with a seed: the auditor's own, or one that nobody could choose."""
    return Order(
        title=redact(title.strip())[:100],
        way=way,
        size=size,
        seed=seed.strip()[:64] or secrets.token_hex(16),
        schools=schools if way == Draw.BY_SCHOOL else 0,
        criteria={name: code for name, code in criteria.items() if code},
    )


def population(term: Term, criteria: Mapping[str, str]) -> QuerySet[Award]:
    """The term's confirmed awards, narrowed by program, stage, school, town (codes) and where the money is."""
    lookups = {"program": "program", "stage": "stage", "school": "school__code", "town": "school__town"}
    rows: QuerySet[Award] = Award.objects.confirmed().filter(
        term=term, **{lookup: criteria[name] for name, lookup in lookups.items() if criteria.get(name)}
    )
    wanted = criteria.get("paid", "")
    return rows.filter(_paid(wanted)) if wanted in PaidState.values else rows


def _paid(state: str) -> Q:
    tries = Payment.objects.filter(award=OuterRef("pk"))
    arrived = Exists(tries.arrived())
    return {
        PaidState.PAID: Q(arrived),
        PaidState.UNPAID: ~Q(arrived),
        PaidState.FAILED: Q(Exists(tries.filter(state=PaymentState.FAILED))),
        PaidState.BOUNCED: Q(Exists(tries.filter(bounce__isnull=False))),
    }[PaidState(state)]


def rows(term: Term, criteria: Mapping[str, str]) -> list[drawing.Row]:
    """The population as it is at this moment, with the weight of each by what stands against child and school."""
    of_child, of_school = _points(term)
    found = population(term, criteria).order_by("pk")
    lines = found.values_list("pk", "school__code", "amount_fen", "student", "school").iterator(chunk_size=5_000)
    return [
        drawing.Row(pk, sys.intern(code), fen, 1 + of_child.get(student, 0) + of_school.get(school, 0))
        for pk, code, fen, student, school in lines
    ]


def _points(term: Term) -> tuple[dict[int, int], dict[int, int]]:
    """Points by child, and by school for what is about a school as a whole."""
    of_child: dict[int, int] = {}
    of_school: dict[int, int] = {}
    counted = Finding.objects.standing().filter(term=term).order_by().values_list("student", "school", "severity")
    for student, school, severity, n in counted.annotate(n=Count("pk")):
        points = n * POINTS[Severity(severity)]
        if student is not None:
            of_child[student] = of_child.get(student, 0) + points
        elif school is not None:
            of_school[school] = of_school.get(school, 0) + points
    return of_child, of_school


def draw(term: Term, wanted: Order, *, by: User, at: datetime) -> Sample:
    """Freeze the population and draw from it. Anybody draws the same from the same file by the same seed."""
    found = rows(term, wanted.criteria)
    return _keep(term, wanted, found, _drawn(found, wanted), by=by, at=at)


def draw_in_background(term: Term, wanted: Order, *, running: Running) -> dict[str, Any]:
    """The same for a population of a whole county: read and drawn first, then written in one short transaction."""
    found = rows(term, wanted.criteria)
    numbers = _drawn(found, wanted)
    running.report_total(len(found))
    result: dict[str, Any] = {}
    with running.chunk(to=len(found), result=result):
        made = _keep(term, wanted, found, numbers, by=running.job.started_by, at=running.at)
        result |= {"sample_id": made.pk, "awards": len(numbers)}
    return result


def _drawn(found: list[drawing.Row], wanted: Order) -> list[int]:
    if not found:
        raise NobodyToDraw()
    numbers = drawing.draw(found, way=wanted.way, seed=wanted.seed, size=wanted.size, schools=wanted.schools)
    if len(numbers) > LARGEST_SAMPLE:
        raise TooManyDrawn(n=len(numbers), most=LARGEST_SAMPLE)
    return numbers


@transaction.atomic
def _keep(term: Term, wanted: Order, found: list[drawing.Row], numbers: list[int], *, by: User, at: datetime) -> Sample:
    if by.role != Role.AUDITOR:
        raise NotTheAuditor()
    content = drawing.written(found)
    name = f"{_now('总体清单')} {term.code} {timezone.localtime(at):%Y%m%d%H%M%S}.csv"
    file = files.store(content, name=name, kind=FileKind.FROZEN, by=by, at=at)
    made = Sample.objects.create(
        term=term,
        title=wanted.title,
        draw=wanted.way,
        criteria={**wanted.criteria, **_parted(found, wanted)},
        seed=wanted.seed,
        size=wanted.size,
        population=file,
        population_count=len(found),
        population_fen=sum(row.fen for row in found),
        population_sha256=file.sha256,
        drawn_by=by,
        drawn_at=at,
    )
    SampleItem.objects.bulk_create(
        [SampleItem(sample=made, position=place, award_id=pk) for place, pk in enumerate(_in_order(numbers), start=1)],
        batch_size=500,
    )
    actions.record(
        by,
        "audit-sample.drawn",
        made,
        at=at,
        draw=wanted.way,
        seed=wanted.seed,
        population=len(found),
        awards=len(numbers),
        sha256=file.sha256,
    )
    return made


def _parted(found: list[drawing.Row], wanted: Order) -> dict[str, int]:
    """What else the draw was made with, and what the estimate needs afterwards."""
    if wanted.way == Draw.BY_SCHOOL:
        return {"schools": wanted.schools}
    if wanted.way != Draw.BY_MONEY:
        return {}
    part = drawing.share(found, size=wanted.size)
    return {"certain": part.certain, "rest_size": part.rest_size, "rest_fen": part.rest_weight}


def _in_order(numbers: list[int]) -> list[int]:
    """As one goes from school to school and from class to class."""
    places = [
        place
        for some in in_parts(numbers)
        for place in Award.objects.filter(pk__in=some).values_list("school__code", "grade_no", "class_name", "pk")
    ]
    return [pk for _school, _grade, _class, pk in sorted(places)]


def criteria_in_words(made: Sample) -> list[tuple[str, str]]:
    """What the population was narrowed by, and the schools that were drawn first: (what, which)."""
    named: dict[str, tuple[str, QuerySet[Any]]] = {
        "program": (_now("资助项目"), Program.objects.all()),
        "stage": (_now("学段"), Stage.objects.all()),
        "town": (_now("乡镇"), Town.objects.all()),
    }
    said = [
        (label, str(rows.filter(pk=made.criteria[name]).first() or made.criteria[name]))
        for name, (label, rows) in named.items()
        if name in made.criteria
    ]
    if code := made.criteria.get("school"):
        said.append((_now("学校"), str(School.objects.filter(code=code).first() or code)))
    if made.criteria.get("paid") in PaidState.values:
        said.append((_now("发放情况"), str(PaidState(made.criteria["paid"]).label)))
    if schools := made.criteria.get("schools"):
        said.append((_now("先抽学校"), _now("%(n)s 所") % {"n": schools}))
    return said


def redraw_command(made: Sample) -> str:
    """What is typed in a shell to draw again elsewhere, whatever signs the seed is of."""
    said = ["manage.py", "redraw", f"{_now('总体清单')}.csv", f"--seed={made.seed}"]
    said += ["--draw", made.draw, "--size", str(made.size)]
    if schools := made.criteria.get("schools"):
        said += ["--schools", str(schools)]
    return shlex.join(said)


@dataclass(frozen=True)
class Again:
    """What a drawing again from the frozen file gives."""

    is_same_file: bool
    is_same_draw: bool
    population: int
    drawn: int


def draw_again(made: Sample) -> Again:
    """Draw once more from the frozen file by the kept seed, and compare. Nothing is written.

    A file that is gone, or does not open, or is no population any more is not the same file.
    """
    try:
        found = drawing.read(files.content(made.population))
    except (files.Missing, keyring.CannotOpen, drawing.NotAPopulation):
        return Again(is_same_file=False, is_same_draw=False, population=0, drawn=0)
    numbers = drawing.draw(
        found, way=made.draw, seed=made.seed, size=made.size, schools=made.criteria.get("schools", 0)
    )
    kept = sorted(made.items.values_list("award", flat=True))
    return Again(
        is_same_file=made.population.sha256 == made.population_sha256,
        is_same_draw=numbers == kept,
        population=len(found),
        drawn=len(numbers),
    )


@transaction.atomic
def note(
    item: SampleItem, *, state: str, words: str, by: User, at: datetime, follow_up_due_on: date | None = None
) -> None:
    """Keep what the auditor found. The newest word holds, until the county has mended or the sample ends."""
    words = redact(words.strip())[:500]
    if by.role != Role.AUDITOR:
        raise NotTheAuditor()
    if state == ItemState.FAULTY and not words:
        raise FaultUnsaid()
    if follow_up_due_on and (state != ItemState.FAULTY or follow_up_due_on < timezone.localdate(at)):
        raise DueDayOdd()
    hold(item.sample, SampleState.OPEN)
    before = SampleItem.objects.get(pk=item.pk)
    if before.follow_up == FollowUp.DONE:
        raise AlreadyMended()
    move(
        item,
        state,
        moves=ITEM_MOVES,
        words=words,
        checked_by=by,
        checked_at=at,
        follow_up=FollowUp.ASKED if follow_up_due_on else FollowUp.NONE,
        follow_up_due_on=follow_up_due_on,
    )
    actions.record(by, "audit-sample.noted", item, at=at, state=state, before=before.state)


@transaction.atomic
def follow_up(item: SampleItem, *, words: str, by: User, at: datetime) -> None:
    """The county says what it mended. A sample that is closed still waits for it."""
    words = redact(words.strip())[:500]
    if by.role not in COUNTY:
        raise NotTheCounty()
    if not words:
        raise MendUnsaid()
    hold(item.sample, *SampleState.values)
    asked = SampleItem.objects.filter(pk=item.pk, follow_up=FollowUp.ASKED)
    if not asked.update(follow_up=FollowUp.DONE, followed_up_words=words, followed_up_by=by, followed_up_at=at):
        raise NothingToMend()
    item.refresh_from_db()
    actions.record(by, "audit-sample.followed-up", item, at=at)


@transaction.atomic
def close(made: Sample, *, conclusion: str, by: User, at: datetime) -> None:
    """Conclude a sample of which every item was looked up."""
    if by.role != Role.AUDITOR:
        raise NotTheAuditor()
    if not conclusion.strip():
        raise ConclusionMissing()
    move(
        made, SampleState.CLOSED, moves=SAMPLE_MOVES, conclusion=redact(conclusion.strip()), closed_by=by, closed_at=at
    )
    waiting = made.items.filter(state=ItemState.WAITING).count()
    if waiting:
        raise ItemsWaiting(n=waiting)
    result = sample_results.results(made)
    actions.record(by, "audit-sample.closed", made, at=at, sound=result.sound, faulty=result.faulty)


@transaction.atomic
def withdraw(made: Sample, *, reason: str, by: User, at: datetime) -> None:
    """Give up a sample that was drawn by mistake. It stays on record with all that was noted, and waits for nobody.

    What the county was asked to mend is not taken back by it.
    """
    if by.role != Role.AUDITOR:
        raise NotTheAuditor()
    if not reason.strip():
        raise ReasonMissing()
    move(made, SampleState.WITHDRAWN, moves=SAMPLE_MOVES, conclusion=redact(reason.strip()), closed_by=by, closed_at=at)
    if made.items.exclude(follow_up=FollowUp.NONE).exists():
        raise AlreadyAsked()
    actions.record(by, "audit-sample.withdrawn", made, at=at, reason=made.conclusion)
