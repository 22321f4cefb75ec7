"""The auditor's samples: from a frozen population, looked up one by one, mended by the county, concluded."""

import hashlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import transaction
from django.forms.models import model_to_dict

from accounts.models import Action
from audits import drawing, sample_results, samples
from audits.choices import Draw, FollowUp, ItemState, PaidState, SampleState
from audits.models import Finding, Sample, SampleItem
from common.moves import WrongState
from common.roles import Role
from jobs import files, run
from jobs.choices import JobState
from jobs.models import Job
from programs.models import Award
from schools.models import Term
from tests import factories as make
from tests.factories import NOW
from tests.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make.UserFactory(auditor=True)


def ordered(**wanted):
    return samples.order(**{"title": "秋季抽查", "way": Draw.EQUAL, "size": 3, "seed": "abc", **wanted})


def awards(n, **kwargs):
    return make.AwardFactory.create_batch(n, confirmed=True, **kwargs)


def finding(rule, severity, **about):
    order = {"grave": 0, "serious": 1, "notable": 2}[severity]
    return Finding.objects.create(
        rule=rule,
        key=str(Finding.objects.count()),
        severity=severity,
        severity_order=order,
        first_found_at=NOW,
        last_found_at=NOW,
        **about,
    )


class TestPopulation:
    def test_is_the_terms_confirmed_awards_and_nobody_else(self):
        mine, *_others = awards(2)
        make.AwardFactory()
        make.AwardFactory(dropped=True)
        make.AwardFactory(confirmed=True, enrollment__term=make.TermFactory(code="2021S"))

        found = samples.population(mine.term, {})

        assert set(found) == {mine, *_others}

    def test_can_be_narrowed(self):
        stage = make.StageFactory(code="junior")
        mine = make.AwardFactory(
            confirmed=True,
            enrollment__stage=stage,
            enrollment__school__town=make.TownFactory(code="990101200000"),
            program=make.ProgramFactory(code="day-pupil-living"),
        )
        awards(2)

        for criteria in (
            {"program": "day-pupil-living"},
            {"stage": "junior"},
            {"school": mine.school.code},
            {"town": "990101200000"},
        ):
            assert list(samples.population(mine.term, criteria)) == [mine], criteria

    def test_can_be_narrowed_by_where_the_money_is(self):
        paid, failed = make.PaymentFactory(paid=True).award, make.PaymentFactory(failed=True).award
        bounced, waiting = make.BounceFactory().payment.award, make.AwardFactory(confirmed=True)

        def found(state):
            return set(samples.population(paid.term, {"paid": state}))

        assert found(PaidState.PAID) == {paid}
        assert found(PaidState.FAILED) == {failed}
        assert found(PaidState.BOUNCED) == {bounced}
        assert found(PaidState.UNPAID) == {failed, bounced, waiting}

    def test_weighs_by_what_stands_against_child_and_school(self):
        child, other = awards(2)
        classmate = make.AwardFactory(confirmed=True, enrollment__school=child.school)
        about = {"term": child.term, "school": child.school}
        finding("two-schools", "grave", student=child.student, **about)
        finding("short-notice", "notable", student=None, **about)
        finding("gone", "grave", student=other.student, term=other.term, school=other.school, gone_at=NOW)

        weights = {row.number: row.weight for row in samples.rows(child.term, {})}

        assert weights == {child.pk: 1 + 5 + 1, classmate.pk: 1 + 1, other.pk: 1}


