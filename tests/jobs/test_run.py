"""What a background run promises: once for a key, one owner, rows and cursor together, tried again but not for ever."""

import logging
import os
import subprocess
import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Action
from common.moves import WrongState
from jobs import run, tasks, wording
from jobs.choices import JobState
from jobs.models import Job
from schools.models import Town
from tests.factories import NOW, JobFactory, UserFactory
from tests.jobs import handlers

pytestmark = pytest.mark.django_db


def order(kind="test-towns", **params):
    return run.start(kind, by=UserFactory(), at=NOW, **params)


def held(owner, *, lease=timedelta(minutes=5), **facts):
    return JobFactory(
        kind="test-towns",
        params={"towns": 1},
        state=JobState.RUNNING,
        token=uuid.uuid4(),
        owner=owner,
        lease_until=timezone.now() + lease,
        **facts,
    )


def owner_of(pid, started=None):
    return f"{run._machine()}/{pid}/{started or run._started(pid)}"


@pytest.fixture
def no_pause(monkeypatch):
    """A job that failed may be tried again at once."""
    monkeypatch.setattr(run, "timedelta", lambda seconds: timedelta(0))


class TestStart:
    def test_the_same_key_gives_the_same_job(self):
        first = order(key="towns-of-2021", towns=1)

        assert order(key="towns-of-2021", towns=1) == first
        assert order(towns=1) != first

    def test_goes_back_with_the_transaction_that_ordered_it(self):
        with transaction.atomic():
            order(towns=1)
            transaction.set_rollback(True)

        assert not Job.objects.exists()

    def test_takes_only_kinds_that_somebody_does(self):
        with pytest.raises(LookupError, match="no-such-kind"):
            order("no-such-kind")


@pytest.fixture
def sent(monkeypatch, settings):
    settings.REDIS_URL = "redis://somewhere"
    sent = []
    monkeypatch.setattr(run.current_app, "send_task", lambda name, args, retry: sent.append((name, args)))
    return sent


class TestMessage:
    def test_carries_the_number_of_the_job_once_the_row_is_there(self, sent):
        with transaction.atomic():
            job = order(towns=1)
            assert sent == []

        assert sent == [(tasks.execute.name, [job.pk])]

    def test_is_not_sent_again_for_the_same_key(self, sent):
        with transaction.atomic():
            order(key="once", towns=1)
        with transaction.atomic():
            order(key="once", towns=1)

        assert len(sent) == 1

    def test_a_broker_that_is_down_hinders_nobody(self, sent, monkeypatch, caplog):
        def refuse(*_args, **_options):
            raise ConnectionError("redis://user:password@somewhere")

        monkeypatch.setattr(run.current_app, "send_task", refuse)

        with transaction.atomic():
            job = order(towns=1)

        assert run.waiting() == [job]
        assert "ConnectionError" in caplog.text
        assert "password" not in caplog.text


class TestExecute:
    def test_keeps_the_result_and_the_moment(self):
        later = NOW + timedelta(hours=1)

        job = run.execute(order(towns=25).pk, at=later)

        assert (job.state, job.cursor, job.total, job.result) == (JobState.DONE, 25, 25, {"towns": 25})
        assert (job.finished_at, job.lease_until, job.percent) == (later, None, 100)
        assert run.waiting() == []

    def test_does_a_job_once(self):
        job = order(towns=3)
        run.execute(job.pk)

        assert run.execute(job.pk).attempts == 1

    def test_leaves_a_job_in_living_hands_alone(self):
        job = held(owner_of(os.getppid()))

        assert run.execute(job.pk).attempts == 0
        assert run.waiting() == []

    def test_leaves_a_job_of_another_machine_alone_until_its_lease_is_over(self):
        far = held("elsewhere/4026531836/1/5")
        forgotten = held("elsewhere/4026531836/1/5", lease=timedelta(seconds=-1))

        assert run.waiting() == [forgotten]
        assert run.execute(forgotten.pk).state == JobState.DONE
        assert run.execute(far.pk).state == JobState.RUNNING

    def test_takes_a_job_over_from_a_dead_process_at_once(self):
        gone = subprocess.Popen(["true"])
        gone.wait()

        assert run.execute(held(owner_of(gone.pid, "1")).pk).state == JobState.DONE

    def test_takes_a_job_over_from_a_process_that_nobody_has_buried(self):
        zombie = subprocess.Popen(["true"])
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)

        job = run.execute(held(owner_of(zombie.pid, "1")).pk)
        zombie.wait()

        assert job.state == JobState.DONE

    def test_a_process_number_used_again_is_another_process(self):
        assert run.execute(held(owner_of(os.getppid(), "1")).pk).state == JobState.DONE

    def test_takes_its_own_job_again_if_it_could_not_write_the_end(self):
        assert run.execute(held(run._this_process()).pk).state == JobState.DONE

    def test_a_kind_that_this_version_does_not_know_fails(self):
        job = run.execute(JobFactory(kind="of-tomorrow").pk)

        assert (job.state, job.error_code) == (JobState.FAILED, "unknown-kind")
        assert "of-tomorrow" in wording.error(job)


