from audits.models.findings import Finding, FindingEvidence, FindingQuerySet, FindingWord
from audits.models.questions import Question, QuestionEntry, QuestionFile, QuestionQuerySet
from audits.models.samples import Sample, SampleItem, SampleItemQuerySet, SampleQuerySet

__all__ = [
    "Finding",
    "FindingEvidence",
    "FindingQuerySet",
    "FindingWord",
    "Question",
    "QuestionEntry",
    "QuestionFile",
    "QuestionQuerySet",
    "Sample",
    "SampleItem",
    "SampleItemQuerySet",
    "SampleQuerySet",
]