class TestDraw:
    def test_freezes_the_population_and_keeps_seed_and_digest(self, auditor):
        everybody = awards(6)

        made = samples.draw(everybody[0].term, ordered(), by=auditor, at=NOW)

        content = files.content(made.population)
        assert made.population_sha256 == hashlib.sha256(content).hexdigest()
        assert {row.number for row in drawing.read(content)} == {award.pk for award in everybody}
        assert (made.population_count, made.population_fen) == (6, 6 * 50_000)
        assert (made.seed, made.items.count(), made.state) == ("abc", 3, SampleState.OPEN)
        action = Action.objects.get()
        assert (action.actor, action.verb) == (auditor, "audit-sample.drawn")
        assert action.details["seed"] == "abc"

    def test_writes_nothing_personal_into_the_file(self, auditor):
        award = make.AwardFactory(confirmed=True)

        made = samples.draw(award.term, ordered(), by=auditor, at=NOW)

        text = files.content(made.population).decode("utf-8-sig")
        assert text.splitlines()[1:] == [f"{award.pk},{award.school.code},50000,1"]

    def test_is_the_same_when_it_is_drawn_again_from_the_file(self, auditor):
        term = awards(8)[0].term
        for way in Draw:
            made = samples.draw(term, ordered(way=way, schools=2), by=auditor, at=NOW)
            awards(1)  # who comes later is not in the frozen population

            again = samples.draw_again(made)

            assert (again.is_same_file, again.is_same_draw) == (True, True), way

    def test_drawn_again_tells_where_the_kept_names_are_others(self, auditor):
        made = samples.draw(awards(8)[0].term, ordered(), by=auditor, at=NOW)
        item = made.items.first()
        item.award = Award.objects.exclude(pk__in=made.items.values("award")).first()
        item.save()

        assert not samples.draw_again(made).is_same_draw

    def test_drawn_again_tells_where_the_frozen_file_is_gone_or_another(self, auditor):
        made = samples.draw(awards(8)[0].term, ordered(), by=auditor, at=NOW)
        path = files._path(made.population.sha256)
        whole = path.read_bytes()

        path.write_bytes(whole[:-1] + b"?")
        changed = samples.draw_again(made)
        path.unlink()
        gone = samples.draw_again(made)
        made.population = files.store(b"no population", name="a.csv", kind="frozen", by=auditor, at=NOW)
        other = samples.draw_again(made)

        nothing = samples.Again(is_same_file=False, is_same_draw=False, population=0, drawn=0)
        assert (changed, gone, other) == (nothing, nothing, nothing)

    def test_without_a_seed_makes_one_that_is_kept(self, auditor):
        term = awards(2)[0].term
        made = [samples.draw(term, ordered(seed=""), by=auditor, at=NOW) for _each in range(2)]
        assert len({each.seed for each in made}) == 2
        assert all(len(each.seed) == 32 for each in made)

    def test_lists_whom_it_drew_school_by_school(self, auditor):
        first, second = make.SchoolFactory(), make.SchoolFactory()
        drawn = [make.AwardFactory(confirmed=True, enrollment__school=each) for each in (second, first, second)]

        made = samples.draw(drawn[0].term, ordered(size=3), by=auditor, at=NOW)

        schools = list(made.items.order_by("position").values_list("award__school__code", flat=True))
        assert schools == sorted(schools)

    def test_from_nobody_is_refused(self, auditor):
        make.AwardFactory()
        with pytest.raises(samples.NobodyToDraw):
            samples.draw(Term.objects.get(), ordered(), by=auditor, at=NOW)
        assert not Sample.objects.exists()

    def test_of_more_than_anybody_looks_up_is_refused(self, auditor, monkeypatch):
        monkeypatch.setattr(samples, "LARGEST_SAMPLE", 2)
        with pytest.raises(samples.TooManyDrawn):
            samples.draw(awards(3)[0].term, ordered(), by=auditor, at=NOW)

    @pytest.mark.parametrize("role", [role for role in Role if role not in {Role.AUDITOR, Role.SCHOOL}])
    def test_is_for_the_auditor_alone(self, role):
        term = awards(1)[0].term
        with pytest.raises(samples.NotTheAuditor):
            samples.draw(term, ordered(), by=make.UserFactory(role=role), at=NOW)

    def test_keeps_no_number_of_a_person_in_its_title(self):
        assert "990101201201011234" not in ordered(title="990101201201011234 的抽查").title


