"""What is known of a child in no roster: its household, where it was before, who in the rosters bears its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from common import names
from students import absences
from students.choices import CrosscheckState, EnrollmentState, MatchState
from students.comparison import Member
from students.models import Absence, Crosscheck, Enrollment, Match, OutsideLetter, RegisterPerson

_SHOWN = 20


@dataclass(frozen=True)
class Namesake:
    """A student of the term with the same name, and the listed person whom it is known to be already."""

    enrollment: Enrollment
    known_as: RegisterPerson | None


def household(absence: Absence, run: Crosscheck | None) -> list[Member]:
    """Everybody else whom the list names in the household, and in which school each of them was found."""
    person = absence.person
    if not person.household_no:
        return []
    same = RegisterPerson.objects.filter(snapshot=person.snapshot_id, household_no=person.household_no)
    members = list(same.exclude(pk=person.pk).defer("phone").order_by("row"))
    found = {one.person_id: one for one in _held(run, person__in=members)}
    return [Member(member, found.get(member.pk)) for member in members]


def _held(run: Crosscheck | None, **which: object) -> list[Match]:
    if run is None:
        return []
    held = (
        Match.objects.holding()
        .filter(crosscheck=run, **which)
        .select_related("enrollment__student", "enrollment__school", "person")
    )
    return list(
        held.defer("enrollment__student__guardian_phone", "enrollment__student__guardian_id", "person__phone").order_by(
            "-pk"
        )
    )


def suspicions(absence: Absence, run: Crosscheck | None) -> list[Match]:
    """What the desk has to decide of this child first."""
    if run is None:
        return []
    waiting = Match.objects.filter(crosscheck=run, state=MatchState.SUSPECTED)
    waiting = waiting.filter(person__in=absences.lines_of(absence, run).order_by().values("pk"))
    return list(waiting.select_related("enrollment__student", "enrollment__school").order_by("-score", "pk"))


def last_school(absence: Absence) -> Enrollment | None:
    """Where the child was in the last of the former terms, by its number or by what was matched then."""
    before = Enrollment.objects.filter(term__starts_on__lt=absence.term.starts_on).exclude(state=EnrollmentState.LEFT)
    known = before.select_related("school", "term", "stage").order_by("-term__starts_on", "-pk")
    by_number = known.filter(student__key=absence.key).first()
    lines = RegisterPerson.objects.filter(Q(key=absence.key) | Q(id_number_index=absence.key))
    held = Match.objects.holding().filter(
        person__in=lines.values("pk"), crosscheck__state=CrosscheckState.DONE, enrollment__in=before
    )
    matched = list(held.order_by("-enrollment__term__starts_on", "-pk").values_list("enrollment", flat=True)[:1])
    by_match = known.filter(pk__in=matched).first()
    found = [one for one in (by_number, by_match) if one]
    return max(found, key=lambda one: (one.term.starts_on, one.pk)) if found else None


def namesakes(absence: Absence, run: Crosscheck | None, name: str = "") -> list[Namesake]:
    """Students of the term under the child's name, or under another that somebody looks for."""
    wanted = names.key(name) or absence.person.name_key
    here = Enrollment.objects.here().filter(term=absence.term, student__name_key=wanted)
    found = list(
        here.select_related("student", "school")
        .defer("student__guardian_phone", "student__guardian_id")
        .order_by("pk")[:_SHOWN]
    )
    known = {one.enrollment_id: one.person for one in _held(run, enrollment__in=found)}
    return [Namesake(one, known.get(one.pk)) for one in found]


def letters(absence: Absence) -> Sequence[OutsideLetter]:
    """The child's letters, of former terms as well, the newest first."""
    rows = OutsideLetter.objects.filter(absence__key=absence.key).select_related("receipt_file", "made_by")
    return list(rows.order_by("-pk")[:_SHOWN])


def earlier(absence: Absence) -> Sequence[Absence]:
    """What was found out in other terms."""
    others = Absence.objects.filter(key=absence.key).exclude(pk=absence.pk)
    return list(others.select_related("term", "decided_by").order_by("-term__starts_on"))


def run_of(absence: Absence) -> Crosscheck | None:
    return absences.run_in_force(absence.term_id)
