"""The action log, as it is narrowed, as a file: a workbook, or text for other programs."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import Action, ActionQuerySet
from audits.trail import Wanted
from audits.wording import act
from common.moves import Refused
from common.workbooks import Column, write_csv, write_table
from jobs import files, wording
from jobs.choices import FileKind
from jobs.run import Running

MOST_EXPORTED = 100_000


class Format(TextChoices):
    XLSX = "xlsx", _("Excel 工作簿（.xlsx）")
    CSV = "csv", _("逗号分隔文本（.csv）")


class TooMany(Refused):
    code = "actions-export-too-many"
    message = _("一次最多导出 %(limit)s 条操作记录，请用日期或其他条件缩小范围。")


def run(running: Running) -> dict[str, Any]:
    """Write the rows that the run's parameters ask for, and keep the file; that it was taken is on record."""
    asked = running.params["wanted"]
    form, by = Format(running.params["format"]), running.job.started_by
    rows = Wanted(**asked).narrow(Action.objects.visible_to(by)).filter(at__lte=running.at)
    count = rows.order_by()[: MOST_EXPORTED + 1].count()
    if count > MOST_EXPORTED:
        raise TooMany(limit=MOST_EXPORTED)
    with translation.override(settings.LANGUAGE_CODE):
        content = write(rows.for_list(), form, taken=_now("导出人：%(name)s") % {"name": by})
        name = _now("操作日志") + f" {timezone.localdate(running.at):%Y-%m-%d}.{form}"
    result: dict[str, Any] = {"rows": count}
    with running.chunk(to=1, result=result):
        file = files.store(content, name=name, kind=FileKind.EXPORT, by=by, at=running.at)
        wanted = {"act" if name == "verb" else name: value for name, value in asked.items()}
        actions.record(by, "actions.exported", file, at=running.at, rows=count, sha256=file.sha256, **wanted)
        result["file_id"] = file.pk
    return result


def write(rows: ActionQuerySet, form: Format, *, taken: str) -> bytes:
    """The bytes of such a file. In text, what would begin a formula elsewhere begins with an apostrophe."""
    columns = [
        Column(_now("编号"), 10, "number"),
        Column(_now("时间"), 20),
        Column(_now("操作人"), 12),
        Column(_now("账号"), 14),
        Column(_now("岗位"), 14),
        Column(_now("操作"), 24),
        Column(_now("操作代码"), 26),
        Column(_now("对象"), 30),
        Column(_now("对象类型"), 24),
        Column(_now("对象编号"), 12),
        Column(_now("详情"), 30),
        Column(_now("详情（原始）"), 40),
    ]
    lines = _lines(rows)
    if form is Format.XLSX:
        return write_table(_now("操作日志"), columns, lines, preamble=[taken], sheet_name=_now("操作日志"))
    return write_csv(chain([[column.heading for column in columns]], lines))


def _lines(rows: ActionQuerySet) -> Iterator[list[Any]]:
    for action in rows.iterator(chunk_size=1_000):
        person = action.actor
        yield [
            action.pk,
            f"{timezone.localtime(action.at):%Y-%m-%d %H:%M:%S}",
            person.name if person else _now("系统"),
            person.username if person else "",
            person.get_role_display() if person else "",
            act(action.verb),
            action.verb,
            action.target_label,
            action.target_type,
            action.target_id,
            "；".join(f"{fact.label} {fact.value}" for fact in wording.facts(action.details)),
            json.dumps(action.details, ensure_ascii=False, sort_keys=True),
        ]
