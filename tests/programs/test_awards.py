"""From facts and dated standards to awards: the amounts, the rule and the document behind each, and the run again."""

from datetime import date
from pathlib import Path

import pytest
from django.urls import reverse

from common.moves import WrongState
from jobs import run
from jobs.choices import JobState
from programs import awards, blockers, eligibility, gaps, lists, recognitions
from programs.choices import AwardState, Level, ListState, RecognitionListState
from programs.models import Award, AwardList, Recognition, SchoolFee, Standard, TermProgram
from programs.reference import load_national, load_standards
from schools.models import SchoolKind, Stage, Term, Town
from students.models import HardshipCategory
from tests.factories import (
    NOW,
    EnrollmentFactory,
    HardshipFactory,
    RecognitionFactory,
    RecognitionListFactory,
    SchoolFactory,
    StudentFactory,
    UserFactory,
)
from tests.workbooks import RECOGNITION_HEAD, xlsx

pytestmark = pytest.mark.django_db
STANDARDS = Path("fixtures/standards/411625.toml")


@pytest.fixture(autouse=True)
def term():
    load_national()
    load_standards(STANDARDS)
    return Term.objects.get(pk="2021A")


@pytest.fixture
def preparer():
    return UserFactory()


@pytest.fixture
def school():
    return SchoolFactory(kind=SchoolKind.objects.get(pk="nine-year"))


def enroll(term, school, *, stage="primary", grade="三年级", **facts):
    return EnrollmentFactory(
        term=term, school=school, stage=Stage.objects.get(pk=stage), grade=grade, **{"is_boarding": True, **facts}
    )


def give_category(enrollment, code):
    return HardshipFactory(
        student=enrollment.student, term=enrollment.term, category=HardshipCategory.objects.get(pk=code)
    )


def recognize(enrollment, level):
    return RecognitionFactory(
        student=enrollment.student,
        level=level,
        list=RecognitionListFactory(school=enrollment.school, term=enrollment.term),
    )


def propose(term, preparer):
    return run.execute(run.start("awards-propose", by=preparer, at=NOW, term=term, term_id=term.pk).pk)


def amounts(enrollment):
    return dict(enrollment.awards.exclude(state="dropped").values_list("program", "amount_fen"))


