"""None missed, none mistaken: one definition of both lists, the school's answers, and what the county says to them."""

import random
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from jobs import run
from programs import awards, eligibility, gap_answers, gaps, lists, publicity, terms
from programs.choices import AwardState, Gap, GapAnswerState, GapReason, GapState, Level, Mistake
from programs.models import Award, AwardList, GapAnswer, Recognition, TermProgram
from programs.reference import load_national, load_standards
from schools.choices import TermState
from schools.models import SchoolKind, Stage, Term
from students.models import Enrollment, Hardship, HardshipCategory, Student
from tests import factories as make
from tests.factories import NOW
from tests.programs.test_awards import STANDARDS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def term():
    load_national()
    load_standards(STANDARDS)
    term = Term.objects.get(pk="2021A")
    TermProgram.objects.get_or_create(term=term, program_id="day-pupil-living")
    return term


@pytest.fixture
def by():
    return make.UserFactory()


@pytest.fixture
def school():
    return make.SchoolFactory(kind=SchoolKind.objects.get(pk="nine-year"))


@pytest.fixture
def officer(school):
    return make.UserFactory(officer=True, school=school)


def enroll(term, school, *, stage="primary", grade="三年级", **facts):
    return make.EnrollmentFactory(
        term=term, school=school, stage=Stage.objects.get(pk=stage), grade=grade, **{"is_boarding": True, **facts}
    )


def poor(term, school, *, category="lifted-from-poverty", known_on=None, **facts):
    """A boarder whose household is on a list."""
    child = enroll(term, school, **facts)
    make.HardshipFactory(
        student=child.student,
        term=term,
        category=HardshipCategory.objects.get(pk=category),
        known_on=known_on or term.starts_on,
    )
    return child


def propose(term, by):
    run.execute(run.start("awards-propose", by=by, at=NOW, term=term, term_id=term.pk).pk)


def found(term, gap, **kwargs):
    return [line for line in gaps.find(term, **kwargs) if line.gap is gap]


def missed(term, **kwargs):
    return found(term, Gap.MISSED, **kwargs)


def mistaken(term, **kwargs):
    return found(term, Gap.MISTAKEN, **kwargs)


def drop(child, program="boarder-living"):
    awards.drop(child.awards.live().get(program=program), reason="家长口头放弃", by=make.UserFactory(), at=NOW)


def test_reads_of_a_child_whatever_the_rulebook_asks():
    """A fact that rules ask for one day is read here too, or the two lists would not be those of the award run."""
    assert {name.removesuffix("_id") for name in eligibility.COLUMNS} <= set(gaps._Child._fields)


class TestMissed:
    def test_is_who_fits_a_rule_and_has_no_award(self, term, school):
        child = poor(term, school)
        enroll(term, school)

        line = missed(term)[0]

        assert len(missed(term)) == 1
        assert (line.student, line.school, line.program) == (child.student_id, school.pk, "boarder-living")

    def test_is_nobody_whose_award_stands(self, term, school, by):
        poor(term, school)
        propose(term, by)

        assert missed(term) == []

    def test_is_who_was_taken_off_the_list_again(self, term, school, by):
        child = poor(term, school)
        poor(term, school)
        propose(term, by)
        drop(child)

        assert [line.enrollment for line in missed(term)] == [child.pk]
        assert mistaken(term) == []

    def test_counts_days_from_the_youngest_of_term_and_fact(self, term, school):
        late, early = term.starts_on + timedelta(days=40), term.starts_on - timedelta(days=90)
        poor(term, school, known_on=late)
        poor(term, school, known_on=early)

        assert sorted(line.since_on for line in missed(term)) == [term.starts_on, late]
        assert missed(term)[0].days(late - timedelta(days=1)) in {0, 39}

    def test_counts_days_of_a_recognized_child_from_the_school_s_list(self, term, school):
        child = enroll(term, school)
        make.RecognitionFactory(
            student=child.student,
            level=Level.HARD,
            list=make.RecognitionListFactory(school=school, term=term, uploaded_at=NOW + timedelta(days=70)),
        )

        assert missed(term)[0].since_on == (NOW + timedelta(days=70)).date()

    def test_is_nobody_who_has_it_under_another_record_of_the_same_number(self, term, school, by):
        one = poor(term, school)
        twin = poor(term, school)
        Student.objects.filter(pk=twin.student_id).update(id_number_index=one.student.id_number_index)
        propose(term, by)
        drop(twin)

        assert missed(term) == []

    def test_of_one_school_are_those_of_the_county_that_are_there(self, term, school):
        poor(term, school)
        poor(term, make.SchoolFactory())

        assert missed(term, schools=[school.pk]) == [line for line in missed(term) if line.school == school.pk]


