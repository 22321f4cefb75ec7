"""manage.py jobs run|list: background runs without a worker, or a look at them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import run, wording
from jobs.models import Job


class Command(BaseCommand):
    help = "List the jobs that are not over, or do all that can be done, here and now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["list", "run"])

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        if act == "list":
            for job in Job.objects.waiting().order_by("pk"):
                self.stdout.write(_line(job))
            return
        failed = 0
        while waiting := run.waiting():
            job = run.execute(waiting[0].pk)
            failed += bool(wording.error(job))
            self.stdout.write(_line(job))
        if failed:
            raise CommandError(f"Jobs that failed: {failed}.")


def _line(job: Job) -> str:
    words = [f"#{job.pk}", wording.title(job), job.get_state_display(), f"{job.cursor}/{job.total or '?'}"]
    return " ".join([*words, wording.error(job)]).rstrip()
