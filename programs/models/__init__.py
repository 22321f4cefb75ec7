"""What is given, to whom, how much, by which document: programs, rules, standards, awards, publicity."""

from programs.models.awards import (
    Award,
    AwardList,
    AwardListQuerySet,
    AwardQuerySet,
    Nomination,
    NominationQuerySet,
)
from programs.models.gaps import (
    GapAnswer,
    GapAnswerQuerySet,
)
from programs.models.publicity import (
    Notice,
    NoticePhoto,
    NoticeQuerySet,
    Objection,
    ObjectionStep,
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
    PolicyDocument,
    Program,
    Rule,
    SchoolCap,
    SchoolFee,
    Share,
    Standard,
    TermProgram,
    Trial,
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
    "Nomination",
    "NominationQuerySet",
    "Notice",
    "NoticePhoto",
    "NoticeQuerySet",
    "Objection",
    "ObjectionStep",
    "PolicyDocument",
    "Program",
    "Recognition",
    "RecognitionList",
    "RecognitionListQuerySet",
    "Rule",
    "SchoolCap",
    "SchoolFee",
    "Share",
    "Standard",
    "TermProgram",
    "Trial",
]