@pytest.mark.django_db(transaction=True)
class TestClaim:
    def test_of_many_threads_one_wins(self, monkeypatch):
        done = []
        monkeypatch.setitem(run.KINDS, "test-once", run.Kind("一次", lambda running: {"done": done.append(running)}))
        by = UserFactory()

        for _ in range(10):
            job = run.start("test-once", by=by, at=NOW)
            done.clear()
            in_parallel(4, lambda number=job.pk: run.execute(number))
            assert len(done) == 1

    def test_many_threads_with_one_key_order_one_job(self):
        by = UserFactory()

        in_parallel(6, lambda: run.start("test-towns", by=by, at=NOW, key="one", towns=1))

        assert Job.objects.count() == 1

    def test_is_kept_while_the_handler_computes(self, settings, monkeypatch):
        settings.JOB_LEASE_SECONDS = 0.3
        claimable = []

        def compute(running):
            threading.Event().wait(0.9)
            claimable.extend(run.waiting())
            return {}

        monkeypatch.setitem(run.KINDS, "test-slow", run.Kind("慢", compute))

        job = run.execute(run.start("test-slow", by=UserFactory(), at=NOW).pk)

        assert (job.state, claimable) == (JobState.DONE, [])

    def test_is_given_up_by_a_run_that_hangs(self, settings, monkeypatch):
        settings.JOB_LEASE_SECONDS = 0.2
        monkeypatch.setattr(run, "LONGEST_STEP_SECONDS", 0)
        claimable = []

        def hang(running):
            threading.Event().wait(0.4)
            run._held.discard(running.token)
            claimable.extend(run.waiting())
            return {}

        monkeypatch.setitem(run.KINDS, "test-hangs", run.Kind("停住", hang))
        run.execute(run.start("test-hangs", by=UserFactory(), at=NOW).pk)

        assert len(claimable) == 1


