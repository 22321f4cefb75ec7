"""What stands in the way of a list: the refusals of its next step, said before anybody presses.

The acts ask the same functions and raise the first that stops them, so page and act cannot say two things.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Action, User
from common.moves import Refused
from programs import caps, exclusions, gap_answers
from programs.choices import IN_PREPARATION, AwardState, Basis, ListState, NoticeState, ObjectionState, Way
from programs.models import AwardList, AwardQuerySet, Nomination, Notice
from students.choices import EnrollmentState


class OwnList(Refused):
    code = "own-list"
    message = _("名单是您提出的，必须由另一个人审定。")


class SpokeForTheSchool(Refused):
    code = "spoke-for-the-school"
    message = _("名单的学校确认也是您办的，必须由另一个人审定。")


class EmptyList(Refused):
    code = "list-empty"
    message = _("名单里没有学生。")


class ChildrenLeft(Refused):
    code = "list-children-left"
    message = _("名单中有 %(count)s 名学生已经离校，请退回学校后重新提出名单。")


class StillSuspended(Refused):
    code = "list-still-suspended"
    message = _("还有 %(count)s 名学生的异议没有办结。")


class NotOver(Refused):
    code = "publicity-not-over"
    message = _("公示到 %(ends_on)s 才满期，不能提前撤下。")


class ObjectionOpen(Refused):
    code = "objection-open"
    message = _("还有异议没有办结，不能结束公示。")


class ObjectionUnseen(Refused):
    code = "objection-unseen"
    message = _("还有 %(count)s 件网页异议没有受理，不能结束公示。")


class PhotoMissing(Refused):
    code = "publicity-photo-missing"
    message = _("还没有上传公示栏照片，检查时缺少张贴的证明。")


class ProgramsBeside(Refused):
    code = "list-programs-beside"
    message = _("有 %(count)s 名学生同时享受需要核实的两个项目，请在名单里逐一核实。")


class AmountsBehind(Refused):
    code = "list-amounts-behind"
    message = _("有 %(count)s 名学生的金额与现在的标准不同：标准改动后还没有重新提出。请县级经办先重新提出资助对象。")


class TiersBehind(Refused):
    code = "list-tiers-behind"
    message = _(
        "有 %(count)s 名学生的档次与学校现在的提名不同：提名改动后还没有重新提出。请县级经办先重新提出资助对象。"
    )


class GapsOpen(Refused):
    code = "list-gaps-open"
    message = _("本校还有 %(count)s 条应助未助没有办结。")


@dataclass(frozen=True)
class Blocker:
    """One thing that stands in the way: a refusal, or a warning that a person may pass."""

    refusal: Refused
    is_stop: bool = True

    @property
    def code(self) -> str:
        return self.refusal.code

    @property
    def words(self) -> str:
        return str(self.refusal)


def of_list(award_list: AwardList, *, on: date, by: User | None = None) -> list[Blocker]:
    """What stands in the way of a list's next step on a day, in the order in which the act would refuse.

    Given who would confirm it, also what speaks against that person.
    """
    if award_list.state in IN_PREPARATION:
        return [*in_awards(award_list), *_in_exclusions(award_list), *_in_caps(award_list)]
    if award_list.state == ListState.PUBLISHED:
        up = award_list.notices.filter(state=NoticeState.UP).order_by("pk")
        return [blocker for notice in up for blocker in in_notice(notice, on=on)]
    if award_list.state == ListState.CLOSED:
        against = in_person(award_list, by) if by else []
        return [
            *against,
            *in_children(award_list),
            *in_awards(award_list),
            *_in_exclusions(award_list),
            *_in_caps(award_list),
            *_in_gaps(award_list),
        ]
    return []


def refuse(blockers: Iterable[Blocker]) -> None:
    """Raise the first that stops."""
    for blocker in blockers:
        if blocker.is_stop:
            raise blocker.refusal


def in_person(award_list: AwardList, by: User) -> list[Blocker]:
    """Nobody gives the county's second signature to what he put forward or said for the school."""
    found: list[Blocker] = []
    if by.pk == award_list.prepared_by_id or has_proposed(by, award_list):
        found.append(Blocker(OwnList()))
    if by.pk == award_list.school_approved_by_id:
        found.append(Blocker(SpokeForTheSchool()))
    return found


