"""Who signed: two people for every list and batch, three for a large one, as rows and log tell."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import F, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Action
from audits.choices import Severity
from audits.findings import Found, rule
from common.bulk import in_parts
from disbursements.models import Batch
from programs.choices import AwardState
from programs.models import Award, AwardList
from schools.models import Term


class SameHand(TextChoices):
    LIST = "list", _("县级提出和审定")
    SCHOOL = "school", _("学校核对和负责人确认")
    FOR_SCHOOL = "for-school", _("代学校确认和县级审定")
    BATCH = "batch", _("编制和审核")
    RELEASE = "release", _("加签和编制或审核")


_NOT_AFTER: dict[str, tuple[tuple[str, ...], SameHand]] = {
    "list.school-approved": (("list.school-prepared",), SameHand.SCHOOL),
    "list.confirmed": (("list.school-approved", "list.approved-for-school"), SameHand.FOR_SCHOOL),
    "batch.approved": (("batch.prepared",), SameHand.BATCH),
    "batch.released": (("batch.prepared", "batch.approved"), SameHand.RELEASE),
}
"""An act, and those that its doer may not have done last before it."""

_SENT_BACK = "list.sent-back"
_OF_THE_SCHOOL = ("list.school-prepared", "list.school-approved", "list.approved-for-school")
"""What counts no more once a list was sent back. A batch that was sent back is never approved."""


@rule(
    "own-approval",
    title=_("经办和审核是同一人"),
    severity=Severity.GRAVE,
    basis=_("财会〔2012〕21号《行政事业单位内部控制规范（试行）》：不相容岗位相互分离"),
    sentence=_("%(what)s由同一个人办理，涉及 %(total_fen)s 元。"),
    advice=_("系统不允许这样做；一旦出现，说明数据在系统以外被改过，请保留现场并查操作日志。"),
    choices={"what": SameHand},
)
def own_approval(term: Term, today: date) -> Iterator[Found]:
    """Impossible by functions and constraints; the rows and the log are read all the same."""
    lists = AwardList.objects.filter(term=term)
    batches = Batch.objects.filter(term=term)
    by_rows: list[tuple[SameHand, str, Sequence[int]]] = [
        (SameHand.LIST, "programs.awardlist", _pks(lists.filter(confirmed_by=F("prepared_by")))),
        (SameHand.SCHOOL, "programs.awardlist", _pks(lists.filter(school_approved_by=F("school_prepared_by")))),
        (SameHand.BATCH, "disbursements.batch", _pks(batches.filter(approved_by=F("prepared_by")))),
        (
            SameHand.RELEASE,
            "disbursements.batch",
            _pks(batches.filter(Q(released_by=F("prepared_by")) | Q(released_by=F("approved_by")))),
        ),
    ]
    found = {(what, row_type, pk): 0 for what, row_type, pks in by_rows for pk in pks}
    found |= {
        (what, row_type, pk): action
        for row_type, rows in (("programs.awardlist", lists), ("disbursements.batch", batches))
        for what, pk, action in _in_the_log(row_type, _pks(rows))
    }
    of_list = {pk: (school, None) for pk, school in lists.values_list("pk", "school")}
    of_batch = dict(batches.values_list("pk", "amount_fen"))
    for (what, row_type, pk), action in sorted(found.items()):
        school = of_list[pk][0] if row_type == "programs.awardlist" else None
        fen = of_batch[pk] if row_type == "disbursements.batch" else _on_list(pk)
        yield Found(
            key=f"{what.value}:{pk}",
            school_id=school,
            amount_fen=fen,
            facts={"what": what.value, "total_fen": fen},
            evidence=[(row_type, pk, {}), *([("accounts.action", action, {})] if action else [])],
        )


def _pks(rows: Any) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _on_list(pk: int) -> int:
    amounts = Award.objects.filter(list=pk).exclude(state=AwardState.DROPPED).values_list("amount_fen", flat=True)
    return sum(amounts)


def _in_the_log(row_type: str, pks: Sequence[int]) -> Iterator[tuple[SameHand, int, int]]:
    """Acts that the same person did who had done the one before: (what, row, the second act).

    Who prepared last counts: a list that was sent back and prepared by another may be approved by the first.
    """
    verbs = {_SENT_BACK, *_NOT_AFTER, *(verb for before, _what in _NOT_AFTER.values() for verb in before)}
    for part in in_parts(pks):
        acts = Action.objects.filter(target_type=row_type, target_id__in=[str(pk) for pk in part], verb__in=verbs)
        last: dict[tuple[str, str], int | None] = {}
        for pk, target, verb, actor in acts.order_by("pk").values_list("pk", "target_id", "verb", "actor"):
            before, what = _NOT_AFTER.get(verb, ((), SameHand.LIST))
            if actor is not None and any(last.get((target, each)) == actor for each in before):
                yield what, int(target), pk
            last[target, verb] = actor
            if verb == _SENT_BACK:
                last |= {(target, each): None for each in _OF_THE_SCHOOL}
