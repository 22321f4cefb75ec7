"""Jobs that exist for tests only; a worker learns them with `celery worker --include tests.jobs.handlers`."""

import time
from typing import Any

from common.moves import Refused
from jobs.run import Running, handler
from schools.models import Town


class TooMany(Refused):
    code = "too-many-towns"
    message = "%(towns)s 个乡镇太多了。"


@handler("test-towns", title="写乡镇")
def write_towns(running: Running) -> dict[str, Any]:
    """Write `towns` rows, `rows` in a chunk, with a pause after each, so that a chunk can be hit."""
    towns, rows = running.params["towns"], running.params.get("rows", 10)
    if towns > 100_000:
        raise TooMany(towns=towns)
    running.report_total(towns)
    while running.cursor < towns:
        numbers = range(running.cursor, min(running.cursor + rows, towns))
        with running.chunk(to=numbers[-1] + 1):
            for number in numbers:
                Town.objects.create(code=f"{running.job.pk}-{number}", name=f"第 {running.job.pk}-{number} 乡")
        time.sleep(running.params.get("pause", 0))
    return {"towns": Town.objects.count()}


@handler("test-breaks", title="总是出错")
def break_down(running: Running) -> dict[str, Any]:
    """Commit up to `good`, then fail in the middle of a chunk, with a name in the message."""
    while running.cursor < running.params.get("good", 0):
        with running.chunk(to=running.cursor + 1):
            Town.objects.create(code=f"{running.cursor:06d}", name=f"第 {running.cursor} 乡")
    with running.chunk(to=running.cursor + 1):
        Town.objects.create(code="half", name="半个乡")
        name = "王小明"
        raise RuntimeError(f"{name} is refused")
