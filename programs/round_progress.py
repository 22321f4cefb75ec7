"""How far schools are with recognition: who has not begun, and where the classes of a round stand."""

from dataclasses import dataclass

from django.db.models import Count, Q

from programs.choices import ApplicationState, RecognitionListState, RoundState
from programs.models import RecognitionList, RecognitionRound
from schools.models import SchoolQuerySet, Term


def not_begun(term: Term, schools: SchoolQuerySet) -> SchoolQuerySet:
    """Of these schools those at work that have neither a round nor a list in the term; an abandoned round is none."""
    rounds = RecognitionRound.objects.filter(term=term).exclude(state=RoundState.ABANDONED).values("school")
    lists = RecognitionList.objects.filter(term=term, state=RecognitionListState.IN_FORCE).values("school")
    return schools.filter(is_active=True).exclude(pk__in=rounds).exclude(pk__in=lists)


@dataclass(frozen=True)
class ClassOfRound:
    """One class of a round: how many of its applications are where."""

    grade: str
    class_name: str
    all: int
    to_review: int
    reviewed: int
    decided: int

    @property
    def class_reviewed(self) -> int:
        return self.all - self.to_review

    @property
    def name(self) -> str:
        return f"{self.grade}{self.class_name}"


def classes(round: RecognitionRound) -> list[ClassOfRound]:
    """The classes that have applications, withdrawn ones left out, in the order of the school."""
    rows = round.applications.exclude(state=ApplicationState.WITHDRAWN)
    place = ("enrollment__stage__position", "enrollment__grade_no", "enrollment__grade", "enrollment__class_name")
    counted = (
        rows.order_by(*place)
        .values(*place)
        .annotate(
            all=Count("pk"),
            to_review=Count("pk", filter=Q(state__in=[ApplicationState.CARRIED, ApplicationState.APPLIED])),
            reviewed=Count("pk", filter=Q(state=ApplicationState.CLASS_REVIEWED)),
            decided=Count("pk", filter=Q(state=ApplicationState.DECIDED)),
        )
    )
    return [
        ClassOfRound(
            row["enrollment__grade"],
            row["enrollment__class_name"],
            row["all"],
            row["to_review"],
            row["reviewed"],
            row["decided"],
        )
        for row in counted
    ]
