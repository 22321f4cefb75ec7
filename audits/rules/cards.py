"""Whose card the money went to: one for many children, a school's, an officer's, another's than the student's."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audits.choices import Severity
from audits.findings import Found, rule
from audits.rules.thresholds import CHILDREN_ON_A_CARD
from common import names, resident_ids, sealed
from common.bulk import in_parts
from common.roles import Role
from disbursements.models import Payment, PaymentQuerySet
from programs.choices import Payee
from schools.models import School, Term
from students.choices import OWN
from students.models import Card


class CardUse(TextChoices):
    MANY = "many", _("学生人数多")
    GUARDIANS = "guardians", _("学生没有共同的监护人")


class NotOwn(TextChoices):
    RELATION = "relation", _("卡登记为他人的卡")
    HOLDER = "holder", _("卡登记为本人的卡，但户名不是学生姓名")


def _live(term: Term) -> PaymentQuerySet:
    """On its way to a card, or arrived there."""
    return Payment.objects.live().filter(award__term=term, card__isnull=False)


@rule(
    "card-shared",
    title=_("多名学生的钱进了同一张卡"),
    severity=Severity.GRAVE,
    basis=_("财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：不得虚报冒领，资金应当落到受助学生"),
    sentence=_("%(children)s 名学生本学期的资助发到同一张卡（%(why)s），共 %(total_fen)s 元。"),
    advice=_("核对持卡人与每名学生的关系；兄弟姐妹由同一名监护人领取属于正常。没有共同监护人的，查是否代领、冒领。"),
    choices={"why": CardUse},
)
def card_shared(term: Term, today: date) -> Iterator[Found]:
    """One card of several children: more than a family usually has, or children of different guardians."""
    cards = _live(term).order_by().values("card__number_index")
    shared = cards.annotate(n=Count("award__student", distinct=True)).filter(n__gt=1)
    columns = (
        "card__number_index", "pk", "award__student", "award__student__id_number_index", "award__student__key",
        "award__school", "amount_fen", "award__student__guardian_id_index", "award__student__guardian_phone_index",
        "award__student__guardian_name",
    )  # fmt: skip
    for part in in_parts(sorted(shared.values_list("card__number_index", flat=True))):
        numbers = dict(
            Card.objects.filter(number_index__in=part).order_by().values_list("number_index").annotate(first=Min("pk"))
        )
        lines: dict[str, list[Any]] = defaultdict(list)
        for index, *rest in _live(term).filter(card__number_index__in=part).order_by("pk").values_list(*columns):
            lines[index].append(rest)
        for index, theirs in sorted(lines.items()):
            if found := _shared(numbers[index], theirs):
                yield found


def _shared(card: int, lines: list[Any]) -> Found | None:
    children = {index or key for _pk, _student, index, key, *_rest in lines}
    if len(children) < 2:
        return None
    if _has_strangers(lines):
        why = CardUse.GUARDIANS
    elif len(children) >= CHILDREN_ON_A_CARD:
        why = CardUse.MANY
    else:
        return None
    schools = {line[4] for line in lines}
    total = sum(line[5] for line in lines)
    return Found(
        key=f"{card}",
        school_id=schools.pop() if len(schools) == 1 else None,
        amount_fen=total,
        facts={"children": len(children), "why": why.value, "total_fen": total},
        evidence=[
            ("students.card", card, {}),
            *(("disbursements.payment", line[0], {"amount_fen": line[5]}) for line in lines),
        ],
    )


def _has_strangers(lines: list[Any]) -> bool:
    """Whether two of the children have guardians of whom the same is known, and nothing of it is the same.

    What nobody wrote down says nothing: a phone is compared with a phone, a name with a name.
    """
    of_child: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for _pk, _student, index, key, _school, _fen, *marks in lines:
        of_child[index or key] |= _guardians(*marks)
    known = {frozenset(marks) for marks in of_child.values()}
    return any(_are_strangers(one, other) for one, other in combinations(known, 2))


def _are_strangers(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    kinds = {kind for kind, _mark in one} & {kind for kind, _mark in other}
    return bool(kinds) and not one & other


def _guardians(id_index: str | None, phone_index: str | None, name: str) -> set[tuple[str, str]]:
    """What is known of a child's guardian: any one mark in common makes children siblings here."""
    marks = {"id": id_index, "phone": phone_index, "name": names.key(name)}
    return {(kind, mark) for kind, mark in marks.items() if mark}


