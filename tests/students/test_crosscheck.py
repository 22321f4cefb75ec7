"""None missed, none mistaken: what confirms itself, what a person has to decide, and what becomes of both."""

from datetime import date

import pytest

from common.moves import WrongState
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs.reference import load_national
from schools.models import Stage
from students import crosscheck, decisions, registers
from students.choices import Confirms, CrosscheckState, MatchState, SnapshotState
from students.models import Crosscheck, Hardship, Match, RegisterPerson, RegisterSource
from tests.factories import NOW, EnrollmentFactory, StudentFactory, TermFactory, UserFactory, resident_id
from tests.workbooks import REGISTER_HEAD, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _national():
    load_national()


@pytest.fixture
def preparer():
    return UserFactory()


def line(number, *, name, id_number, household="H1", relation="之子", village="东关村", head="张大山", kind="脱贫户"):
    return ["城关镇", village, household, str(number), name, id_number, relation, kind, "", head]


def freeze(preparer, lines, *, source="registered-poor", head=REGISTER_HEAD, as_of=date(2021, 10, 1)):
    snapshot = registers.upload(
        source=RegisterSource.objects.get(pk=source),
        as_of=as_of,
        content=xlsx(head, lines, above=("全县脱贫人口信息表",)),
        name="脱贫人口.xlsx",
        by=preparer,
        at=NOW,
    )
    job = run.execute(run.start("register-freeze", by=preparer, at=NOW, snapshot_id=snapshot.pk).pk)
    snapshot.refresh_from_db()
    return snapshot, job


def compare(preparer, *snapshots, confirms=Confirms.NEAR):
    term = TermFactory()
    checked = crosscheck.begin(term=term, snapshots=snapshots, by=preparer, at=NOW, confirms=confirms)
    job = run.execute(run.start("crosscheck", by=preparer, at=NOW, crosscheck_id=checked.pk).pk)
    assert job.state == JobState.DONE, job.error_code
    checked.refresh_from_db()
    return checked


def enroll(**facts):
    return EnrollmentFactory(student=StudentFactory(**facts), stage=Stage.objects.get(pk="primary"))


class TestFreeze:
    def test_keeps_every_person_with_the_label_of_the_file(self, preparer):
        snapshot, job = freeze(
            preparer, [line(1, name="张一", id_number=resident_id(1)), line(2, name="", id_number="")]
        )

        person = RegisterPerson.objects.get()

        assert job.result == {"rows": 2, "people": 1, "refused": 1}
        assert (snapshot.state, snapshot.people, snapshot.rows_refused) == (SnapshotState.FROZEN, 1, 1)
        assert (person.id_number, person.label, person.category_id) == (resident_id(1), "脱贫户", "lifted-from-poverty")

    def test_takes_the_resident_number_out_of_a_disability_card(self, preparer):
        freeze(preparer, [line(1, name="张一", id_number=resident_id(1) + "42")])

        assert RegisterPerson.objects.get().id_number == resident_id(1)

    def test_a_file_without_people_is_refused_with_its_reason(self, preparer):
        snapshot, job = freeze(preparer, [line(1, name="", id_number="")])

        assert (job.state, job.error_code) == (JobState.FAILED, "no-people")
        assert snapshot.state == SnapshotState.REFUSED

    def test_is_withdrawn_only_with_a_reason(self, preparer):
        snapshot, _job = freeze(preparer, [line(1, name="张一", id_number=resident_id(1))])

        with pytest.raises(registers.ReasonMissing):
            registers.withdraw(snapshot, by=preparer, at=NOW, reason=" ")
        registers.withdraw(snapshot, by=preparer, at=NOW, reason="部门重新提供了名单")

        assert snapshot.state == SnapshotState.WITHDRAWN


