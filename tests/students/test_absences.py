"""Children nobody can find: who is looked for, what people find out, and what no run takes away from them."""

import html
import io
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document
from openpyxl import load_workbook

from accounts.models import Action
from common.moves import WrongState
from jobs.documents import Brought
from students import absence_figures, absence_letters, absence_outcomes, absences, decisions
from students.absences import Expectation, Standing
from students.choices import AbsenceState, MatchState, Outcome
from students.models import Absence, AbsenceStep, Crosscheck, Hardship, Match, OutsideLetter
from tests import factories as make
from tests.factories import NOW, resident_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    return make.UserFactory(name="周敏")


@pytest.fixture
def run():
    return make.CrosscheckFactory(snapshots=[make.RegisterSnapshotFactory()])


@pytest.fixture
def snapshot(run):
    return run.snapshots.get()


def listed(snapshot, *, age=8, **facts):
    """Somebody on the list who is that old on 1 September 2021."""
    return make.RegisterPersonFactory(snapshot=snapshot, **{"born_on": date(2021 - age, 3, 4), **facts})


def another_run(run, *snapshots):
    run.state = "superseded"
    run.save()
    return make.CrosscheckFactory(term=run.term, snapshots=snapshots or list(run.snapshots.all()))


def standing(absence):
    return absences.looked_at(Absence.objects.all(), absence.term).get(pk=absence.pk).standing


class TestRenew:
    def test_looks_for_listed_children_of_school_age_whom_no_match_holds(self, run, snapshot):
        missing = listed(snapshot)
        for age in (2, 18, 40):
            listed(snapshot, age=age)
        make.MatchFactory(crosscheck=run, person=listed(snapshot))

        assert absences.renew(run) == 1

        absence = Absence.objects.get()
        assert (absence.person, absence.key, absence.state) == (missing, missing.id_number_index, "open")

    @pytest.mark.parametrize(
        ("born_on", "expected"),
        [
            (date(2018, 8, 31), Expectation.KINDERGARTEN),
            (date(2015, 9, 1), Expectation.KINDERGARTEN),
            (date(2015, 8, 31), Expectation.COMPULSORY),
            (date(2006, 9, 1), Expectation.COMPULSORY),
            (date(2006, 8, 31), Expectation.SENIOR),
            (date(2003, 9, 1), Expectation.SENIOR),
        ],
    )
    def test_knows_what_is_expected_at_each_age(self, run, snapshot, born_on, expected):
        listed(snapshot, born_on=born_on)
        absences.renew(run)

        absence = absences.looked_at(Absence.objects.all(), run.term).get()

        assert absence.expectation == expected
        assert absences.expectation_at(absences.age_of(absence)) == expected

    def test_counts_a_child_in_several_lists_once(self, run, snapshot):
        other = make.RegisterSnapshotFactory(source__code="low-income", as_of=snapshot.as_of + timedelta(days=1))
        run.snapshots.add(other)
        number = resident_id(7, born_on=date(2013, 3, 4))
        listed(snapshot, id_number=number, name="张小明")
        newer = listed(other, id_number=number, name="张小明", household_no="另一户")

        assert absences.renew(run) == 1
        assert Absence.objects.get().person == newer

    def test_a_match_of_one_list_finds_the_child_in_all(self, run, snapshot):
        other = make.RegisterSnapshotFactory(source__code="low-income")
        run.snapshots.add(other)
        number = resident_id(7, born_on=date(2013, 3, 4))
        listed(other, id_number=number, name="张小明")
        make.MatchFactory(crosscheck=run, person=listed(snapshot, id_number=number, name="张小明"))

        assert absences.renew(run) == 0

    def test_two_children_under_one_number_are_two(self, run, snapshot):
        number = resident_id(7, born_on=date(2013, 3, 4))
        for name in ("张小明", "张小亮"):
            listed(snapshot, id_number=number, name=name)

        assert absences.renew(run) == 2

    def test_a_child_under_its_fathers_number_is_not_taken_for_a_grown_up(self, run, snapshot):
        number = resident_id(7, born_on=date(1985, 3, 4))
        listed(snapshot, id_number=number, born_on=date(1985, 3, 4), name="张大山", relation="户主")
        child = listed(snapshot, id_number=number, born_on=date(1985, 3, 4), name="张小明", relation="之子")

        absences.renew(run)

        assert Absence.objects.get().person == child
        assert absences.looked_at(Absence.objects.all(), run.term).get().expectation == Expectation.UNKNOWN

    def test_a_child_without_a_number_is_looked_for_though_nobody_knows_its_age(self, run, snapshot):
        for relation in ("之孙女", "儿媳", "户主"):
            listed(snapshot, born_on=None, id_number="", relation=relation)

        absences.renew(run)

        assert Absence.objects.get().person.relation == "之孙女"

    def test_a_child_who_left_its_school_is_looked_for_again(self, run, snapshot):
        match = make.MatchFactory(crosscheck=run, person=listed(snapshot), enrollment__state="left")

        absences.renew(run)

        assert Absence.objects.get().person == match.person

    def test_keeps_every_word_of_people(self, run, snapshot, county):
        listed(snapshot, household_no="甲", id_number=resident_id(7, born_on=date(2013, 3, 4)), name="张小明")
        absences.renew(run)
        absence = Absence.objects.get()
        absence_outcomes.note(absence, words="打电话问过村干部", by=county, at=NOW)
        absence_outcomes.settle(absence, outcome=Outcome.ILL, words="重度残疾，在家", by=county, at=NOW)
        newer = make.RegisterSnapshotFactory(source=snapshot.source, as_of=snapshot.as_of + timedelta(days=30))
        person = listed(newer, household_no="甲", id_number=absence.person.id_number, name="张小明")

        assert absences.renew(another_run(run, newer)) == 0

        absence.refresh_from_db()
        assert (absence.outcome, absence.words, absence.decided_by) == ("ill", "重度残疾，在家", county)
        assert absence.person == person
        assert standing(absence) == Standing.SETTLED

    def test_twice_is_as_good_as_once(self, run, snapshot):
        listed(snapshot)

        assert (absences.renew(run), absences.renew(run)) == (1, 0)


