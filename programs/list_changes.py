"""A list beside the term before: who is new, who is gone, whose amount is another, and why.

Nothing is stored: both terms' awards are read as they are. A supplementary list only adds, so nobody is gone by it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programs import terms
from programs.awards import NO_LONGER_ENTITLED
from programs.choices import AwardState
from programs.eligibility import Known, Place, Rulebook
from programs.models import Award, AwardList, AwardQuerySet, TermProgram
from schools.models import Term
from students.choices import EnrollmentState
from students.models import Enrollment


class Kind(TextChoices):
    NEW = "new", gettext_lazy("新增")
    GONE = "gone", gettext_lazy("减少")
    AMOUNT = "amount", gettext_lazy("金额变化")


@dataclass(frozen=True)
class Change:
    """One child and one program that are not as in the term before."""

    kind: Kind
    award: Award
    """The award of this term, or the former one where it is gone."""
    before_fen: int
    after_fen: int
    why: str


_SHOWN = ("student", "program", "standard", "stage", "school_fee")


def counts(award_lists: Iterable[AwardList], term: Term) -> Counter[str]:
    """How many changes of each kind these lists of a term bring."""
    found: Counter[str] = Counter()
    if before := terms.the_one_before(term.code):
        found.update(kind for kind, _old, _new in _pairs(list(award_lists), term, before))
    return found


def of(award_list: AwardList) -> list[Change]:
    """Every change that a list brings, each with its reason; none where no term before is known."""
    term = award_list.term
    before = terms.the_one_before(term.code)
    if before is None:
        return []
    pairs = _pairs([award_list], term, before)
    return _Reasons(award_list, term, before, pairs).changes()


_Pair = tuple[Kind, Award | None, Award | None]


def _pairs(award_lists: list[AwardList], term: Term, before: Term) -> list[_Pair]:
    """(kind, the award of the term before, the award of this one) wherever the two differ."""
    now = _read(Award.objects.filter(list__in=award_lists))
    theirs = Award.objects.filter(list__in=award_lists).order_by().values("student")
    schools = {award_list.school_id for award_list in award_lists if not award_list.is_supplementary}
    of_before = Award.objects.filter(Q(student__in=theirs) | Q(school__in=schools), term=before)
    old = {(award.student_id, award.program_id): award for award in _read(of_before)}
    at_schools = Award.objects.filter(term=before, school__in=schools).order_by().values("student")
    standing = set(Award.objects.live().filter(term=term, student__in=at_schools).values_list("student", "program"))
    pairs: list[_Pair] = []
    for award in now:
        former = old.get((award.student_id, award.program_id))
        if former is None:
            pairs.append((Kind.NEW, None, award))
        elif former.amount_fen != award.amount_fen:
            pairs.append((Kind.AMOUNT, former, award))
    for key, former in old.items():
        if former.school_id in schools and key not in standing:
            pairs.append((Kind.GONE, former, None))
    return pairs


def _read(awards: AwardQuerySet) -> list[Award]:
    return list(awards.live().select_related(*_SHOWN).order_by("grade_no", "class_name", "pk"))


class _Reasons:
    """Why one list is not as in the term before; a fixed number of queries, however long it is."""

    def __init__(self, award_list: AwardList, term: Term, before: Term, pairs: list[_Pair]) -> None:
        self.pairs = pairs
        children = Award.objects.filter(Q(list=award_list) | Q(term=before, school=award_list.school_id))
        students = children.order_by().values("student")
        self.programs_before = _programs(before)
        self.programs_now = _programs(term)
        self.known_before = set(self._enrollments(before, students).values_list("student", flat=True))
        self.enrollments = {row.student_id: row for row in self._enrollments(term, students)}
        dropped = Award.objects.filter(term=term, state=AwardState.DROPPED, student__in=students).order_by("pk")
        self.dropped = {
            (student, program): reason
            for student, program, reason in dropped.values_list("student", "program", "dropped_reason")
        }
        gone = {old.student_id for kind, old, _new in pairs if kind is Kind.GONE and old}
        self.rulebook = Rulebook(term)
        self.known = Known(term, gone)

    def _enrollments(self, term: Term, students: QuerySet[Award, object]) -> QuerySet[Enrollment]:
        return Enrollment.objects.filter(term=term, student__in=students).select_related("school").order_by("pk")

    def changes(self) -> list[Change]:
        found = []
        for kind, old, new in self.pairs:
            if new is not None and old is None:
                found.append(Change(kind, new, 0, new.amount_fen, self._new(new)))
            elif new is not None and old is not None:
                found.append(Change(kind, new, old.amount_fen, new.amount_fen, self._amount(old, new)))
            elif old is not None:
                found.append(Change(kind, old, old.amount_fen, 0, self._gone(old)))
        return found

    def _new(self, award: Award) -> str:
        if award.program_id not in self.programs_before:
            return _("上学期没有开展这个项目")
        if award.student_id not in self.known_before:
            return _("上学期不在花名册里")
        return _("本学期符合条件，上学期没有享受")

    def _amount(self, old: Award, new: Award) -> str:
        if old.stage_id != new.stage_id:
            return _("学段由%(old)s变为%(new)s") % {"old": _(old.stage.name), "new": _(new.stage.name)}
        if old.tier != new.tier:
            words = _("档次由%(old)s变为%(new)s") % {"old": old.tier or "—", "new": new.tier or "—"}
            return (
                _("%(words)s：%(reason)s") % {"words": words, "reason": new.tier_reason} if new.tier_reason else words
            )
        if old.school_fee_id != new.school_fee_id and new.school_fee is not None:
            return _("学校收费标准变化（%(document)s）") % {"document": new.school_fee.document_no}
        return _("资助标准变化（%(document)s）") % {"document": new.standard.document_no}

    def _gone(self, award: Award) -> str:
        reason = self.dropped.get((award.student_id, award.program_id))
        if reason and reason != NO_LONGER_ENTITLED:
            return reason
        if award.program_id not in self.programs_now:
            return _("本学期没有开展这个项目")
        enrollment = self.enrollments.get(award.student_id)
        if enrollment is None:
            return _("本学期不在花名册里")
        if enrollment.state != EnrollmentState.STUDYING:
            return str(enrollment.get_state_display())
        facts = self.known.facts(enrollment, Place.of(enrollment.school))
        for verdict in self.rulebook.judge(facts):
            if verdict.program.code == award.program_id and not verdict.entitled:
                return "".join(verdict.reasons)
        return _("符合条件，但不在名单里，请看应助核查")


def _programs(term: Term) -> set[str]:
    return set(TermProgram.objects.filter(term=term).values_list("program", flat=True))