class TestMistaken:
    def reasons(self, term, **kwargs):
        return [line.mistakes for line in mistaken(term, **kwargs)]

    def test_is_an_award_whose_fact_has_ended(self, term, school, by):
        child = poor(term, school)
        propose(term, by)
        ended_on = term.starts_on + timedelta(days=30)
        Hardship.objects.filter(student=child.student).update(to_on=ended_on)

        line = mistaken(term)[0]

        assert self.reasons(term) == [(Mistake.LAPSED,)]
        assert (line.since_on, line.award) == (ended_on, child.awards.get().pk)

    def test_is_an_award_of_a_child_who_is_no_longer_recognized(self, term, school, by):
        child = enroll(term, school)
        recognition = make.RecognitionFactory(
            student=child.student, list=make.RecognitionListFactory(school=school, term=term)
        )
        propose(term, by)
        Recognition.objects.filter(pk=recognition.pk).update(level=Level.NOT_POOR)

        assert self.reasons(term) == [(Mistake.LAPSED,)]

    @pytest.mark.parametrize(("state", "mistake"), [("left", Mistake.LEFT), ("suspended", Mistake.SUSPENDED)])
    def test_is_an_award_of_a_child_who_is_not_there(self, term, school, by, state, mistake):
        child = poor(term, school)
        propose(term, by)
        Enrollment.objects.filter(pk=child.pk).update(state=state)

        assert self.reasons(term) == [(mistake,)]
        assert missed(term) == []

    def test_is_a_boarder_s_award_of_a_child_who_does_not_board(self, term, school, by):
        child = poor(term, school)
        propose(term, by)
        Enrollment.objects.filter(pk=child.pk).update(is_boarding=False)

        assert self.reasons(term) == [(Mistake.NOT_BOARDING,)]
        assert [line.program for line in missed(term)] == ["day-pupil-living"]

    def test_is_an_award_beside_one_that_excludes_it(self, term, school, by):
        child = poor(term, school)
        propose(term, by)
        award = child.awards.get()
        other = make.AwardFactory(
            enrollment=child,
            program_id="day-pupil-living",
            program=None,
            list=award.list,
            rule=award.rule,
            standard=award.standard,
            amount_fen=1,
        )

        assert {line.award: Mistake.EXCLUDED in line.mistakes for line in mistaken(term)} == {other.pk: True}

    def test_are_both_awards_of_one_number_under_two_records(self, term, school, by):
        one, twin = poor(term, school), poor(term, make.SchoolFactory(kind=school.kind))
        Student.objects.filter(pk=twin.student_id).update(id_number_index=one.student.id_number_index)
        propose(term, by)

        assert self.reasons(term) == [(Mistake.TWICE,), (Mistake.TWICE,)]
        assert self.reasons(term, schools=[school.pk]) == [(Mistake.TWICE,)]

    def test_is_an_award_of_a_child_who_studies_in_two_schools(self, term, school, by):
        child = poor(term, school)
        propose(term, by)
        enroll(term, make.SchoolFactory(kind=school.kind), student=child.student)

        assert self.reasons(term) == [(Mistake.TWO_SCHOOLS,)]

    def test_says_nothing_of_an_award_whose_amount_is_another_by_now(self, term, school, by):
        poor(term, school)
        propose(term, by)
        Award.objects.update(amount_fen=1)

        assert mistaken(term) == []