class TestStanding:
    @pytest.fixture
    def absence(self, run, snapshot):
        listed(snapshot)
        absences.renew(run)
        return Absence.objects.get()

    def test_is_set_apart_while_a_suspicion_waits(self, run, absence):
        match = make.MatchFactory(suspected=True, crosscheck=run, person=absence.person)
        assert standing(absence) == Standing.SUSPECTED

        decisions.decide(match, is_same=False, by=match.crosscheck.made_by, at=NOW, note="核实")
        assert standing(absence) == Standing.OPEN

    def test_leaves_the_list_at_once_when_the_desk_confirms_and_comes_back_when_it_is_undone(
        self, run, absence, county
    ):
        match = make.MatchFactory(suspected=True, crosscheck=run, person=absence.person)

        decisions.decide(match, is_same=True, by=county, at=NOW, note="核实")
        assert standing(absence) == Standing.FOUND

        decisions.undo(match, by=county, at=NOW)
        assert standing(absence) == Standing.SUSPECTED

    def test_is_gone_when_no_list_of_the_run_names_the_child(self, run, absence):
        another_run(run, make.RegisterSnapshotFactory())

        assert standing(absence) == Standing.GONE
        assert absences.alarm(run.term) == 0


class TestOutcome:
    @pytest.fixture
    def absence(self, run, snapshot):
        return self.of_age(run, snapshot, 8)

    def of_age(self, run, snapshot, age):
        person = listed(snapshot, age=age)
        absences.renew(run)
        return Absence.objects.select_related("term", "person").get(person=person)

    def test_settles_the_case_with_who_said_it(self, absence, county):
        absence_outcomes.settle(absence, outcome=Outcome.ILL, words="长期住院", by=county, at=NOW)

        assert (absence.state, absence.outcome, absence.decided_by) == (AbsenceState.SETTLED, "ill", county)
        assert Action.objects.get().details == {"outcome": "ill"}

    def test_a_drop_out_stays_open_and_red(self, absence, county):
        absence_outcomes.settle(absence, outcome=Outcome.DROPPED_OUT, words="随父母打工，不愿返校", by=county, at=NOW)

        assert absence.state == AbsenceState.OPEN
        assert standing(absence) == Standing.DROPPED_OUT
        assert absences.alarm(absence.term) == 1

    def test_needs_words_where_the_age_does_not_say_it(self, run, snapshot, absence, county):
        with pytest.raises(absence_outcomes.WordsMissing):
            absence_outcomes.settle(absence, outcome=Outcome.OUTSIDE, words=" ", by=county, at=NOW)

        little = self.of_age(run, snapshot, 4)
        absence_outcomes.settle(little, outcome=Outcome.KINDERGARTEN, words="", by=county, at=NOW)
        assert little.state == AbsenceState.SETTLED

    @pytest.mark.parametrize(
        ("age", "outcome"),
        [(8, Outcome.KINDERGARTEN), (7, Outcome.TOO_YOUNG), (4, Outcome.DROPPED_OUT), (5, Outcome.FINISHED)],
    )
    def test_is_refused_where_the_age_speaks_against_it(self, run, snapshot, county, age, outcome):
        with pytest.raises(absence_outcomes.NotAtThisAge):
            absence_outcomes.settle(self.of_age(run, snapshot, age), outcome=outcome, words="说明", by=county, at=NOW)

    def test_at_six_a_child_may_enter_a_year_later_with_a_reason(self, run, snapshot, county):
        absence = self.of_age(run, snapshot, 6)
        with pytest.raises(absence_outcomes.WordsMissing):
            absence_outcomes.settle(absence, outcome=Outcome.TOO_YOUNG, words="", by=county, at=NOW)

        absence_outcomes.settle(absence, outcome=Outcome.TOO_YOUNG, words="乡政府批准缓学一年", by=county, at=NOW)

    def test_of_two_people_one_is_first(self, absence, county):
        stale = Absence.objects.select_related("term", "person").get()
        absence_outcomes.settle(absence, outcome=Outcome.ILL, words="住院", by=county, at=NOW)

        with pytest.raises(WrongState):
            absence_outcomes.settle(stale, outcome=Outcome.OUTSIDE, words="外地", by=county, at=NOW)

    def test_can_be_undone_and_stays_readable(self, absence, county):
        absence_outcomes.settle(absence, outcome=Outcome.ILL, words="住院", by=county, at=NOW)

        absence_outcomes.undo(absence, by=county, at=NOW)

        assert (absence.state, absence.outcome, absence.decided_by) == ("open", "", None)
        assert AbsenceStep.objects.get().words == "撤销结论：因病、因残暂不能入学。住院"
        with pytest.raises(WrongState):
            absence_outcomes.undo(absence, by=county, at=NOW)


