"""The cross-check in real processes: killed, begun twice at once, its list withdrawn. What is in force stays whole."""

import threading
import time
from functools import partial

import pytest
from django.db import connection

from jobs import run, wording
from jobs.choices import JobState
from jobs.models import Job
from students import registers, runs
from students.choices import CrosscheckState, MatchState
from students.crosscheck import AlreadyRunning
from students.models import Absence, Crosscheck, Hardship, Match, RegisterSnapshot
from tests.factories import NOW, TermFactory, UserFactory
from tests.jobs import orders, rows
from tests.jobs.workers import is_past, kill, run_undisturbed, wait_for_end, wait_until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
CHILDREN = 60


def order():
    return orders.crosscheck_run(CHILDREN)


def in_force():
    """All that pages show of the term's run in force, by the rows' own keys."""
    [check] = Crosscheck.objects.filter(state=CrosscheckState.DONE)
    matches = Match.objects.filter(crosscheck=check)
    return [
        check.pk,
        check.counts,
        *(sorted(list_of.values_list()) for list_of in (matches, Hardship.objects.all(), Absence.objects.all())),
    ]


def test_killed_before_within_and_at_the_end_of_its_writing_it_ends_as_if_undisturbed():
    _job, expected = run_undisturbed(order)
    job = order()
    before = in_force()

    for point, moment in ((0, 0.1), (CHILDREN * 0.4, 0.02), (CHILDREN * 0.8, 0.25)):
        with worker() as process:
            wait_until(partial(is_past, job, point, process), what=f"{job} to pass {point:.0f}")
            time.sleep(moment)
            kill(process)
        job.refresh_from_db()
        assert (job.state, job.cursor >= point) == (JobState.RUNNING, True)
        assert in_force() == before
        assert job.cursor == Match.objects.filter(crosscheck__state=CrosscheckState.RUNNING).count()
    with worker():
        wait_for_end(job)

    assert (job.state, job.attempts) == (JobState.DONE, 4)
    assert list(rows.lines()) == expected
    assert in_force() != before
    assert set(Match.objects.values_list("state", flat=True)) == {
        MatchState.SURE,
        MatchState.SUSPECTED,
        MatchState.CONFIRMED,
    }
    assert Absence.objects.count() == CHILDREN * 0.4


def test_a_list_withdrawn_while_it_computes_ends_it_and_leaves_the_one_in_force():
    job = order()
    before = in_force()
    with worker() as process:
        wait_until(partial(is_past, job, 0, process), what=f"{job} to begin")
        registers.withdraw(RegisterSnapshot.objects.get(), by=UserFactory(), at=NOW, reason="部门重新提供")
        wait_for_end(job)

    assert (job.state, job.error_code) == (JobState.FAILED, "list-withdrawn")
    assert "被撤回了，这次比对不作数" in wording.error(job)
    refused = Crosscheck.objects.get(pk=job.params["crosscheck_id"])
    assert (refused.state, refused.matches.count()) == (CrosscheckState.REFUSED, 0)
    assert in_force() == before


def test_of_two_begun_at_once_one_begins_and_the_other_is_told():
    run.execute(order().pk)
    snapshot, term = RegisterSnapshot.objects.get(), TermFactory()
    officers = [UserFactory(), UserFactory()]
    together, told = threading.Barrier(2), []

    def begin(by):
        try:
            together.wait(timeout=30)
            told.append(runs.begin_crosscheck(term=term, snapshots=[snapshot], by=by, at=NOW))
        except AlreadyRunning as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=begin, args=[by]) for by in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    [begun] = [one for one in told if isinstance(one, Crosscheck)]
    assert [one for one in told if one is not begun] == ["本学期的比对正在进行，请等它结束。"]
    assert Crosscheck.objects.get(state=CrosscheckState.RUNNING) == begun
    assert Job.objects.get(state=JobState.PENDING).params == {"crosscheck_id": begun.pk}
