from audits.models.findings import Finding, FindingEvidence, FindingQuerySet, FindingWord
from audits.models.questions import Question, QuestionEntry, QuestionFile, QuestionQuerySet
from audits.models.samples import Sample, SampleItem, SampleItemQuerySet, SampleQuerySet
from audits.models.seals import LogSeal, LogSealQuerySet

__all__ = [
    "Finding",
    "FindingEvidence",
    "FindingQuerySet",
    "FindingWord",
    "LogSeal",
    "LogSealQuerySet",
    "Question",
    "QuestionEntry",
    "QuestionFile",
    "QuestionQuerySet",
    "Sample",
    "SampleItem",
    "SampleItemQuerySet",
    "SampleQuerySet",
]