@pytest.mark.parametrize("seed", range(6))
class TestAnyCounty:
    """Small counties drawn by chance: what holds for each holds for the definition."""

    def build(self, term, seed):
        draw = random.Random(seed)
        kinds = ["nine-year", "senior", "regular-secondary"]
        schools = [make.SchoolFactory(kind=SchoolKind.objects.get(pk=draw.choice(kinds))) for _each in range(3)]
        for _each in range(25):
            school = draw.choice(schools)
            stage, grade = {
                "nine-year": draw.choice([("primary", "三年级"), ("junior", "七年级")]),
                "senior": ("senior", "高一"),
                "regular-secondary": ("vocational", draw.choice(["中职一年级", "中职三年级"])),
            }[school.kind_id]
            child = enroll(
                term,
                school,
                stage=stage,
                grade=grade,
                is_boarding=draw.random() < 0.5,
                is_rural=draw.random() < 0.7,
                state=draw.choices(["studying", "left", "suspended"], [8, 1, 1])[0],
            )
            codes = ["lifted-from-poverty", "urban-low-income", "disabled-student"]
            known = set(HardshipCategory.objects.values_list("pk", flat=True))
            for code in draw.sample([code for code in codes if code in known], draw.randint(0, 2)):
                make.HardshipFactory(student=child.student, term=term, category=HardshipCategory.objects.get(pk=code))
            if draw.random() < 0.4:
                make.RecognitionFactory(
                    student=child.student,
                    level=draw.choice(Level.values),
                    list=make.RecognitionListFactory(school=school, term=term),
                )
        return draw

    def test_right_after_the_awards_are_proposed_both_lists_are_empty(self, term, by, seed):
        self.build(term, seed)
        propose(term, by)

        assert Award.objects.exists()
        assert list(gaps.find(term)) == []

    def test_each_award_taken_out_is_one_line_more(self, term, by, seed):
        draw = self.build(term, seed)
        propose(term, by)
        standing = list(Award.objects.order_by("pk"))
        for n, award in enumerate(draw.sample(standing, min(3, len(standing))), start=1):
            awards.drop(award, reason="试", by=by, at=NOW)

            assert len(missed(term)) == n
            assert (award.student_id, award.program_id) in {(line.student, line.program) for line in missed(term)}
        assert mistaken(term) == []

    def test_each_award_without_its_facts_is_one_line(self, term, by, seed):
        self.build(term, seed)
        propose(term, by)
        resting = [award for award in Award.objects.all() if award.rule.levels or award.rule.categories.exists()]
        # A rural vocational pupil needs no hardship for the waiver.
        expected = [
            award.pk for award in resting if award.program_id != "vocational-waiver" or not award.enrollment.is_rural
        ]
        Hardship.objects.filter(term=term).update(to_on=term.starts_on)
        Recognition.objects.filter(term=term).update(level=Level.NOT_POOR)

        assert sorted(line.award for line in mistaken(term)) == sorted(expected)
        assert all(line.mistakes[0] is Mistake.LAPSED for line in mistaken(term))

    def test_schools_taken_together_are_the_county(self, term, by, seed):
        draw = self.build(term, seed)
        propose(term, by)
        for award in draw.sample(list(Award.objects.order_by("pk")), 2):
            awards.drop(award, reason="试", by=by, at=NOW)
        Hardship.objects.filter(term=term, student__in=Award.objects.values("student")[:3]).update(to_on=term.starts_on)
        everywhere = set(Enrollment.objects.values_list("school", flat=True))

        one_by_one = [line for school in everywhere for line in gaps.find(term, schools=[school])]

        assert sorted(one_by_one, key=lambda line: (line.key, line.gap)) == sorted(
            gaps.find(term), key=lambda line: (line.key, line.gap)
        )


