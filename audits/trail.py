"""Finding acts in the log: by person, child, school, batch, kind of act and day.

An act names one object. What belongs to a child, a school or a batch is asked of the tables: the acts on every object
that hangs on it. The log may hold a million rows, so each condition leads to rows by an index, and no more than the
newest MOST_LISTED are paged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, Model, Q, QuerySet, TextChoices
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Action, ActionQuerySet, User
from audits.models import Finding, Question, SampleItem
from disbursements.models import Batch, Inquiry, Payment, Recovery, ReturnFile
from jobs.models import Job, StoredFile
from programs.models import (
    Application,
    Award,
    AwardList,
    Nomination,
    Notice,
    Objection,
    Recheck,
    RecognitionList,
    RecognitionRound,
    SchoolCap,
    SchoolFee,
)
from schools.models import School
from students.models import Enrollment, Match, Roster, RosterHeading, SchoolQuestion, Student

MOST_LISTED = 10_000


class Kind(TextChoices):
    """Acts that an auditor asks for together."""

    REVEAL = "reveal", _("查看完整号码")
    EXPORT = "export", _("导出")


VERBS_OF: dict[str, frozenset[str]] = {
    Kind.REVEAL: frozenset(
        {
            "absence.id-revealed",
            "batch.password-shown",
            "objection.person-revealed",
            "student.guardian-id-revealed",
            "student.id-revealed",
        }
    ),
    Kind.EXPORT: frozenset(
        {
            "absences.exported",
            "account.slips-taken",
            "actions.exported",
            "dossier.made",
            "file.downloaded",
            "findings.exported",
            "gaps.exported",
            "ledger.exported",
            "letters.taken",
            "names.exported",
            "nominations.downloaded",
            "register.changes-exported",
            "report.differences-exported",
            "report.exported",
            "roster.downloaded",
            "rosters.exported",
            "summary.taken",
            "touched.exported",
        }
    ),
}
"""Every act by which something sealed was shown whole, or rows left the house. A test looks that none is missing."""

_Ways = Sequence[tuple[type[Model], str]]

_OF_CHILD: _Ways = (
    (Student, "pk"),
    (Enrollment, "student"),
    (Match, "enrollment__student"),
    (SchoolQuestion, "student"),
    (Application, "student"),
    (Nomination, "student"),
    (Award, "student"),
    (AwardList, "awards__student"),
    (Notice, "list__awards__student"),
    (Batch, "payments__award__student"),
    (Roster, "enrollments__student"),
    (Objection, "award__student"),
    (Payment, "award__student"),
    (Recovery, "award__student"),
    (Recheck, "recognition__student"),
    (Finding, "student"),
    (SampleItem, "award__student"),
)
_OF_SCHOOL: _Ways = (
    (School, "pk"),
    (User, "school"),
    (Roster, "school"),
    (RosterHeading, "school"),
    (Student, "enrollments__school"),
    (Match, "enrollment__school"),
    (SchoolQuestion, "school"),
    (RecognitionList, "school"),
    (RecognitionRound, "school"),
    (Application, "round__school"),
    (Recheck, "recognition__list__school"),
    (Nomination, "school"),
    (SchoolCap, "school"),
    (SchoolFee, "school"),
    (AwardList, "school"),
    (Award, "school"),
    (Notice, "list__school"),
    (Objection, "notice__list__school"),
    (Payment, "award__school"),
    (Recovery, "award__school"),
    (Finding, "school"),
    (SampleItem, "award__school"),
    (Question, "school"),
    (Job, "school"),
    (StoredFile, "school"),
)
_OF_BATCH: _Ways = (
    (Batch, "pk"),
    (Payment, "batch"),
    (ReturnFile, "batch"),
    (Inquiry, "batch"),
    (Recovery, "award__payments__batch"),
)


@dataclass(frozen=True)
class Wanted:
    """What of the log is asked for, by ids, codes and days: it can lie in the parameters of a run."""

    actors: list[int] | None = None
    verb: str | None = None
    kind: str | None = None
    student: int | None = None
    schools: list[int] | None = None
    batch: int | None = None
    since: str | None = None
    until: str | None = None

    def params(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def narrow(self, rows: ActionQuerySet) -> ActionQuerySet:
        """The rows that fit all of it. Whole days count, by the office's clock."""
        if self.actors is not None:
            rows = rows.filter(actor__in=self.actors)
        if self.verb:
            rows = rows.filter(verb=self.verb)
        if self.kind:
            rows = rows.filter(verb__in=VERBS_OF[self.kind])
        if self.student is not None:
            rows = rows.filter(pk__in=_on(_OF_CHILD, [self.student]))
        if self.schools is not None:
            by_officers = Action.objects.filter(actor__school__in=self.schools)
            rows = rows.filter(pk__in=_on(_OF_SCHOOL, self.schools, by_officers))
        if self.batch is not None:
            rows = rows.filter(pk__in=_on(_OF_BATCH, [self.batch]))
        if self.since:
            rows = rows.filter(at__gte=_midnight(date.fromisoformat(self.since)))
        if self.until:
            rows = rows.filter(at__lt=_midnight(date.fromisoformat(self.until), days=1))
        return rows


def counted(rows: ActionQuerySet) -> int:
    """How many rows there are, at most one more than are listed: nobody waits for the rest to be counted."""
    return rows.order_by()[: MOST_LISTED + 1].count()


def people(said: str) -> list[int]:
    """Whose name or account begins so."""
    found = User.objects.filter(Q(name__startswith=said) | Q(username__startswith=said))
    return list(found.order_by("pk").values_list("pk", flat=True))


def _on(ways: _Ways, keys: list[int], *more: QuerySet[Action]) -> QuerySet[Any]:
    """Acts on whatever hangs on some things, each kind of object by the index of its own."""
    parts = [
        Action.objects.filter(
            target_type=model._meta.label_lower,
            target_id__in=model._base_manager.filter(**{f"{way}__in": keys})
            .annotate(_key=Cast("pk", CharField()))
            .values("_key"),
        )
        for model, way in ways
    ]
    first, *others = [rows.order_by().values("pk") for rows in (*parts, *more)]
    return first.union(*others)


def _midnight(day: date, *, days: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
