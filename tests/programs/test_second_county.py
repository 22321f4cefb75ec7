"""Another county, another year: other amounts, tiers, conditions and payers come out by data alone."""

from datetime import date
from pathlib import Path

import pytest

from jobs import run
from jobs.choices import JobState
from programs import eligibility, shares
from programs.choices import Level, Payer
from programs.models import Award, SchoolFee
from programs.reference import load_national, load_standards
from schools.models import SchoolKind, Stage, Term
from students.models import HardshipCategory
from tests.factories import (
    NOW,
    EnrollmentFactory,
    HardshipFactory,
    NominationFactory,
    RecognitionFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

COUNTY = Path(__file__).parent.parent / "fixtures" / "county-2025.toml"
POOR = "lifted-from-poverty"


@pytest.fixture
def term():
    load_national()
    load_standards(COUNTY)
    return Term.objects.get(pk="2025A")


@pytest.fixture
def child(term):
    """A child of the term with what is known of it; the school is made for it, or given."""

    def make(stage, grade, *, category="", level="", school=None, kind="", ownership="public", fee=0, **facts):
        if school is None:
            school = SchoolFactory(kind=SchoolKind.objects.get(pk=kind or "nine-year"), ownership=ownership)
        if fee:
            program = "senior-waiver" if stage == "senior" else "preschool-final-year-free"
            SchoolFee.objects.create(
                school=school,
                program_id=program,
                amount_fen=fee * 100,
                valid_from=date(2025, 8, 1),
                document_no="示发改〔2025〕1号",
            )
        enrollment = EnrollmentFactory(
            term=term, school=school, stage=Stage.objects.get(pk=stage), grade=grade, **facts
        )
        if category:
            HardshipFactory(
                student=enrollment.student,
                term=term,
                category=HardshipCategory.objects.get(pk=category),
                from_on=term.starts_on,
            )
        if level:
            RecognitionFactory(student=enrollment.student, term=term, list__school=school, level=level)
        return enrollment

    return make


def given(term):
    """enrollment → {(program, tier, yuan)} after the term's awards were proposed."""
    job = run.execute(run.start("awards-propose", by=UserFactory(), at=NOW, term=term, term_id=term.pk).pk)
    assert job.state == JobState.DONE, job.error_code
    found: dict[int, set[tuple[str, str, float]]] = {}
    for award in Award.objects.filter(term=term):
        one = (award.program_id, award.tier, award.amount_fen / 100)
        found.setdefault(award.enrollment_id, set()).add(one)
    return found


def test_each_child_gets_what_this_countys_documents_say(term, child):
    primary = {"stage": "primary", "grade": "三年级"}
    junior = {"stage": "junior", "grade": "七年级"}
    senior = {"stage": "senior", "grade": "高一", "kind": "senior"}
    vocational = {"stage": "vocational", "grade": "中职三年级", "level": Level.GENERAL}
    last_year = {"stage": "preschool", "grade": "大班", "kind": "kindergarten"}
    expected = [
        (child(**primary, category=POOR), {("boarder-living", "", 625)}),
        (child(**primary, category=POOR, is_boarding=False), {("day-pupil-living", "", 312.5)}),
        (child(**primary), set()),
        (child(**junior, category="low-income"), {("boarder-living", "", 750)}),
        (child(**junior, category="orphan"), {("boarder-living", "", 1000)}),
        (child(**junior, category="low-income", is_boarding=False), set()),
        (
            child(**senior, category=POOR, fee=1_100),
            {("senior-grant", "特困档", 1650), ("senior-waiver", "", 800)},
        ),
        (
            child(**senior, category=POOR, fee=700, ownership="inclusive"),
            {("senior-grant", "特困档", 1650), ("senior-waiver", "", 700)},
        ),
        (child(**senior, category=POOR, fee=700, ownership="private"), {("senior-grant", "特困档", 1650)}),
        (child(**senior, level=Level.SPECIAL), {("senior-grant", "特困档", 1650)}),
        (child(**senior, level=Level.GENERAL), {("senior-grant", "普通档", 1000)}),
        (child(**senior, level=Level.NOT_POOR), set()),
        (child(**vocational, kind="vocational-secondary"), {("vocational-grant", "", 1150)}),
        (child(**vocational, kind="regular-secondary"), set()),
        (child(**last_year, fee=900), {("preschool-final-year-free", "", 900)}),
        (child(**last_year, fee=1_500, ownership="private"), {("preschool-final-year-free", "", 1200)}),
        (
            child(**last_year, fee=900, category=POOR),
            {("preschool-final-year-free", "", 900), ("preschool-care", "", 150)},
        ),
    ]

    found = given(term)

    assert [found.get(enrollment.pk, set()) for enrollment, _ in expected] == [awards for _, awards in expected]


def test_a_nominated_child_without_registration_gets_the_schools_own_aid(term, child):
    facts = {"stage": "senior", "grade": "高一", "kind": "senior"}
    unregistered, registered, unnamed = (
        child(**facts, is_registered=False),
        child(**facts, is_registered=True),
        child(**facts, is_registered=False),
    )
    for enrollment in (unregistered, registered):
        NominationFactory(enrollment=enrollment, program=term.programs.get(program="school-aid").program, tier="二等")

    found = given(term)

    assert found == {unregistered.pk: {("school-aid", "二等", 300)}}
    assert unnamed.pk not in found


def test_months_that_overlap_bring_a_warning_and_no_refusal(term, child):
    last_year = child(stage="preschool", grade="大班", kind="kindergarten", fee=900, category=POOR)

    verdicts = {verdict.program.code: verdict for verdict in eligibility.explain(last_year)}

    free, care = verdicts["preschool-final-year-free"], verdicts["preschool-care"]
    assert free.entitled
    assert care.entitled
    assert any("学前" in words for words in (*free.warnings, *care.warnings))


def test_money_is_borne_as_this_county_bears_it(term, child):
    for category in (POOR, POOR, POOR):
        child(stage="primary", grade="三年级", category=category, is_boarding=False)
    given(term)

    [figures] = shares.figures(Award.objects.filter(term=term), term)

    assert figures.by_payer == {Payer.CENTRAL: 75_000, Payer.PROVINCE: 14_064, Payer.COUNTY: 4_686}
    assert sum(figures.by_payer.values()) == 3 * 31_250
