"""A small county made at random, true to every rule of the product: lists signed, money shared, paid and answered."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from accounts import actions
from disbursements import funds
from disbursements.choices import BatchState, EntryKind, PaymentState
from disbursements.models import Batch
from programs.models import Award, AwardList
from schools.models import School, Term
from students.models import Enrollment, HardshipCategory, Student
from tests import factories as make
from tests.factories import NOW
from tests.funding import fund

RATES = {
    ("boarder-living", "primary", ""): 50_000,
    ("boarder-living", "junior", ""): 62_500,
    ("grant", "primary", "一等"): 100_033,
    ("grant", "primary", "二等"): 75_001,
    ("grant", "junior", "一等"): 100_033,
    ("grant", "junior", "二等"): 75_001,
    ("meals", "primary", ""): 40_007,
}
SHARES = {"boarder-living": {"central": 500, "county": 500}, "grant": {"central": 333, "province": 333, "city": 334}}
"""Nobody entered shares for meals, so nobody pays for them yet."""


@dataclass
class County:
    """What was made."""

    draw: random.Random
    terms: list[Term]
    schools: list[School] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)


def build(seed: int) -> County:
    """Two or three terms, several towns, schools, stages, programs, tiers and categories; children who move."""
    draw = random.Random(seed)
    codes = ["2020A", "2021S", "2021A"][draw.randint(0, 1) :]
    county = County(draw, [make.TermFactory(code=code) for code in codes])
    _reference()
    towns = [make.TownFactory(code=f"990101{100 + n}000") for n in range(draw.randint(1, 3))]
    county.schools = [make.SchoolFactory(town=draw.choice(towns)) for _n in range(draw.randint(2, 4))]
    categories = list(HardshipCategory.objects.order_by("priority"))
    children = [make.StudentFactory() for _n in range(draw.randint(5, 12))]
    for term in county.terms:
        for child in children:
            if draw.random() < 0.85:
                _aid(county, child, term, draw.choice([None, *categories]))
    _sign(county)
    for term in county.terms:
        for program in SHARES:
            _pay(county, term, program)
    return county


def _reference() -> None:
    for position, (code, stages) in enumerate(
        {"boarder-living": ["primary", "junior"], "grant": ["primary", "junior"], "meals": ["primary"]}.items(), start=1
    ):
        program = make.ProgramFactory(
            code=code, position=position, stages=[make.StageFactory(code=stage) for stage in stages]
        )
        make.RuleFactory(program=program)
        for payer, per_mille in SHARES.get(code, {}).items():
            make.ShareFactory(program=program, payer=payer, per_mille=per_mille)
    for n, ((program, stage, tier), amount_fen) in enumerate(RATES.items()):
        make.StandardFactory(
            program__code=program,
            stage=make.StageFactory(code=stage),
            tier=tier,
            amount_fen=amount_fen,
            valid_from=date(2019, 9, 1 + n),
        )
    for priority, (code, group) in enumerate(
        [("lifted", "registered-poor"), ("marginal", "registered-poor"), ("low-income", "low-income")], start=1
    ):
        make.HardshipCategoryFactory(code=code, group=group, priority=priority)


def _aid(county: County, child: Student, term: Term, category: HardshipCategory | None) -> None:
    """The child in a school of the term, with some awards."""
    draw = county.draw
    stage = draw.choice(["primary", "junior"])
    enrollment: Enrollment = make.EnrollmentFactory(
        student=child, term=term, school=draw.choice(county.schools), stage__code=stage
    )
    if category is not None and draw.random() < 0.9:
        make.HardshipFactory(match__enrollment=enrollment, match__person__category=category)
    else:
        category = None
    for program in ("boarder-living", "grant", "meals"):
        rates = [key for key in RATES if key[:2] == (program, stage)]
        if rates and draw.random() < 0.6:
            _program, _stage, tier = key = draw.choice(rates)
            standard = make.StandardFactory._meta.model.objects.get(program=program, stage=stage, tier=tier)
            county.awards.append(
                make.AwardFactory(
                    confirmed=True,
                    enrollment=enrollment,
                    program=standard.program,
                    standard=standard,
                    tier=tier,
                    amount_fen=RATES[key],
                    category=category,
                    is_registered_poor=category is not None and category.group == "registered-poor",
                )
            )


def _sign(county: County) -> None:
    """The log of the county's second signature under each list."""
    by_list: dict[int, int] = defaultdict(int)
    for award in county.awards:
        by_list[award.list_id] += 1
    approver = make.UserFactory(approver=True)
    for award_list in AwardList.objects.all():
        actions.record(approver, "list.confirmed", award_list, at=NOW, awards=by_list[award_list.pk])


def _pay(county: County, term: Term, program: str) -> None:
    """A batch of some of the awards, from money that arrived; the bank has answered for some of it."""
    draw = county.draw
    due = [award for award in county.awards if (award.term_id, award.program_id) == (term.pk, program)]
    due = [award for award in due if draw.random() < 0.8]
    if not due:
        return
    by = make.UserFactory()
    fund(
        *SHARES[program],
        program=due[0].program,
        term=term,
        amount_fen=100_000_00,
        issued_on=date(2021, 9, 1),
        document_no=f"示财教〔2021〕{term.pk}{program}号",
        by=by,
        at=NOW,
    )
    batch = make.BatchFactory(sent=True, term=term, program=due[0].program)
    payments = [
        make.PaymentFactory(award=award, batch=batch, line_no=n, state=PaymentState.SENT)
        for n, award in enumerate(due, start=1)
    ]
    amount_fen = sum(award.amount_fen for award in due)
    facts = {"people": len(due), "amount_fen": amount_fen, "planned_people": len(due), "planned_fen": amount_fen}
    Batch.objects.filter(pk=batch.pk).update(**facts)
    funds.reserve(batch, by=by, at=NOW)
    answered = {payment.pk: draw.choice([PaymentState.PAID, PaymentState.FAILED, None]) for payment in payments}
    for state, kind in ((PaymentState.PAID, EntryKind.SPENT), (PaymentState.FAILED, EntryKind.RELEASED)):
        chosen = [payment for payment in payments if answered[payment.pk] == state]
        for payment in chosen:
            payment.state = state
            payment.paid_on = NOW.date() if state == PaymentState.PAID else None
            payment.failure = "closed" if state == PaymentState.FAILED else ""
            payment.save()
        if chosen:
            funds.settle(batch, [payment.pk for payment in chosen], kind, by=by, at=NOW)
    if all(answered.values()):
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.SETTLED, settled_at=NOW)
    county.batches.append(batch)
