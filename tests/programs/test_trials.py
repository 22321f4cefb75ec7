"""What if: other amounts, rules that fall away, other lists; nothing but the result of a trial is kept."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Action
from jobs import run
from jobs.choices import JobState
from programs import runs, shares, trials
from programs.choices import Level, Payer, TrialState
from programs.models import Award, AwardList, Nomination, Standard, Trial
from students import supposed
from students.choices import SnapshotState
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def by():
    return make.UserFactory()


@pytest.fixture
def program(term):
    return carried_out(term, "boarder-living")


def carried_out(term, code, *, amount_fen=50_000, shared=((Payer.CENTRAL, 600), (Payer.COUNTY, 400)), **facts):
    made = make.ProgramFactory(code=code, stages=[make.StageFactory()], **facts)
    make.TermProgramFactory(term=term, program=made)
    make.StandardFactory(program=made, amount_fen=amount_fen)
    make.RuleFactory(program=made)
    for payer, per_mille in shared:
        make.ShareFactory(program=made, payer=payer, per_mille=per_mille)
    return made


def begin(term, by, **tried):
    tried = {"title": "提高标准", "amounts": {}, "rules_off": [], "snapshots": [], **tried}
    return runs.begin_trial(term=term, by=by, at=NOW, **tried)


def calculate(term, by, **tried):
    trial = begin(term, by, **tried)
    run.execute(runs.job_of_trial(trial).pk)
    trial.refresh_from_db()
    return trial


def lines(trial):
    return {line.program and line.program.pk: line for line in trials.lines(trial)}


class TestAmounts:
    def test_are_tried_on_every_child_and_shared_by_payer(self, term, program, by):
        make.EnrollmentFactory.create_batch(3, term=term)

        line = lines(calculate(term, by, amounts={program.standards.get().pk: 60_000}))[program.pk]

        assert (line.now.people, line.now.fen, line.trial.fen, line.more_fen) == (3, 150_000, 180_000, 30_000)
        assert line.payers == [("中央", 90_000, 108_000, 18_000), ("县级", 60_000, 72_000, 12_000)]
        assert (line.gained, line.lost, line.altered) == (0, 0, 3)

    def test_leave_awards_and_standards_alone(self, term, program, by):
        child = make.EnrollmentFactory(term=term)
        make.AwardFactory(enrollment=child, program=program)
        before = [list(model.objects.values()) for model in (Award, AwardList, Standard)]

        calculate(term, by, amounts={program.standards.get().pk: 60_000}, rules_off=[program.rules.get().pk])

        assert [list(model.objects.values()) for model in (Award, AwardList, Standard)] == before

    def test_of_a_limit_are_worth_the_fee_below_it(self, term, program, by):
        program.standards.update(basis="capped-fee", amount_fen=40_000)
        child = make.EnrollmentFactory(term=term)
        make.SchoolFeeFactory(school=child.school, program=program, amount_fen=45_000)

        line = lines(calculate(term, by, amounts={program.standards.get().pk: 90_000}))[program.pk]

        assert (line.now.fen, line.trial.fen) == (40_000, 45_000)

    def test_like_those_in_force_are_no_change(self, term, program, by):
        assert begin(term, by, amounts={program.standards.get().pk: 50_000}).changes == []

    def test_of_what_is_worth_the_school_s_fee_are_refused(self, term, program, by):
        program.standards.update(basis="school-fee", amount_fen=None)

        with pytest.raises(trials.NoAmount):
            begin(term, by, amounts={program.standards.get().pk: 1})

    def test_of_nothing_are_refused(self, term, program, by):
        with pytest.raises(trials.NoAmount):
            begin(term, by, amounts={program.standards.get().pk: 0})

    def test_of_another_time_are_refused(self, term, program, by):
        program.standards.update(valid_to=date(2020, 1, 1))
        carried_out(term, "another")

        with pytest.raises(trials.NotInForce):
            begin(term, by, amounts={program.standards.get().pk: 60_000})

    def test_that_end_before_the_run_begins_fail_it_in_words(self, term, program, by):
        trial = begin(term, by, amounts={program.standards.get().pk: 60_000})
        program.standards.update(valid_to=date(2020, 1, 1))

        job = run.execute(runs.job_of_trial(trial).pk)
        trial.refresh_from_db()

        assert (job.state, job.error_code, trial.state) == (JobState.FAILED, "trial-not-in-force", TrialState.FAILED)
        assert trials.lines(trial) == []

    def test_of_a_term_without_programs_are_refused(self, term, by):
        with pytest.raises(trials.NothingCarriedOut):
            begin(term, by)


class TestRuleOff:
    def test_takes_the_children_away_who_fit_no_other(self, term, program, by):
        program.rules.update(is_boarding=True)
        make.RuleFactory(program=program, position=2, is_rural=True)
        make.EnrollmentFactory(term=term, is_boarding=True, is_rural=True)
        make.EnrollmentFactory(term=term, is_boarding=True, is_rural=False)

        trial = calculate(term, by, rules_off=[program.rules.get(position=1).pk])

        line, total = lines(trial)[program.pk], lines(trial)[None]
        assert (line.now.people, line.trial.people, line.lost, line.gained) == (2, 1, 1, 0)
        assert (total.now.people, total.trial.people, total.lost) == (2, 1, 1)

    def test_lets_a_program_in_that_it_had_excluded(self, term, program, by):
        other = carried_out(term, "day-pupil-living", position=1)
        make.ExclusionFactory(program=program, other=other)
        make.EnrollmentFactory(term=term)

        found = lines(calculate(term, by, rules_off=[program.rules.get().pk]))

        assert (found[program.pk].lost, found[other.pk].gained, found[None].lost) == (1, 1, 0)


class TestLists:
    """In place of the list of its source that holds."""

    @pytest.fixture
    def source(self):
        return make.RegisterSourceFactory()

    @pytest.fixture
    def asked(self, program, source):
        program.rules.get().categories.add(source.category)

    @pytest.fixture
    def held(self, term, source):
        """A child on the list that holds, found by a person though its number was mistyped there."""
        child = make.EnrollmentFactory(term=term)
        old = make.RegisterSnapshotFactory(source=source)
        match = make.MatchFactory(enrollment=child, confirmed=True, person__snapshot=old, person__id_number="")
        return make.HardshipFactory(match=match)

    def new_list(self, source):
        return make.RegisterSnapshotFactory(source=source, as_of=date(2021, 9, 20))

    def named(self, snapshot, child, **facts):
        return make.RegisterPersonFactory(
            snapshot=snapshot,
            **{
                "name": child.student.name,
                "id_number": child.student.id_number,
                "born_on": child.student.born_on,
                **facts,
            },
        )

    def test_an_empty_one_takes_the_children_of_its_source_away(self, term, program, source, asked, held, by):
        line = lines(calculate(term, by, snapshots=[self.new_list(source)]))[program.pk]

        assert (line.now.people, line.trial.people, line.lost) == (1, 0, 1)

    def test_keeps_whom_people_found_by_the_key_that_both_lists_give(self, term, source, held):
        snapshot = self.new_list(source)
        self.named(snapshot, held.match.enrollment, id_number="", key=held.match.person.key)

        assert supposed.categories(term, [snapshot]) == {held.student_id: frozenset({source.category_id})}

    def test_finds_the_same_number_with_the_same_name(self, term, program, source, asked, held, by):
        snapshot, newcomer = self.new_list(source), make.EnrollmentFactory(term=term)
        self.named(snapshot, newcomer)

        line = lines(calculate(term, by, snapshots=[snapshot]))[program.pk]

        assert (line.gained, line.lost) == (1, 1)

    def test_does_not_take_another_name_for_the_same_child(self, term, source):
        snapshot, child = self.new_list(source), make.EnrollmentFactory(term=term)
        self.named(snapshot, child, name="李某")

        assert supposed.categories(term, [snapshot]) == {}

    @pytest.mark.parametrize(("is_same", "expected"), [(True, 1), (False, 0)])
    def test_follows_what_people_decided_of_the_two(self, term, source, is_same, expected):
        snapshot, child = self.new_list(source), make.EnrollmentFactory(term=term)
        number = "" if is_same else child.student.id_number
        person = self.named(snapshot, child, id_number=number)
        make.MatchDecisionFactory(student_key=child.student.key, person_key=person.key, is_same=is_same)

        assert len(supposed.categories(term, [snapshot])) == expected

    def test_finds_nobody_who_does_not_study_in_the_term(self, term, source):
        snapshot, child = self.new_list(source), make.EnrollmentFactory(term=term, state="left")
        self.named(snapshot, child)

        assert supposed.categories(term, [snapshot]) == {}

    def test_counts_no_suspicion(self, term, source):
        snapshot, child = self.new_list(source), make.EnrollmentFactory(term=term)
        make.MatchFactory(enrollment=child, suspected=True, person__snapshot=snapshot, person__id_number="")

        assert supposed.categories(term, [snapshot]) == {}

    def test_of_one_source_leaves_the_facts_of_the_others(self, term, source, held):
        other = make.HardshipFactory(
            match__enrollment__term=term,
            match__person__snapshot__source=make.RegisterSourceFactory(
                code="low-income", category=make.HardshipCategoryFactory(code="low-income")
            ),
        )

        found = supposed.categories(term, [self.new_list(source)])

        assert found == {other.student_id: frozenset({"low-income"})}

    def test_leaves_a_category_that_another_source_s_list_supports_as_well(self, term, source, held):
        other = make.RegisterSourceFactory(code="another-office", category=source.category)
        make.MatchFactory(enrollment=held.match.enrollment, person__snapshot__source=other)

        found = supposed.categories(term, [self.new_list(source)])

        assert found == {held.student_id: frozenset({source.category_id})}

    def test_the_one_that_holds_changes_nothing(self, term, program, source, asked, held, by):
        found = supposed.categories(term, [held.snapshot])

        assert found == {held.student_id: frozenset({source.category_id})}

    def test_of_one_source_there_is_one(self, term, program, source, by):
        with pytest.raises(trials.TwoLists):
            begin(term, by, snapshots=[self.new_list(source), self.new_list(source)])

    def test_withdrawn_ones_are_refused(self, term, program, source, by):
        snapshot = make.RegisterSnapshotFactory(source=source, state=SnapshotState.WITHDRAWN, withdrawn_reason="发错了")

        with pytest.raises(trials.ListOutOfUse):
            begin(term, by, snapshots=[snapshot])

    def test_withdrawn_before_the_run_begins_it_fails_in_words(self, term, program, source, by):
        snapshot = self.new_list(source)
        trial = begin(term, by, snapshots=[snapshot])
        type(snapshot).objects.filter(pk=snapshot.pk).update(state=SnapshotState.WITHDRAWN, withdrawn_reason="错")

        job = run.execute(runs.job_of_trial(trial).pk)

        assert (job.state, job.error_code) == (JobState.FAILED, "trial-list-out-of-use")


class TestRun:
    def test_costs_the_same_for_few_and_many_children(self, term, program, by):
        def queries():
            trial = begin(term, by)
            with CaptureQueriesContext(connection) as captured:
                run.execute(runs.job_of_trial(trial).pk)
            return len(captured)

        make.EnrollmentFactory(term=term)
        few = queries()
        make.EnrollmentFactory.create_batch(12, term=term)

        assert queries() == few

    def test_counts_anew_after_it_was_killed(self, term, program, by, monkeypatch):
        make.EnrollmentFactory.create_batch(5, term=term)
        monkeypatch.setattr(trials, "READ_ROWS", 2)
        trial = begin(term, by)
        judge, seen = trials._Reckoning._judge, []

        def dies(self, row):
            seen.append(row)
            if len(seen) == 4:
                raise RuntimeError("killed")
            judge(self, row)

        with monkeypatch.context() as patched:
            patched.setattr(trials._Reckoning, "_judge", dies)
            with pytest.raises(RuntimeError):
                run.execute(runs.job_of_trial(trial).pk)
        job = runs.job_of_trial(trial)
        assert job.cursor > 0
        type(job).objects.update(lease_until=NOW)

        run.execute(job.pk)
        trial.refresh_from_db()

        assert lines(trial)[program.pk].now.people == 5

    def test_leaves_its_traces(self, term, program, by):
        calculate(term, by)

        assert list(Action.objects.order_by("pk").values_list("verb", "actor")) == [
            ("trial.begun", by.pk),
            ("trial.done", by.pk),
        ]

    def test_twice_is_once(self, term, program, by):
        trial = calculate(term, by)
        before = trial.result

        run.execute(runs.job_of_trial(trial).pk)
        trial.refresh_from_db()

        assert trial.result == before
        assert Action.objects.filter(verb="trial.done").count() == 1

    def test_a_child_in_two_schools_is_paid_in_one(self, term, program, by):
        child = make.EnrollmentFactory(term=term)
        make.EnrollmentFactory(term=term, student=child.student)

        assert lines(calculate(term, by))[program.pk].now.people == 1


_CHILD = st.fixed_dictionaries(
    {
        "is_boarding": st.booleans(),
        "is_rural": st.booleans(),
        "is_registered": st.sampled_from([None, True, False]),
        "grade": st.sampled_from(["三年级", "四年级"]),
        "ownership": st.sampled_from(["public", "private"]),
        "poor": st.sets(st.sampled_from(["a", "b"])),
        "level": st.sampled_from(["", Level.HARD, Level.NOT_POOR]),
        "nominated": st.sampled_from([None, "", "一档"]),
        "studies": st.booleans(),
        "twice": st.booleans(),
    }
)
_PROGRAM = st.fixed_dictionaries(
    {
        "is_boarding": st.sampled_from([None, True, False]),
        "is_rural": st.sampled_from([None, None, True]),
        "is_registered": st.sampled_from([None, None, True]),
        "grades": st.sampled_from([[], ["三年级"]]),
        "ownerships": st.sampled_from([[], ["private"]]),
        "levels": st.sampled_from([[], [Level.HARD]]),
        "categories": st.sets(st.sampled_from(["a", "b"])),
        "way": st.sampled_from(["auto", "auto", "school"]),
        "basis": st.sampled_from(["fixed", "capped-fee"]),
        "cut_in_two": st.booleans(),
        "excludes": st.sampled_from([None, "block", "warn"]),
        "pays": st.sampled_from(["new-school", "old-school"]),
    }
)


def build(term, children, programs):
    """A county of these children and programs."""
    made = []
    for nth, wanted in enumerate(programs):
        shared = ((Payer.CENTRAL, 333), (Payer.COUNTY, 667)) if wanted["cut_in_two"] else ()
        program = carried_out(
            term, f"program-{nth}", amount_fen=50_050 + nth, shared=shared, position=nth, way=wanted["way"]
        )
        program.terms.update(pays=wanted["pays"])
        program.standards.update(basis=wanted["basis"])
        make.StandardFactory(program=program, tier="一档", amount_fen=70_070)
        make.StandardFactory(
            program=program,
            valid_from=date(2019, 9, 2),
            category=make.HardshipCategoryFactory(code="a"),
            amount_fen=66_001,
        )
        rule = program.rules.get()
        for name in ("is_boarding", "is_rural", "is_registered", "grades", "ownerships", "levels"):
            setattr(rule, name, wanted[name])
        rule.save()
        rule.categories.set([make.HardshipCategoryFactory(code=code) for code in wanted["categories"]])
        if made and wanted["excludes"]:
            make.ExclusionFactory(program=made[-1], other=program, severity=wanted["excludes"])
        made.append(program)
    for wanted in children:
        _enroll(term, made, dict(wanted))
    return made


def _enroll(term, programs, wanted):
    poor, level, nominated = wanted.pop("poor"), wanted.pop("level"), wanted.pop("nominated")
    studies, twice, school = (
        wanted.pop("studies"),
        wanted.pop("twice"),
        make.SchoolFactory(ownership=wanted.pop("ownership")),
    )
    child = make.EnrollmentFactory(term=term, school=school, state="studying" if studies else "suspended", **wanted)
    if twice:
        make.EnrollmentFactory(term=term, student=child.student, **wanted)
    for code in poor:
        make.HardshipFactory(
            match__enrollment=child,
            category=make.HardshipCategoryFactory(code=code),
            match__person__snapshot__source__code=f"source-{code}",
        )
    if level:
        make.RecognitionFactory(student=child.student, list__school=school, level=level)
    for nth, program in enumerate(programs):
        if nth % 2 == 0:
            make.SchoolFeeFactory(school=school, program=program, amount_fen=40_000 + child.pk % 3 * 10_000)
        if nominated is not None:
            Nomination.objects.create(
                school=school,
                term=term,
                program=program,
                student=child.student,
                tier=nominated,
                set_by=make.UserFactory(),
                set_at=NOW,
            )


@settings(max_examples=20)
@given(
    children=st.lists(_CHILD, min_size=1, max_size=6),
    programs=st.lists(_PROGRAM, min_size=1, max_size=3),
)
def test_without_changes_says_what_the_award_run_proposes(children, programs):
    with transaction.atomic():
        term, by = make.TermFactory(), make.UserFactory()
        build(term, children, programs)

        trial = calculate(term, by)
        run.execute(run.start("awards-propose", by=by, at=NOW, term=term, term_id=term.pk).pk)

        proposed = {
            one.program.pk: (one.people, one.amount_fen, {payer: fen for payer, fen in one.by_payer.items() if fen})
            for one in shares.figures(Award.objects.live(), term)
        }
        found = {
            line.program.pk: (line.now.people, line.now.fen, dict(line.now.payers))
            for line in trials.lines(trial)
            if line.program
        }
        assert found == proposed
        assert all(line.now == line.trial for line in trials.lines(trial))
        assert not any(line.gained or line.lost or line.altered for line in trials.lines(trial))
        assert lines(trial)[None].now.people == Award.objects.live().values("student").distinct().count()
        transaction.set_rollback(True)


class TestPages:
    def test_are_read_by_the_county_and_made_by_preparers(self, as_role, term, program, by):
        trial = calculate(term, by, amounts={program.standards.get().pk: 60_000})

        for role in ("preparer", "approver", "auditor"):
            assert as_role(role).get(trial.get_absolute_url()).status_code == 200
        assert as_role("school").get(trial.get_absolute_url()).status_code == 403
        assert as_role("auditor").get(reverse("programs:trial-begin")).status_code == 403

    def test_take_what_was_filled_in(self, as_role, term, program):
        make.EnrollmentFactory(term=term)
        client = as_role("preparer")
        address = reverse("programs:trial-begin")

        shown = client.get(address)
        sent = client.post(address, {"title": "提高到 600 元", f"amount:{program.standards.get().pk}": "600元"})

        assert "试改为" in shown.content.decode()
        trial = Trial.objects.get()
        assert sent.url == trial.get_absolute_url()
        assert trial.changes == [{"standard": program.standards.get().pk, "before_fen": 50_000, "amount_fen": 60_000}]

    def test_keep_what_was_filled_in_beside_what_is_wrong(self, as_role, term, program):
        address = reverse("programs:trial-begin")

        shown = as_role("preparer").post(address, {"title": "", f"amount:{program.standards.get().pk}": "六百"})

        page = shown.content.decode()
        assert "看不懂这个金额" in page
        assert 'value="六百"' in page
        assert not Trial.objects.exists()

    def test_offer_the_frozen_lists_of_every_source(self, as_role, term, program, by):
        frozen = make.RegisterSnapshotFactory()
        make.RegisterSnapshotFactory(state=SnapshotState.UPLOADED, as_of=date(2021, 10, 1))
        client = as_role("preparer")
        address = reverse("programs:trial-begin")

        shown = client.get(address).content.decode()
        client.post(address, {"title": "换名单", f"list:{frozen.source_id}": str(frozen.pk)})

        assert ("2021-09-10" in shown, "2021-10-01" in shown) == (True, False)
        assert list(Trial.objects.get().snapshots.all()) == [frozen]

    def test_try_another_term_where_one_is_chosen(self, as_role, term, program):
        before = make.TermFactory(code="2021S")
        make.TermProgramFactory(term=before, program=program)
        address = f"{reverse('programs:trial-begin')}?term=2021S"

        as_role("preparer").post(address, {"title": "春季"})

        assert Trial.objects.get().term == before

    def test_show_people_money_and_payers(self, as_role, term, program, by):
        make.EnrollmentFactory(term=term)
        trial = calculate(term, by, amounts={program.standards.get().pk: 60_000})

        page = as_role("auditor").get(trial.get_absolute_url()).content.decode()

        for expected in ("500.00", "600.00", "+100.00", "+60.00", "中央", "500.00 元改为 600.00 元"):
            assert expected in page
