"""Awards: what a term's facts and standards give each child, proposed in one run, then decided by people.

A run can be repeated: what people took out stays out, what is signed stays as signed, and proposals on
lists that are still drafts follow the facts. Whoever is found to be entitled after the school's list left the
school goes on a supplementary one (补充名单).
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts, insert
from common.moves import Refused, hold, move
from common.roles import COUNTY
from jobs.run import Running
from programs.choices import AWARD_MOVES, IN_PREPARATION, AwardState, ListState
from programs.eligibility import COLUMNS, Facts, Known, Rulebook, Verdict, facts_now, places
from programs.models import Award, AwardList, AwardListQuerySet, AwardQuerySet, GapAnswer
from programs.nominations import TAKEN_BACK
from programs.transfers import Transfers
from schools.models import Term
from students.choices import EnrollmentState
from students.models import Enrollment

READ_ROWS = 4_000
NO_LONGER_ENTITLED = "不再符合条件"


class NoPrograms(Refused):
    code = "no-programs"
    message = _("本学期还没有确定开展哪些资助项目。")


class ReasonMissing(Refused):
    code = "award-reason-missing"
    message = _("请写明移出的原因。")


class AlreadySigned(Refused):
    code = "award-already-signed"
    message = _("名单已经确认，不能再移出学生；请先退回名单。")


class TierReasonMissing(Refused):
    code = "award-tier-reason-missing"
    message = _("请写明改档的原因。")


class TierSigned(Refused):
    code = "award-tier-signed"
    message = _("名单已经确认，不能再改档；请先退回名单。")


class NotEntitled(Refused):
    code = "award-not-entitled"
    message = _("按现在的情况，学生不符合这个项目的条件，不能改档；请重新提出资助对象。")


class NoSuchTier(Refused):
    code = "award-no-such-tier"
    message = _("这个项目没有适用于该生的这一档标准。")


def propose(term: Term, *, running: Running, by: User) -> dict[str, Any]:
    """Propose the term's awards from facts and standards, a few thousand children at a time."""
    rulebook = Rulebook(term)
    if not rulebook.programs:
        raise NoPrograms()
    proposer = _Proposer(rulebook, by=by, at=running.at)
    with running.chunk(to=running.cursor):
        proposer.drop_who_left()
    running.report_total(proposer.last_enrollment())
    while part := proposer.next_part(running.cursor):
        with running.chunk(to=part[-1]["pk"]):
            proposer.write(part)
    result = {"proposed": Award.objects.filter(term=term, state=AwardState.PROPOSED).count()}
    with running.chunk(to=running.cursor, result=result):
        actions.record(by, "awards.proposed", term, at=running.at, awards=result["proposed"])
    return result


_ENROLLMENT = (*COLUMNS, "grade_no", "class_name")
_AWARD = (
    "student", "enrollment", "program", "term", "list", "school", "stage", "grade", "grade_no", "class_name",
    "is_boarding", "category", "is_registered_poor", "level", "tier", "amount_fen", "rule", "standard", "school_fee",
    "state", "dropped_reason", "tier_reason",
)  # fmt: skip


