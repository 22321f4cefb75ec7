"""Pages of runs and files: how far, what came out, again; and who took which file."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from jobs import files
from jobs.choices import FileKind, JobState
from jobs.models import Job
from tests.factories import NOW, JobFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestProgress:
    def test_asks_for_itself_while_the_run_lasts(self, as_role):
        job = JobFactory(total=200, cursor=50)

        part = as_role("preparer").get(reverse("jobs:progress", args=[job.pk])).content.decode()

        assert "50 / 200" in part
        assert reverse("jobs:progress", args=[job.pk]) in part
        assert "load delay:700ms" in part

    def test_stops_and_loads_the_page_when_the_run_is_over(self, as_role):
        job = JobFactory(done=True)

        answer = as_role("preparer").get(reverse("jobs:progress", args=[job.pk]))

        assert answer.headers["HX-Refresh"] == "true"
        assert answer.content == b""


class TestJob:
    def test_words_the_result(self, as_role):
        job = JobFactory(done=True, result={"rows": 8000, "refused": 51, "sha256": "ab" * 32})

        page = as_role("preparer").get(job.get_absolute_url()).content.decode()

        assert "数据行" in page
        assert "8,000" in page
        assert "abab" not in page

    def test_words_the_failure_and_offers_another_run(self, as_role):
        job = JobFactory(failed=True)
        client = as_role("preparer")

        page = client.get(job.get_absolute_url()).content.decode()
        client.post(reverse("jobs:retry", args=[job.pk]))

        assert "再次运行" in page
        assert Job.objects.get().state == JobState.PENDING
        assert Action.objects.get().verb == "job.retried"

    def test_offers_the_auditor_no_run(self, as_role):
        job = JobFactory(failed=True)

        assert "再次运行" not in as_role("auditor").get(job.get_absolute_url()).content.decode()

    def test_is_refused_in_words_when_it_runs_already(self, as_role):
        job = JobFactory(done=True)

        page = as_role("preparer").post(reverse("jobs:retry", args=[job.pk]), follow=True).content.decode()

        assert "状态已经变化" in page


class TestFile:
    def test_is_handed_out_whole_and_noted(self, as_role):
        stored = files.store(b"PK-whole", name="花名册.xlsx", kind=FileKind.ROSTER, by=UserFactory(), at=NOW)

        answer = as_role("preparer").get(reverse("jobs:file", args=[stored.pk]))

        assert answer.content == b"PK-whole"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        action = Action.objects.get(verb="file.downloaded")
        assert action.target_id == str(stored.pk)
        assert action.at <= timezone.now()

    def test_of_another_school_is_not_there(self, as_role):
        stored = files.store(
            b"PK", name="花名册.xlsx", kind=FileKind.ROSTER, by=UserFactory(), at=NOW, school=SchoolFactory()
        )

        assert as_role("school").get(reverse("jobs:file", args=[stored.pk])).status_code == 404
        assert not Action.objects.filter(verb="file.downloaded").exists()

    def test_that_is_another_on_disk_is_named_and_not_handed_out(self, as_role):
        stored = files.store(b"PK-changed later", name="花名册.xlsx", kind=FileKind.ROSTER, by=UserFactory(), at=NOW)
        path = files._path(stored.sha256)
        path.write_bytes(path.read_bytes()[:-1] + b"?")

        answer = as_role("preparer").get(reverse("jobs:file", args=[stored.pk]), follow=True)

        assert "与存入时不一致" in answer.content.decode()
        assert not Action.objects.filter(verb="file.downloaded").exists()