class TestSeveralAtOnce:
    def of_ages(self, run, snapshot, *ages):
        people = [listed(snapshot, age=age) for age in ages]
        absences.renew(run)
        rows = Absence.objects.select_related("term", "person")
        return [rows.get(person=person) for person in people]

    def settle(self, county, outcome, words=""):
        rows, term = Absence.objects.all(), make.TermFactory()
        return absence_outcomes.settle_several(rows, term, outcome=outcome, words=words, by=county, at=NOW)

    def test_are_settled_alike_where_the_age_says_it_and_signed(self, run, snapshot, county):
        little, six, old = self.of_ages(run, snapshot, 4, 6, 9)

        assert self.settle(county, Outcome.KINDERGARTEN) == (1, 2)

        for row in (little, six, old):
            row.refresh_from_db()
        assert (little.state, little.outcome, little.decided_by) == ("settled", "kindergarten", county)
        assert (six.state, six.outcome, old.state, old.outcome) == ("open", "", "open", "")
        assert Action.objects.get().details == {"children": 1, "outcome": "kindergarten"}

    def test_need_words_as_soon_as_one_of_them_does(self, run, snapshot, county):
        self.of_ages(run, snapshot, 4, 6)

        with pytest.raises(absence_outcomes.WordsMissing):
            self.settle(county, Outcome.TOO_YOUNG)
        assert self.settle(county, Outcome.TOO_YOUNG, "乡政府批准缓学一年") == (2, 0)

    @pytest.mark.parametrize("outcome", [Outcome.DROPPED_OUT, Outcome.OTHER_RECORD])
    def test_are_not_said_to_have_dropped_out_or_to_be_somebody(self, run, snapshot, county, outcome):
        self.of_ages(run, snapshot, 9)

        with pytest.raises(absence_outcomes.OneByOne):
            self.settle(county, outcome, "村干部说的")

    def test_leave_alone_what_somebody_said_before(self, run, snapshot, county):
        ill, other = self.of_ages(run, snapshot, 9, 9)
        absence_outcomes.settle(ill, outcome=Outcome.ILL, words="住院", by=make.UserFactory(), at=NOW)

        assert self.settle(county, Outcome.OUTSIDE, "随父母在外省") == (1, 1)

        ill.refresh_from_db()
        other.refresh_from_db()
        assert (ill.outcome, ill.words, other.outcome) == ("ill", "住院", "outside")

    def test_cost_no_more_queries_for_twenty(self, run, snapshot, county):
        costs = []
        for ages in ([4], [4] * 20):
            self.of_ages(run, snapshot, *ages)
            with CaptureQueriesContext(connection) as queries:
                assert self.settle(county, Outcome.KINDERGARTEN)[0] == len(ages)
            costs.append(len(queries))

        assert costs[0] == costs[1]


class TestOtherRecord:
    @pytest.fixture
    def absence(self, run, snapshot):
        listed(snapshot, name="张小明")
        absences.renew(run)
        return Absence.objects.select_related("term", "person").get()

    @pytest.fixture
    def enrollment(self):
        return make.EnrollmentFactory(student__name="王小明", student__id_number="")

    def test_joins_the_two_and_the_fact_follows(self, absence, enrollment, county):
        absence_outcomes.is_the_same(absence, enrollment, words="随母改姓，看过户口簿", by=county, at=NOW)

        assert absence.outcome == Outcome.OTHER_RECORD
        assert Match.objects.get().state == MatchState.CONFIRMED
        assert Hardship.objects.get().student == enrollment.student
        assert standing(absence) == Standing.FOUND

    def test_is_remembered_by_the_next_run(self, run, absence, enrollment, county):
        absence_outcomes.is_the_same(absence, enrollment, words="随母改姓", by=county, at=NOW)
        following = another_run(run)

        assert absences.renew(following) == 0

        match = following.matches.get()
        assert (match.state, match.enrollment, match.decided_by) == (MatchState.CONFIRMED, enrollment, county)
        assert standing(absence) == Standing.FOUND

    def test_comes_back_when_the_desk_takes_the_pair_back(self, absence, enrollment, county):
        absence_outcomes.is_the_same(absence, enrollment, words="随母改姓", by=county, at=NOW)
        decisions.undo(Match.objects.get(), by=county, at=NOW)

        assert standing(absence) == Standing.OPEN

    def test_undone_takes_the_pair_back(self, absence, enrollment, county):
        absence_outcomes.is_the_same(absence, enrollment, words="随母改姓", by=county, at=NOW)

        absence_outcomes.undo(absence, by=county, at=NOW)

        assert Match.objects.get().state == MatchState.SUSPECTED
        assert not Hardship.objects.exists()


