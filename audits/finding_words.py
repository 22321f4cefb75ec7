"""Findings as people read them: the rule's sentence with its numbers, the rows behind it, all of them in a workbook.

Findings hold numbers and codes. Names and masked numbers come from the rows as they are when somebody looks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model, OuterRef, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audits.choices import FindingState, Severity
from audits.finding_runs import CAME_BACK
from audits.findings import RULES
from audits.models import Finding, FindingEvidence, FindingQuerySet, FindingWord
from common.masking import card as masked_card
from common.money import yuan
from common.workbooks import Column, Value, write_table
from programs.models import Program

Programs = Mapping[str, Program]

TONES = {
    FindingState.OPEN: "amber",
    FindingState.EXPLAINED: "blue",
    FindingState.MENDED: "green",
    FindingState.CONFIRMED: "red",
}
SEVERITY_TONES = {Severity.GRAVE: "red", Severity.SERIOUS: "amber", Severity.NOTABLE: "neutral"}


@dataclass(frozen=True)
class Shown:
    """A finding with its words."""

    finding: Finding
    title: str
    sentence: str

    @property
    def tone(self) -> str:
        return TONES[FindingState(self.finding.state)]

    @property
    def severity_tone(self) -> str:
        return SEVERITY_TONES[Severity(self.finding.severity)]


def programs() -> Programs:
    """Programs by code, for the sentences of a page."""
    return Program.objects.in_bulk()


def shown(finding: Finding, known: Programs) -> Shown:
    """Of a rule that is no more only its code is left to say."""
    rule = RULES.get(finding.rule)
    if rule is None:
        return Shown(finding, finding.rule, "")
    facts = {name: _fact(name, value, rule.choices, known) for name, value in finding.facts.items()}
    return Shown(finding, str(rule.title), str(rule.sentence) % defaultdict(str, facts))


def _fact(name: str, value: Any, choices: Mapping[str, Any], known: Programs) -> Any:
    if name.endswith("_fen"):
        return yuan(value)
    if name == "program":
        return str(known.get(value, value))
    if name in choices and value in choices[name].values:
        return str(choices[name](value).label)
    return f"{value:,}" if isinstance(value, int) else value


def said(words: str) -> str:
    """What somebody said to a finding; a run says one thing by itself."""
    return _(words) if words == CAME_BACK else words


# The rows behind it


@dataclass(frozen=True)
class EvidenceLine:
    """One row that a finding rests on: what it is, what it says today, where it is, what it said when found."""

    kind: str
    words: str
    url: str
    then: str


_AMOUNT = gettext_lazy("金额（元）")


@dataclass(frozen=True)
class _Table:
    """How the rows of a table are loaded and told."""

    words: Callable[[Any], str]
    place: Callable[[Any], str] = lambda row: str(row.get_absolute_url())
    related: tuple[str, ...] = ()
    amount: Any = _AMOUNT
    """What the money is that was kept of a row when it was found."""


def _dots(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def _child(student: Any) -> str:
    return _dots(student.name, student.masked_id)


_TABLES: dict[str, _Table] = {
    "students.enrollment": _Table(
        lambda row: _dots(_child(row.student), row.school, row.grade + row.class_name, row.get_state_display()),
        lambda row: str(row.student.get_absolute_url()),
        ("student", "school"),
    ),
    "students.card": _Table(
        lambda row: _dots(masked_card(row.number), row.holder, row.relation, _child(row.student)),
        lambda row: str(row.student.get_absolute_url()),
        ("student",),
    ),
    "students.hardship": _Table(
        lambda row: _dots(row.category, row.label, f"{row.from_on} – {row.to_on or ''}"),
        lambda row: str(row.student.get_absolute_url()),
        ("category", "student"),
    ),
    "students.registersnapshot": _Table(lambda row: _dots(row, row.get_state_display()), related=("source",)),
    "programs.award": _Table(
        lambda row: _dots(_child(row.student), row.program, yuan(row.amount_fen), row.get_state_display()),
        lambda row: str(row.list.get_absolute_url()),
        ("student", "program", "list"),
    ),
    "programs.awardlist": _Table(lambda row: _dots(row, row.get_state_display()), related=("school", "term")),
    "programs.notice": _Table(
        lambda row: _dots(f"{row.starts_on} – {row.ends_on}", row.get_state_display(), row.result)
    ),
    "programs.objection": _Table(
        lambda row: _dots(_child(row.award.student), timezone.localdate(row.received_at), row.get_state_display()),
        related=("award__student",),
    ),
    "programs.rule": _Table(
        lambda row: _dots(row.program, row.description, row.document_no),
        lambda row: str(row.program.get_absolute_url()),
        ("program",),
    ),
    "programs.standard": _Table(
        lambda row: _dots(row.program, row.tier, row.document_no),
        lambda row: str(row.program.get_absolute_url()),
        ("program",),
    ),
    "programs.schoolfee": _Table(
        lambda row: _dots(row.school, row.program, yuan(row.amount_fen), row.document_no),
        lambda row: str(row.school.get_absolute_url()),
        ("school", "program"),
    ),
    "disbursements.payment": _Table(
        lambda row: _dots(
            _child(row.award.student), row.batch, row.card or "", yuan(row.amount_fen), row.get_state_display()
        ),
        lambda row: str(row.batch.get_absolute_url()),
        ("award__student", "batch", "card"),
    ),
    "disbursements.batch": _Table(
        lambda row: _dots(row, row.program, yuan(row.amount_fen), row.get_state_display()), related=("program",)
    ),
    "disbursements.quota": _Table(
        lambda row: _dots(
            row.document_no,
            row.program,
            row.get_payer_display(),
            _("指标共 %(sum)s 元") % {"sum": yuan(row.amount_fen)},
        ),
        related=("program",),
        amount=gettext_lazy("滞留金额（元）"),
    ),
    "accounts.action": _Table(
        lambda row: _dots(row.target_label, row.actor or "", date_format(timezone.localtime(row.at), "Y-m-d H:i")),
        lambda row: "",
        ("actor",),
    ),
}


def evidence(finding: Finding) -> list[EvidenceLine]:
    """The rows in their order, in one query for each table among them."""
    lines = list(finding.evidence.order_by("position"))
    keys: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        keys[line.row_type].add(line.row_id)
    rows = {row_type: _rows(row_type, theirs) for row_type, theirs in keys.items()}
    return [_line(line, rows[line.row_type].get(line.row_id)) for line in lines]


def _rows(row_type: str, keys: set[str]) -> dict[str, Model]:
    try:
        model = apps.get_model(row_type)
    except LookupError:
        return {}
    table = _TABLES.get(row_type)
    found = model._default_manager.filter(pk__in=keys)
    return {str(row.pk): row for row in (found.select_related(*table.related) if table else found)}


def _line(line: FindingEvidence, row: Model | None) -> EvidenceLine:
    table = _TABLES.get(line.row_type)
    worth_saying = {"amount_fen": table.amount if table else _AMOUNT, "paid_on": _("到账日期")}
    then = _dots(
        *(
            f"{label} {_fact(name, line.facts[name], {}, {})}"
            for name, label in worth_saying.items()
            if name in line.facts
        )
    )
    if row is None:
        return EvidenceLine(line.row_type, line.row_id, "", then)
    words = table.words(row) if table else str(row)
    place: Callable[[Any], str] = table.place if table else _own_address
    return EvidenceLine(str(row._meta.verbose_name), words, place(row), then)


def _own_address(row: Any) -> str:
    return str(row.get_absolute_url()) if hasattr(row, "get_absolute_url") else ""


# The workbook


def write(findings: FindingQuerySet, title: str, *, by: User, at: datetime) -> bytes:
    """These findings with the last word to each. Resident numbers are masked."""
    minute = date_format(timezone.localtime(at), "Y-m-d H:i")
    last = FindingWord.objects.filter(finding=OuterRef("pk")).order_by("-pk")
    rows = findings.annotate(
        last_words=Subquery(last.values("words")[:1]), last_by=Subquery(last.values("by__name")[:1])
    )
    columns = [
        Column(_("疑点号"), 8, "number"),
        Column(_("程度"), 8),
        Column(_("疑点"), 26),
        Column(_("学校标识码"), 13),
        Column(_("学校名称"), 24),
        Column(_("姓名"), 10),
        Column(_("证件号"), 21),
        Column(_("涉及金额（元）"), 14, "money"),
        Column(_("情况"), 60),
        Column(_("依据"), 40),
        Column(_("状态"), 10),
        Column(_("首次发现"), 12, "date"),
        Column(_("最近发现"), 12, "date"),
        Column(_("不再存在"), 12, "date"),
        Column(_("最近说明"), 40),
        Column(_("填写人"), 10),
    ]
    remarks = [_("单位：元"), _("导出：%(by)s　%(at)s") % {"by": by, "at": minute}]
    return write_table(title, columns, _sheet(rows), preamble=remarks, sheet_name=_("疑点"))


def _sheet(rows: Any) -> Iterator[list[Value]]:
    known = programs()
    for finding in rows.iterator(chunk_size=1_000):
        words, rule = shown(finding, known), RULES.get(finding.rule)
        yield [
            finding.pk,
            finding.get_severity_display(),
            words.title,
            finding.school.code if finding.school else "",
            finding.school.name if finding.school else "",
            finding.student.name if finding.student else "",
            finding.student.masked_id if finding.student else "",
            finding.amount_fen,
            words.sentence,
            str(rule.basis) if rule else "",
            finding.get_state_display(),
            timezone.localdate(finding.first_found_at),
            timezone.localdate(finding.last_found_at),
            timezone.localdate(finding.gone_at) if finding.gone_at else None,
            said(finding.last_words or ""),
            finding.last_by or "",
        ]