class TestAnswers:
    def say(self, lines, term, officer, reason=GapReason.DECLINED, words=""):
        return gap_answers.answer(lines, term=term, reason=reason, words=words, by=officer, at=NOW)

    def states(self, term):
        answers = gap_answers.Answers(term)
        return [answers.state(line) for line in missed(term)]

    def test_close_a_line_when_the_county_accepts_them(self, term, school, officer, by):
        poor(term, school)
        assert gap_answers.figures(term).to_answer == 1

        self.say(missed(term), term, officer)
        assert self.states(term) == [GapState.WAITING]
        assert gap_answers.figures(term).missed == 1

        gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        assert self.states(term) == [GapState.CLOSED]
        assert gap_answers.figures(term).missed == 0
        assert set(Action.objects.filter(target_id=term.pk).values_list("verb", flat=True)) >= {
            "gap.answered",
            "gap.accepted",
        }

    def test_that_a_child_is_to_be_added_keep_the_line_until_there_is_an_award(self, term, school, officer, by):
        poor(term, school)
        self.say(missed(term), term, officer, GapReason.TO_ADD)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)

        assert self.states(term) == [GapState.TO_ADD]
        assert gap_answers.figures(term).missed == 1
        propose(term, by)
        assert gap_answers.figures(term).missed == 0

    def test_that_a_child_is_to_be_added_let_the_next_run_bring_back_who_was_taken_out(self, term, school, officer, by):
        child = poor(term, school)
        propose(term, by)
        drop(child)
        propose(term, by)
        assert len(missed(term)) == 1

        self.say(missed(term), term, officer, GapReason.TO_ADD)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        propose(term, by)

        assert missed(term) == []
        assert [award.state for award in child.awards.order_by("pk")] == [AwardState.DROPPED, AwardState.PROPOSED]

    def test_go_back_with_words_and_can_be_given_anew(self, term, school, officer, by):
        poor(term, school)
        self.say(missed(term), term, officer)

        with pytest.raises(gap_answers.SendBackWordsMissing):
            gap_answers.send_back(missed(term), term=term, words=" ", by=by, at=NOW)
        gap_answers.send_back(missed(term), term=term, words="缺放弃声明", by=by, at=NOW)
        assert self.states(term) == [GapState.SENT_BACK]
        assert gap_answers.figures(term).to_answer == 1

        self.say(missed(term), term, officer, GapReason.LEFT)
        answer = GapAnswer.objects.get()
        assert (answer.state, answer.reason, answer.sent_back_words) == (GapAnswerState.WAITING, "left", "")

    def test_that_were_accepted_stay_unless_the_county_sends_them_back(self, term, school, officer, by):
        poor(term, school)
        self.say(missed(term), term, officer)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)

        with pytest.raises(gap_answers.NoLines):
            self.say(missed(term), term, officer, GapReason.LEFT)
        gap_answers.send_back(missed(term), term=term, words="情况有变", by=by, at=NOW)

        assert self.states(term) == [GapState.SENT_BACK]

    @pytest.mark.parametrize("reason", [GapReason.OTHER, GapReason.FACT_WRONG])
    def test_in_other_words_need_words(self, term, school, officer, reason):
        poor(term, school)

        with pytest.raises(gap_answers.WordsMissing):
            self.say(missed(term), term, officer, reason, "  ")

    def test_are_given_by_the_child_s_own_school_in_an_open_term(self, term, school, officer):
        poor(term, school)
        other = make.UserFactory(officer=True)

        with pytest.raises(gap_answers.NotTheSchool):
            self.say(missed(term), term, other)
        Term.objects.update(state=TermState.CLOSED)
        term.refresh_from_db()
        with pytest.raises(gap_answers.GapTermClosed):
            self.say(missed(term), term, officer)

    def test_may_be_given_by_the_county_for_schools_and_accepted_by_another_of_its_people(self, term, school, by):
        poor(term, school)
        poor(term, make.SchoolFactory(kind=school.kind))

        assert self.say(missed(term), term, by) == 2
        with pytest.raises(gap_answers.NoLines):
            gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        gap_answers.accept(missed(term), term=term, by=make.UserFactory(approver=True), at=NOW)

        assert self.states(term) == [GapState.CLOSED, GapState.CLOSED]
        on_behalf = Action.objects.filter(verb="gap.answered-for-school", actor=by)
        assert {action.details["school"] for action in on_behalf} == {line.school for line in missed(term)}

    def test_are_not_given_by_an_auditor(self, term, school):
        poor(term, school)

        with pytest.raises(gap_answers.NotTheSchool):
            self.say(missed(term), term, make.UserFactory(auditor=True))

    def test_of_a_former_school_are_none_of_the_present_one(self, term, school, officer, by):
        child = poor(term, school)
        self.say(missed(term), term, officer, GapReason.LEFT)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        Enrollment.objects.filter(pk=child.pk).update(state="left")
        elsewhere = make.UserFactory(officer=True, school=make.SchoolFactory(kind=school.kind))
        enroll(term, elsewhere.school, student=child.student)
        assert self.states(term) == [GapState.UNANSWERED]

        self.say(missed(term), term, elsewhere)

        assert self.states(term) == [GapState.WAITING]
        assert GapAnswer.objects.get().school == elsewhere.school

    def test_are_not_accepted_by_whoever_gave_them(self, term):
        answer = make.GapAnswerFactory(enrollment__term=term)

        with pytest.raises(IntegrityError, match="gapanswer_two_people"), transaction.atomic():
            GapAnswer.objects.filter(pk=answer.pk).update(
                state=GapAnswerState.ACCEPTED, decided_by=answer.answered_by, decided_at=NOW
            )


