"""What stands in the way of a batch's approval, and of its going to the bank: said on its page before anybody presses.

The act asks the same functions and raises the first that stops it, so page and act cannot say two things. A warning
does not stop; whoever approves ticks that it was seen.
"""

from collections.abc import Collection

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.money import yuan
from common.moves import Refused
from disbursements import funds
from disbursements.choices import BatchState
from disbursements.models import Batch, PayDecision
from disbursements.payable import SAID_PAID
from programs import gaps
from programs.blockers import Blocker
from programs.choices import AwardState, Gap, Payer
from programs.models import Award, AwardList, Notice, NoticePhoto
from programs.shares import NoShares, shares_of, split
from students.choices import EnrollmentState

_NAMED = 3
"""So many schools are named in a warning; of the others the number is enough."""


class OwnBatch(Refused):
    code = "own-batch"
    message = _("批次是您编制的，必须由另一个人审核。")


class EmptyBatch(Refused):
    code = "batch-empty"
    message = _("批次里没有可以发放的资助。")


class TotalsDiffer(Refused):
    code = "batch-totals-differ"
    message = _(
        "控制总数是 %(planned_people)s 笔 %(planned_amount)s 元，批次里是 %(people)s 笔 %(amount)s 元，两者不一致："
        "编制期间有人改动了资助、银行卡或发放。请作废这个批次，重新编制。"
    )


class AwardsHeld(Refused):
    code = "batch-awards-held"
    message = _("批次里有 %(count)s 笔资助已不是“已审定”，或者有异议没有办结，请退回批次。")


class AmountsDiffer(Refused):
    code = "batch-amounts-differ"
    message = _("批次里有 %(count)s 笔的金额与审定的资助不同，请退回批次，重新编制。")


class ChildrenGone(Refused):
    code = "batch-children-gone"
    message = _("批次里有 %(count)s 名学生已经离校或休学，还没有人决定是否发放，请退回批次。")


class Mistaken(Refused):
    code = "batch-mistaken"
    message = _("批次里有 %(count)s 笔资助在“不应助已助”清单上，请先核对应助核查。")


class SaidPaid(Refused):
    code = "batch-said-paid"
    message = _(
        "批次里有 %(count)s 笔以前按银行答复登记为发放失败，后来的回盘文件与此不符，钱可能已经到账，再发就重复了。"
        "请作废或撤回批次，重新编制：这几笔会留下等待核实。银行核实确实没有到账的，请银行另出回盘文件并上传。"
    )


class NotPublished(Refused):
    code = "batch-not-published"
    message = _("有 %(count)s 份名单没有公示记录：%(schools)s。")


class NoPhoto(Refused):
    code = "batch-no-photo"
    message = _("有 %(count)s 份名单的公示没有留下现场照片：%(schools)s。")


class NotSeen(Refused):
    code = "batch-warning-not-seen"
    message = _("请先看过并勾选每一条提醒：%(words)s")


def batch_blockers(batch: Batch, *, by: User | None = None) -> list[Blocker]:
    """Everything, in the order in which the act would refuse; given who would approve, also what speaks against that
    person. Of an approved batch, what stands in the way of its going; of a later one nothing does.
    """
    if batch.state == BatchState.APPROVED:
        return in_earlier_answers(batch)
    return [*stops(batch, by=by), *warnings(batch)] if batch.state == BatchState.DRAFT else []


def stops(batch: Batch, *, by: User | None = None) -> list[Blocker]:
    return [
        *_in_person(batch, by),
        *_in_totals(batch),
        *_in_awards(batch),
        *in_earlier_answers(batch),
        *_in_fund(batch),
    ]


def warnings(batch: Batch) -> list[Blocker]:
    """What a person may pass. It reads the term's facts, so ask before a transaction, not within one."""
    return [*_in_gaps(batch), *_in_publicity(batch)]


def refuse_unseen(warned: Collection[Blocker], seen: Collection[str]) -> None:
    """Raise the first warning that nobody has ticked."""
    for warning in warned:
        if warning.code not in seen:
            raise NotSeen(words=warning.words)