@rule(
    "card-of-school",
    title=_("学生的钱进了学校账户"),
    severity=Severity.GRAVE,
    basis=_("财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：资金不得截留、挤占、挪用"),
    sentence=_("%(children)s 名学生登记的卡号就是学校的账号，本学期共发放 %(total_fen)s 元。"),
    advice=_("查学校是否代领后再发；减免类项目本来就拨付学校账户，不在此列。"),
)
def card_of_school(term: Term, today: date) -> Iterator[Found]:
    """A card that children are paid to has the number of a school's account."""
    accounts: dict[str, int] = {}
    for pk, number in School.objects.order_by("pk").values_list("pk", "account_number"):
        if index := sealed.index("card", resident_ids.normalize(number)):
            accounts.setdefault(index, pk)
    lines: dict[str, list[Any]] = defaultdict(list)
    columns = ("card__number_index", "pk", "award__student", "award__school", "amount_fen")
    for part in in_parts(sorted(accounts)):
        for index, *rest in _live(term).filter(card__number_index__in=part).order_by("pk").values_list(*columns):
            lines[index].append(rest)
    for index, theirs in sorted(lines.items()):
        total = sum(fen for *_rest, fen in theirs)
        yield Found(
            key=f"{accounts[index]}",
            school_id=accounts[index],
            amount_fen=total,
            facts={"children": len({student for _pk, student, *_rest in theirs}), "total_fen": total},
            evidence=[("disbursements.payment", pk, {"amount_fen": fen}) for pk, _student, _school, fen in theirs],
        )


@rule(
    "card-of-officer",
    title=_("收款卡户名与本校资助账号的姓名相同"),
    severity=Severity.NOTABLE,
    basis=_(
        "财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：不得虚报冒领；学校工作人员代领是审计反复指出的问题"
    ),
    sentence=_("收款卡的户名与本校一个资助账号的姓名相同，本学期发放 %(total_fen)s 元。"),
    advice=_("同名不等于同一人。核对持卡人与学生的关系；确是学校工作人员本人子女的，写明即可。"),
)
def card_of_officer(term: Term, today: date) -> Iterator[Found]:
    """The holder of a card that is not the child's own bears the name of an officer of the child's school."""
    officers = User.objects.filter(role=Role.SCHOOL, school=OuterRef("award__school"), name=OuterRef("card__holder"))
    lines: dict[tuple[int, int], list[Any]] = defaultdict(list)
    columns = ("award__student", "card", "pk", "award__school", "amount_fen")
    theirs = _live(term).exclude(card__relation=OWN).filter(Exists(officers)).order_by("pk")
    for student, card, *rest in theirs.values_list(*columns):
        lines[student, card].append(rest)
    for (student, card), paid in sorted(lines.items()):
        total = sum(fen for *_rest, fen in paid)
        yield Found(
            key=f"{student}:{card}",
            school_id=paid[0][1],
            student_id=student,
            amount_fen=total,
            facts={"total_fen": total},
            evidence=[
                ("students.card", card, {}),
                *(("disbursements.payment", pk, {"amount_fen": fen}) for pk, _school, fen in paid),
            ],
        )


@rule(
    "payee-not-own",
    title=_("应发给学生本人的钱没有进本人的卡"),
    severity=Severity.SERIOUS,
    basis=_("财教〔2021〕310号：普通高中、中职国家助学金发放到学生本人的卡"),
    sentence=_("%(program)s应发给学生本人，却发到别人的卡（%(why)s），金额 %(amount_fen)s 元。"),
    advice=_("核对卡的户名；本人没有卡的，先办卡再发放，或者按规定发放现金并由本人签领。"),
    choices={"why": NotOwn},
)
def payee_not_own(term: Term, today: date) -> Iterator[Found]:
    """A program that pays students themselves, and a card that is another's by its relation or by its name."""
    own = Q(card__relation=OWN, card__holder=F("award__student__name"))
    rows = _live(term).filter(award__program__payee=Payee.STUDENT).exclude(own).order_by("pk")
    columns = (
        "pk", "award", "award__student", "award__student__name_key", "award__school", "award__program", "card",
        "card__relation", "card__holder", "amount_fen",
    )  # fmt: skip
    for pk, award, student, name_key, school, program, card, relation, holder, fen in rows.values_list(*columns):
        if relation == OWN and names.key(holder) == name_key:
            continue
        why = NotOwn.HOLDER if relation == OWN else NotOwn.RELATION
        yield Found(
            key=f"{award}:{card}",
            school_id=school,
            student_id=student,
            amount_fen=fen,
            facts={"program": program, "why": why.value, "amount_fen": fen},
            evidence=[("students.card", card, {}), ("disbursements.payment", pk, {"amount_fen": fen})],
        )