class TestClosing:
    def test_a_term_is_refused_while_a_line_is_open(self, term, school, officer, by):
        poor(term, school)

        with pytest.raises(terms.OpenGaps):
            terms.close(term, by=by, at=NOW)
        term.refresh_from_db()
        assert term.state == TermState.OPEN

        gap_answers.answer(missed(term), term=term, reason=GapReason.DECLINED, words="", by=officer, at=NOW)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        terms.close(term, by=by, at=NOW)
        assert term.state == TermState.CLOSED

    def test_a_child_to_be_added_after_the_list_was_confirmed_goes_all_the_way_and_the_term_closes(
        self, term, school, officer, by
    ):
        poor(term, school)
        propose(term, by)
        self.go_all_the_way(AwardList.objects.get(), officer)
        late = poor(term, school)
        gap_answers.answer(missed(term), term=term, reason=GapReason.TO_ADD, words="", by=officer, at=NOW)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)
        with pytest.raises(terms.OpenGaps):
            terms.close(term, by=by, at=NOW)
        term.refresh_from_db()

        propose(term, by)
        supplementary = AwardList.objects.get(number=2)
        assert terms.unfinished(term).lists_not_confirmed == 1
        self.go_all_the_way(supplementary, officer)

        assert [award.state for award in late.awards.all()] == [AwardState.CONFIRMED]
        assert terms.unfinished(term).lists_not_confirmed == 0
        terms.close(term, by=by, at=NOW)
        assert term.state == TermState.CLOSED

    def go_all_the_way(self, award_list, officer):
        """The school's word, publicity to its end, the county's second signature."""
        lists.school_approve(award_list, by=officer, at=NOW)
        notice = publicity.put_up(award_list, by=officer, at=NOW)
        publicity.take_down(notice, by=officer, at=NOW + timedelta(days=30), result="无异议")
        lists.confirm(notice.list, by=make.UserFactory(approver=True), at=NOW + timedelta(days=30))

    def test_a_term_s_page_says_so_before(self, as_role, term, school):
        poor(term, school)

        page = as_role("preparer").get(reverse("programs:term-close", args=[term.pk]))

        assert page.context["unfinished"].missed == 1
        assert reverse("programs:gaps") in page.content.decode()

    def test_a_list_warns_whoever_confirms_it(self, as_role, term, school):
        award_list = make.AwardListFactory(school=school, term=term, closed=True)
        poor(term, school)
        client = as_role("approver")

        page = client.get(award_list.get_absolute_url())
        asked = client.post(reverse("programs:lists-confirm"), {"ids": award_list.pk})

        assert "本校还有 1 条应助未助没有办结" in page.content.decode()
        assert asked.context["missed"] == 1