def in_children(award_list: AwardList) -> list[Blocker]:
    """Children of a list that is to be confirmed who are not there any more, or whose award is held."""
    live = award_list.awards.live().aggregate(
        left=Count("pk", filter=~Q(enrollment__state=EnrollmentState.STUDYING)),
        suspended=Count("pk", filter=Q(state=AwardState.SUSPENDED)),
    )
    found: list[Blocker] = []
    if live["left"]:
        found.append(Blocker(ChildrenLeft(count=live["left"])))
    if live["suspended"]:
        found.append(Blocker(StillSuspended(count=live["suspended"])))
    return found


def in_awards(award_list: AwardList) -> list[Blocker]:
    """An empty list, one whose amounts are not those of the standards that it names, and one whose tiers are not those
    that the school names now."""
    live = award_list.awards.live()
    if not live.exists():
        return [Blocker(EmptyList())]
    found: list[Blocker] = []
    fixed = live.filter(standard__basis=Basis.FIXED)
    if behind := fixed.exclude(amount_fen=F("standard__amount_fen")).count():
        found.append(Blocker(AmountsBehind(count=behind)))
    if others := _other_tiers(live).count():
        found.append(Blocker(TiersBehind(count=others)))
    return found


def _other_tiers(awards: AwardQuerySet) -> AwardQuerySet:
    """Awards whose child the school puts forward with another tier than they have; a tier set by hand stands."""
    said = Nomination.objects.filter(
        student=OuterRef("student"), program=OuterRef("program"), term=OuterRef("term"), is_current=True
    )
    nominated = awards.filter(program__way=Way.SCHOOL, tier_by=None).annotate(said=Subquery(said.values("tier")[:1]))
    as_said = Q(said="", tier=F("rule__tier")) | ~Q(said="") & Q(tier=F("said"))
    return nominated.filter(said__isnull=False).exclude(as_said)


def in_notice(notice: Notice, *, on: date) -> list[Blocker]:
    """A publicity ends when its days are full and every objection is answered; a photo of the board should be kept."""
    found: list[Blocker] = []
    if on <= notice.ends_on:
        found.append(Blocker(NotOver(ends_on=notice.ends_on.isoformat())))
    if unseen := notice.objections.in_state(ObjectionState.UNSEEN).count():
        found.append(Blocker(ObjectionUnseen(count=unseen)))
    if notice.objections.in_state(ObjectionState.OPEN).exists():
        found.append(Blocker(ObjectionOpen()))
    if not notice.photos.exists():
        found.append(Blocker(PhotoMissing(), is_stop=False))
    return found


def _in_exclusions(award_list: AwardList) -> list[Blocker]:
    count = exclusions.children_beside(award_list)
    return [Blocker(ProgramsBeside(count=count), is_stop=False)] if count else []


def _in_caps(award_list: AwardList) -> list[Blocker]:
    """What the school's lists of the term hold beyond its rooms: told, never stopped."""
    beyond = caps.over(award_list.term, [award_list.school_id]).get(award_list.school_id, [])
    return [Blocker(refusal, is_stop=False) for refusal in beyond]


def _in_gaps(award_list: AwardList) -> list[Blocker]:
    missed = gap_answers.figures(award_list.term, schools=[award_list.school_id]).missed
    return [Blocker(GapsOpen(count=missed), is_stop=False)] if missed else []


def has_proposed(user: User, award_list: AwardList) -> bool:
    """Whether this person ran the proposals of the list's term, also some time before whoever ran them last, or set
    a tier on the list by hand."""
    runs = Action.objects.filter(verb="awards.proposed", target_type="schools.term", target_id=award_list.term_id)
    return runs.filter(actor=user).exists() or award_list.awards.filter(tier_by=user).exists()