def compare(planned: dict[str, int], found: dict[str, int]) -> None:
    """Refuse totals that differ from the control totals."""
    if found != planned:
        raise TotalsDiffer(
            planned_people=planned["people"],
            planned_amount=yuan(planned["amount_fen"]),
            people=found["people"],
            amount=yuan(found["amount_fen"]),
        )


def _in_person(batch: Batch, by: User | None) -> list[Blocker]:
    return [Blocker(OwnBatch())] if by is not None and by.pk == batch.prepared_by_id else []


def _in_totals(batch: Batch) -> list[Blocker]:
    """What was planned, what the batch says and what its payments add up to are one."""
    written = batch.payments.totals()
    if not written["people"]:
        return [Blocker(EmptyBatch())]
    try:
        compare(batch.planned, written)
        compare(batch.planned, batch.totals)
    except TotalsDiffer as refusal:
        return [Blocker(refusal)]
    return []


def _in_awards(batch: Batch) -> list[Blocker]:
    """Awards that changed since their payment was written."""
    decided = PayDecision.objects.filter(award=OuterRef("award"), is_to_pay=True)
    gone = ~Q(award__enrollment__state=EnrollmentState.STUDYING) & Q(~Exists(decided))
    held = ~Q(award__state=AwardState.CONFIRMED) | Q(award__objections__isnull=False, award__objections__is_upheld=None)
    found = batch.payments.aggregate(
        held=Count("pk", filter=held, distinct=True),
        differing=Count("pk", filter=~Q(amount_fen=F("award__amount_fen")), distinct=True),
        gone=Count("pk", filter=gone, distinct=True),
    )
    kinds: list[tuple[str, type[Refused]]] = [
        ("held", AwardsHeld),
        ("differing", AmountsDiffer),
        ("gone", ChildrenGone),
    ]
    return [Blocker(refusal(count=found[name])) for name, refusal in kinds if found[name]]


def in_earlier_answers(batch: Batch) -> list[Blocker]:
    """Awards of which the bank's later word is that an earlier try arrived, though people took it for failed."""
    found = Award.objects.filter(Exists(SAID_PAID), pk__in=batch.payments.order_by().values("award")).count()
    return [Blocker(SaidPaid(count=found))] if found else []


def _in_fund(batch: Batch) -> list[Blocker]:
    try:
        per_mille = shares_of(batch.program, batch.term)
    except NoShares as refusal:
        return [Blocker(refusal)]
    available = {each.payer: each.available for each in funds.balances(batch.term, batch.program)}
    return [
        Blocker(funds.NotEnough(payer=Payer(payer).label, available=yuan(available.get(payer, 0)), needed=yuan(needed)))
        for payer, needed in split(batch.payments.all(), per_mille).items()
        if needed > available.get(payer, 0)
    ]


def _in_gaps(batch: Batch) -> list[Blocker]:
    awards = set(batch.payments.order_by().values_list("award", flat=True))
    schools = list(batch.payments.order_by().values_list("award__school", flat=True).distinct())
    if not awards:
        return []
    found = sum(line.gap is Gap.MISTAKEN and line.award in awards for line in gaps.find(batch.term, schools=schools))
    return [Blocker(Mistaken(count=found), is_stop=False)] if found else []


def _in_publicity(batch: Batch) -> list[Blocker]:
    lists = AwardList.objects.filter(pk__in=batch.payments.order_by().values("award__list")).annotate(
        was_published=Exists(Notice.objects.filter(list=OuterRef("pk"))),
        has_photo=Exists(NoticePhoto.objects.filter(notice__list=OuterRef("pk"))),
    )
    rows = list(lists.order_by("school__code", "pk").values_list("was_published", "has_photo", "school__name"))
    unpublished = [school for was_published, _has_photo, school in rows if not was_published]
    unproven = [school for was_published, has_photo, school in rows if was_published and not has_photo]
    kinds: list[tuple[type[Refused], list[str]]] = [(NotPublished, unpublished), (NoPhoto, unproven)]
    return [
        Blocker(refusal(count=len(schools), schools="、".join(schools[:_NAMED])), is_stop=False)
        for refusal, schools in kinds
        if schools
    ]
