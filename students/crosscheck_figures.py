"""What a cross-check found, in figures and in words."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from schools.models import Stage
from students import crosscheck, suspicion
from students.choices import MatchState
from students.models import Crosscheck, Match, RegisterSource

_EXACT = _("证件号和姓名都一致")


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
    """A tier or a reason as people read it."""
    return str(_EXACT if code == crosscheck.EXACT else suspicion.REASONS.get(code, code))


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