def in_parallel(threads, act):
    ready = threading.Barrier(threads)
    errors = []

    def do():
        ready.wait()
        try:
            act()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    started = [threading.Thread(target=do) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert errors == []


class TestChunk:
    def handle(self, monkeypatch, handle):
        monkeypatch.setitem(run.KINDS, "test-chunk", run.Kind("一段", handle))
        return order("test-chunk")

    def test_takes_rows_and_cursor_back_together(self):
        job = order("test-breaks", good=3)

        with pytest.raises(RuntimeError):
            run.execute(job.pk)

        job.refresh_from_db()
        assert (job.cursor, Town.objects.count()) == (3, 3)

    def test_whoever_lost_the_job_commits_nothing_more(self, monkeypatch):
        def lose_it(running):
            with running.chunk(to=1):
                Town.objects.create(code="1", name="还在手里")
            Job.objects.filter(pk=running.job.pk).update(token=uuid.uuid4())
            with running.chunk(to=2):
                Town.objects.create(code="2", name="已经不在手里")
            return {"unreachable": True}

        job = run.execute(self.handle(monkeypatch, lose_it).pk)

        assert [town.code for town in Town.objects.all()] == ["1"]
        assert (job.state, job.cursor, job.result) == (JobState.RUNNING, 1, {})

    def test_a_lost_job_is_not_ended_either(self, monkeypatch):
        def lose_it(running):
            Job.objects.filter(pk=running.job.pk).update(token=uuid.uuid4())
            return {"towns": 0}

        assert run.execute(self.handle(monkeypatch, lose_it).pk).state == JobState.RUNNING

    def test_may_end_the_job_in_its_own_transaction(self, monkeypatch):
        def last(running):
            result = {}
            with running.chunk(to=7, result=result):
                result["code"] = Town.objects.create(code="1", name="最后").code
            return {"not": "looked at"}

        job = run.execute(self.handle(monkeypatch, last).pk, at=NOW)

        assert (job.state, job.cursor, job.result, job.finished_at) == (JobState.DONE, 7, {"code": "1"}, NOW)

    def test_may_refuse_the_job_in_its_own_transaction(self, monkeypatch):
        def refuse(running):
            refusal = handlers.TooMany(towns=3)
            with running.chunk(to=1, refusal=refusal):
                Town.objects.create(code="1", name="拒绝的记号")
            raise refusal

        job = run.execute(self.handle(monkeypatch, refuse).pk)

        assert (job.state, job.error_code, Town.objects.count()) == (JobState.FAILED, "too-many-towns", 1)

    def test_does_not_go_back(self, monkeypatch):
        def back(running):
            with running.chunk(to=5):
                pass
            with running.chunk(to=4):
                pass

        with pytest.raises(ValueError, match="go back"):
            run.execute(self.handle(monkeypatch, back).pk)

    def test_a_worker_that_shuts_down_stops_between_two(self, monkeypatch):
        def asked_to_stop(running):
            with running.chunk(to=1):
                run.stop()
            with running.chunk(to=2):
                pass

        monkeypatch.setattr(run, "_stopping", threading.Event())
        job = run.execute(self.handle(monkeypatch, asked_to_stop).pk)

        assert (job.state, job.cursor, job.stalls) == (JobState.PENDING, 1, 0)
        assert run.waiting() == [job]


class TestTries:
    def test_a_refusal_ends_the_run_with_its_words(self):
        job = run.execute(order(towns=200_000).pk)

        assert (job.state, job.error_code, job.error_params) == (JobState.FAILED, "too-many-towns", {"towns": 200_000})
        assert wording.error(job) == "200000 个乡镇太多了。"
        assert run.waiting() == []

    @pytest.mark.usefixtures("no_pause")
    def test_goes_on_at_the_cursor(self):
        job = order(towns=25)
        in_the_way = Town.objects.create(code=f"{job.pk}-15", name="拦路")
        with pytest.raises(IntegrityError):
            run.execute(job.pk)
        job.refresh_from_db()
        assert (job.cursor, job.state) == (10, JobState.RUNNING)
        in_the_way.delete()

        job = run.execute(job.pk)

        assert (job.state, job.attempts, job.stalls, Town.objects.count()) == (JobState.DONE, 2, 0, 25)

    def test_waits_a_moment_after_an_error(self):
        job = order("test-breaks")

        with pytest.raises(RuntimeError):
            run.execute(job.pk)

        assert run.waiting() == []
        assert run.execute(job.pk).attempts == 1

    @pytest.mark.usefixtures("no_pause")
    def test_without_progress_it_ends_after_five(self):
        job = order("test-breaks", good=1)

        while run.waiting():
            with pytest.raises(RuntimeError):
                run.execute(job.pk)

        job.refresh_from_db()
        assert (job.state, job.error_code, job.attempts) == (JobState.FAILED, "no-progress", 6)
        assert Town.objects.count() == 1
        assert "没有进展" in wording.error(job)

    def test_a_job_that_kills_its_workers_ends_too(self):
        job = held("", lease=timedelta(seconds=-1), stalls=run.STALLS_ALLOWED)

        job = run.execute(job.pk)

        assert (job.state, job.error_code, job.attempts) == (JobState.FAILED, "no-progress", 0)

    def test_the_log_says_where_but_quotes_no_value(self, caplog):
        with caplog.at_level(logging.ERROR):
            tasks.execute(order("test-breaks").pk)

        assert "RuntimeError" in caplog.text
        assert "break_down" in caplog.text
        assert "王小明 is" not in caplog.text


class TestRetry:
    def test_lets_a_failed_job_go_on_where_it_stood(self):
        failed = JobFactory(
            kind="test-towns", params={"towns": 25}, cursor=20, stalls=5, failed=True, started_by=UserFactory()
        )
        chief = UserFactory(approver=True)

        run.retry(failed, by=chief, at=NOW)

        assert (failed.state, failed.error_code, failed.stalls, failed.cursor) == (JobState.PENDING, "", 0, 20)
        assert run.execute(failed.pk).result == {"towns": 5}
        action = Action.objects.get()
        assert (action.actor, action.verb, action.target_id) == (chief, "job.retried", str(failed.pk))

    @pytest.mark.parametrize("state", [{"done": True}, {"state": JobState.PENDING}])
    def test_is_for_failed_jobs_only(self, state):
        with pytest.raises(WrongState):
            run.retry(JobFactory(**state), by=UserFactory(), at=NOW)

        assert not Action.objects.exists()


def test_a_lease_outlasts_many_chunks():
    """A chunk takes a fraction of a second; a lease that ends sooner would be taken from a living worker."""
    assert settings.JOB_LEASE_SECONDS >= 10