class TestCompare:
    def test_the_same_number_and_name_confirm_themselves_and_become_a_fact(self, preparer):
        enrollment = enroll(name="张 小明", number=7)
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=enrollment.student.id_number)])

        checked = compare(preparer, snapshot)

        match = Match.objects.get()
        assert (match.state, match.tier) == (MatchState.SURE, "exact")
        assert checked.counts["lines"] == [
            {"source": "registered-poor", "state": "sure", "tier": "exact", "stage": "primary", "children": 1}
        ]
        fact = Hardship.objects.get()
        assert (fact.student, fact.label, fact.snapshot) == (enrollment.student, "脱贫户", snapshot)

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("小学", "stage-fits"),
            ("小学三年级", "stage-fits"),
            ("三年级在读", None),
            ("初二", "stage-differs"),
            ("普通高中", "stage-differs"),
            ("非在校生", "stage-differs"),
            ("", None),
        ],
    )
    def test_what_the_list_says_of_the_school_counts_for_or_against(self, preparer, words, reason):
        enroll(name="张小明", id_number="", born_on=date(2012, 3, 4))
        child = [*line(1, name="张小明", id_number=resident_id(1)), words]
        snapshot, _job = freeze(preparer, [child], head=(*REGISTER_HEAD, "在校生状况"))

        compare(preparer, snapshot)

        assert [one for one in Match.objects.get().reasons if one.startswith("stage")] == ([reason] if reason else [])

    @pytest.mark.parametrize(("guardian", "is_sure"), [(801, True), (802, False)])
    def test_a_guardians_number_from_the_roster_bears_witness(self, preparer, guardian, is_sure):
        born_on = date(1985, 5, 6)
        mistyped = resident_id(1)[:-3] + "9" + resident_id(1)[-2:]
        facts = {"guardian_id": resident_id(guardian, born_on=born_on), "guardian_name": "", "village": ""}
        enroll(name="张小明", id_number=mistyped, born_on=date(2012, 3, 4), **facts)
        parent = line(2, name="张大山", id_number=resident_id(801, born_on=born_on), relation="户主")
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1)), parent])

        compare(preparer, snapshot)

        match = Match.objects.get(person__name="张小明")
        assert (match.state == MatchState.SURE) is is_sure
        assert ("guardian" in match.reasons) is is_sure

    @pytest.mark.parametrize(
        ("listed", "typed", "tier"),
        [
            ({"name": "张小明"}, {"id_number": resident_id(1)[:-3] + "9" + resident_id(1)[-2:]}, "near-digit"),
            ({"name": "张小明"}, {"id_number": resident_id(1)[:6] + resident_id(1)[8:17]}, "near-core"),
            ({"name": "张小明"}, {"id_number": resident_id(1)[:15] + "000"}, "near-cut"),
            ({"name": "张晓明"}, {}, "near-sound"),
        ],
    )
    def test_what_is_as_good_as_certain_confirms_itself_and_says_why(self, preparer, listed, typed, tier):
        enroll(**{"name": "张小明", "id_number": resident_id(1), "born_on": date(2012, 3, 4), **typed})
        snapshot, _job = freeze(preparer, [line(1, id_number=resident_id(1), **listed)])

        compare(preparer, snapshot)

        match = Match.objects.get()
        assert (match.state, match.tier) == (MatchState.SURE, tier)
        assert {"village"} <= set(match.reasons)
        assert Hardship.objects.count() == 1

    @pytest.mark.parametrize(
        ("listed", "typed", "reason"),
        [
            ({"name": "张小明"}, {"id_number": resident_id(1)[:-3] + "9" + resident_id(1)[-2:]}, "id-one-off"),
            ({"name": "张小明"}, {"id_number": resident_id(1)[:6] + resident_id(1)[8:17]}, "id-core"),
            ({"name": "张小明"}, {"id_number": resident_id(1)[:15] + "000"}, "id-cut"),
            ({"name": "张小明"}, {"id_number": ""}, "id-absent"),
            ({"name": "张晓明"}, {}, "id-same"),
            ({"name": "张小朋"}, {}, "id-same"),
        ],
    )
    def test_a_run_may_ask_for_certainty_only(self, preparer, listed, typed, reason):
        enroll(**{"name": "张小明", "id_number": resident_id(1), "born_on": date(2012, 3, 4), **typed})
        snapshot, _job = freeze(preparer, [line(1, id_number=resident_id(1), **listed)])

        checked = compare(preparer, snapshot, confirms=Confirms.EXACT)

        match = Match.objects.get()
        assert match.state == MatchState.SUSPECTED
        assert reason in match.reasons
        assert checked.counts["suspected"] == 1
        assert not Hardship.objects.exists()

    def test_a_parents_number_typed_for_the_child_is_suspected(self, preparer):
        father = resident_id(3, born_on=date(1985, 1, 1))
        enroll(name="张小明", id_number=father)
        snapshot, _job = freeze(
            preparer,
            [
                line(1, name="张小明", id_number=resident_id(1)),
                line(2, name="张大山", id_number=father, relation="户主"),
            ],
        )

        compare(preparer, snapshot)

        assert "id-household" in Match.objects.get().reasons

    def test_a_namesake_of_another_age_and_village_is_not_suspected(self, preparer):
        enroll(name="张小明", number=900, village="西关村", town_name="南丰镇")
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1, born_on=date(2009, 5, 6)))])

        compare(preparer, snapshot)

        assert not Match.objects.exists()

    def test_a_new_run_supersedes_the_last_and_keeps_the_decisions(self, preparer):
        enroll(name="张小明", id_number="", born_on=date(2012, 3, 4))
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        first = compare(preparer, snapshot)
        decisions.decide(Match.objects.get(), is_same=True, by=preparer, at=NOW, note="电话核实")

        compare(preparer, snapshot)

        first.refresh_from_db()
        assert first.state == CrosscheckState.SUPERSEDED
        assert Match.objects.get(crosscheck__state=CrosscheckState.DONE).state == MatchState.CONFIRMED
        assert Hardship.objects.in_force(TermFactory()).count() == 1

    def test_a_fact_ends_when_no_list_supports_it_any_more(self, preparer):
        enrollment = enroll(name="张小明", number=7)
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=enrollment.student.id_number)])
        compare(preparer, snapshot)
        other, _job = freeze(preparer, [line(1, name="李四", id_number=resident_id(450))])

        compare(preparer, other)

        assert not Hardship.objects.in_force(TermFactory()).exists()
        assert Hardship.objects.count() == 1

    def test_a_child_found_on_one_list_is_still_looked_for_on_the_others(self, preparer):
        enrollment = enroll(name="张小明", number=7)
        number = enrollment.student.id_number
        poor, _job = freeze(preparer, [line(1, name="张小明", id_number=number)])
        mistyped = number[:-3] + ("9" if number[-3] != "9" else "8") + number[-2:]
        low_income, _job = freeze(
            preparer, [line(1, name="张小明", id_number=mistyped, household="D1")], source="low-income"
        )

        compare(preparer, poor, low_income)

        assert sorted(Match.objects.values_list("person__snapshot__source", "tier")) == [
            ("low-income", "near-digit"),
            ("registered-poor", "exact"),
        ]

    def test_a_killed_run_is_written_anew_because_rosters_go_on(self, preparer, monkeypatch):
        monkeypatch.setattr(crosscheck, "WRITE_ROWS", 1)
        children = [enroll(name=f"张小{n}", number=n) for n in range(3)]
        snapshot, _job = freeze(
            preparer, [line(n, name=c.student.name, id_number=c.student.id_number) for n, c in enumerate(children)]
        )
        checked = crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=preparer, at=NOW)
        job = run.start("crosscheck", by=preparer, at=NOW, crosscheck_id=checked.pk)
        with monkeypatch.context() as patch:
            patch.setattr(crosscheck, "_apply_decisions", lambda _run: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run.execute(job.pk)
        children[0].state = "left"
        children[0].save()
        job.refresh_from_db()
        job.lease_until = None
        Job.objects.filter(pk=job.pk).update(lease_until=NOW)

        assert run.execute(job.pk).state == JobState.DONE

        assert set(Match.objects.values_list("enrollment", flat=True)) == {children[1].pk, children[2].pk}

    def test_a_decision_made_while_a_run_computes_counts(self, preparer, monkeypatch):
        enroll(name="张小明", id_number="", born_on=date(2012, 3, 4))
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        compare(preparer, snapshot)
        find = crosscheck._find

        def decide_after(checked):
            found = find(checked)
            decisions.decide(
                Match.objects.exclude(crosscheck=checked).get(), is_same=True, by=preparer, at=NOW, note="电话核实"
            )
            return found

        monkeypatch.setattr(crosscheck, "_find", decide_after)
        compare(preparer, snapshot)

        assert Match.objects.get(crosscheck__state=CrosscheckState.DONE).state == MatchState.CONFIRMED
        assert Hardship.objects.in_force(TermFactory()).count() == 1

    def test_two_runs_of_one_term_do_not_go_on_at_once(self, preparer):
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=preparer, at=NOW)

        with pytest.raises(crosscheck.AlreadyRunning):
            crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=preparer, at=NOW)

    @pytest.mark.parametrize(("rule", "from_on"), [("at-once", date(2021, 10, 9)), ("next-term", None)])
    def test_a_household_that_enters_within_the_term_counts_as_the_rule_says(self, preparer, rule, from_on):
        RegisterSource.objects.update(when_entering=rule)
        term = TermFactory(roster_due_on=date(2021, 9, 30))
        enrollment = enroll(name="张小明", number=7)
        freeze(preparer, [line(1, name="李四", id_number=resident_id(450))], as_of=date(2021, 9, 1))
        late, _job = freeze(
            preparer,
            [line(1, name="张小明", id_number=enrollment.student.id_number)],
            as_of=date(2021, 10, 9),
        )

        compare(preparer, late)

        assert term.starts_on < date(2021, 10, 9)
        assert list(Hardship.objects.values_list("from_on", flat=True)) == ([from_on] if from_on else [])

    @pytest.mark.parametrize(("rule", "is_kept"), [("term-end", True), ("at-once", False)])
    def test_a_household_that_leaves_within_the_term_counts_as_the_rule_says(self, preparer, rule, is_kept):
        RegisterSource.objects.update(when_leaving=rule)
        term = TermFactory(roster_due_on=date(2021, 9, 30))
        enrollment = enroll(name="张小明", number=7)
        early, _job = freeze(
            preparer, [line(1, name="张小明", id_number=enrollment.student.id_number)], as_of=date(2021, 9, 1)
        )
        compare(preparer, early)
        late, _job = freeze(preparer, [line(1, name="李四", id_number=resident_id(450))], as_of=date(2021, 10, 9))

        compare(preparer, late)

        assert Hardship.objects.in_force(term).exists() is is_kept
        assert Hardship.objects.get().to_on == (term.ends_on if is_kept else date(2021, 10, 9))

    def test_the_next_run_says_what_is_new_to_look_at(self, preparer):
        enroll(name="张小明", id_number="", born_on=date(2012, 3, 4))
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        compare(preparer, snapshot)
        enroll(name="李小红", id_number="", born_on=date(2012, 3, 4))
        again, _job = freeze(
            preparer,
            [
                line(1, name="张小明", id_number=resident_id(1)),
                line(2, name="李小红", id_number=resident_id(450), household="H2"),
            ],
        )

        compare(preparer, again)

        now = Match.objects.filter(crosscheck__state=CrosscheckState.DONE)
        assert sorted(now.values_list("person__name", "is_new")) == [("张小明", False), ("李小红", True)]

    def test_what_a_person_denied_is_not_confirmed_by_a_rule_again(self, preparer):
        enrollment = enroll(name="张小明", number=7)
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=enrollment.student.id_number)])
        compare(preparer, snapshot)
        decisions.decide(Match.objects.get(), is_same=False, by=preparer, at=NOW, note="经核实是另一人")

        compare(preparer, snapshot)

        match = Match.objects.get(crosscheck__state=CrosscheckState.DONE)
        assert (match.state, match.note) == (MatchState.REJECTED, "经核实是另一人")
        assert not Hardship.objects.in_force(TermFactory()).exists()

    def test_a_list_withdrawn_during_the_run_ends_it_and_leaves_the_one_in_force(self, preparer, monkeypatch):
        enrollment = enroll(name="张小明", number=7)
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=enrollment.student.id_number)])
        first = compare(preparer, snapshot)
        find = crosscheck._find

        def withdraw_after(checked):
            found = find(checked)
            registers.withdraw(snapshot, by=preparer, at=NOW, reason="部门重新提供")
            return found

        monkeypatch.setattr(crosscheck, "_find", withdraw_after)
        second = crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=preparer, at=NOW)
        job = run.execute(run.start("crosscheck", by=preparer, at=NOW, crosscheck_id=second.pk).pk)

        first.refresh_from_db()
        second.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.FAILED, "list-withdrawn")
        assert (first.state, second.state) == (CrosscheckState.DONE, CrosscheckState.REFUSED)
        assert not second.matches.exists()
        assert Hardship.objects.in_force(TermFactory()).count() == 1

    def test_a_withdrawn_list_is_not_compared(self, preparer):
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        registers.withdraw(snapshot, by=preparer, at=NOW, reason="有误")

        with pytest.raises(crosscheck.NoLists):
            crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=preparer, at=NOW)