class _Proposer:
    """One run's memory: the rulebook, the facts, the schools, and the lists that are still open."""

    def __init__(self, rulebook: Rulebook, *, by: User, at: datetime) -> None:
        self.rulebook, self.term, self.by, self.at = rulebook, rulebook.term, by, at
        self.known = Known(self.term)
        self.open_stages = rulebook.open_stages()
        self.transfers = Transfers(self.term)
        self.places = places()

    def last_enrollment(self) -> int:
        last = self._enrollments().order_by("-pk").values_list("pk", flat=True).first()
        return last or 0

    def next_part(self, after: int) -> list[dict[str, Any]]:
        return list(self._enrollments().filter(pk__gt=after).order_by("pk").values(*_ENROLLMENT)[:READ_ROWS])

    def _enrollments(self) -> Any:
        return Enrollment.objects.studying().filter(term=self.term)

    def drop_who_left(self) -> None:
        """A child who left, moved or was suspended leaves the draft, and one that another of its schools pays leaves
        this school's: where it is paid now, it can be proposed anew."""
        drafts = Award.objects.filter(term=self.term, state=AwardState.PROPOSED, list__state=ListState.DRAFT)
        self._drop(drafts.exclude(enrollment__state=EnrollmentState.STUDYING))
        columns = ("pk", "enrollment", "student", "program")
        for students in in_parts(sorted(self.transfers.students())):
            elsewhere = [
                pk
                for pk, *where in drafts.filter(student__in=students).values_list(*columns)
                if not self.transfers.is_paid_at(*where)
            ]
            self._drop(drafts.filter(pk__in=elsewhere))

    def _drop(self, awards: AwardQuerySet) -> None:
        lists = set(awards.order_by().values_list("list", flat=True).distinct())
        awards.update(state=AwardState.DROPPED, dropped_reason=NO_LONGER_ENTITLED)
        self._sign(lists)

    def write(self, part: list[dict[str, Any]]) -> None:
        entitled = {row["pk"]: self._entitled(row) for row in part}
        # Held until the chunk commits: nobody signs a list while proposals are put on it.
        self._lists(part).filter(state=ListState.DRAFT).update(state=F("state"))
        standing = self._standing({row["student_id"] for row in part})
        adding = {row["school_id"] for row in part if self._missing(entitled[row["pk"]], standing[row["student_id"]])}
        self._open_lists(part, adding)
        drafts = dict(self._lists(part).filter(state=ListState.DRAFT).values_list("school", "pk"))
        new: list[tuple[Any, ...]] = []
        changed: set[int] = set()
        for row in part:
            if draft := drafts.get(row["school_id"]):
                rows, is_changed = self._follow(row, entitled[row["pk"]], standing[row["student_id"]], draft)
                new += rows
                if rows or is_changed:
                    changed.add(draft)
        new.sort(key=lambda values: (values[0], values[2]))
        insert(Award, _AWARD, new)
        self._sign(changed)

    def _follow(
        self, row: dict[str, Any], verdicts: list[Verdict], known: dict[str, Award], draft: int
    ) -> tuple[list[tuple[Any, ...]], bool]:
        """One child's awards on a draft follow its facts: (rows to be added, whether some changed)."""
        is_changed = False
        given = {verdict.program.code for verdict in verdicts}
        for code, award in list(known.items()):
            if code not in given and _can_follow(award, row, draft):
                move(award, AwardState.DROPPED, moves=AWARD_MOVES, dropped_reason=NO_LONGER_ENTITLED)
                del known[code]
                is_changed = True
        rows = [self._row(row, verdict, draft) for verdict in self._missing(verdicts, known)]
        for verdict in verdicts:
            standing = known.get(verdict.program.code)
            if standing is not None and _can_follow(standing, row, draft):
                is_changed |= self._renew(standing, row, verdict)
        return rows, is_changed

    def _missing(self, verdicts: list[Verdict], known: dict[str, Award]) -> list[Verdict]:
        """What a child is entitled to and does not have. What it has by now stays, also against a program that would
        come before it."""
        given = {verdict.program.code for verdict in verdicts}
        held = {code for code, award in known.items() if award.state != AwardState.DROPPED} - given
        return [
            verdict
            for verdict in verdicts
            if verdict.program.code not in known and not self.rulebook.excluded.get(verdict.program.code, set()) & held
        ]

    def _lists(self, part: list[dict[str, Any]]) -> AwardListQuerySet:
        return AwardList.objects.filter(term=self.term, school__in={row["school_id"] for row in part})

    def _sign(self, lists: set[int]) -> None:
        """Whoever changed a draft has put it forward, and cannot be the one to confirm it."""
        drafts = AwardList.objects.filter(pk__in=lists, state=ListState.DRAFT)
        drafts.update(prepared_by=self.by, prepared_at=self.at)

    def _entitled(self, row: dict[str, Any]) -> list[Verdict]:
        facts = self._facts(row)
        if facts.stage not in self.open_stages and not self.known.names(row["student_id"]):
            return []
        return [
            verdict
            for verdict in self.rulebook.entitled(facts)
            if self.transfers.is_paid_at(row["pk"], row["student_id"], verdict.program.code)
        ]

    def _facts(self, row: dict[str, Any]) -> Facts:
        return self.known.facts(row, self.places[row["school_id"]])

    def _open_lists(self, part: list[dict[str, Any]], schools: set[int]) -> None:
        """A list for each of these schools that has none in preparation: its first, or the next supplementary one."""
        last: dict[int, int] = defaultdict(int)
        for school, number, state in self._lists(part).values_list("school", "number", "state"):
            last[school] = max(last[school], number)
            if state in IN_PREPARATION:
                schools = schools - {school}
        insert(
            AwardList,
            ("school", "term", "number", "state", "prepared_by", "prepared_at", "sent_back_reason"),
            [
                (school, self.term.pk, last[school] + 1, ListState.DRAFT, self.by.pk, self.at, "")
                for school in sorted(schools)
            ],
        )

    def _standing(self, students: set[int]) -> dict[int, dict[str, Award]]:
        """student → program → the award that stands; what people took out stands as well.

        Unless the county accepted since that the child is to be added (programs.gap_answers), or it went with a
        nomination: a school that puts the child forward again means it.
        """
        found: dict[int, dict[str, Award]] = defaultdict(dict)
        to_add = GapAnswer.objects.to_add().filter(term=self.term, student__in=students)
        comes_back = set(to_add.values_list("student", "program"))
        awards = Award.objects.filter(term=self.term, student__in=students).exclude(
            Q(dropped_reason=NO_LONGER_ENTITLED) | Q(dropped_reason__startswith=TAKEN_BACK), state=AwardState.DROPPED
        )
        for award in awards.order_by("pk"):
            if award.state != AwardState.DROPPED or (award.student_id, award.program_id) not in comes_back:
                found[award.student_id][award.program_id] = award
        return found

    def _row(self, row: dict[str, Any], verdict: Verdict, list_pk: int) -> tuple[Any, ...]:
        facts = self._frozen(row, verdict)
        return (
            row["student_id"], row["pk"], verdict.program.code, self.term.pk, list_pk, row["school_id"],
            *(facts[name] for name in _AWARD[6:19]), AwardState.PROPOSED, "", "",
        )  # fmt: skip

    def _frozen(self, row: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
        """The facts and the standard an award rests on, as they are now."""
        categories = self.known.categories.get(row["student_id"], frozenset())
        return {
            "stage": row["stage_id"],
            "grade": row["grade"],
            "grade_no": row["grade_no"],
            "class_name": row["class_name"],
            "is_boarding": row["is_boarding"],
            "category": verdict.category.code if verdict.category else None,
            "is_registered_poor": self.rulebook.is_registered_poor(categories),
            "level": self.known.levels.get(row["student_id"], ""),
            "tier": verdict.tier,
            "amount_fen": verdict.amount_fen,
            "rule": verdict.rule and verdict.rule.pk,
            "standard": verdict.standard and verdict.standard.pk,
            "school_fee": verdict.school_fee and verdict.school_fee.pk,
        }

    def _renew(self, award: Award, row: dict[str, Any], verdict: Verdict) -> bool:
        """Bring a proposal up to date; whether there was something to do.

        A tier set by hand stays as long as there is a standard for it.
        """
        by_hand: dict[str, Any] = {}
        if award.tier_by_id is not None:
            at_tier = self.rulebook.at_tier(verdict, self._facts(row), award.tier)
            if at_tier.entitled:
                verdict = at_tier
            else:
                by_hand = {"tier_by": None, "tier_at": None, "tier_reason": ""}
        relations = {"stage", "category", "rule", "standard", "school_fee"}
        facts = {
            f"{name}_id" if name in relations else name: value for name, value in self._frozen(row, verdict).items()
        }
        if all(getattr(award, name) == value for name, value in facts.items()):
            return False
        return bool(Award.objects.filter(pk=award.pk, state=AwardState.PROPOSED).update(**facts, **by_hand))


def _can_follow(award: Award, row: dict[str, Any], draft: int) -> bool:
    """Whether a run may still change the award: proposed for this enrollment, on the draft of its school."""
    return award.state == AwardState.PROPOSED and award.enrollment_id == row["pk"] and award.list_id == draft


@transaction.atomic
def drop(award: Award, *, reason: str, by: User, at: datetime) -> None:
    """Take a child off a list that nobody has signed yet; the reason stays, and no run brings it back."""
    if not reason.strip():
        raise ReasonMissing()
    if award.list.state != ListState.DRAFT:
        raise AlreadySigned()
    hold(award.list, ListState.DRAFT)
    move(award, AwardState.DROPPED, moves=AWARD_MOVES, dropped_reason=reason.strip()[:200])
    actions.record(by, "award.dropped", award, at=at, reason=award.dropped_reason)


def tiers(award: Award) -> list[str]:
    """The tiers that the child could have in the award's program."""
    return Rulebook(award.term).tiers(award.program, facts_now(award.enrollment))


@transaction.atomic
def set_tier(award: Award, tier: str, *, reason: str, by: User, at: datetime) -> None:
    """Give a child on a draft another tier than its rule does, at the price of the standard for it.

    The reason stays, and later runs keep the tier. Staff of the county who set one have put the list forward.
    """
    if not reason.strip():
        raise TierReasonMissing()
    if award.list.state != ListState.DRAFT:
        raise TierSigned()
    hold(award.list, ListState.DRAFT)
    hold(award, AwardState.PROPOSED)
    rulebook, facts = Rulebook(award.term), facts_now(award.enrollment)
    for verdict in rulebook.entitled(facts):
        if verdict.program.code == award.program_id:
            at_tier = rulebook.at_tier(verdict, facts, tier)
            break
    else:
        raise NotEntitled()
    if not tier or not at_tier.entitled:
        raise NoSuchTier()
    before = award.tier
    award.tier, award.amount_fen = tier, at_tier.amount_fen
    award.rule, award.standard, award.school_fee = at_tier.rule, at_tier.standard, at_tier.school_fee  # type: ignore[assignment]
    award.tier_by, award.tier_at, award.tier_reason = by, at, reason.strip()[:200]
    award.save(
        update_fields=[
            "tier", "amount_fen", "rule", "standard", "school_fee", "tier_by", "tier_at", "tier_reason"
        ]
    )  # fmt: skip
    if by.role in COUNTY:
        AwardList.objects.filter(pk=award.list_id).update(prepared_by=by, prepared_at=at)
    actions.record(by, "award.tier-set", award, at=at, before=before, tier=tier, reason=award.tier_reason)


@transaction.atomic
def suspend(award: Award, *, by: User, at: datetime) -> None:
    """Hold one child's award while an objection is looked into; the rest of the list goes on."""
    move(award, AwardState.SUSPENDED, moves=AWARD_MOVES)
    actions.record(by, "award.suspended", award, at=at)


@transaction.atomic
def restore(award: Award, *, by: User, at: datetime) -> None:
    """The objection did not hold: the award goes on its way."""
    move(award, AwardState.PROPOSED, moves={AwardState.SUSPENDED: {AwardState.PROPOSED}})
    actions.record(by, "award.restored", award, at=at)
