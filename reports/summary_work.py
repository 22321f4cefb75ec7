"""Sentences of the annual summary on the work beside the aid itself: letters, comparisons, searches, gaps.

Like those of `reports.summary_sentences` they are words of an official paper, in Chinese for every reader.
"""

from datetime import date

from django.conf import settings

from programs import gap_answers
from reports.reference import sure_matches
from reports.summary_figures import Group, Year
from reports.summary_sentences import POOR
from schools.models import Term, term_name
from students import absence_figures, crosscheck_figures
from students.choices import CategoryGroup, CrosscheckState, Outcome
from students.models import Crosscheck


def opening(year: Year) -> list[str]:
    return [
        f"{year.year}年，{settings.COUNTY_NAME}学生资助管理中心按照国家和省、市学生资助政策，组织开展困难认定、名单比对、"
        f"公示和资金发放等各项学生资助工作。现将{year.year}年学生资助管理中心工作总结如下："
    ]


# 二、其它资助工作开展情况


def letters(year: Year) -> list[str]:
    """Letters to schools of other counties, and the slips that came back."""
    made, compulsory, receipts = absence_figures.letters_of(year.terms)
    if not made:
        return [f"{year.year}年系统内没有在外地就读学生公函告知书的记录。"]
    return [
        f"为{settings.COUNTY_NAME}户籍、在外地就读的困难家庭学生制发公函告知书{made}份，其中义务教育阶段学生{compulsory}份；"
        f"收回回执{receipts}份。"
    ]


# 三、其它方面工作落实情况


def comparisons(year: Year) -> list[str]:
    """What each term's comparison of rosters with the list of the registered poor found."""
    said = [_comparison(year, term) for term in year.terms]
    return [words for words in said if words] or [f"{year.year}年系统内没有已完成的名单比对。"]


def _comparison(year: Year, term: Term) -> str:
    check = Crosscheck.objects.filter(term=term, state=CrosscheckState.DONE).first()
    if check is None:
        return ""
    sure = sure_matches(term) if "lines" in check.counts else {}
    poor = check.snapshots.filter(source__category__group=CategoryGroup.REGISTERED_POOR).select_related("source")
    lists = "、".join(
        f"{each.source.name}（名单日期{_day(each.as_of)}）" for each in poor.order_by("source__code", "pk")
    )
    children = f"{year.children(term.pk)}名在校学生" if year.children(term.pk) else "在校学生"
    said = f"{term_name(term.pk)}以全县{children}的花名册为基准"
    if lists:
        said += f"，与{lists}比对核实，自动确认{POOR}{sum(sure.values())}人"
        parts = [_matched(group, sure) for group in year.groups]
        said += f"，其中{'，'.join(filter(None, parts))}" if any(parts) else ""
    else:
        said += "，与困难群体名单进行了比对核实"
    standing = crosscheck_figures.standing(check)
    if standing.waiting or standing.confirmed or standing.rejected:
        said += (
            f"。比对中的疑似记录，经人工核实确认{standing.confirmed}条、排除{standing.rejected}条，"
            f"尚有{standing.waiting}条待核实"
        )
    return f"{said}。"


def _matched(group: Group, sure: dict[str, int]) -> str:
    found = [(stage.name, sure[stage.code]) for stage in group.stages if sure.get(stage.code)]
    if not found:
        return ""
    parts = f"（{'，'.join(f'{name}{n}人' for name, n in found)}）" if len(group.stages) > 1 else ""
    return f"{group.name}教育{sum(n for _name, n in found)}人{parts}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


# 六、学生资助工作中存在的问题


def problems(year: Year) -> list[str]:
    """Children who were not found, and children whose aid and facts do not agree: seconds in a whole county."""
    return [*_searches(year.terms[-1]), *(words for term in year.terms if (words := _gaps(term)))]


def _searches(term: Term) -> list[str]:
    figures = absence_figures.of(term)
    whole = figures.whole
    if not whole.total and not whole.suspected:
        return [f"{term_name(term.pk)}没有未找到的困难群体学生。"]
    said = f"{term_name(term.pk)}困难群体名单中的学龄儿童，有{whole.total}人不在全县花名册中"
    settled = [(outcome, n) for outcome, n in whole.outcomes.items() if n]
    if settled:
        outcomes = "，".join(f"{Outcome(outcome).label}{n}人" for outcome, n in settled)
        said += f"，已查明{sum(n for _outcome, n in settled)}人（{outcomes}）"
    said += f"，正在查找{whole.open}人" if whole.open else ""
    said += f"；另有{whole.suspected}人疑似在册，待比对核实" if whole.suspected else ""
    return [f"{said}。"]


def _gaps(term: Term) -> str:
    figures = gap_answers.figures(term)
    if not figures.missed and not figures.mistaken:
        return f"{term_name(term.pk)}没有应助未助和不应助已助的记录。"
    return (
        f"{term_name(term.pk)}尚有应助未助{figures.missed}条、不应助已助{figures.mistaken}条，"
        "须逐条查明原因，该补报的补报，该退出的退出。"
    )
