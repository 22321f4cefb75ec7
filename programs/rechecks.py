"""Random re-checks of recognized families: drawn by a kept seed, looked up, and followed until the list says so too.

The draw is random and can be repeated: it draws from the recognized children of the term in the order of their keys,
and a digest of those keys proves that a drawing again starts from the same children.
"""

import hashlib
import random
import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts
from common.moves import Refused
from programs.choices import Level, RecheckResult, RecognitionListState
from programs.models import Recheck, RecheckDraw, RecheckQuerySet, Recognition, RecognitionList
from schools.models import Term


class NobodyToDraw(Refused):
    code = "recheck-nobody"
    message = _("本学期还没有现行的认定名单，没有可以抽取的学生。")


class RecheckDay(Refused):
    code = "recheck-day"
    message = _("复查日期不能早于抽取日期，也不能晚于今天。")


class FindingUnsaid(Refused):
    code = "recheck-finding-unsaid"
    message = _("结果不是“情况属实”的，请写明了解到的情况。")


@dataclass(frozen=True)
class Again:
    """What a drawing again by the same seed gives."""

    is_same_population: bool
    is_same_draw: bool
    population: int
    drawn: int


def population(term: Term, at: datetime) -> list[int]:
    """The children whom the lists that held at that moment find poor, by the keys of their recognitions, in order."""
    held = RecognitionList.objects.filter(term=term, in_force_at__lte=at)
    newest: dict[int, int] = dict(held.order_by("in_force_at", "pk").values_list("school", "pk"))
    poor = Recognition.objects.filter(term=term, list__in=held).exclude(level=Level.NOT_POOR)
    lists = set(newest.values())
    rows = poor.order_by("pk").values_list("pk", "list")
    return [pk for pk, of_list in rows.iterator() if of_list in lists]


def _digest(keys: list[int]) -> str:
    return hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()


def _drawn(keys: list[int], seed: str, percent: int) -> list[int]:
    """The part of them that the seed names, never nobody."""
    size = max(1, -(-len(keys) * percent // 100))
    return sorted(random.Random(seed).sample(keys, size))  # noqa: S311 -- to be repeated, not to be secret


@transaction.atomic
def draw(term: Term, *, percent: int, by: User, at: datetime, seed: str = "") -> RecheckDraw:
    """Draw a part of the term's recognized children. Anybody draws the same by the same seed."""
    keys = population(term, at)
    if not keys:
        raise NobodyToDraw()
    seed = seed or secrets.token_hex(8)
    made = RecheckDraw.objects.create(
        term=term,
        seed=seed,
        percent=percent,
        population=len(keys),
        population_digest=_digest(keys),
        drawn_by=by,
        drawn_at=at,
    )
    lines = [
        Recheck(draw=made, recognition_id=pk, school_id=school)
        for some in in_parts(_drawn(keys, seed, percent))
        for pk, school in Recognition.objects.filter(pk__in=some).order_by("pk").values_list("pk", "list__school")
    ]
    Recheck.objects.bulk_create(lines, batch_size=500)
    actions.record(by, "recheck.drawn", made, at=at, percent=percent, seed=seed, population=len(keys), drawn=len(lines))
    return made


def draw_again(made: RecheckDraw) -> Again:
    """Draw once more by the kept seed from whoever was recognized at that moment, and compare. Nothing is written."""
    keys = population(made.term, made.drawn_at)
    chosen = _drawn(keys, made.seed, made.percent) if keys else []
    lines = list(made.lines.order_by("recognition").values_list("recognition", flat=True))
    return Again(
        is_same_population=_digest(keys) == made.population_digest,
        is_same_draw=chosen == lines,
        population=len(keys),
        drawn=len(chosen),
    )


@transaction.atomic
def note(line: Recheck, *, way: str, result: str, words: str, done_on: date, by: User, at: datetime) -> None:
    """Keep what was found at a family; noted again, the newest word holds and the log has both."""
    words = words.strip()[:200]
    if result != RecheckResult.HOLDS and not words:
        raise FindingUnsaid()
    if not timezone.localdate(line.draw.drawn_at) <= done_on <= timezone.localdate(at):
        raise RecheckDay()
    before = line.result
    Recheck.objects.filter(pk=line.pk).update(
        way=way, result=result, words=words, done_on=done_on, done_by=by, done_at=at
    )
    line.refresh_from_db()
    actions.record(by, "recheck.noted", line, at=at, result=result, before=before)


def draws(term: Term) -> QuerySet[RecheckDraw]:
    """The draws of a term's school year, up to that term: what autumn left open is still to be done in spring."""
    return RecheckDraw.objects.filter(term__in=_terms(term), term__starts_on__lte=term.starts_on)


def of_school_year(lines: RecheckQuerySet, term: Term) -> RecheckQuerySet:
    """The lines of those draws."""
    return lines.filter(draw__in=draws(term))


def to_take_up(lines: RecheckQuerySet, term: Term) -> RecheckQuerySet:
    """Findings against the list that holds: another level or not poor, and the list still says what it said.

    The school's list of the newest term of the school year speaks; where there is none yet, that of the draw's term.
    """
    newest = _terms(term).order_by("-starts_on").values("pk")[:1]
    in_force = RecognitionList.objects.filter(school=OuterRef("school"), state=RecognitionListState.IN_FORCE)
    still = Recognition.objects.filter(
        student=OuterRef("recognition__student"),
        level=OuterRef("recognition__level"),
        list__school=OuterRef("school"),
        list__state=RecognitionListState.IN_FORCE,
    )
    has_newest = Exists(in_force.filter(term=Subquery(newest)))
    found = lines.filter(result__in=[RecheckResult.OTHER_LEVEL, RecheckResult.NOT_POOR])
    return found.filter(
        Q(has_newest, Exists(still.filter(term=Subquery(newest))))
        | Q(~has_newest, Exists(still.filter(term=OuterRef("draw__term"))))
    )


def _terms(term: Term) -> QuerySet[Term]:
    """The terms of its school year."""
    year = int(term.school_year)
    return Term.objects.filter(code__in=[f"{year}A", f"{year + 1}S"])


@dataclass(frozen=True)
class Progress:
    """How far a draw's lines are."""

    drawn: int
    done: int
    holds: int
    differs: int
    not_found: int

    @property
    def open(self) -> int:
        return self.drawn - self.done


def progress(lines: RecheckQuerySet) -> Progress:
    counted = lines.aggregate(
        drawn=Count("pk"),
        done=Count("pk", filter=~Q(result="")),
        holds=Count("pk", filter=Q(result=RecheckResult.HOLDS)),
        differs=Count("pk", filter=Q(result__in=[RecheckResult.OTHER_LEVEL, RecheckResult.NOT_POOR])),
        not_found=Count("pk", filter=Q(result=RecheckResult.NOT_FOUND)),
    )
    return Progress(**counted)