class TestNextTerm:
    @pytest.fixture
    def spring(self):
        return make.TermFactory(code="2021S")

    def before(self, spring, person, **facts):
        return make.AbsenceFactory(
            term=spring,
            person=person,
            key=person.id_number_index,
            decided_by=make.UserFactory(),
            decided_at=NOW,
            **facts,
        )

    def test_proposes_what_the_last_term_found_out(self, run, snapshot, spring, county):
        outside, young = listed(snapshot, age=9), listed(snapshot, age=7)
        self.before(spring, outside, state="settled", outcome="outside", words="在外省就读")
        self.before(spring, young, state="settled", outcome="too-young")
        absences.renew(run)
        rows = Absence.objects.filter(term=run.term)

        proposed = absence_outcomes.proposals(rows.select_related("term", "person"), run.term)
        assert list(proposed) == [outside.id_number_index]

        assert absence_outcomes.take_over(rows, run.term, by=county, at=NOW) == 1
        taken = rows.get(person=outside)
        assert (taken.state, taken.outcome, taken.words, taken.decided_by) == (
            "settled",
            "outside",
            "在外省就读",
            county,
        )
        assert rows.get(person=young).state == "open"
        assert absence_outcomes.take_over(rows, run.term, by=county, at=NOW) == 0

    def test_a_drop_out_goes_along_whether_a_list_names_it_or_not(self, run, snapshot, spring):
        still_listed = listed(snapshot, age=12)
        no_longer = listed(make.RegisterSnapshotFactory(), age=15)
        for person in (still_listed, no_longer):
            self.before(spring, person, outcome="dropped-out", words="打工")

        absences.renew(run)

        rows = Absence.objects.filter(term=run.term)
        assert {row.outcome for row in rows} == {"dropped-out"}
        assert absences.alarm(run.term) == 2

    def test_a_drop_out_who_is_back_in_school_does_not(self, run, snapshot, spring):
        person = listed(snapshot, age=12)
        self.before(spring, person, outcome="dropped-out", words="打工")
        make.MatchFactory(crosscheck=run, person=person)

        assert absences.renew(run) == 0


class TestLetters:
    @pytest.fixture
    def absence(self, run, snapshot):
        listed(snapshot)
        absences.renew(run)
        return Absence.objects.select_related("term", "person").get()

    def make_one(self, absence, by, **place):
        place = {"school_name": "外县第一小学", "school_place": "外省外县", **place}
        return absence_letters.make([absence], by=by, at=NOW, **place)

    def test_have_running_numbers_of_the_year_and_settle_the_child_as_outside(self, absence, county):
        make.OutsideLetterFactory(number="〔2021〕0041号")

        letter, *_rest = self.make_one(absence, county)

        absence.refresh_from_db()
        assert letter.number == "〔2021〕0042号"
        assert (absence.state, absence.outcome) == ("settled", "outside")
        assert absence.words == "在外省外县外县第一小学就读，已制函核实。"

    def test_count_on_behind_ten_thousand_and_behind_another_prefix(self, absence, county, settings):
        make.OutsideLetterFactory(number="旧字〔2021〕9999号")
        settings.LETTER_PREFIX = "示教助函"

        letter, *_rest = self.make_one(absence, county)

        assert letter.number == "示教助函〔2021〕10000号"

    def test_are_made_once_until_the_first_went_out(self, absence, county):
        letters = self.make_one(absence, county)
        with pytest.raises(absence_letters.NobodyToAskFor):
            self.make_one(absence, county)

        absence_letters.send(letters, on=NOW.date(), by=county, at=NOW)
        assert len(self.make_one(absence, county)) == 1

    def test_the_receipt_says_what_the_child_gets_there(self, absence, county):
        letters = self.make_one(absence, county)
        answer = {"is_there": True, "receives": "寄宿生生活补助", "amount_fen": 62_500, "scan": None}
        with pytest.raises(absence_letters.NotSent):
            absence_letters.receive(letters[0], on=NOW.date(), by=county, at=NOW, **answer)
        absence_letters.send(letters, on=NOW.date(), by=county, at=NOW)

        letter = OutsideLetter.objects.select_related("absence").get()
        with pytest.raises(absence_letters.DayOutOfOrder):
            absence_letters.receive(letter, on=NOW.date() + timedelta(days=1), by=county, at=NOW, **answer)
        absence_letters.receive(letter, on=NOW.date(), by=county, at=NOW, **answer)

        assert (letter.receives, letter.amount_fen) == ("寄宿生生活补助", 62_500)

    def test_a_child_whom_the_other_school_does_not_have_is_looked_for_again(self, absence, county):
        absence_letters.send(self.make_one(absence, county), on=NOW.date(), by=county, at=NOW)
        letter = OutsideLetter.objects.select_related("absence").get()

        absence_letters.receive(
            letter, on=NOW.date(), is_there=False, receives="", amount_fen=None, scan=None, by=county, at=NOW
        )

        absence.refresh_from_db()
        assert (absence.state, letter.receives) == ("open", "该校没有这名学生")

    def test_the_scan_is_kept_if_it_is_one(self, absence, county):
        absence_letters.send(self.make_one(absence, county), on=NOW.date(), by=county, at=NOW)
        letter = OutsideLetter.objects.select_related("absence").get()
        answer = {"on": NOW.date(), "is_there": True, "receives": "", "amount_fen": None, "by": county, "at": NOW}

        with pytest.raises(absence_letters.NotAScan):
            absence_letters.receive(letter, scan=Brought(b"MZ\x90", "a.pdf"), **answer)
        absence_letters.receive(letter, scan=Brought(b"%PDF-1.7 scan", "回执.pdf"), **answer)

        assert (letter.receipt_file.name, letter.receipt_file.kind) == ("回执.pdf", "receipt")