class TestPropose:
    @pytest.mark.parametrize(
        ("stage", "grade", "boarding", "expected"),
        [
            ("primary", "三年级", True, {"boarder-living": 50_000}),
            ("junior", "七年级", True, {"boarder-living": 62_500}),
            ("junior", "七年级", False, {}),
        ],
    )
    def test_pays_a_registered_poor_child_by_stage_and_boarding(
        self, term, school, preparer, stage, grade, boarding, expected
    ):
        enrollment = enroll(term, school, stage=stage, grade=grade, is_boarding=boarding)
        give_category(enrollment, "lifted-from-poverty")

        propose(term, preparer)

        assert amounts(enrollment) == expected

    def test_gives_day_pupils_half_where_the_county_carries_that_out(self, term, school, preparer):
        TermProgram.objects.create(term=term, program_id="day-pupil-living")
        enrollment = enroll(term, school, stage="junior", grade="七年级", is_boarding=False)
        give_category(enrollment, "lifted-from-poverty")

        propose(term, preparer)

        assert amounts(enrollment) == {"day-pupil-living": 31_250}

    def test_adds_the_meals_in_the_county_town(self, term, preparer):
        in_town = SchoolFactory(
            town=Town.objects.create(code="411625100000", name="县城", is_county_town=True),
            kind=SchoolKind.objects.get(pk="nine-year"),
        )
        enrollment = enroll(term, in_town)
        give_category(enrollment, "lifted-from-poverty")

        propose(term, preparer)

        assert amounts(enrollment) == {"boarder-living": 50_000, "nutrition": 40_000}

    @pytest.mark.parametrize(
        ("level", "amount_fen"), [(Level.SPECIAL, 150_000), (Level.HARD, 100_000), (Level.GENERAL, 75_000)]
    )
    def test_gives_the_tier_of_the_recognized_level(self, term, preparer, level, amount_fen):
        senior = SchoolFactory(kind=SchoolKind.objects.get(pk="senior"))
        enrollment = enroll(term, senior, stage="senior", grade="高一")
        recognize(enrollment, level)

        propose(term, preparer)

        assert amounts(enrollment) == {"senior-grant": amount_fen}

    def test_waives_what_the_school_may_charge(self, term, preparer):
        senior = SchoolFactory(kind=SchoolKind.objects.get(pk="senior"))
        SchoolFee.objects.create(
            school=senior,
            program_id="senior-waiver",
            amount_fen=73_100,
            valid_from=date(2021, 2, 1),
            document_no="县价费1号",
        )
        enrollment = enroll(term, senior, stage="senior", grade="高一")
        give_category(enrollment, "lifted-from-poverty")

        propose(term, preparer)

        assert amounts(enrollment) == {"senior-grant": 150_000, "senior-waiver": 73_100}
        assert Award.objects.get(program="senior-waiver").school_fee.document_no == "县价费1号"

    @pytest.mark.parametrize(("kind", "amount_fen"), [("regular-secondary", 95_000), ("vocational-secondary", 60_000)])
    def test_waives_the_fee_of_rural_vocational_pupils_without_any_hardship(self, term, preparer, kind, amount_fen):
        vocational = SchoolFactory(kind=SchoolKind.objects.get(pk=kind))
        rural = enroll(term, vocational, stage="vocational", grade="中职三年级", is_rural=True)
        urban = enroll(term, vocational, stage="vocational", grade="中职三年级", is_rural=False)

        propose(term, preparer)

        assert (amounts(rural), amounts(urban)) == ({"vocational-waiver": amount_fen}, {})

    def test_freezes_the_facts_and_the_document(self, term, school, preparer):
        enrollment = enroll(term, school)
        give_category(enrollment, "disabled-student")
        give_category(enrollment, "lifted-from-poverty")

        propose(term, preparer)
        award = Award.objects.get()

        assert (award.grade, award.is_boarding, award.category_id, award.is_registered_poor) == (
            "三年级",
            True,
            "lifted-from-poverty",
            True,
        )
        assert award.standard.document_no
        assert award.rule.document_no
        assert award.list.state == ListState.DRAFT

    def test_the_standard_of_the_terms_first_day_holds(self, school, preparer):
        later = Term.objects.create(
            code="2024S", starts_on=date(2024, 3, 1), ends_on=date(2024, 7, 10), roster_due_on=date(2024, 3, 20)
        )
        TermProgram.objects.create(term=later, program_id="boarder-living")
        enrollment = enroll(later, school)
        give_category(enrollment, "lifted-from-poverty")

        propose(later, preparer)

        assert amounts(enrollment) == {"boarder-living": 62_500}

    def test_again_changes_nothing(self, term, school, preparer):
        enrollment = enroll(term, school)
        give_category(enrollment, "lifted-from-poverty")
        propose(term, preparer)
        before = list(Award.objects.values())

        propose(term, preparer)

        assert list(Award.objects.values()) == before

    def test_again_follows_the_facts_but_not_against_people(self, term, school, preparer):
        lapsed, taken_out = enroll(term, school), enroll(term, school)
        fact = give_category(lapsed, "lifted-from-poverty")
        give_category(taken_out, "lifted-from-poverty")
        propose(term, preparer)
        awards.drop(taken_out.awards.get(), reason="本人书面放弃", by=preparer, at=NOW)
        fact.to_on = date(2021, 10, 1)
        fact.save()

        propose(term, preparer)

        assert lapsed.awards.get().dropped_reason == awards.NO_LONGER_ENTITLED
        assert taken_out.awards.get().dropped_reason == "本人书面放弃"

    def test_again_brings_back_who_is_entitled_again(self, term, school, preparer):
        enrollment = enroll(term, school)
        fact = give_category(enrollment, "lifted-from-poverty")
        propose(term, preparer)
        type(fact).objects.update(to_on=date(2021, 10, 1))
        propose(term, preparer)
        type(fact).objects.update(to_on=term.ends_on)

        propose(term, preparer)

        assert amounts(enrollment) == {"boarder-living": 50_000}

    def test_follows_a_child_to_its_new_school(self, term, school, preparer):
        old = enroll(term, school)
        give_category(old, "lifted-from-poverty")
        propose(term, preparer)
        type(old).objects.filter(pk=old.pk).update(state="left")
        new = EnrollmentFactory(
            term=term,
            school=SchoolFactory(kind=school.kind),
            student=old.student,
            stage=old.stage,
            grade="三年级",
            is_boarding=True,
        )

        propose(term, preparer)

        assert list(Award.objects.order_by("pk").values_list("enrollment", "state")) == [
            (old.pk, AwardState.DROPPED),
            (new.pk, AwardState.PROPOSED),
        ]

    def test_leaves_a_signed_list_as_it_was_signed(self, term, school, preparer):
        give_category(enroll(term, school), "lifted-from-poverty")
        propose(term, preparer)
        AwardList.objects.update(state=ListState.SCHOOL_APPROVED)
        late = enroll(term, school)
        give_category(late, "lifted-from-poverty")

        propose(term, preparer)

        assert amounts(late) == {}

    def test_opens_a_supplementary_list_for_who_is_found_after_the_school_s_list_left_the_school(
        self, term, school, preparer
    ):
        give_category(enroll(term, school), "lifted-from-poverty")
        propose(term, preparer)
        first = AwardList.objects.get()
        AwardList.objects.update(state=ListState.PUBLISHED)
        signed = list(first.awards.values())
        late, later = enroll(term, school), enroll(term, school)
        give_category(late, "lifted-from-poverty")

        propose(term, preparer)
        give_category(later, "lifted-from-poverty")
        propose(term, preparer)

        assert list(AwardList.objects.order_by("number").values_list("number", "state")) == [
            (1, ListState.PUBLISHED),
            (2, ListState.DRAFT),
        ]
        assert AwardList.objects.get(number=2).title == "补充名单第 1 份"
        assert [award.list.number for award in (late.awards.get(), later.awards.get())] == [2, 2]
        assert list(first.awards.values()) == signed

    def test_opens_no_list_for_what_a_signed_award_rules_out(self, term, school, preparer):
        TermProgram.objects.create(term=term, program_id="day-pupil-living")
        child = enroll(term, school, is_boarding=False)
        give_category(child, "lifted-from-poverty")
        propose(term, preparer)
        assert amounts(child) == {"day-pupil-living": 25_000}
        AwardList.objects.update(state=ListState.CLOSED)
        type(child).objects.update(is_boarding=True)

        propose(term, preparer)

        assert amounts(child) == {"day-pupil-living": 25_000}
        assert AwardList.objects.count() == 1

    def test_a_draft_is_put_forward_by_whoever_changed_it_last(self, term, school, preparer):
        child = enroll(term, school)
        give_category(child, "lifted-from-poverty")
        propose(term, preparer)
        second, third = UserFactory(), UserFactory()

        propose(term, second)
        unchanged_by = AwardList.objects.get().prepared_by
        type(child).objects.update(state="left")
        propose(term, third)

        assert (unchanged_by, AwardList.objects.get().prepared_by) == (preparer, third)

    def test_nobody_confirms_what_he_proposed_whoever_ran_the_proposals_after_him(self, term, school, preparer):
        give_category(enroll(term, school), "lifted-from-poverty")
        propose(term, preparer)
        give_category(enroll(term, school), "lifted-from-poverty")
        propose(term, UserFactory())
        AwardList.objects.update(state=ListState.CLOSED, school_approved_by=UserFactory(), school_approved_at=NOW)
        preparer.role = "approver"
        preparer.save()

        with pytest.raises(blockers.OwnList):
            lists.confirm(AwardList.objects.get(), by=preparer, at=NOW)

    @pytest.mark.parametrize("rows_a_chunk", [1, 100])
    @pytest.mark.parametrize(("pays", "where"), [("new-school", 1), ("old-school", 0)])
    def test_a_child_in_two_schools_is_paid_by_the_one_that_the_county_s_rule_names(
        self, term, school, preparer, monkeypatch, rows_a_chunk, pays, where
    ):
        monkeypatch.setattr(awards, "READ_ROWS", rows_a_chunk)
        TermProgram.objects.update(pays=pays)
        first = enroll(term, school)
        give_category(first, "lifted-from-poverty")
        second = enroll(term, SchoolFactory(kind=school.kind), student=first.student)

        propose(term, preparer)
        propose(term, preparer)

        assert Award.objects.get().enrollment == (first, second)[where]
        assert [line.gap for line in gaps.find(term)] == ["mistaken"]  # in two schools, but missed in neither
        assert [line for line in gaps.find(term, schools=[second.school_id]) if line.gap == "missed"] == []

    @pytest.mark.parametrize("rows_a_chunk", [1, 100])
    @pytest.mark.parametrize(("before", "after"), [("new-school", "old-school"), ("old-school", "new-school")])
    def test_a_proposal_follows_the_child_to_the_school_that_pays_whichever_is_read_first(
        self, term, school, preparer, monkeypatch, rows_a_chunk, before, after
    ):
        monkeypatch.setattr(awards, "READ_ROWS", rows_a_chunk)
        TermProgram.objects.update(pays=before)
        both = [enroll(term, school)]
        give_category(both[0], "lifted-from-poverty")
        both.append(enroll(term, SchoolFactory(kind=school.kind), student=both[0].student))
        propose(term, preparer)
        TermProgram.objects.update(pays=after)

        propose(term, preparer)

        paid = Award.objects.live().get().enrollment
        assert paid == both[after == "new-school"]

    def test_a_term_without_programs_is_refused(self, preparer):
        empty = Term.objects.create(
            code="2022S", starts_on=date(2022, 3, 1), ends_on=date(2022, 7, 10), roster_due_on=date(2022, 3, 20)
        )

        job = propose(empty, preparer)

        assert (job.state, job.error_code) == (JobState.FAILED, "no-programs")


