"""What a person says of a suspicion: one child or two. The fact follows at once, and every later run remembers."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState, move
from students.choices import MATCH_MOVES, CrosscheckState, MatchState
from students.crosscheck import end_within
from students.models import Hardship, Match, MatchDecision


class NoteMissing(Refused):
    code = "note-missing"
    message = _("请写明认定或排除的理由。")


@transaction.atomic
def decide(match: Match, *, is_same: bool, by: User, at: datetime, note: str) -> None:
    """A person says whether two records are one child. The fact follows, and the next run remembers."""
    if not note.strip():
        raise NoteMissing()
    if match.crosscheck.state != CrosscheckState.DONE:
        raise WrongState()
    note = note.strip()[:200]
    state = MatchState.CONFIRMED if is_same else MatchState.REJECTED
    move(match, state, moves=MATCH_MOVES, decided_by=by, decided_at=at, note=note)
    student, person = match.enrollment.student, match.person
    MatchDecision.objects.update_or_create(
        student_key=student.key,
        person_key=person.key,
        is_current=True,
        defaults={"is_same": is_same, "decided_by": by, "decided_at": at, "note": note},
    )
    term = match.crosscheck.term
    if is_same:
        Hardship.objects.update_or_create(
            student=student,
            category=person.category,
            term=term,
            defaults={
                "label": person.label,
                "match": match,
                "snapshot": person.snapshot,
                "from_on": term.starts_on,
                "to_on": term.ends_on,
            },
            create_defaults={
                "label": person.label,
                "match": match,
                "snapshot": person.snapshot,
                "from_on": term.starts_on,
                "to_on": term.ends_on,
                "known_on": timezone.localdate(at),
            },
        )
    else:
        Hardship.objects.filter(match=match).update(to_on=end_within(term, at))
    actions.record(by, "match.confirmed" if is_same else "match.rejected", match, at=at, tier=match.tier)