class TestDrawInTheBackground:
    def test_draws_the_same_as_at_once(self, auditor):
        term, wanted = awards(9)[0].term, ordered(way=Draw.BY_MONEY)
        job = run.start("sample-draw", by=auditor, at=NOW, term=term, term_id=term.pk, **wanted.params)

        job = run.execute(job.pk, at=NOW)

        assert job.state == JobState.DONE, job.error_code
        made = Sample.objects.get(pk=job.result["sample_id"])
        at_once = samples.draw(term, wanted, by=auditor, at=NOW)
        assert [item.award_id for item in made.items.all()] == [item.award_id for item in at_once.items.all()]
        assert made.population_sha256 == at_once.population_sha256
        assert made.drawn_by == auditor

    def test_killed_before_its_end_leaves_nothing_and_draws_once_when_it_goes_on(self, auditor, monkeypatch):
        term = awards(4)[0].term
        job = run.start("sample-draw", by=auditor, at=NOW, term=term, term_id=term.pk, **ordered().params)
        with monkeypatch.context() as broken:
            broken.setattr(samples.actions, "record", lambda *args, **kwargs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run.execute(job.pk, at=NOW)
        assert not Sample.objects.exists()

        Job.objects.filter(pk=job.pk).update(lease_until=NOW)
        job = run.execute(job.pk, at=NOW)

        assert job.state == JobState.DONE
        assert Sample.objects.count() == 1

    def test_killed_after_its_last_step_is_not_drawn_a_second_time(self, auditor, monkeypatch):
        term = awards(4)[0].term
        job = run.start("sample-draw", by=auditor, at=NOW, term=term, term_id=term.pk, **ordered().params)
        with monkeypatch.context() as broken:
            broken.setattr(run.Running, "_finish", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run.execute(job.pk, at=NOW)

        run.execute(job.pk, at=NOW)

        assert Sample.objects.count() == 1
        assert Job.objects.get().state == JobState.DONE

    def test_of_nobody_ends_with_the_reason(self, auditor):
        term = make.TermFactory()
        job = run.start("sample-draw", by=auditor, at=NOW, term=term, term_id=term.pk, **ordered().params)
        job = run.execute(job.pk, at=NOW)
        assert (job.state, job.error_code) == (JobState.FAILED, "sample-nobody")


class TestNote:
    def test_keeps_the_finding_with_its_day_of_mending(self, auditor):
        item, due = make.AuditSampleItemFactory(), NOW.date() + timedelta(days=10)

        samples.note(item, state=ItemState.FAULTY, words=" 家长没有收到 ", by=auditor, at=NOW, follow_up_due_on=due)

        item.refresh_from_db()
        assert (item.state, item.words, item.checked_by, item.checked_at) == ("faulty", "家长没有收到", auditor, NOW)
        assert (item.follow_up, item.follow_up_due_on) == (FollowUp.ASKED, due)
        assert Action.objects.get().details == {"state": "faulty", "before": "waiting"}

    def test_again_replaces_the_word_and_both_are_in_the_log(self, auditor):
        item = make.AuditSampleItemFactory(to_mend=True)

        samples.note(item, state=ItemState.SOUND, words="", by=auditor, at=NOW)

        item.refresh_from_db()
        assert (item.state, item.follow_up, item.follow_up_due_on) == ("sound", FollowUp.NONE, None)
        assert Action.objects.get().details == {"state": "sound", "before": "faulty"}

    def test_holds_no_number_of_anybody_nor_does_what_follows(self, auditor):
        phone, made = "13800001234", samples.draw(awards(1)[0].term, ordered(size=1), by=auditor, at=NOW)
        item = made.items.get()

        said = {"words": "字" * 495 + phone, "state": ItemState.FAULTY, "follow_up_due_on": NOW.date()}
        samples.note(item, **said, by=auditor, at=NOW)
        samples.follow_up(item, words=f"已电话 {phone} 告知。", by=make.UserFactory(), at=NOW)
        samples.close(made, conclusion=f"见 {phone}。", by=auditor, at=NOW)

        item.refresh_from_db(), made.refresh_from_db()
        assert item.words == "字" * 495 + "*****"
        assert item.followed_up_words == "已电话 *********34 告知。"
        assert made.conclusion == "见 *********34。"

    def test_of_a_fault_needs_words(self, auditor):
        item = make.AuditSampleItemFactory()
        with pytest.raises(samples.FaultUnsaid):
            samples.note(item, state=ItemState.FAULTY, words="  ", by=auditor, at=NOW)

    @pytest.mark.parametrize(("state", "days"), [(ItemState.SOUND, 5), (ItemState.FAULTY, -1)])
    def test_asks_to_mend_only_a_fault_and_by_a_day_to_come(self, auditor, state, days):
        item, due = make.AuditSampleItemFactory(), NOW.date() + timedelta(days=days)
        with pytest.raises(samples.DueDayOdd):
            samples.note(item, state=state, words="有出入", by=auditor, at=NOW, follow_up_due_on=due)

    def test_is_refused_once_the_sample_is_closed(self, auditor):
        item = make.AuditSampleItemFactory(sound=True)
        samples.close(item.sample, conclusion="属实", by=auditor, at=NOW)
        with pytest.raises(WrongState):
            samples.note(item, state=ItemState.FAULTY, words="后来发现", by=auditor, at=NOW)

    def test_does_not_overwrite_what_the_county_mended(self, auditor):
        item = make.AuditSampleItemFactory(to_mend=True)
        samples.follow_up(item, words="已补发", by=make.UserFactory(), at=NOW)
        with pytest.raises(samples.AlreadyMended):
            samples.note(item, state=ItemState.SOUND, words="", by=auditor, at=NOW)

    def test_is_not_for_the_county(self):
        with pytest.raises(samples.NotTheAuditor):
            samples.note(make.AuditSampleItemFactory(), state=ItemState.SOUND, words="", by=make.UserFactory(), at=NOW)


class TestFollowUp:
    def test_keeps_what_the_county_mended(self):
        item, officer = make.AuditSampleItemFactory(to_mend=True), make.UserFactory()

        samples.follow_up(item, words="已换卡补发。", by=officer, at=NOW)

        assert (item.follow_up, item.followed_up_words, item.followed_up_by) == ("done", "已换卡补发。", officer)
        assert Action.objects.get().verb == "audit-sample.followed-up"

    def test_is_still_possible_after_the_sample_ended(self, auditor):
        item = make.AuditSampleItemFactory(to_mend=True)
        samples.close(item.sample, conclusion="一件要整改", by=auditor, at=NOW)

        samples.follow_up(item, words="已补发", by=make.UserFactory(approver=True), at=NOW)

        assert item.follow_up == FollowUp.DONE

    def test_of_what_nobody_asked_for_is_refused(self):
        for item in (make.AuditSampleItemFactory(), make.AuditSampleItemFactory(faulty=True)):
            with pytest.raises(samples.NothingToMend):
                samples.follow_up(item, words="已补发", by=make.UserFactory(), at=NOW)

    def test_comes_once(self):
        item = make.AuditSampleItemFactory(to_mend=True)
        samples.follow_up(item, words="已补发", by=make.UserFactory(), at=NOW)
        with pytest.raises(samples.NothingToMend):
            samples.follow_up(item, words="又一次", by=make.UserFactory(), at=NOW)

    def test_needs_words_and_the_county(self, auditor):
        item = make.AuditSampleItemFactory(to_mend=True)
        with pytest.raises(samples.MendUnsaid):
            samples.follow_up(item, words=" ", by=make.UserFactory(), at=NOW)
        with pytest.raises(samples.NotTheCounty):
            samples.follow_up(item, words="已补发", by=auditor, at=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_a_new_word_and_a_mending_at_the_same_moment_neither_is_lost_unseen():
    """Either the county mends first and the word is refused, or the word comes first and there is nothing to mend."""
    item, county = make.AuditSampleItemFactory(to_mend=True), make.UserFactory()
    copies = [SampleItem.objects.get(pk=item.pk) for _each in range(2)]

    at_once(
        lambda: samples.note(copies[0], state=ItemState.SOUND, words="属实", by=item.sample.drawn_by, at=NOW),
        lambda: samples.follow_up(copies[1], words="已补发", by=county, at=NOW),
    )

    item.refresh_from_db()
    assert (item.state, item.follow_up, item.followed_up_words) in {("sound", "", ""), ("faulty", "done", "已补发")}
    assert Action.objects.count() == 1


class TestWithdraw:
    def test_gives_a_sample_up_with_its_reason_on_record(self, auditor):
        made = make.AuditSampleItemFactory(faulty=True).sample

        samples.withdraw(made, reason="范围选错了。", by=auditor, at=NOW)

        assert (made.state, made.conclusion, made.closed_by) == (SampleState.WITHDRAWN, "范围选错了。", auditor)
        action = Action.objects.get()
        assert (action.verb, action.details) == ("audit-sample.withdrawn", {"reason": "范围选错了。"})
        with pytest.raises(WrongState):
            samples.note(made.items.get(), state=ItemState.SOUND, words="", by=auditor, at=NOW)
        with pytest.raises(WrongState):
            samples.close(made, conclusion="属实", by=auditor, at=NOW)

    def test_is_refused_once_the_county_was_asked_to_mend(self, auditor):
        made = make.AuditSampleItemFactory(to_mend=True).sample
        with pytest.raises(samples.AlreadyAsked), transaction.atomic():
            samples.withdraw(made, reason="范围选错了。", by=auditor, at=NOW)
        assert Sample.objects.get().state == SampleState.OPEN

    def test_is_only_of_an_open_one_needs_a_reason_and_the_auditor(self, auditor):
        made = make.AuditSampleItemFactory(sound=True).sample
        with pytest.raises(samples.ReasonMissing):
            samples.withdraw(made, reason=" ", by=auditor, at=NOW)
        with pytest.raises(samples.NotTheAuditor):
            samples.withdraw(made, reason="范围选错了。", by=make.UserFactory(), at=NOW)
        samples.close(made, conclusion="属实", by=auditor, at=NOW)
        with pytest.raises(WrongState):
            samples.withdraw(made, reason="范围选错了。", by=auditor, at=NOW)


class TestClose:
    def test_concludes_what_was_looked_up(self, auditor):
        made = make.AuditSampleItemFactory(faulty=True).sample

        samples.close(made, conclusion="基本属实。", by=auditor, at=NOW)

        assert (made.state, made.conclusion, made.closed_by) == (SampleState.CLOSED, "基本属实。", auditor)
        assert Action.objects.get().details == {"sound": 0, "faulty": 1}

    def test_is_refused_while_somebody_waits(self, auditor):
        made = make.AuditSampleItemFactory(sound=True).sample
        make.AuditSampleItemFactory(sample=made)
        with pytest.raises(samples.ItemsWaiting) as refused, transaction.atomic():
            samples.close(made, conclusion="都属实", by=auditor, at=NOW)
        assert refused.value.params == {"n": 1}
        assert Sample.objects.get().state == SampleState.OPEN

    def test_needs_a_conclusion_and_the_auditor(self, auditor):
        made = make.AuditSampleItemFactory(sound=True).sample
        with pytest.raises(samples.ConclusionMissing):
            samples.close(made, conclusion=" ", by=auditor, at=NOW)
        with pytest.raises(samples.NotTheAuditor):
            samples.close(made, conclusion="属实", by=make.UserFactory(), at=NOW)

    def test_happens_once(self, auditor):
        made = make.AuditSampleItemFactory(sound=True).sample
        samples.close(Sample.objects.get(), conclusion="属实", by=auditor, at=NOW)
        with pytest.raises(WrongState):
            samples.close(made, conclusion="又一次", by=auditor, at=NOW)


class TestResults:
    def test_count_faults_and_their_money(self):
        made = make.AuditSampleItemFactory(sound=True).sample
        make.AuditSampleItemFactory(sample=made, to_mend=True, award__amount_fen=62_500)
        make.AuditSampleItemFactory(sample=made)

        result = sample_results.results(made)

        assert (result.drawn, result.sound, result.faulty, result.waiting) == (3, 1, 1, 1)
        assert (result.drawn_fen, result.faulty_fen, result.asked) == (162_500, 62_500, 1)
        assert result.estimate_fen is None

    def test_by_money_count_a_large_fault_as_itself_and_a_small_one_as_its_interval(self, auditor):
        large = awards(1, amount_fen=900_000)
        small = awards(20, amount_fen=10_000)
        made = samples.draw(large[0].term, ordered(way=Draw.BY_MONEY, size=5), by=auditor, at=NOW)
        items = list(made.items.select_related("award"))
        assert sorted(item.award.amount_fen for item in items) == [10_000] * 4 + [900_000]

        for item in items[:-1]:
            samples.note(item, state=ItemState.SOUND, words="", by=auditor, at=NOW)
        assert sample_results.results(made).estimate_fen is None
        samples.note(items[-1], state=ItemState.SOUND, words="", by=auditor, at=NOW)
        assert sample_results.results(made).estimate_fen == 0

        one_small = next(item for item in items if item.award in small)
        samples.note(one_small, state=ItemState.FAULTY, words="有误", by=auditor, at=NOW)
        interval = 200_000 // 4
        assert sample_results.results(made).interval_fen == interval
        assert sample_results.results(made).estimate_fen == interval

        the_large = next(item for item in items if item.award == large[0])
        samples.note(the_large, state=ItemState.FAULTY, words="有误", by=auditor, at=NOW)
        assert sample_results.results(made).estimate_fen == interval + 900_000

    def test_by_another_draw_are_not_projected(self, auditor):
        made = samples.draw(awards(2)[0].term, ordered(size=2), by=auditor, at=NOW)
        for item in made.items.all():
            samples.note(item, state=ItemState.FAULTY, words="有误", by=auditor, at=NOW)
        assert sample_results.results(made).estimate_fen is None


OWN = {"audits_sample", "audits_sampleitem", "accounts_action", "jobs_storedfile", "jobs_job"}


def rows_of_everything():
    """Every row of every table that no sample may touch."""
    return {
        model._meta.db_table: [model_to_dict(row) for row in model._base_manager.order_by("pk")]
        for model in apps.get_models()
        if model._meta.db_table not in OWN
    }


def test_a_whole_sample_changes_no_row_of_the_office(auditor):
    officer = make.UserFactory()
    term = make.PaymentFactory(paid=True).award.term
    make.BounceFactory()
    awards(2)
    before = rows_of_everything()

    made = samples.draw(term, ordered(size=2), by=auditor, at=NOW)
    first, second = made.items.all()
    samples.note(first, state=ItemState.SOUND, words="", by=auditor, at=NOW)
    samples.note(second, state=ItemState.FAULTY, words="有误", by=auditor, at=NOW, follow_up_due_on=NOW.date())
    samples.follow_up(second, words="已更正", by=officer, at=NOW)
    samples.close(made, conclusion="一件有问题，已整改。", by=auditor, at=NOW)

    assert rows_of_everything() == before
    assert set(SampleItem.objects.values_list("state", flat=True)) == {"sound", "faulty"}
