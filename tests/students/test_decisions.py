"""What a person says of two records: when it takes a reason, what follows, how it is taken back."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.models import Action
from common.moves import WrongState
from students import comparison, crosscheck_figures, decisions, questions
from students.choices import CrosscheckState, MatchState, WhenEntering
from students.models import Hardship, Match, MatchDecision
from tests.factories import (
    NOW,
    CrosscheckFactory,
    EnrollmentFactory,
    HardshipFactory,
    MatchDecisionFactory,
    MatchFactory,
    RegisterPersonFactory,
    RegisterSnapshotFactory,
    StudentFactory,
    TermFactory,
    UserFactory,
    resident_id,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
GOOD = ["id-one-off", "name-same", "guardian", "phone"]


@pytest.fixture
def officer():
    return UserFactory(name="周敏")


def suspicion(*, reasons=(), score=30, **facts):
    return MatchFactory(suspected=True, score=score, reasons=list(reasons), **facts)


def in_force():
    return Hardship.objects.in_force(TermFactory())


class TestAReason:
    @pytest.mark.parametrize(
        ("score", "reasons"),
        [(30, ["id-absent", "name-differs"]), (30, ["id-same", "sex-differs"]), (30, ["other-member"]), (9, GOOD)],
    )
    def test_is_asked_of_whoever_confirms_against_the_evidence(self, officer, score, reasons):
        match = suspicion(score=score, reasons=reasons)

        with pytest.raises(decisions.NoteMissing):
            decisions.decide(match, is_same=True, by=officer, at=NOW, note=" ")
        decisions.decide(match, is_same=True, by=officer, at=NOW, note="电话核实监护人")

        assert (match.state, match.note) == (MatchState.CONFIRMED, "电话核实监护人")

    @pytest.mark.parametrize("number", ["id-same", "id-core", "id-one-off"])
    def test_is_asked_of_whoever_rejects_a_pair_with_one_number_and_one_name(self, officer, number):
        match = suspicion(reasons=[number, "name-same"])

        with pytest.raises(decisions.NoteMissing):
            decisions.decide(match, is_same=False, by=officer, at=NOW)

    def test_is_not_needed_where_the_evidence_says_the_same(self, officer):
        same, other = suspicion(reasons=GOOD), suspicion(reasons=["id-absent", "name-same"])

        decisions.decide(same, is_same=True, by=officer, at=NOW)
        decisions.decide(other, is_same=False, by=officer, at=NOW)

        assert (same.state, other.state) == (MatchState.CONFIRMED, MatchState.REJECTED)


class TestAPerson:
    def test_is_one_child_only(self, officer):
        first = suspicion()
        second = suspicion(person=first.person, crosscheck=first.crosscheck)
        decisions.decide(first, is_same=True, by=officer, at=NOW)

        with pytest.raises(decisions.AnotherChild) as refusal:
            decisions.decide(second, is_same=True, by=officer, at=NOW)

        assert first.enrollment.student.name in str(refusal.value)
        second.refresh_from_db()
        assert second.state == MatchState.SUSPECTED
        assert in_force().count() == 1

    def test_is_said_once_of_a_child_in_two_schools_and_of_a_line_that_a_list_has_twice(self, officer):
        first = suspicion()
        same = {"suspected": True, "crosscheck": first.crosscheck, "score": 30}
        school = MatchFactory(
            **same, person=first.person, enrollment=EnrollmentFactory(student=first.enrollment.student)
        )
        line = RegisterPersonFactory(snapshot=first.person.snapshot, key=first.person.key)
        twice = MatchFactory(**same, person=line, enrollment=first.enrollment)

        decisions.decide(first, is_same=True, by=officer, at=NOW)
        assert set(Match.objects.values_list("state", flat=True)) == {MatchState.CONFIRMED}
        assert in_force().count() == 1
        assert MatchDecision.objects.count() == 1

        decisions.undo(twice, by=officer, at=NOW)
        assert set(Match.objects.values_list("state", flat=True)) == {MatchState.SUSPECTED}
        assert school.person == first.person

    def test_is_one_child_even_where_the_list_has_the_line_twice(self, officer):
        first = suspicion()
        person = first.person
        line = RegisterPersonFactory(snapshot=person.snapshot, household_no=person.household_no, key=person.key)
        second = suspicion(person=line, crosscheck=first.crosscheck)
        decisions.decide(first, is_same=True, by=officer, at=NOW)

        with pytest.raises(decisions.AnotherChild):
            decisions.decide(second, is_same=True, by=officer, at=NOW)

    def test_may_be_another_child_after_the_first_word_was_taken_back(self, officer):
        first = suspicion()
        second = suspicion(person=first.person, crosscheck=first.crosscheck)
        decisions.decide(first, is_same=True, by=officer, at=NOW)
        decisions.undo(first, by=officer, at=NOW)

        decisions.decide(second, is_same=True, by=officer, at=NOW)

        assert in_force().get().student == second.enrollment.student


class TestADecision:
    def test_makes_the_one_before_past_and_keeps_it(self, officer):
        match = suspicion()

        decisions.decide(match, is_same=True, by=officer, at=NOW, note="先看错了")
        decisions.decide(match, is_same=False, by=UserFactory(), at=LATER, note="户口簿不是同一人")

        assert list(MatchDecision.objects.order_by("pk").values_list("is_same", "is_current", "note")) == [
            (True, False, "先看错了"),
            (False, True, "户口簿不是同一人"),
        ]
        assert not in_force().exists()
        assert Hardship.objects.get().to_on == LATER.date()

    def test_leaves_a_fact_that_another_list_supports(self, officer):
        sure = MatchFactory()
        match = suspicion(enrollment=sure.enrollment, crosscheck=sure.crosscheck)
        decisions.decide(match, is_same=True, by=officer, at=NOW)

        decisions.decide(match, is_same=False, by=officer, at=LATER)

        assert in_force().get().match == sure

    def test_follows_the_rule_of_a_source_whose_list_came_late(self, officer):
        match = suspicion(person__snapshot__as_of=date(2021, 11, 15))
        source = match.person.snapshot.source
        source.when_entering = WhenEntering.NEXT_TERM
        source.save()
        RegisterSnapshotFactory(source=source, as_of=date(2021, 6, 30))

        decisions.decide(match, is_same=True, by=officer, at=NOW)

        assert not Hardship.objects.exists()

    def test_holds_from_the_beginning_where_an_earlier_list_named_the_person(self, officer):
        match = suspicion(person__snapshot__as_of=date(2021, 11, 15))
        before = RegisterSnapshotFactory(source=match.person.snapshot.source, as_of=date(2021, 6, 30))
        RegisterPersonFactory(snapshot=before, key=match.person.key)

        decisions.decide(match, is_same=True, by=officer, at=NOW)

        assert in_force().get().from_on == TermFactory().starts_on

    def test_leaves_a_fact_of_the_child_that_lasts_to_the_end_of_the_term_by_its_sources_rule(self, officer):
        left = MatchFactory(crosscheck__state=CrosscheckState.SUPERSEDED, person__snapshot__as_of=date(2021, 9, 1))
        fact = HardshipFactory(match=left, student=left.enrollment.student, category=left.person.category)
        match = suspicion(enrollment=left.enrollment, person__category=left.person.category)
        later = RegisterSnapshotFactory(source=left.person.snapshot.source, as_of=date(2021, 10, 9))
        match.crosscheck.snapshots.add(later)

        decisions.decide(match, is_same=False, by=officer, at=LATER, note="户口簿不是同一人")

        assert in_force().get() == fact

    def test_of_a_run_that_is_over_is_refused(self, officer):
        match = suspicion(crosscheck=CrosscheckFactory(state=CrosscheckState.SUPERSEDED))

        with pytest.raises(WrongState):
            decisions.decide(match, is_same=True, by=officer, at=NOW)

    def test_closes_what_the_school_was_asked(self, officer):
        match = suspicion()
        question = questions.ask(match, by=officer, at=NOW)

        decisions.decide(match, is_same=True, by=officer, at=LATER)

        question.refresh_from_db()
        assert question.withdrawn_at == LATER
        assert questions.waiting_for(question.school, question.term) == 0


class TestWhatConfirmedItself:
    @pytest.fixture
    def sure(self):
        match = MatchFactory(tier="near-digit", reasons=GOOD)
        HardshipFactory(match=match, to_on=match.crosscheck.term.ends_on)
        return match

    def test_can_be_found_wrong_with_a_reason(self, officer, sure):
        with pytest.raises(decisions.NoteMissing):
            decisions.decide(sure, is_same=False, by=officer, at=NOW)

        decisions.decide(sure, is_same=False, by=officer, at=NOW, note="户口簿是另一人")

        assert sure.state == MatchState.REJECTED
        assert not in_force().exists()

    def test_is_not_confirmed_once_more(self, officer, sure):
        with pytest.raises(WrongState):
            decisions.decide(sure, is_same=True, by=officer, at=NOW, note="看过")

    def test_offers_the_one_word_that_is_possible(self, as_role, sure):
        shown = as_role("preparer").get(sure.get_absolute_url()).content.decode()

        assert 'value="no"' in shown
        assert 'value="yes"' not in shown
        assert reverse("students:match-ask", args=[sure.pk]) not in shown

    def test_waits_for_a_person_once_that_word_is_taken_back(self, officer, sure):
        decisions.decide(sure, is_same=False, by=officer, at=NOW, note="户口簿是另一人")

        decisions.undo(sure, by=officer, at=NOW)

        assert sure.state == MatchState.SUSPECTED


class TestUndo:
    def test_puts_the_pair_back_and_leaves_no_fact_that_never_held(self, officer):
        match = suspicion()
        decisions.decide(match, is_same=True, by=officer, at=NOW)

        decisions.undo(match, by=UserFactory(approver=True), at=NOW)

        assert (match.state, match.decided_by, match.note) == (MatchState.SUSPECTED, None, "")
        assert not MatchDecision.objects.filter(is_current=True).exists()
        assert MatchDecision.objects.count() == 1
        assert not Hardship.objects.exists()
        assert Action.objects.filter(verb="match.undone").get().details == {"tier": match.tier, "was": "confirmed"}

    def test_ends_a_fact_that_held_for_some_days(self, officer):
        match = suspicion()
        decisions.decide(match, is_same=True, by=officer, at=NOW)

        decisions.undo(match, by=officer, at=LATER)

        assert Hardship.objects.get().to_on == LATER.date()

    @pytest.mark.parametrize("role", ["officer", "auditor"])
    def test_belongs_to_the_county(self, officer, role):
        match = suspicion()
        decisions.decide(match, is_same=True, by=officer, at=NOW)

        with pytest.raises(decisions.NotTheCounty):
            decisions.undo(match, by=UserFactory(**{role: True}), at=NOW)

    def test_needs_a_decision_in_the_run_in_force(self, officer):
        waiting = suspicion()
        over = MatchFactory(confirmed=True, crosscheck=CrosscheckFactory(state=CrosscheckState.SUPERSEDED))

        for match in (waiting, over):
            with pytest.raises(WrongState):
                decisions.undo(match, by=officer, at=NOW)

    def test_takes_the_own_last_word_first(self, officer):
        first, second, third = suspicion(), suspicion(), suspicion()
        for match in (first, second):
            decisions.decide(match, is_same=True, by=officer, at=NOW)
        decisions.decide(third, is_same=True, by=UserFactory(), at=NOW)
        assert decisions.last_of(first.crosscheck, officer) == second

        decisions.undo(second, by=officer, at=NOW)

        assert decisions.last_of(first.crosscheck, officer) == first


class TestTheSentence:
    def test_says_where_the_numbers_differ_and_what_speaks_beside_them(self):
        number = resident_id(7)
        slip = number[:13] + str((int(number[13]) + 1) % 10) + number[14:]
        match = suspicion(reasons=GOOD, enrollment__student__id_number=number, person__id_number=slip)

        assert crosscheck_figures.sentence(match) == (
            "证件号只差一处（第 14 位），姓名一致，监护人是同户成员，电话相同。"
        )

    def test_tells_swapped_digits_from_wrong_ones(self):
        number = resident_id(12)
        at = next(place for place in range(10, 16) if number[place] != number[place + 1])
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        match = suspicion(reasons=["id-one-off"], enrollment__student__id_number=swapped, person__id_number=number)

        assert crosscheck_figures.sentence(match) == f"证件号相邻两位对调（第 {at + 1}、{at + 2} 位）。"

    def test_names_the_character_that_differs(self):
        match = suspicion(
            reasons=["id-absent", "name-one-off"], enrollment__student__name="张小朋", person__name="张小明"
        )

        assert "姓名差一字（“朋”与“明”）" in crosscheck_figures.sentence(match)

    def test_does_without_words_for_a_code_that_it_does_not_know(self):
        assert crosscheck_figures.sentence(suspicion(reasons=["of-tomorrow"])) == "其他依据（of-tomorrow）。"


class TestTwoRecords:
    @pytest.mark.parametrize(
        ("child", "person", "places"),
        [
            ("12345678", "12345878", ([5], [5])),
            ("12345678", "12354678", ([3, 4], [3, 4])),
            ("1234567", "12345678", ([], [7])),
            ("12345678", "1235678", ([3], [])),
        ],
    )
    def test_differ_at_the_places_where_a_hand_slipped(self, child, person, places):
        assert comparison.slips(child, person) == places

    @pytest.mark.parametrize("may_reveal", [True, False])
    def test_show_the_place_of_a_slip_to_everybody_and_its_digit_to_some(self, may_reveal):
        number = resident_id(7)
        slip = number[:9] + str((int(number[9]) + 1) % 10) + number[10:]
        match = suspicion(enrollment__student__id_number=number, person__id_number=slip)

        line = comparison.lines(match, may_reveal=may_reveal)[1]

        assert line.note == "第 10 位不同"
        assert [piece.text for piece in line.child if piece.differs] == [number[9] if may_reveal else "*"]

    def test_agree_where_one_is_the_old_number_of_the_other(self):
        number = resident_id(7)
        match = suspicion(enrollment__student__id_number=number[:6] + number[8:17], person__id_number=number)

        line = comparison.lines(match, may_reveal=True)[1]

        assert line.is_same
        assert "旧号" in line.note

    def test_show_who_of_the_household_was_found_where(self):
        match = suspicion(person__household_no="H1")
        brother = RegisterPersonFactory(snapshot=match.person.snapshot, household_no="H1", row=90)
        mother = RegisterPersonFactory(snapshot=match.person.snapshot, household_no="H1", row=91)
        found = MatchFactory(crosscheck=match.crosscheck, person=brother)
        MatchFactory(crosscheck=match.crosscheck, person=mother, rejected=True)

        members = comparison.household(match)

        assert [(member.person, member.found) for member in members] == [(brother, found), (mother, None)]


class TestTheDesk:
    def test_goes_from_case_to_case_in_a_number_of_queries_that_does_not_grow(
        self, as_role, django_assert_max_num_queries
    ):
        for _each in range(30):
            suspicion(reasons=GOOD, person__household_no="H1")
        client = as_role("preparer")
        match = Match.objects.order_by("pk")[15]
        client.get(match.get_absolute_url())

        with django_assert_max_num_queries(24):
            client.get(match.get_absolute_url())

    def test_leads_past_what_waits_for_a_school(self, as_role, officer):
        first, asked, third = (suspicion(score=score) for score in (50, 40, 30))
        questions.ask(asked, by=officer, at=NOW)

        answer = as_role("preparer").post(reverse("students:match-decide", args=[first.pk]), {"is_same": "yes"})

        assert answer.headers["Location"] == third.get_absolute_url()

    def test_asks_the_school_and_goes_on(self, as_role):
        first, second = suspicion(score=50), suspicion(score=40)

        answer = as_role("preparer").post(
            reverse("students:match-ask", args=[first.pk]), {"note": "户口簿上是哪个字？"}
        )

        assert answer.headers["Location"] == second.get_absolute_url()
        assert questions.waiting_for(first.enrollment.school, first.crosscheck.term) == 1

    @pytest.mark.parametrize("tab", ["by-tier", "by-school"])
    def test_shows_what_waits_in_groups(self, as_role, tab):
        for reason in ("id-one-off", "id-one-off", "id-absent"):
            suspicion(tier=reason, enrollment__school__code="3900000001" if reason == "id-absent" else "3900000002")
        check = Match.objects.first().crosscheck

        context = as_role("auditor").get(check.get_absolute_url(), {"tab": tab}).context

        assert [(group.pairs, group.new) for group, _words in context["groups"]] == [(2, 2), (1, 1)]

    @pytest.mark.parametrize("tier", ["near-digit", "near-household", "exact", "by-hand"])
    def test_opens_the_group_of_a_rule_whose_denial_was_taken_back(self, as_role, officer, tier):
        suspicion(tier="id-one-off")
        match = MatchFactory(tier=tier)
        decisions.decide(match, is_same=False, by=officer, at=NOW, note="电话核实")
        decisions.undo(match, by=officer, at=NOW)
        client, address = as_role("preparer"), match.crosscheck.get_absolute_url()

        groups = client.get(address, {"tab": "by-tier"}).context["groups"]
        page = client.get(address, {"tier": tier}).context["page"]

        assert tier in [group.key for group, _words in groups]
        assert list(page) == [match]

    def test_lists_what_one_rule_confirmed_by_itself(self, as_role):
        by_rule, _other = MatchFactory(tier="near-digit"), MatchFactory(tier="exact")

        page = as_role("auditor").get(by_rule.crosscheck.get_absolute_url(), {"tab": "sure", "tier": "near-digit"})

        assert list(page.context["page"]) == [by_rule]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"tier": "id-absent"}, {"乙"}),
            ({"new": "1"}, {"甲"}),
            ({"asked": "no"}, {"甲", "丁"}),
            ({"asked": "waiting"}, {"乙"}),
            ({"asked": "overdue"}, {"乙"}),
            ({"asked": "answered"}, {"丙"}),
            ({"town": "990101200000"}, {"丁"}),
            ({"source": "registered-poor"}, {"甲", "乙", "丙", "丁"}),
        ],
    )
    def test_can_be_narrowed(self, as_role, officer, query, found):
        def case(name, **facts):
            return suspicion(enrollment__student__name=name, **{"is_new": False, "tier": "id-one-off", **facts})

        case("甲", is_new=True)
        questions.ask(case("乙", tier="id-absent"), by=officer, at=NOW)
        answered = questions.ask(case("丙"), by=officer, at=NOW)
        by = UserFactory(officer=True, school=answered.school)
        questions.answer(answered, verdict="same", words="", by=by, at=NOW)
        case("丁", enrollment__school__town__code="990101200000")

        page = as_role("preparer").get(Match.objects.first().crosscheck.get_absolute_url(), query).context["page"]

        assert {match.enrollment.student.name for match in page} == found

    def test_counts_what_people_have_done_since_the_run(self, as_role, officer):
        first, _second = suspicion(), suspicion()
        decisions.decide(first, is_same=True, by=officer, at=NOW)
        client = as_role("preparer")

        standing = client.get(first.crosscheck.get_absolute_url()).context["standing"]
        lines = client.get(reverse("students:crosschecks")).context["lines"]

        assert (standing.waiting, standing.confirmed, standing.rejected) == (1, 1, 0)
        assert [waiting for _check, waiting in lines] == [1]

    def test_shows_what_was_decided_before(self, as_role, officer):
        match = suspicion()
        MatchDecisionFactory(person_key=match.person.key, note="去年不是他", is_same=False)
        decisions.decide(match, is_same=True, by=officer, at=NOW, note="本学期电话核实")
        decisions.undo(match, by=officer, at=NOW)

        shown = as_role("auditor").get(match.get_absolute_url()).content.decode()

        assert "去年不是他" in shown
        assert "本学期电话核实" in shown
        assert "已撤销或更改" in shown

    def test_a_student_of_two_lists_is_one_case_for_each(self, officer):
        student = StudentFactory()
        enrollment = EnrollmentFactory(student=student)
        poor = suspicion(enrollment=enrollment)
        other = suspicion(
            enrollment=enrollment, crosscheck=poor.crosscheck, person__snapshot__source__code="low-income"
        )

        decisions.decide(poor, is_same=True, by=officer, at=NOW)

        other.refresh_from_db()
        assert other.state == MatchState.SUSPECTED