class TestDecide:
    @pytest.fixture
    def match(self, preparer):
        enroll(name="张小明", id_number="", born_on=date(2012, 3, 4))
        snapshot, _job = freeze(preparer, [line(1, name="张小明", id_number=resident_id(1))])
        compare(preparer, snapshot)
        return Match.objects.get()

    def test_confirming_makes_the_fact_and_rejecting_ends_it(self, preparer, match):
        decisions.decide(match, is_same=True, by=preparer, at=NOW, note="电话核实")
        assert Hardship.objects.in_force(TermFactory()).count() == 1

        decisions.decide(match, is_same=False, by=preparer, at=NOW, note="同名不同人")
        assert not Hardship.objects.in_force(TermFactory()).exists()

    def test_is_refused_the_second_time(self, preparer, match):
        stale_copy = Match.objects.get(pk=match.pk)
        decisions.decide(match, is_same=True, by=preparer, at=NOW, note="电话核实")

        with pytest.raises(WrongState):
            decisions.decide(stale_copy, is_same=True, by=preparer, at=NOW, note="电话核实")

    def test_a_superseded_run_takes_no_more_decisions(self, preparer, match):
        Crosscheck.objects.update(state=CrosscheckState.SUPERSEDED)
        match.refresh_from_db()

        with pytest.raises(WrongState):
            decisions.decide(match, is_same=True, by=preparer, at=NOW, note="电话核实")
