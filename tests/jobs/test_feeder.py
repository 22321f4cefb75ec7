"""How often a worker reminds itself of a job that waits."""

import pytest

from jobs.feeder import SEND_AGAIN_AT_MOST_SECONDS, Messages
from jobs.models import Job


@pytest.fixture
def job():
    return Job(pk=1, attempts=0)


def sent_at(messages, waiting, seconds):
    return [second for second in range(seconds) if messages.due(waiting, now=float(second))]


def test_a_new_job_is_news_at_once_without_a_broker(job):
    assert Messages(grace=0).due([job], now=100.0) == [job]


def test_with_a_broker_the_message_of_whoever_ordered_it_gets_a_moment(job):
    messages = Messages(grace=1)

    assert messages.due([job], now=100.0) == []
    assert messages.due([job], now=101.0) == [job]


def test_a_job_behind_a_long_one_is_mentioned_less_and_less_often(job):
    assert sent_at(Messages(grace=0), [job], 60) == [0, 5, 15, 35]


def test_but_never_forgotten(job):
    moments = sent_at(Messages(grace=0), [job], 3_000)

    assert moments[-1] - moments[-2] == SEND_AGAIN_AT_MOST_SECONDS


def test_a_job_that_was_tried_since_is_news_again(job):
    messages = Messages(grace=0)
    messages.due([job], now=100.0)

    assert messages.due([job], now=100.2) == []
    assert messages.due([Job(pk=1, attempts=1)], now=100.4) != []


def test_jobs_that_no_longer_wait_are_not_remembered(job):
    messages = Messages(grace=0)
    messages.due([job], now=100.0)
    messages.due([], now=100.2)

    assert messages.due([job], now=100.4) == [job]