class TestWithdrawnLetter:
    @pytest.fixture
    def absence(self, run, snapshot):
        listed(snapshot, name="张小明")
        absences.renew(run)
        return Absence.objects.select_related("term", "person").get()

    def make_one(self, absence, by, *, at=NOW, **place):
        place = {"school_name": "外县第一小学", "school_place": "外省外县", **place}
        [letter] = absence_letters.make([absence], by=by, at=at, **place)
        absence.refresh_from_db()
        return letter

    def withdraw(self, letter, by, reason="学校写错"):
        letter = OutsideLetter.objects.select_related("absence").get(pk=letter.pk)
        absence_letters.withdraw(letter, reason=reason, by=by, at=NOW + timedelta(hours=1))
        letter.absence.refresh_from_db()
        return letter

    def test_keeps_its_number_which_no_other_gets(self, absence, county):
        letter = self.withdraw(self.make_one(absence, county), county)

        following = self.make_one(absence, county)

        assert (letter.number[-5:], following.number[-5:]) == ("0001号", "0002号")
        assert (letter.withdrawn_by, letter.withdrawn_reason) == (county, "学校写错")
        assert Action.objects.get(verb="letter.withdrawn").details == {"reason": "学校写错"}

    def test_gives_the_case_back_as_it_was(self, absence, county):
        letter = self.withdraw(self.make_one(absence, county), county)

        assert (letter.absence.state, letter.absence.outcome, letter.absence.decided_by) == ("open", "", None)
        assert AbsenceStep.objects.get().words == f"{letter.number}函作废，恢复制函前的状态。学校写错"
        assert absences.alarm(absence.term) == 1

    def test_gives_a_drop_out_back_with_who_said_it(self, absence, county):
        before = make.UserFactory()
        absence_outcomes.settle(absence, outcome=Outcome.DROPPED_OUT, words="在外打工", by=before, at=NOW)

        letter = self.withdraw(self.make_one(absence, county, at=NOW + timedelta(minutes=5)), county)

        found = letter.absence
        assert (found.state, found.outcome, found.words) == ("open", "dropped-out", "在外打工")
        assert (found.decided_by, found.decided_at) == (before, NOW)

    def test_leaves_the_outcome_as_long_as_another_letter_stands(self, absence, county):
        first = self.make_one(absence, county)
        second = self.make_one(absence, county, at=NOW + timedelta(minutes=5), school_name="外县第二小学")

        assert self.withdraw(first, county).absence.outcome == "outside"
        assert self.withdraw(second, county).absence.outcome == ""

    def test_leaves_what_was_said_before_the_letter_or_after_it(self, absence, county):
        absence_outcomes.settle(absence, outcome=Outcome.OUTSIDE, words="户主电话", by=county, at=NOW)
        letter = self.withdraw(self.make_one(absence, county, at=NOW + timedelta(minutes=5)), county)
        assert (letter.absence.outcome, letter.absence.words) == ("outside", "户主电话")

        absence_outcomes.undo(letter.absence, by=county, at=NOW)
        again = self.make_one(letter.absence, county, at=NOW + timedelta(minutes=6))
        absence_outcomes.undo(letter.absence, by=county, at=NOW)
        absence_outcomes.settle(letter.absence, outcome=Outcome.ILL, words="住院", by=county, at=NOW)
        assert self.withdraw(again, county).absence.outcome == "ill"

    def test_is_refused_without_a_reason_twice_and_after_the_receipt(self, absence, county):
        letter = self.make_one(absence, county)
        with pytest.raises(absence_letters.ReasonMissing):
            self.withdraw(letter, county, reason=" ")
        absence_letters.send([letter], on=NOW.date(), by=county, at=NOW)
        answered = self.make_one(absence, county)
        absence_letters.send([answered], on=NOW.date(), by=county, at=NOW)
        answered.refresh_from_db()
        said = {"on": NOW.date(), "is_there": True, "receives": "", "amount_fen": None, "scan": None}
        absence_letters.receive(answered, **said, by=county, at=NOW)

        with pytest.raises(absence_letters.HasReceipt):
            self.withdraw(answered, county)
        self.withdraw(letter, county)
        with pytest.raises(absence_letters.Withdrawn):
            self.withdraw(letter, county)

    def test_is_sent_no_more_and_answered_no_more(self, absence, county):
        letter = self.make_one(absence, county)
        stale = OutsideLetter.objects.select_related("absence").get()
        self.withdraw(letter, county)

        assert absence_letters.send([stale], on=NOW.date(), by=county, at=NOW) == 0
        stale.sent_on = NOW.date()
        said = {"on": NOW.date(), "is_there": True, "receives": "", "amount_fen": None, "scan": None}
        with pytest.raises(absence_letters.Withdrawn):
            absence_letters.receive(stale, **said, by=county, at=NOW)

    def test_is_in_no_figure_but_in_its_own_tab(self, absence, county):
        self.withdraw(self.make_one(absence, county), county)

        counts = absence_letters.counts(OutsideLetter.objects.all())

        assert counts == {"made": 0, "sent": 0, "back": 0, "withdrawn": 1}
        assert absence_figures.letters() == []


