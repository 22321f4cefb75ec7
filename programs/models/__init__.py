"""What is given, to whom, how much, by which document: programs, rules, standards, awards, publicity."""

from programs.models.awards import (
    Award,
    AwardList,
    AwardListQuerySet,
    AwardQuerySet,
)
from programs.models.gaps import (
    GapAnswer,
    GapAnswerQuerySet,
)
from programs.models.publicity import (
    Notice,
    NoticeQuerySet,
    Objection,
)
from programs.models.recognitions import (
    Recognition,
    RecognitionList,
    RecognitionListQuerySet,
)
from programs.models.standards import (
    DatedManager,
    DatedQuerySet,
    Exclusion,
    Program,
    Rule,
    SchoolFee,
    Share,
    Standard,
    TermProgram,
)

__all__ = [
    "Award",
    "AwardList",
    "AwardListQuerySet",
    "AwardQuerySet",
    "DatedManager",
    "DatedQuerySet",
    "Exclusion",
    "GapAnswer",
    "GapAnswerQuerySet",
    "Notice",
    "NoticeQuerySet",
    "Objection",
    "Program",
    "Recognition",
    "RecognitionList",
    "RecognitionListQuerySet",
    "Rule",
    "SchoolFee",
    "Share",
    "Standard",
    "TermProgram",
]
