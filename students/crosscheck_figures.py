"""What a cross-check found, in figures and in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schools.models import Stage
from students import comparison, suspicion
from students.choices import MatchState
from students.models import Crosscheck, Match, RegisterSource

_WORDS = {
    **suspicion.REASONS,
    "exact": gettext_lazy("证件号和姓名都一致"),
    "id-broken": gettext_lazy("证件号有误，无法比较"),
    "by-hand": gettext_lazy("人工按姓名找到"),
}
_IN_A_SENTENCE = {
    "guardian": gettext_lazy("监护人是同户成员"),
    "phone": gettext_lazy("电话相同"),
}
_OF_NUMBERS = frozenset({"id-one-off", "id-two-off"})


@dataclass(frozen=True)
class Row:
    """The children of one source, state and ground, by stage."""

    source: str
    state: str
    tier: str
    by_stage: list[int]

    @property
    def total(self) -> int:
        return sum(self.by_stage)


@dataclass(frozen=True)
class Table:
    stages: list[str]
    rows: list[Row]


def words(code: str) -> str:
    """A tier or a reason as people read it; a code of an older release keeps its code."""
    return str(_WORDS[code]) if code in _WORDS else _("其他依据（%(code)s）") % {"code": code}


def kinds() -> list[tuple[str, str]]:
    """What a pair can rest on: how its two numbers stand to each other, or the rule that joined it by itself.

    A pair keeps its rule when a person takes the denial of it back, so suspicions stand under rules as well.
    """
    return [
        (code, str(label))
        for code, label in _WORDS.items()
        if code.startswith(("id-", "birth-", "near-")) or code in {"exact", "by-hand"}
    ]


def sentence(match: Match) -> str:
    """Why two records are, or may be, one child, in one sentence: the number first, then what speaks beside it."""
    parts = [_in_a_sentence(code, match) for code in match.reasons or [match.tier]]
    return _("%(parts)s。") % {"parts": _("，").join(parts)}


def _in_a_sentence(code: str, match: Match) -> str:
    child, person = match.enrollment.student, match.person
    if code in _OF_NUMBERS and comparison.is_slip(child.id_number, person.id_number):
        ours, theirs = comparison.slips(child.id_number, person.id_number)
        places = ours if len(ours) >= len(theirs) else theirs
        if comparison.is_swap(child.id_number, person.id_number):
            return _("证件号相邻两位对调（第 %(places)s 位）") % {"places": comparison.places_in_words(places)}
        return _("%(reason)s（第 %(places)s 位）") % {
            "reason": words(code),
            "places": comparison.places_in_words(places),
        }
    if code == "name-one-off" and len(child.name_key) == len(person.name_key):
        ours, theirs = comparison.slips(child.name_key, person.name_key)
        if len(ours) == len(theirs) == 1:
            return _("%(reason)s（“%(child)s”与“%(person)s”）") % {
                "reason": words(code),
                "child": child.name_key[ours[0]],
                "person": person.name_key[theirs[0]],
            }
    return str(_IN_A_SENTENCE.get(code) or words(code))


@dataclass(frozen=True)
class Standing:
    """How far people are with a run's suspicions, at this moment."""

    waiting: int
    confirmed: int
    rejected: int


def standing(check: Crosscheck) -> Standing:
    """Pairs by what became of them, by the queue's own index."""
    counted = dict(check.matches.order_by().values_list("state").annotate(n=Count("pk")))
    return Standing(
        waiting=counted.get(MatchState.SUSPECTED, 0),
        confirmed=counted.get(MatchState.CONFIRMED, 0),
        rejected=counted.get(MatchState.REJECTED, 0),
    )


def people_waiting(checks: Iterable[Crosscheck]) -> dict[int, int]:
    """For each run the listed people who wait for a person's word at this moment."""
    rows = Match.objects.filter(crosscheck__in=[check.pk for check in checks], state=MatchState.SUSPECTED).order_by()
    return dict(rows.values_list("crosscheck").annotate(n=Count("person", distinct=True)))


def reasons(match: Match) -> list[str]:
    """Why two records are put before a person; a sure match has one reason, its tier."""
    return [words(code) for code in match.reasons or [match.tier]]


def table(check: Crosscheck) -> Table:
    """The run's counts as they stood when it ended: source, state and ground down, stages across."""
    lines: list[dict[str, Any]] = check.counts.get("lines", [])
    found = {line["stage"] for line in lines}
    stages = [stage for stage in Stage.objects.all() if stage.code in found]
    sources = {source.code: str(source) for source in RegisterSource.objects.all()}
    counted: dict[tuple[str, str, str], dict[str, int]] = {}
    for line in lines:
        counted.setdefault((line["source"], line["state"], line["tier"]), {})[line["stage"]] = line["children"]
    return Table(
        stages=[str(stage) for stage in stages],
        rows=[
            Row(
                source=sources.get(source, source),
                state=str(MatchState(state).label),
                tier=words(tier),
                by_stage=[by_stage.get(stage.code, 0) for stage in stages],
            )
            for (source, state, tier), by_stage in counted.items()
        ],
    )
