"""The rulebook, condition by condition: who fits, at which price, beside what, and in which words."""

from datetime import date

import pytest

from jobs import run
from programs import awards, blockers, exclusions, explanations, gaps
from programs.choices import AwardState, Level
from programs.eligibility import Known, Place, Rulebook, explain, facts_now
from programs.models import Award, Nomination
from tests.factories import (
    NOW,
    AwardFactory,
    AwardListFactory,
    EnrollmentFactory,
    ExclusionFactory,
    HardshipCategoryFactory,
    HardshipFactory,
    ProgramFactory,
    RecognitionFactory,
    RuleFactory,
    SchoolFactory,
    SchoolFeeFactory,
    SchoolKindFactory,
    StageFactory,
    StandardFactory,
    TermFactory,
    TermProgramFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def term():
    return TermFactory()


@pytest.fixture
def program(term):
    return carried_out(term, "boarder-living")


@pytest.fixture
def child(term):
    return EnrollmentFactory(term=term)


def carried_out(term, code, *, position=0, amount_fen=50_000, months=(None, None), **facts):
    """A program of the term with one standard and one rule that asks nothing."""
    made = ProgramFactory(code=code, stages=[StageFactory()], position=position, **facts)
    TermProgramFactory(term=term, program=made, first_month=months[0], last_month=months[1])
    StandardFactory(program=made, amount_fen=amount_fen)
    RuleFactory(program=made)
    return made


def narrow(program, **facts):
    """Let the program's rule ask for something."""
    rule = program.rules.get()
    for name, value in facts.items():
        if name in {"school_kinds", "stages", "categories"}:
            getattr(rule, name).set(value)
        else:
            setattr(rule, name, value)
    rule.save()


def verdict(child, program):
    return {each.program.code: each for each in explain(child)}[program.code]


def says(child, program):
    return " ".join(verdict(child, program).reasons)


def nominate(child, program, tier=""):
    return Nomination.objects.create(
        school=child.school,
        term=child.term,
        program=program,
        student=child.student,
        tier=tier,
        set_by=UserFactory(),
        set_at=NOW,
    )


class TestCondition:
    @pytest.mark.parametrize(
        ("asked", "facts", "words"),
        [
            ({"is_boarding": True}, {"is_boarding": False}, "不是寄宿生"),
            ({"is_boarding": False}, {"is_boarding": True}, "是寄宿生"),
            ({"is_rural": True}, {"is_rural": False}, "不是农村户口"),
            ({"is_rural": False}, {"is_rural": True}, "是农村户口"),
            ({"is_registered": True}, {"is_registered": False}, "没有学籍，或学校没有填报学籍情况"),
            ({"is_registered": True}, {"is_registered": None}, "没有学籍，或学校没有填报学籍情况"),
            ({"is_registered": False}, {"is_registered": None}, "有学籍，或学校没有填报学籍情况"),
            ({"grades": ["三年级"]}, {"grade": "四年级"}, "不在规定的年级"),
        ],
    )
    def test_on_the_enrollment_holds_or_is_said(self, term, program, asked, facts, words):
        narrow(program, **asked)
        fits = {name: value[0] if isinstance(value, list) else value for name, value in asked.items()}
        fits = {{"grades": "grade"}.get(name, name): value for name, value in fits.items()}

        assert verdict(EnrollmentFactory(term=term, **fits), program).entitled
        assert words in says(EnrollmentFactory(term=term, **facts), program)

    @pytest.mark.parametrize(
        ("asked", "fitting", "other", "words"),
        [
            ({"ownerships": ["public"]}, {"ownership": "public"}, {"ownership": "private"}, "学校不是规定的办别"),
            (
                {"is_county_town": True},
                {"is_county_town": True},
                {"is_county_town": False},
                "不在县城学校就读",
            ),
            ({"is_county_town": False}, {"is_county_town": False}, {"is_county_town": True}, "在县城学校就读"),
        ],
    )
    def test_on_the_school_holds_or_is_said(self, term, program, asked, fitting, other, words):
        narrow(program, **asked)

        assert verdict(EnrollmentFactory(term=term, school=SchoolFactory(**fitting)), program).entitled
        assert words in says(EnrollmentFactory(term=term, school=SchoolFactory(**other)), program)

    def test_on_the_kind_of_school_holds_or_is_said(self, term, program):
        kind = SchoolKindFactory(code="nine-year")
        narrow(program, school_kinds=[kind])

        assert verdict(EnrollmentFactory(term=term, school=SchoolFactory(kind=kind)), program).entitled
        assert "学校不是规定的类型" in says(EnrollmentFactory(term=term), program)

    def test_on_the_stage_holds_or_is_said(self, term, program):
        junior = StageFactory(code="junior")
        program.stages.add(junior)
        narrow(program, stages=[StageFactory()])

        assert verdict(EnrollmentFactory(term=term), program).entitled
        assert "不在规定的学段" in says(EnrollmentFactory(term=term, stage=junior), program)

    def test_on_the_category_holds_or_is_said(self, program, child):
        category = HardshipCategoryFactory()
        narrow(program, categories=[category])
        assert "没有规定的困难类型" in says(child, program)

        HardshipFactory(student=child.student, term=child.term, category=category)

        assert verdict(child, program).category == category

    def test_on_the_level_holds_or_is_said(self, program, child):
        narrow(program, levels=[Level.HARD])
        assert "认定等级不符" in says(child, program)

        RecognitionFactory(student=child.student, list__school=child.school, level=Level.HARD)

        assert verdict(child, program).entitled

    def test_a_child_found_not_poor_has_no_level(self, program, child):
        RecognitionFactory(student=child.student, list__school=child.school, level=Level.NOT_POOR)

        assert facts_now(child).level == ""

    def test_every_set_condition_must_hold_and_any_rule_will_do(self, program, child):
        narrow(program, is_boarding=True, is_rural=False)
        assert not verdict(child, program).entitled

        second = RuleFactory(program=program, position=2, is_rural=True)

        assert verdict(child, program).rule == second


class TestStandard:
    """In the order in which one goes before another."""

    def test_of_a_category_goes_before_the_kind_the_ownership_and_the_stage(self, program, child):
        category = HardshipCategoryFactory()
        HardshipFactory(student=child.student, term=child.term, category=category)
        prices = [
            ({"stage": child.stage}, 50_100),
            ({"ownership": "public"}, 50_200),
            ({"school_kind": child.school.kind}, 50_300),
            ({"category": category}, 50_400),
        ]
        found = []
        for day, (narrower, amount_fen) in enumerate(prices, start=2):
            StandardFactory(program=program, valid_from=date(2019, 9, day), amount_fen=amount_fen, **narrower)
            found.append(verdict(child, program).amount_fen)

        assert found == [50_100, 50_200, 50_300, 50_400]

    def test_of_the_category_that_reports_count_first_holds_for_a_child_with_two(self, program, child):
        for priority, amount_fen in ((7, 70_000), (3, 30_000), (5, 90_000)):
            category = HardshipCategoryFactory(code=f"category-{priority}", priority=priority)
            HardshipFactory(student=child.student, term=child.term, category=category)
            StandardFactory(
                program=program, valid_from=date(2019, 9, priority), category=category, amount_fen=amount_fen
            )

        assert verdict(child, program).amount_fen == 30_000

    @pytest.mark.parametrize("narrower", ["ownership", "category", "school_kind", "stage"])
    def test_of_something_else_does_not_hold(self, program, child, narrower):
        other = {
            "ownership": "private",
            "category": HardshipCategoryFactory(),
            "school_kind": SchoolKindFactory(code="senior"),
            "stage": StageFactory(code="senior"),
        }[narrower]
        StandardFactory(program=program, valid_from=date(2019, 9, 2), amount_fen=99_000, **{narrower: other})

        assert verdict(child, program).amount_fen == 50_000

    @pytest.mark.parametrize(("fee_fen", "amount_fen"), [(30_000, 30_000), (40_000, 40_000), (75_000, 40_000)])
    def test_capped_is_worth_the_school_s_fee_up_to_the_limit(self, program, child, fee_fen, amount_fen):
        program.standards.update(basis="capped-fee", amount_fen=40_000)
        SchoolFeeFactory(school=child.school, program=program, amount_fen=fee_fen, document_no="县价费9号")

        found = verdict(child, program)

        assert (found.amount_fen, found.school_fee.amount_fen) == (amount_fen, fee_fen)
        assert "县价费9号" in found.reasons[1]
        assert "限额每学期 400.00 元（示教〔2019〕1号）" in found.reasons[2]

    @pytest.mark.parametrize(("basis", "amount_fen"), [("capped-fee", 40_000), ("school-fee", None)])
    def test_by_the_school_s_fee_gives_nothing_where_none_is_on_record(self, program, child, basis, amount_fen):
        program.standards.update(basis=basis, amount_fen=amount_fen)

        found = verdict(child, program)

        assert (found.entitled, found.rule) == (False, program.rules.get())
        assert "学校没有核定收费标准" in found.reasons[0]

    def test_missing_is_said(self, program, child):
        program.standards.update(valid_to=date(2020, 1, 1))

        assert "没有适用的资助标准" in says(child, program)


class TestExclusion:
    def test_gives_the_first_program_by_position(self, term, program, child):
        other = carried_out(term, "day-pupil-living", position=1)
        ExclusionFactory(program=other, other=program)

        assert verdict(child, program).entitled
        assert says(child, other) == "与“义务教育寄宿生生活补助”不能同时享受。"

    @pytest.mark.parametrize(
        ("one", "another", "clash"),
        [
            ((date(2021, 9, 1), date(2021, 11, 1)), (date(2021, 12, 1), date(2022, 1, 1)), False),
            ((date(2021, 9, 1), date(2021, 11, 1)), (date(2021, 11, 1), date(2021, 12, 1)), True),
            ((date(2021, 9, 1), date(2021, 11, 1)), (date(2021, 12, 1), None), False),
            ((None, date(2021, 10, 1)), (date(2021, 9, 1), None), True),
            ((None, None), (date(2022, 1, 1), date(2022, 1, 1)), True),
        ],
    )
    def test_of_scope_month_bites_where_the_months_meet(self, term, child, one, another, clash):
        first = carried_out(term, "one", position=1, months=one)
        second = carried_out(term, "another", position=2, months=another)
        ExclusionFactory(program=first, other=second, scope="month")

        assert verdict(child, second).entitled is not clash

    def test_of_scope_term_asks_for_no_months(self, term, child):
        first = carried_out(term, "one", position=1, months=(date(2021, 9, 1), date(2021, 9, 1)))
        second = carried_out(term, "another", position=2, months=(date(2021, 12, 1), date(2021, 12, 1)))
        ExclusionFactory(program=first, other=second)

        assert not verdict(child, second).entitled

    def test_that_only_warns_leaves_both_and_says_so(self, term, program, child):
        other = carried_out(term, "day-pupil-living", position=1)
        ExclusionFactory(program=program, other=other, severity="warn")

        assert (verdict(child, program).entitled, verdict(child, other).entitled) == (True, True)
        assert verdict(child, other).warnings == ["同时享受“义务教育寄宿生生活补助”，按规定要核实是否可以同时享受。"]
        assert not [line for line in gaps.find(term) if line.gap == "mistaken"]

    def test_that_only_warns_is_shown_where_people_decide(self, client, term, program, child):
        other = carried_out(term, "day-pupil-living", position=1)
        ExclusionFactory(program=program, other=other, severity="warn")
        both = [AwardFactory(enrollment=child, program=each) for each in (program, other)]
        alone = AwardFactory(enrollment=EnrollmentFactory(term=term, school=child.school), program=program)
        award_list = both[0].list
        client.force_login(UserFactory())

        found = exclusions.with_warnings([*both, alone], term)
        page = client.get(award_list.get_absolute_url()).content.decode()

        assert [len(words) for _award, words in found] == [1, 1, 0]
        assert page.count("按规定要核实是否可以同时享受") == 2
        assert "有 1 名学生同时享受需要核实的两个项目" in page
        assert [blocker.code for blocker in blockers.of_list(award_list, on=NOW.date())] == ["list-programs-beside"]
        assert blockers.refuse(blockers.of_list(award_list, on=NOW.date())) is None

    def test_that_only_warns_is_not_shown_of_who_was_taken_out(self, term, program, child):
        other = carried_out(term, "day-pupil-living", position=1)
        ExclusionFactory(program=program, other=other, severity="warn")
        kept = AwardFactory(enrollment=child, program=program)
        dropped = AwardFactory(enrollment=child, program=other, dropped=True)

        assert [words for _award, words in exclusions.with_warnings([kept, dropped], term)] == [[], []]
        assert exclusions.children_beside(kept.list) == 0


class TestNomination:
    @pytest.fixture
    def program(self, term):
        made = carried_out(term, "senior-grant", way="school")
        StandardFactory(program=made, tier="一档", amount_fen=80_000)
        return made

    def test_is_needed(self, program, child):
        assert says(child, program) == "本项目由学校提名，学校没有提名该生。"

        nominate(child, program)

        assert verdict(child, program).amount_fen == 50_000

    def test_taken_back_is_none(self, program, child):
        nomination = nominate(child, program)
        Nomination.objects.filter(pk=nomination.pk).update(
            is_current=False, withdrawn_by=UserFactory(), withdrawn_at=NOW, withdrawn_reason="本人放弃"
        )

        assert not verdict(child, program).entitled

    def test_names_the_tier_before_the_rule(self, program, child):
        StandardFactory(program=program, tier="二档", amount_fen=60_000)
        narrow(program, tier="二档")
        nomination = nominate(child, program)
        by_the_rule = verdict(child, program)

        Nomination.objects.filter(pk=nomination.pk).update(tier="一档")

        assert (by_the_rule.tier, by_the_rule.amount_fen) == ("二档", 60_000)
        assert (verdict(child, program).tier, verdict(child, program).amount_fen) == ("一档", 80_000)

    def test_of_a_child_that_fits_no_rule_is_said(self, program, child):
        narrow(program, is_boarding=False)
        nominate(child, program)

        assert verdict(child, program).reasons[0] == "学校提名了该生，但该生不符合享受条件。"
        assert "是寄宿生" in verdict(child, program).reasons[1]

    def test_can_be_thought_of_before_it_is_made(self, program, child):
        facts = facts_now(child).as_nominated(program.code, "一档")

        assert [each.amount_fen for each in Rulebook(child.term).entitled(facts)] == [80_000]

    def test_of_another_program_says_nothing_of_this_one(self, term, program, child):
        nominate(child, carried_out(term, "another", way="school"))

        assert not verdict(child, program).entitled

    def test_is_what_the_award_run_follows(self, term, program, child):
        EnrollmentFactory(term=term, school=child.school)  # not nominated
        nominate(child, program, tier="一档")

        run.execute(run.start("awards-propose", by=UserFactory(), at=NOW, term=term, term_id=term.pk).pk)

        assert list(child.awards.model.objects.values_list("student", "tier", "amount_fen")) == [
            (child.student_id, "一档", 80_000)
        ]

    @pytest.mark.parametrize("by_school", [True, False])
    def test_makes_a_child_without_award_missed_and_nobody_else(self, term, program, child, by_school):
        EnrollmentFactory(term=term, school=child.school)
        nominate(child, program)

        found = list(gaps.find(term, schools=[child.school_id] if by_school else None))

        assert [(line.gap, line.student, line.since_on) for line in found] == [("missed", child.student_id, NOW.date())]

    def test_taken_back_makes_an_award_mistaken(self, term, program, child):
        AwardFactory(
            enrollment=child, program=program, rule=program.rules.get(), standard=program.standards.get(tier="")
        )

        assert [line.mistakes for line in gaps.find(term)] == [("unfit",)]


class TestKnown:
    def test_is_the_same_for_all_and_for_some(self, term):
        children = EnrollmentFactory.create_batch(3, term=term)
        HardshipFactory(student=children[0].student, term=term)
        RecognitionFactory(student=children[1].student, list__school=children[1].school)
        nominate(children[2], carried_out(term, "senior-grant", way="school"))
        everybody = Known(term)

        for child in children:
            place = Place.of(child.school)
            assert Known(term, [child.student_id]).facts(child, place) == everybody.facts(child, place)
            assert everybody.names(child.student_id)

    def test_is_read_in_three_queries(self, term, django_assert_num_queries):
        for child in EnrollmentFactory.create_batch(3, term=term):
            HardshipFactory(student=child.student, term=term)

        with django_assert_num_queries(3):
            Known(term)


class TestListsOfADraft:
    def test_a_draft_with_a_warning_can_be_signed_all_the_same(self, term, program, child):
        other = carried_out(term, "day-pupil-living", position=1)
        ExclusionFactory(program=program, other=other, severity="warn")
        award_list = AwardListFactory(school=child.school, term=term)

        run.execute(run.start("awards-propose", by=UserFactory(), at=NOW, term=term, term_id=term.pk).pk)

        assert award_list.awards.filter(state=AwardState.PROPOSED).count() == 2
        assert awards.tiers(award_list.awards.first()) == []


class TestALevelOfTwoSchools:
    """A child that moved within the term stands on the lists of both schools."""

    @pytest.fixture
    def moved(self, term, program):
        """It studies in the first school; the second, which it left, handed its list in later."""
        narrow(program, levels=[Level.SPECIAL])
        here = EnrollmentFactory(term=term)
        RecognitionFactory(student=here.student, list__term=term, list__school=here.school, level=Level.SPECIAL)
        left = EnrollmentFactory(student=here.student, term=term, school=SchoolFactory(), state="left")
        RecognitionFactory(student=here.student, list__term=term, list__school=left.school, level=Level.GENERAL)
        return here

    def test_is_that_of_the_school_where_it_studies(self, term, moved):
        assert Known(term).levels == {moved.student_id: Level.SPECIAL}

    def test_is_the_newest_where_it_studies_in_neither(self, term, moved):
        type(moved).objects.filter(pk=moved.pk).update(state="left")

        assert Known(term).levels == {moved.student_id: Level.GENERAL}

    def test_is_the_same_for_the_gaps_and_for_the_explanation(self, term, program, moved):
        assert [(line.student, line.program) for line in gaps.find(term)] == [(moved.student_id, program.code)]
        assert [answer.program for answer in explanations.explain(moved, awards=Award.objects.all()).given] == [program]
        assert explanations.explain(moved, awards=Award.objects.all()).recognition.level == Level.SPECIAL