class TestExplain:
    def test_says_rule_standard_and_document(self, term, school):
        enrollment = enroll(term, school)
        give_category(enrollment, "lifted-from-poverty")

        verdicts = {verdict.program.code: verdict for verdict in eligibility.explain(enrollment)}

        assert verdicts["boarder-living"].entitled
        assert "500.00" in verdicts["boarder-living"].reasons[1]
        assert Standard.objects.get(pk=verdicts["boarder-living"].standard.pk).document_no in " ".join(
            verdicts["boarder-living"].reasons
        )

    def test_says_what_is_missing(self, term, school):
        verdicts = {verdict.program.code: verdict for verdict in eligibility.explain(enroll(term, school))}

        assert not verdicts["boarder-living"].entitled
        assert "困难类型" in verdicts["boarder-living"].reasons[0]
        assert verdicts["senior-grant"].reasons == ["本项目不面向这个学段。"]


class TestDrop:
    def test_needs_a_reason_and_an_unsigned_list(self, term, school, preparer):
        enrollment = enroll(term, school)
        give_category(enrollment, "lifted-from-poverty")
        propose(term, preparer)
        award = Award.objects.get()

        with pytest.raises(awards.ReasonMissing):
            awards.drop(award, reason="", by=preparer, at=NOW)
        AwardList.objects.update(state=ListState.SCHOOL_APPROVED)
        award = Award.objects.get()
        with pytest.raises(awards.AlreadySigned):
            awards.drop(award, reason="已转学", by=preparer, at=NOW)

    def test_happens_once(self, term, school, preparer):
        give_category(enroll(term, school), "lifted-from-poverty")
        propose(term, preparer)
        stale_copy = Award.objects.get()
        awards.drop(Award.objects.get(), reason="已转学", by=preparer, at=NOW)

        with pytest.raises(WrongState):
            awards.drop(stale_copy, reason="已转学", by=preparer, at=NOW)
        assert Award.objects.get().state == AwardState.DROPPED