class TestFigures:
    def test_add_up_to_every_row_of_the_term(self, run, snapshot, county):
        for age in (4, 8, 8, 9, 16):
            listed(snapshot, age=age)
        absences.renew(run)
        rows = list(Absence.objects.select_related("term", "person").order_by("person"))
        absence_outcomes.settle(rows[1], outcome=Outcome.ILL, words="住院", by=county, at=NOW)
        absence_outcomes.settle(rows[2], outcome=Outcome.DROPPED_OUT, words="打工", by=county, at=NOW)
        make.MatchFactory(suspected=True, crosscheck=run, person=rows[4].person)

        figures = absence_figures.of(run.term)

        assert (figures.whole.total, figures.whole.open, figures.whole.suspected) == (4, 2, 1)
        assert (figures.whole.outcomes["ill"], figures.whole.outcomes["dropped-out"]) == (1, 1)
        assert {row.code: row.total for row in figures.rows} == {"compulsory": 3, "kindergarten": 1, "senior": 0}
        assert sum(figures.by_standing.values()) == 5
        assert figures.alarm == absences.alarm(run.term) == 2

    def test_the_alarm_costs_one_query(self, run, snapshot, django_assert_num_queries):
        listed(snapshot)
        absences.renew(run)

        with django_assert_num_queries(1):
            assert absences.alarm(run.term) == 1

    def test_letters_of_a_year_are_counted_with_those_for_children_of_compulsory_age(self, county):
        spring, autumn = make.TermFactory(code="2021S"), make.TermFactory()
        of_age = {"absence__person__born_on": date(2012, 3, 4)}
        make.OutsideLetterFactory(absence__term=spring, sent_on=date(2021, 4, 1), receipt_on=date(2021, 5, 1), **of_age)
        make.OutsideLetterFactory(absence__term=autumn, **of_age)
        make.OutsideLetterFactory(absence__term=autumn, absence__person__born_on=date(2017, 3, 4))
        make.OutsideLetterFactory(
            absence__term=autumn, withdrawn_at=make.NOW, withdrawn_by=county, withdrawn_reason="错制", **of_age
        )

        assert absence_figures.letters_of([spring, autumn]) == (3, 2, 1)
        assert absence_figures.letters_of([autumn]) == (2, 1, 0)

    def test_letters_and_receipts_are_counted_by_term_and_year(self, county):
        spring = make.TermFactory(code="2021S")
        make.OutsideLetterFactory(absence__term=spring, sent_on=date(2021, 4, 1), receipt_on=date(2021, 5, 1))
        make.OutsideLetterFactory(sent_on=date(2021, 10, 8))
        make.OutsideLetterFactory()

        lines = [(line.name, line.made, line.sent, line.back) for line in absence_figures.letters()]

        assert lines == [
            ("2021年度", 3, 2, 1),
            ("2021年秋季学期", 2, 1, 0),
            ("2021年春季学期", 1, 1, 1),
        ]


def test_no_run_no_search():
    term = make.TermFactory()

    assert absences.alarm(term) == 0
    assert not Crosscheck.objects.exists()


