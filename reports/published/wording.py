"""Findings in words, for pages and for the command: rules, what seems to have happened, figures with their places."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.published.figures import Figure
from reports.published.findings import Finding, Reading
from reports.published.misprints import Slip
from reports.published.terms import Rule

RULES = {
    Rule.TERMS: gettext_lazy("春季加秋季不等于全年"),
    Rule.PARTS: gettext_lazy("各部分相加不等于总数"),
    Rule.WITHIN: gettext_lazy("“其中”的数比总数大"),
    Rule.RATE: gettext_lazy("人数乘标准不等于金额"),
    Rule.PER_HEAD: gettext_lazy("与同一项目的人均金额不一致"),
    Rule.RATES: gettext_lazy("各档人数乘标准相加不等于金额"),
    Rule.SPLIT: gettext_lazy("金额按所列标准拆不出整数的人数"),
    Rule.REPEATED: gettext_lazy("同一个数两处写得不一样"),
    Rule.HEADLINE: gettext_lazy("开头的总数不等于各项相加"),
}
SLIPS = {
    Slip.CUT_OFF: gettext_lazy("小数点后面缺了数字"),
    Slip.LOST: gettext_lazy("漏了数字"),
    Slip.POINT: gettext_lazy("小数点或位数错了"),
    Slip.DIGIT: gettext_lazy("有一位数字不同"),
    Slip.SWAPPED: gettext_lazy("相邻两位写颠倒了"),
    Slip.ADDED: gettext_lazy("多了数字"),
}


def printed(figure: Figure) -> str:
    """The figure as it stands: "191.万元"."""
    return f"{figure.printed}{figure.unit}"


def place(figure: Figure) -> str:
    return _("第 %(line)s 行第 %(column)s 字") % {"line": figure.line, "column": figure.column}


def rules(finding: Finding) -> list[str]:
    return [str(RULES[rule]) for rule in finding.rules]


def reading(reading: Reading) -> str:
    """The reading with its unit: "2643人"."""
    return f"{reading.text}{reading.figure.unit}"


def confirmed(reading: Reading) -> str:
    """How many rules the reading satisfies, and what seems to have happened to the number."""
    words = [str(SLIPS[reading.slip])] if reading.slip else []
    if len(reading.confirmed_by) > 1:
        words.append(_("%(count)s 条勾稽关系因此成立") % {"count": len(reading.confirmed_by)})
    if reading.fails:
        fails = _("；").join(str(RULES[rule]) for rule in reading.fails)
        words.append(_("但会使另一处不成立：%(rules)s") % {"rules": fails})
    return _("；").join(words)


def advice(finding: Finding, figure: Figure) -> str:
    """What to say of one marked figure where there is no single reading of it."""
    if finding.is_sure:
        return ""
    if finding.readings:
        return _("几种读法都说得通，请对照原件。")
    if finding.no_choice_fits:
        total = f"{finding.sum_of_lines}{figure.unit}"
        return _("各项相加是 %(total)s；不论怎样取舍各项，都得不出这个数。") % {"total": total}
    if finding.sum_of_lines:
        return _("各部分相加是 %(total)s；请对照原件。") % {"total": f"{finding.sum_of_lines}{figure.unit}"}
    return _("从文中推不出原来的数，请对照原件。")


def against(finding: Finding, figure: Figure) -> list[Figure]:
    """The figures that one marked figure contradicts; of a pair, the other one too."""
    return [other for other in (*finding.figures, *finding.against) if other is not figure]


def record(number: int, finding: Finding, figure: Figure) -> dict[str, Any]:
    """One marked figure for other programs: codes, places, and the reading in the figure's own unit."""
    own = next((one for one in finding.readings if one.figure is figure), None)
    return {
        "finding": number,
        "printed": printed(figure),
        "line": figure.line,
        "column": figure.column,
        "rule": finding.rules[0].value,
        "rules": [rule.value for rule in finding.rules],
        "contradicts": [
            {"printed": printed(other), "line": other.line, "column": other.column}
            for other in against(finding, figure)
        ],
        "reading": reading(own) if own else None,
        "is_only_reading": finding.is_sure,
        "slip": own.slip.value if own else "",
        "confirmed_by": [rule.value for rule in own.confirmed_by] if own else [],
        "would_contradict": [rule.value for rule in own.fails] if own else [],
        "sum_of_lines": f"{finding.sum_of_lines}{figure.unit}" if finding.sum_of_lines else None,
        "advice": advice(finding, figure),
    }


def records(findings: list[Finding]) -> list[dict[str, Any]]:
    """Every marked figure of a text, in the order of places."""
    found = [
        record(number, finding, figure) for number, finding in enumerate(findings, 1) for figure in finding.figures
    ]
    return sorted(found, key=lambda row: (row["line"], row["column"]))
