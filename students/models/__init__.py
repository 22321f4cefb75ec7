"""Who and what: children, where they are each term, what other offices say of them, and who is who."""

from students.models.absences import Absence, AbsenceQuerySet, AbsenceStep, OutsideLetter, OutsideLetterQuerySet
from students.models.crosscheck import (
    Crosscheck,
    Hardship,
    Match,
    MatchDecision,
    MatchQuerySet,
    SchoolQuestion,
    TierSample,
    TierSampleLine,
)
from students.models.people import Card, Enrollment, EnrollmentQuerySet, Student
from students.models.registers import (
    CategoryLabel,
    HardshipCategory,
    RegisterLine,
    RegisterPerson,
    RegisterSnapshot,
    RegisterSource,
)
from students.models.rosters import (
    CountyFile,
    Roster,
    RosterCorrection,
    RosterHeading,
    RosterIssue,
    RosterQuerySet,
    SchoolTerm,
)

__all__ = [
    "Absence",
    "AbsenceQuerySet",
    "AbsenceStep",
    "Card",
    "CategoryLabel",
    "CountyFile",
    "Crosscheck",
    "Enrollment",
    "EnrollmentQuerySet",
    "Hardship",
    "HardshipCategory",
    "Match",
    "MatchDecision",
    "MatchQuerySet",
    "OutsideLetter",
    "OutsideLetterQuerySet",
    "RegisterLine",
    "RegisterPerson",
    "RegisterSnapshot",
    "RegisterSource",
    "Roster",
    "RosterCorrection",
    "RosterHeading",
    "RosterIssue",
    "RosterQuerySet",
    "SchoolQuestion",
    "SchoolTerm",
    "Student",
    "TierSample",
    "TierSampleLine",
]
