"""Whom a school should have this term: its roster in force, or last term's children in the places they move up to."""

from dataclasses import dataclass

from schools.models import Grade, School, Stage, Term
from students.choices import RosterState
from students.models import Enrollment, EnrollmentQuerySet, Roster


@dataclass(frozen=True)
class Expected:
    """Where a roster begins. `version` is the one in force; 0 means that last term's children are moved up."""

    version: int
    enrollments: EnrollmentQuerySet
    promotion: "Promotion | None"

    def place(self, stage: str, grade: str) -> tuple[str, str] | None:
        """Stage and grade this term of a child who is there now; None for whoever has finished."""
        return self.promotion.next((stage, grade)) if self.promotion else (stage, grade)


class Promotion:
    """From each grade of a school to the next: the next of the stage, else the first of the next stage.

    Nobody is moved into a stage that the school does not have, nor into one that has an entrance of its own
    (only compulsory stages follow by themselves): those children leave the school.
    """

    def __init__(self, school: School) -> None:
        own = set(school.stage_codes())
        stages = list(Stage.objects.order_by("position", "code"))
        grades: dict[str, list[str]] = {stage.code: [] for stage in stages}
        for code, name in Grade.objects.order_by("stage__position", "position", "pk").values_list("stage", "name"):
            grades[code].append(name)
        self._next: dict[tuple[str, str], tuple[str, str] | None] = {}
        for place, stage in enumerate(stages):
            following = stages[place + 1] if place + 1 < len(stages) else None
            moves_on = following is not None and following.is_compulsory and following.code in own
            first = (following.code, grades[following.code][0]) if following and moves_on else None
            names = grades[stage.code]
            for number, name in enumerate(names):
                is_last = number + 1 == len(names)
                self._next[stage.code, name] = first if is_last else (stage.code, names[number + 1])

    def next(self, at: tuple[str, str]) -> tuple[str, str] | None:
        """The next place, or None for whoever has finished; a grade that nobody knows stays as it is."""
        return self._next.get(at, at)


def expected(school: School, term: Term) -> Expected:
    """The children of the version in force or, where there is none yet, of the school's last term, moved up
    where September comes between."""
    here = Enrollment.objects.here().filter(school=school)
    in_force = Roster.objects.filter(school=school, term=term, state=RosterState.IN_FORCE).first()
    if in_force is not None:
        return Expected(in_force.version, here.filter(term=term), None)
    before = Term.objects.filter(starts_on__lt=term.starts_on).order_by("-starts_on").first()
    if before is None:
        return Expected(0, here.none(), None)
    is_new_year = before.school_year != term.school_year
    return Expected(0, here.filter(term=before), Promotion(school) if is_new_year else None)