class TestPages:
    """Doors, query counts and parts are tested for all pages together (tests/harness)."""

    @pytest.fixture
    def absence(self, run, snapshot):
        listed(snapshot, name="张小明", phone="13900001234", household_no="H1", head_name="张大山")
        absences.renew(run)
        return Absence.objects.select_related("person").get()

    def address(self, name, *args):
        return reverse(f"students:{name}", args=args)

    def test_shows_the_household_and_where_its_members_are_found(self, as_role, run, snapshot, absence):
        sister = make.MatchFactory(crosscheck=run, person=listed(snapshot, name="张小红", household_no="H1"))

        shown = as_role("preparer").get(absence.get_absolute_url()).content.decode()

        assert "张小红" in shown
        assert sister.enrollment.school.name in shown

    def test_shows_the_last_school_of_former_terms(self, as_role, absence):
        before = make.EnrollmentFactory(
            term=make.TermFactory(code="2021S"), student__id_number=absence.person.id_number, school__name="老街小学"
        )
        assert before.student.key == absence.key

        assert "老街小学" in as_role("auditor").get(absence.get_absolute_url()).content.decode()

    def test_keeps_numbers_masked_until_somebody_says_what_for(self, as_role, absence):
        client = as_role("preparer")
        number, phone = absence.person.id_number, absence.person.phone
        for address in (absence.get_absolute_url(), self.address("absences")):
            shown = client.get(address).content.decode()
            assert number not in shown
            assert phone not in shown

        whole = client.post(self.address("absence-reveal", absence.pk), {"purpose": "comparison"}).content.decode()

        assert number in whole
        assert phone in whole
        assert Action.objects.get(verb="absence.id-revealed").details == {"purpose": "comparison"}

    def test_says_what_is_missing_beside_what_was_typed(self, as_role, absence):
        shown = as_role("preparer").post(
            self.address("absence-settle", absence.pk), {"outcome-outcome": "outside", "outcome-words": ""}
        )

        assert "请写明是怎样查明的" in shown.content.decode()
        assert shown.context["outcome_form"].data["outcome-outcome"] == "outside"

    def test_finds_the_child_under_another_name_and_joins_the_two(self, as_role, absence):
        enrollment = make.EnrollmentFactory(student__name="王小明", student__id_number="")
        client = as_role("preparer")

        found = client.post(self.address("absence-find", absence.pk), {"find-name": "王小明"})
        assert enrollment.school.name in found.content.decode()
        client.post(
            self.address("absence-same", absence.pk),
            {"same-enrollment": enrollment.pk, "same-words": "随母改姓，看过户口簿"},
        )

        assert Match.objects.get().enrollment == enrollment
        assert Hardship.objects.get().student == enrollment.student

    def test_takes_last_terms_outcomes_over_for_all_at_once(self, as_role, absence):
        make.AbsenceFactory(
            term=make.TermFactory(code="2021S"),
            person=absence.person,
            key=absence.key,
            state="settled",
            outcome="outside",
            words="在外省",
            decided_by=make.UserFactory(),
            decided_at=NOW,
        )
        client = as_role("preparer")
        assert "上学期：" in client.get(self.address("absences")).content.decode()

        client.post(self.address("absence-take-over"), {"all": "1"})

        absence.refresh_from_db()
        assert (absence.outcome, absence.decided_by) == ("outside", client.user)

    def test_makes_letters_for_several_children_to_one_place(self, as_role, run, snapshot, absence):
        listed(snapshot, name="李小红")
        absences.renew(run)
        client = as_role("preparer")
        keys = ",".join(str(pk) for pk in Absence.objects.values_list("pk", flat=True))

        asked = client.post(self.address("letter-create"), {"absences": keys})
        assert "制函 2 份" in asked.content.decode()
        place = {"school_name": "外县第一小学", "school_place": "外省外县"}
        client.post(self.address("letter-create"), {"absences": keys, "sure": "1", **place})

        letters = OutsideLetter.objects.order_by("pk")
        assert [letter.number[-5:] for letter in letters] == ["0001号", "0002号"]
        wanted = {"letters": ",".join(str(letter.pk) for letter in letters)}
        sheets = client.get(self.address("letter-sheets"), wanted).content.decode()
        assert sheets.count('<article class="sheet letter"') == 2

    def test_the_letter_names_the_child_and_no_more_than_needed(self, as_role, absence):
        letter = make.OutsideLetterFactory(absence=absence)
        client = as_role("preparer")

        sheet = client.get(self.address("letter-sheets"), {"letters": letter.pk}).content.decode()
        file = client.get(self.address("letter-word"), {"letters": letter.pk})
        paper = Document(io.BytesIO(file.content))
        words = "\n".join(line.text for line in paper.paragraphs)

        for text in (sheet, words):
            assert "张小明" in text
            assert letter.number in text
            for kept in (absence.person.id_number, "张大山", "建档立卡", absence.person.village, "13900001234"):
                assert kept not in text
        assert paper.tables[0].cell(0, 1).text == "张小明"
        assert Action.objects.get(verb="letters.taken").details == {"letters": [letter.pk]}

    def test_is_taken_along_as_a_workbook_with_masked_numbers_on_record(self, as_role, absence):
        answer = as_role("auditor").get(self.address("absences-export"))

        cells = [cell for row in load_workbook(io.BytesIO(answer.content)).active.values for cell in row]
        assert "张小明" in cells
        assert absence.person.masked_id in cells
        assert absence.person.id_number not in cells
        assert Action.objects.get(verb="absences.exported").details == {"children": 1, "standing": "open"}

    def test_the_figures_are_taken_along_too(self, as_role, absence):
        make.OutsideLetterFactory(sent_on=date(2021, 10, 8))

        answer = as_role("preparer").get(self.address("absence-figures-export"))

        cells = [str(cell) for row in load_workbook(io.BytesIO(answer.content)).active.values for cell in row]
        assert any("失学告警 1 人" in cell for cell in cells)
        assert any("发出 1 份" in cell for cell in cells)

    def test_the_home_page_is_red_for_the_county_and_for_auditors(self, as_role, absence):
        for role in ("preparer", "approver", "auditor"):
            assert "失学告警：1 人" in as_role(role).get("/").content.decode()
        assert "失学告警" not in as_role("school").get("/").content.decode()

    def test_whoever_reads_the_alarm_opens_all_whom_it_counts(self, as_role, run, snapshot, absence, county):
        dropped_out = listed(snapshot, age=16, name="李小亮")
        absences.renew(run)
        row = Absence.objects.select_related("term", "person").get(person=dropped_out)
        absence_outcomes.settle(row, outcome=Outcome.DROPPED_OUT, words="打工", by=county, at=NOW)
        client = as_role("auditor")

        home = client.get("/").content.decode()
        found = set()
        for address in re.findall(r'href="(/students/absences/\?[^"]+)"', home):
            found |= {line["absence"] for line in client.get(html.unescape(address)).context["lines"]}

        assert "失学告警：2 人" in home
        assert found == {absence, row}

    def test_records_one_outcome_for_the_ticked_children(self, as_role, run, snapshot, absence):
        listed(snapshot, age=4, name="李小红")
        absences.renew(run)
        client = as_role("preparer")
        keys = ",".join(str(pk) for pk in Absence.objects.values_list("pk", flat=True))

        asked = client.post(self.address("absences-settle"), {"absences": keys})
        assert "记录 2 人" in asked.content.decode()
        refused = client.post(self.address("absences-settle"), {"absences": keys, "sure": "1", "outcome": "outside"})
        assert "请写明是怎样查明的" in refused.content.decode()
        done = client.post(
            self.address("absences-settle"), {"absences": keys, "sure": "1", "outcome": "kindergarten"}, follow=True
        )

        assert "已记录 1 人。另有 1 人已有结论或年龄不符，没有改动。" in done.content.decode()
        assert list(Absence.objects.order_by("pk").values_list("outcome", flat=True)) == ["", "kindergarten"]

    def test_takes_an_outcome_back(self, as_role, absence, county):
        absence_outcomes.settle(absence, outcome=Outcome.ILL, words="住院", by=county, at=NOW)

        shown = as_role("approver").post(self.address("absence-undo", absence.pk), follow=True).content.decode()

        assert "已撤销结论，继续查找。" in shown
        assert "撤销结论：因病、因残暂不能入学。住院" in shown

    def test_withdraws_a_letter_with_its_reason(self, as_role, absence):
        letter, client = make.OutsideLetterFactory(absence=absence), as_role("preparer")
        assert self.address("letter-withdraw", letter.pk) in client.get(letter.get_absolute_url()).content.decode()

        client.post(self.address("letter-withdraw", letter.pk), {"reason": ""})
        assert OutsideLetter.objects.live().exists()
        client.post(self.address("letter-withdraw", letter.pk), {"reason": "学校写错"})

        for address in (letter.get_absolute_url(), absence.get_absolute_url(), self.address("letters")):
            shown = as_role("auditor").get(address).content.decode()
            assert "学校写错" in shown
            assert letter.number in shown
        assert "已作废" in as_role("auditor").get(self.address("absences")).content.decode()
        wanted = {"letters": letter.pk}
        assert letter.number not in client.get(self.address("letter-sheets"), wanted).content.decode()
        assert client.get(self.address("letter-word"), wanted).status_code == 302

    def test_whose_scan_is_opened_stands_in_the_log_and_auditors_open_none(self, as_role, absence):
        letter = make.OutsideLetterFactory(
            absence=absence,
            sent_on=NOW.date(),
            receipt_on=NOW.date(),
            receipt_file=make.StoredFileFactory(kind="receipt"),
        )

        assert "jobs/files" not in as_role("auditor").get(letter.get_absolute_url()).content.decode()
        assert as_role("auditor").get(reverse("jobs:file", args=[letter.receipt_file_id])).status_code == 404