class TestSetTier:
    @pytest.fixture
    def award(self, term, preparer):
        senior = SchoolFactory(kind=SchoolKind.objects.get(pk="senior"))
        child = enroll(term, senior, stage="senior", grade="高一")
        recognize(child, Level.GENERAL)
        propose(term, preparer)
        return Award.objects.get()

    def top(self, award):
        """The tier of the children who need it most."""
        return Standard.objects.filter(program=award.program).order_by("-amount_fen").first().tier

    def test_is_priced_by_the_standard_of_the_tier_and_kept_by_later_runs(self, term, preparer, award):
        officer = UserFactory(officer=True, school=award.school)
        assert (award.amount_fen, self.top(award) in awards.tiers(award)) == (75_000, True)

        awards.set_tier(award, self.top(award), reason="班级评议", by=officer, at=NOW)
        propose(term, preparer)

        award = Award.objects.get()
        assert (award.tier, award.amount_fen, award.standard.amount_fen) == (self.top(award), 150_000, 150_000)
        assert (award.tier_by, award.tier_reason) == (officer, "班级评议")

    def test_falls_back_to_the_rule_where_the_tier_has_no_standard_any_more(self, term, preparer, award):
        awards.set_tier(award, self.top(award), reason="班级评议", by=preparer, at=NOW)
        Standard.objects.filter(pk=Award.objects.get().standard_id).update(valid_to=date(2021, 1, 1))

        propose(term, preparer)

        award = Award.objects.get()
        assert (award.amount_fen, award.tier_by, award.tier_reason) == (75_000, None, "")

    def test_needs_a_reason_a_standard_and_a_draft(self, preparer, award):
        with pytest.raises(awards.TierReasonMissing):
            awards.set_tier(award, self.top(award), reason=" ", by=preparer, at=NOW)
        with pytest.raises(awards.NoSuchTier):
            awards.set_tier(award, "第九档", reason="班级评议", by=preparer, at=NOW)
        AwardList.objects.update(state=ListState.SCHOOL_PREPARED)
        with pytest.raises(awards.TierSigned):
            awards.set_tier(Award.objects.get(), self.top(award), reason="班级评议", by=preparer, at=NOW)

    def test_makes_whoever_set_it_at_the_county_the_one_who_put_the_list_forward(self, award):
        other = UserFactory()

        awards.set_tier(award, self.top(award), reason="班级评议", by=other, at=NOW)

        assert AwardList.objects.get().prepared_by == other

    def test_has_a_page_that_offers_the_tiers_of_the_program(self, as_role, award):
        client = as_role("school", school=award.school)
        address = reverse("programs:award-tier", args=[award.pk])

        assert address in client.get(award.list.get_absolute_url()).content.decode()
        assert self.top(award) in client.get(address).content.decode()
        client.post(address, {"tier": self.top(award), "reason": "班级评议"})

        assert Award.objects.get().amount_fen == 150_000
        assert "班级评议" in client.get(award.list.get_absolute_url()).content.decode()