class TestPages:
    def names(self, page):
        return [each.enrollment.student.name for each in page.context["page"]]

    def test_show_each_line_with_its_rule_its_facts_and_its_days(self, as_role, term, school):
        child = poor(term, school)

        page = as_role("auditor").get(reverse("programs:gaps")).content.decode()

        assert child.student.get_absolute_url() in page
        assert "寄宿，且属脱贫及监测、低保、特困、孤儿或残疾学生 · 教财〔2018〕16号" in page
        assert "2021-09-01 查明" in page or term.starts_on.isoformat() in page
        assert child.student.id_number not in page

    def test_show_a_school_its_own_lines_only(self, as_role, term, school):
        mine, foreign = poor(term, school), poor(term, make.SchoolFactory())

        page = as_role("school", school=school).get(reverse("programs:gaps"), {"q": foreign.school.name})

        assert self.names(page) == [mine.student.name]

    def test_are_narrowed_by_program_school_state_and_reason(self, as_role, term, school, officer, by):
        declined, silent = poor(term, school), poor(term, make.SchoolFactory())
        lines = missed(term, schools=[school.pk])
        gap_answers.answer(lines, term=term, reason=GapReason.DECLINED, words="", by=officer, at=NOW)
        client = as_role("preparer")

        def shown(**asked):
            return self.names(client.get(reverse("programs:gaps"), asked))

        assert shown(state="waiting") == shown(reason="declined") == [declined.student.name]
        assert shown(q=silent.school.name) == shown(state="unanswered") == [silent.student.name]
        assert shown(program="senior-grant") == []
        gap_answers.accept(lines, term=term, by=by, at=NOW)
        assert shown() == [silent.student.name]
        assert shown(state="closed") == [declined.student.name]

    def test_add_up_by_school_and_by_program(self, as_role, term, school, by):
        gone = poor(term, school)
        propose(term, by)
        Enrollment.objects.filter(pk=gone.pk).update(state="left")
        poor(term, school)
        client = as_role("auditor")

        for tab, of in [("schools", school), ("programs", gone.awards.get().program)]:
            line = client.get(reverse("programs:gaps"), {"tab": tab}).context["page"].object_list[0]
            assert (line.of, line.missed, line.mistaken) == (of, 1, 1)

    def test_let_an_officer_answer_several_at_once(self, as_role, term, school):
        children = [poor(term, school), poor(term, school)]
        client = as_role("school", school=school)
        keys = {"ids": [f"{child.pk}:boarder-living" for child in children]}

        asked = client.post(reverse("programs:gap-answer"), keys)
        assert len(asked.context["rows"]) == 2
        wrong = client.post(reverse("programs:gap-answer"), {**keys, "sure": "1", "reason": "other"}, follow=True)
        assert "请写明具体情况" in wrong.content.decode()
        client.post(reverse("programs:gap-answer"), {**keys, "sure": "1", "reason": "declined"})

        assert GapAnswer.objects.filter(reason="declined", school=school, answered_by=client.user).count() == 2

    def test_let_nobody_answer_for_another_school(self, as_role, term, school):
        child = poor(term, school)

        as_role("school").post(
            reverse("programs:gap-answer"), {"ids": f"{child.pk}:boarder-living", "sure": "1", "reason": "declined"}
        )

        assert not GapAnswer.objects.exists()

    def test_let_the_county_answer_for_a_school_and_say_so(self, as_role, term, school):
        child = poor(term, school)
        client = as_role("preparer")
        key = {"one": f"{child.pk}:boarder-living"}

        asked = client.post(reverse("programs:gap-answer"), key)
        client.post(reverse("programs:gap-answer"), {**key, "sure": "1", "reason": "to-add"})
        shown = client.get(reverse("programs:gaps")).content.decode()

        assert "您在代学校答复" in asked.content.decode()
        assert GapAnswer.objects.get().school == school
        assert "代办" in shown
        assert "去重新提出" not in shown

    def test_tell_the_county_what_is_next_for_who_is_to_be_added(self, as_role, term, school, officer, by):
        poor(term, school)
        gap_answers.answer(missed(term), term=term, reason=GapReason.TO_ADD, words="", by=officer, at=NOW)
        gap_answers.accept(missed(term), term=term, by=by, at=NOW)

        shown = as_role("preparer").get(reverse("programs:gaps")).content.decode()

        assert "已认可补报、还没有资助的 1 条" in shown
        assert f'<a href="{reverse("programs:awards")}">去重新提出</a>' in shown
        assert "去重新提出" not in as_role("school", school=school).get(reverse("programs:gaps")).content.decode()

    def test_let_the_county_accept_and_send_back(self, as_role, term, school, officer):
        children = [poor(term, school), poor(term, school)]
        lines = missed(term)
        gap_answers.answer(lines, term=term, reason=GapReason.DECLINED, words="", by=officer, at=NOW)
        client = as_role("preparer")
        one, other = (f"{child.pk}:boarder-living" for child in children)

        client.post(reverse("programs:gap-accept"), {"one": one, "ids": [one, other]})
        asked = client.post(reverse("programs:gap-send-back"), {"ids": other})
        assert len(asked.context["rows"]) == 1
        client.post(reverse("programs:gap-send-back"), {"ids": other, "sure": "1", "words": "缺声明"})

        states = dict(GapAnswer.objects.values_list("student", "state"))
        assert states == {children[0].student_id: "accepted", children[1].student_id: "sent_back"}

    def test_are_taken_along_as_a_workbook_on_record(self, as_role, term, school):
        child = poor(term, school)
        poor(term, make.SchoolFactory())
        client = as_role("auditor")

        answer = client.get(reverse("programs:gaps-export"), {"q": school.name})

        rows = list(load_workbook(BytesIO(answer.content)).active.values)
        assert child.student.name in rows[3]
        assert len(rows) == 4
        assert Action.objects.get(verb="gaps.exported").details == {"list": "missed", "rows": 1}
        assert not any(str(child.student.id_number) in str(cell) for row in rows for cell in row)

    def test_say_both_figures_on_the_county_s_home_page(self, as_role, term, school, by):
        gone = poor(term, school)
        propose(term, by)
        Enrollment.objects.filter(pk=gone.pk).update(state="left")
        poor(term, school)
        client = as_role("auditor")

        assert reverse("programs:gap-figures") in client.get("/").content.decode()
        figures = client.get(reverse("programs:gap-figures")).context["gaps"]
        assert (figures.missed, figures.to_answer, figures.mistaken) == (1, 1, 1)

    def test_say_on_a_school_s_home_page_how_many_wait_for_an_answer(self, as_role, term, school):
        make.AwardListFactory(school=school, term=term)
        poor(term, school)

        page = as_role("school", school=school).get("/").content.decode()

        assert "应助未助 1 人次待答复。" in page

    @pytest.mark.parametrize("tab", ["mistaken", "schools", "programs"])
    def test_cost_as_many_queries_for_twenty_lines_as_for_two(self, as_role, term, by, tab):
        client = as_role("auditor")
        url = reverse("programs:gaps")

        def more(n):
            for _each in range(n):
                poor(term, make.SchoolFactory(kind=SchoolKind.objects.get(pk="nine-year")))
            propose(term, by)
            Enrollment.objects.filter(awards__isnull=False).update(state="left")

        more(2)
        client.get(url, {"tab": tab})
        with CaptureQueriesContext(connection) as few:
            client.get(url, {"tab": tab})
        more(18)
        with CaptureQueriesContext(connection) as many:
            client.get(url, {"tab": tab})

        assert len(many) == len(few)
