"""A small county in which everything can happen: two schools, two programs, several people of each kind."""

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from disbursements import bands, return_reasons
from programs.choices import Payee, Payer
from programs.models import Program
from schools.models import School, Term
from students.models import Enrollment, Student
from tests.factories import (
    NOW,
    CardFactory,
    EnrollmentFactory,
    ProgramFactory,
    RuleFactory,
    SchoolFactory,
    ShareFactory,
    StageFactory,
    StandardFactory,
    StudentFactory,
    TermFactory,
    TermProgramFactory,
    UserFactory,
)

SHARES = {Payer.CENTRAL: 600, Payer.PROVINCE: 320, Payer.COUNTY: 80}
"""As in the county's province; with the amounts below every payment leaves fen over that have to go to somebody."""

TIERS = {"甲": 33_333, "乙": 20_001}
WAIVED = 12_347
THIRD_FROM = 60_000
"""A batch of two children is small enough for two signatures, three need a third."""


@dataclass(frozen=True)
class Office:
    term: Term
    schools: list[School]
    money: Program
    """Paid to children's cards, by tiers."""
    waiver: Program
    """Paid to the schools' accounts."""
    children: list[Student]
    enrollments: list[Enrollment]
    preparers: list[User]
    approvers: list[User]
    officers: list[User]
    """Of the first school: an officer and the principal. Of the second: an officer, who has no principal beside."""

    @property
    def people(self) -> list[User]:
        return [*self.preparers, *self.approvers, *self.officers]

    @property
    def programs(self) -> list[Program]:
        return [self.money, self.waiver]


def open_office() -> Office:
    return_reasons.load()
    term = TermFactory()
    stage = StageFactory()
    schools = [SchoolFactory(code="3900000001"), SchoolFactory(code="3900000002")]
    money = ProgramFactory(code="by-card", name="助学金", position=1, stages=[stage])
    waiver = ProgramFactory(code="by-waiver", name="免学费", position=2, payee=Payee.SCHOOL, stages=[stage])
    for tier, amount_fen in TIERS.items():
        StandardFactory(program=money, tier=tier, amount_fen=amount_fen)
    StandardFactory(program=waiver, amount_fen=WAIVED)
    RuleFactory(program=money, tier="甲", description="在读")
    RuleFactory(program=waiver, description="在读")
    for program in (money, waiver):
        TermProgramFactory(term=term, program=program)
        for payer, per_mille in SHARES.items():
            ShareFactory(program=program, payer=payer, per_mille=per_mille, valid_from=date(2019, 9, 1))
    enrollments = [
        EnrollmentFactory(term=term, school=schools[place], stage=stage, student=StudentFactory(number=number))
        for number, place in enumerate((0, 0, 0, 1, 1))
    ]
    for enrollment in enrollments[:-1]:
        CardFactory(student=enrollment.student)
    first, second = schools
    approvers = UserFactory.create_batch(3, approver=True)
    bands.add(from_fen=THIRD_FROM, valid_from=date(2021, 1, 1), by=approvers[0], at=NOW)
    return Office(
        term=term,
        schools=schools,
        money=money,
        waiver=waiver,
        children=[enrollment.student for enrollment in enrollments],
        enrollments=enrollments,
        preparers=UserFactory.create_batch(2),
        approvers=approvers,
        officers=[
            UserFactory(officer=True, school=first),
            UserFactory(principal=True, school=first),
            UserFactory(officer=True, school=second),
        ],
    )