class TestRecognitionList:
    def upload(self, school, term, rows):
        officer = UserFactory(officer=True, school=school)
        uploaded = recognitions.upload(
            school=school,
            term=term,
            content=xlsx(RECOGNITION_HEAD, rows),
            name="认定名单.xlsx",
            by=officer,
            at=NOW,
        )
        job = run.execute(run.start("recognition-read", by=officer, at=NOW, list_id=uploaded.pk).pk)
        uploaded.refresh_from_db()
        return uploaded, job

    def test_takes_the_schools_children_and_keeps_the_other_lines(self, term, school):
        child = enroll(term, school).student
        stranger = StudentFactory()
        uploaded, job = self.upload(
            school,
            term,
            [
                [1, child.name, child.id_number, "三年级", "1班", "特别困难", ""],
                [2, stranger.name, stranger.id_number, "三年级", "1班", "困难", ""],
                [3, child.name, child.id_number, "三年级", "1班", "很困难", ""],
            ],
        )

        recognition = Recognition.objects.get()

        assert (recognition.student, recognition.level, recognition.row) == (child, Level.SPECIAL, 2)
        assert uploaded.unmatched == [{"row": 3, "code": "not-in-roster"}, {"row": 4, "code": "level-unknown"}]
        assert job.result == {"people": 1, "unmatched": 2}

    def test_a_new_list_takes_the_place_of_the_old(self, term, school):
        child = enroll(term, school).student
        for level in ("困难", "一般困难"):
            self.upload(school, term, [[1, child.name, child.id_number, "三年级", "1班", level, ""]])

        assert eligibility.levels(term) == {child.pk: Level.GENERAL}

    def test_an_older_list_does_not_come_back(self, term, school):
        child = enroll(term, school).student
        first, _job = self.upload(school, term, [[1, "某人", "", "三年级", "1班", "困难", ""]])
        self.upload(school, term, [[1, child.name, child.id_number, "三年级", "1班", "困难", ""]])
        type(first).objects.filter(pk=first.pk).update(state=RecognitionListState.UPLOADED)

        job = run.execute(run.start("recognition-read", by=first.uploaded_by, at=NOW, list_id=first.pk).pk)

        assert (job.state, job.error_code) == (JobState.FAILED, "recognition-newer-list")
        assert eligibility.levels(term) == {child.pk: Level.HARD}

    def test_a_list_without_any_of_the_schools_children_is_refused(self, term, school):
        uploaded, job = self.upload(school, term, [[1, "某人", "", "三年级", "1班", "困难", ""]])

        assert (job.state, job.error_code) == (JobState.FAILED, "no-one-recognized")
        assert uploaded.state == RecognitionListState.REFUSED
