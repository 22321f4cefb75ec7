"""Schools' approved fees: what a waiver is worth in each school (SchoolFee), from a file or one by one.

A fee holds from its day until the next one of the same school and program begins. What signed awards rest on stays as
it is: a new amount is a new fee from another day, and it may not reach back to a term that was decided by the old one.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from import_export import fields

from accounts import actions, imports
from accounts.imports import List, Outcome
from accounts.models import User
from common.moves import Refused
from programs.choices import AwardState, Basis, ListState
from programs.models import Award, DatedQuerySet, Program, SchoolFee, Standard
from programs.teaching import teaching
from schools.cells import Day, Named, Words, Yuan
from schools.models import School, SchoolQuerySet, Term, term_name
from schools.resources import ListMeta, ListResource

Pair = tuple[int, str]
"""School and program."""


class FeeInUse(Refused):
    code = "fee-in-use"
    message = _("%(term)s已有名单按这项收费标准确认过，金额不能改。请另写一个更晚的执行日期，作为新的标准。")


class FeeReachesBack(Refused):
    code = "fee-reaches-back"
    message = _("%(term)s已有名单按原来的收费标准确认过，新标准的执行日期要晚于该学期开学日。")


class FeeDays(Refused):
    code = "fee-days"
    message = _("截止日期不能早于执行日期。")


@dataclass(frozen=True)
class _Decided:
    """A term that a school decided by a fee: its first day, its name, and the fee with its own first day."""

    starts_on: date
    term: str
    fee: int
    fee_from: date


def decided(pairs: Q | None = None) -> dict[Pair, list[_Decided]]:
    """The terms in which a school signed awards that rest on a fee. Proposals on draft lists follow a new fee."""
    signed = Award.objects.exclude(state=AwardState.DROPPED).exclude(list__state=ListState.DRAFT)
    signed = signed.filter(school_fee__isnull=False)
    if pairs is not None:
        signed = signed.filter(pairs)
    fee = ("school_fee__school", "school_fee__program", "school_fee", "school_fee__valid_from")
    rows = signed.order_by("term__starts_on").values_list(*fee, "term", "term__starts_on").distinct()
    found: dict[Pair, list[_Decided]] = defaultdict(list)
    for school, program, pk, fee_from, term, starts_on in rows:
        found[school, program].append(_Decided(starts_on, term_name(term), pk, fee_from))
    return found


def refuse(fee: SchoolFee, *, amount_fen: int | None, terms: Iterable[_Decided]) -> None:
    """Whether this fee may stand beside what was decided. `amount_fen` is what it was; None where it is new."""
    if fee.valid_to and fee.valid_to < fee.valid_from:
        raise FeeDays()
    for each in terms:
        if each.fee == fee.pk:
            ends_before = fee.valid_to is not None and fee.valid_to < each.starts_on
            if fee.amount_fen != amount_fen or ends_before:
                raise FeeInUse(term=each.term)
        elif each.fee_from < fee.valid_from <= each.starts_on and fee.amount_fen != amount_fen:
            raise FeeReachesBack(term=each.term)


class FeeResource(ListResource):
    """Fees by school, program and first day."""

    repeated = _("与第 %(other)s 条收费标准的学校、项目和日期都相同。")

    school = fields.Field(
        attribute="school",
        column_name="学校标识码",
        widget=Named(School, _("没有标识码为“%(text)s”的学校。"), by=("code",), shown="code"),
    )
    name = fields.Field(attribute="school__name", column_name="学校名称", readonly=True)
    program = fields.Field(
        attribute="program", column_name="项目", widget=Named(Program, _("没有名为“%(text)s”的资助项目。"))
    )
    amount_fen = fields.Field(attribute="amount_fen", column_name="每生每学期(元)", widget=Yuan())
    document_no = fields.Field(
        attribute="document_no", column_name="文号", widget=Words(longest=60, missing=_("没有填写文号。"))
    )
    valid_from = fields.Field(attribute="valid_from", column_name="自", widget=Day(missing=_("没有填写执行日期。")))
    valid_to = fields.Field(attribute="valid_to", column_name="至", widget=Day())

    class Meta(ListMeta):
        model = SchoolFee
        fields = ("school", "name", "program", "amount_fen", "document_no", "valid_from", "valid_to")
        import_id_fields = ("school", "program", "valid_from")

    def get_queryset(self) -> DatedQuerySet[SchoolFee]:
        return SchoolFee.objects.get_queryset().select_related("school", "program")

    def key_of(self, known: SchoolFee) -> tuple[int, str, date]:
        return known.school_id, known.program_id, known.valid_from

    def key_in(self, row: dict[str, Any]) -> Any:
        school = self.fields["school"].widget.find(row.get("学校标识码"))
        program = self.fields["program"].widget.find(row.get("项目"))
        try:
            day = self.fields["valid_from"].clean(row)
        except ValueError:
            day = None
        return (school.pk, program.pk, day) if school and program and day else object()

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self._decided = decided()

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.attribute == "valid_to" and not str(row.get("至") or "").strip():
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        amount_fen = instance.amount_fen
        super().import_instance(instance, row, **kwargs)
        try:
            terms = self._decided.get((instance.school_id, instance.program_id), [])
            refuse(instance, amount_fen=None if instance._state.adding else amount_fen, terms=terms)
        except Refused as refusal:
            raise ValidationError({"amount_fen": str(refusal)}) from refusal


FEES = List(
    resource=FeeResource,
    required=("学校标识码", "项目", "每生每学期(元)", "文号", "自"),
    added="fee.added",
    changed="fee.changed",
    headings={
        "学校标识码": ("学校代码",),
        "项目": ("项目代码", "资助项目"),
        "每生每学期(元)": ("每生每学期", "收费标准", "金额(元)"),
        "文号": ("批准文号",),
        "自": ("执行日期", "起始日期"),
        "至": ("截止日期",),
    },
)


def preview(content: bytes) -> Outcome:
    """What a file of fees would change, without changing anything."""
    return imports.preview(FEES, content)


@transaction.atomic
def take(content: bytes, *, by: User, at: datetime) -> Outcome:
    """Take the lines of a file that are right; the others are refused one by one."""
    outcome = imports.take(FEES, content, by=by, at=at)
    end_earlier(
        {(fee.school_id, fee.program_id) for change in outcome.changes if isinstance(fee := change.row, SchoolFee)}
    )
    return outcome


@transaction.atomic
def set_fee(
    school: School,
    program: Program,
    *,
    valid_from: date,
    amount_fen: int,
    document_no: str,
    valid_to: date | None,
    by: User,
    at: datetime,
) -> SchoolFee:
    """Say what a school may charge from a day on: another fee, or the one of that day put right."""
    found = SchoolFee.objects.filter(school=school, program=program, valid_from=valid_from).first()
    fee = found or SchoolFee(school=school, program=program, valid_from=valid_from)
    facts = {"amount_fen": amount_fen, "document_no": document_no, "valid_to": valid_to}
    before = fee.amount_fen if found else None
    changed = [name for name, value in facts.items() if getattr(fee, name) != value]
    for name in changed:
        setattr(fee, name, facts[name])
    here = Q(school_fee__school=school, school_fee__program=program)
    refuse(fee, amount_fen=before, terms=decided(here).get((school.pk, program.pk), []))
    if not changed:
        return fee
    fee.save()
    columns = [str(each.column_name) for each in FeeResource().get_import_fields() if each.attribute in changed]
    actions.record(by, "fee.changed" if found else "fee.added", fee, at=at, columns=columns if found else [])
    end_earlier({(school.pk, program.pk)})
    return fee


def end_earlier(pairs: set[Pair]) -> None:
    """A fee ends on the day before the next one of its school and program begins."""
    programs, schools = {program for _school, program in pairs}, {school for school, _program in pairs}
    of_pair: dict[Pair, list[SchoolFee]] = defaultdict(list)
    for fee in SchoolFee.objects.filter(program__in=programs, school__in=schools).order_by("valid_from"):
        of_pair[fee.school_id, fee.program_id].append(fee)
    ended = []
    for pair in pairs:
        for fee, following in pairwise(of_pair[pair]):
            if fee.valid_to is None or fee.valid_to >= following.valid_from:
                fee.valid_to = following.valid_from - timedelta(days=1)
                ended.append(fee)
    SchoolFee.objects.bulk_update(ended, ["valid_to"], batch_size=500)


# --- A term's fees


def proposals_behind(term: Term) -> int:
    """Proposals of the term that still have the amount of before a fee was changed: the next run brings them up."""
    drafts = Award.objects.filter(term=term, state=AwardState.PROPOSED, list__state=ListState.DRAFT)
    at_the_limit = Q(standard__basis=Basis.CAPPED_FEE, amount_fen=F("standard__amount_fen")) & Q(
        school_fee__amount_fen__gte=F("standard__amount_fen")
    )
    rest_on_a_fee = drafts.filter(school_fee__isnull=False).exclude(at_the_limit)
    return rest_on_a_fee.exclude(amount_fen=F("school_fee__amount_fen")).count()


def programs_by_fee(term: Term) -> list[Program]:
    """The term's programs that are worth what the school charges."""
    by_fee = Standard.objects.on(term.starts_on).exclude(basis=Basis.FIXED)
    programs = Program.objects.filter(terms__term=term, standards__in=by_fee)
    return list(programs.distinct().prefetch_related("stages"))


def missing(term: Term, schools: SchoolQuerySet, program: Program | None = None) -> list[tuple[School, Program]]:
    """Schools that teach such a program's stage and have no fee in the term: their children would get nothing."""
    found = []
    for each in programs_by_fee(term):
        if program in (None, each):
            with_fee = SchoolFee.objects.on(term.starts_on).filter(program=each).values("school")
            asked = teaching(schools, each).filter(_by_fee(each, term)).exclude(pk__in=with_fee)
            found += [(school, each) for school in asked]
    return found


def _by_fee(program: Program, term: Term) -> Q:
    """Schools of the kinds and ownerships in which one of the program's standards asks for a fee."""
    asked = Q()
    rows = Standard.objects.on(term.starts_on).filter(program=program).exclude(basis=Basis.FIXED)
    for kind, ownership in rows.order_by().values_list("school_kind", "ownership").distinct():
        of_this = Q(kind=kind) if kind else Q(kind__isnull=False)
        asked |= of_this & Q(ownership=ownership) if ownership else of_this
    return asked
