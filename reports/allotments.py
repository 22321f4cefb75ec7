"""What finance allotted (财政下达), as the table by stages shows it: quota documents in force, nothing carried over."""

from collections.abc import Iterable
from dataclasses import dataclass

from disbursements.choices import QuotaKind
from disbursements.models import Quota
from programs.models import Program
from reports.counting import Key
from schools.models import Term


@dataclass(frozen=True, slots=True)
class Allotted:
    """A document's money for a program in a term. `stage` is empty where the program reaches over several."""

    quota: Quota
    stage: str


def documents(terms: Iterable[Term], *, program: str = "", stage: str = "") -> list[Allotted]:
    """The documents behind a figure, in the order of terms, programs and documents."""
    stages = _stages()
    rows = Quota.objects.in_force().filter(term__in=list(terms), kind=QuotaKind.NEW)
    if program:
        rows = rows.filter(program=program)
    rows = rows.select_related("program", "term").order_by("term__starts_on", "program__position", "document_no", "pk")
    found = [Allotted(quota, stages.get(quota.program_id, "")) for quota in rows]
    return [each for each in found if not stage or each.stage == stage]


def by_place(terms: list[Term], scope: str) -> dict[tuple[str, Key], int]:
    """(term or year, row) → fen: of a program in its stage, of a stage, of all programs.

    Nothing is shared out among stages: one that has a part in a program of several stages says nothing of itself.
    """
    found: dict[tuple[str, Key], int] = {}
    given = documents(terms)
    shared = {each.quota.program_id for each in given if not each.stage}
    unsaid = set(Program.stages.through.objects.filter(program__in=shared).values_list("stage", flat=True))
    for each in given:
        quota = each.quota
        keys: list[Key] = [()]
        if each.stage:
            keys.append((("program", quota.program_id), ("stage", each.stage)))
            if each.stage not in unsaid:
                keys.append((("stage", each.stage),))
        for when in {quota.term_id, scope}:
            for key in keys:
                found[when, key] = found.get((when, key), 0) + quota.amount_fen
    return found


def _stages() -> dict[str, str]:
    """program → its stage, of programs that have only one."""
    of_program: dict[str, list[str]] = {}
    for program, stage in Program.stages.through.objects.order_by("pk").values_list("program", "stage"):
        of_program.setdefault(program, []).append(stage)
    return {program: stages[0] for program, stages in of_program.items() if len(stages) == 1}
