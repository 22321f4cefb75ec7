"""Figures out of the ordinary: a school beside its peers, and beside itself a term before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import median

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from audits.choices import Severity
from audits.findings import Found, rule
from audits.rules.thresholds import (
    ABOVE_PEERS,
    DEVIATIONS,
    FEWEST_CHILDREN,
    FEWEST_PEERS,
    JUMP_FEN,
    JUMP_PEOPLE,
    JUMP_SHARE,
    NEARLY_ALL,
    ROBUST,
)
from programs.choices import ListState
from programs.models import Award, AwardList, TermProgram
from schools.models import School, Term
from students.models import Enrollment


@rule(
    "nearly-all",
    title=_("几乎人人享受的学校"),
    severity=Severity.NOTABLE,
    basis=_("教财〔2018〕16号：认定要实事求是、客观公平；平均分配、轮流享受与此不符"),
    sentence=_(
        "%(children)s 名学生有 %(aided)s 名享受%(program)s，占 %(percent)s%%；"
        "同类 %(peers)s 所学校的中位数是 %(median)s%%，一般上下相差 %(spread)s 个百分点。"
    ),
    advice=_(
        "与同学段、同类型、同办别的学校比较。查认定是否走了程序、是否平均分配；确有原因的（如移民安置点学校），写明即可。"
    ),
)
def nearly_all(term: Term, today: date) -> Iterator[Found]:
    """A school whose share of aided children lies far above its peers' (median and median distance from it)."""
    kinds = {pk: kind for pk, *kind in School.objects.values_list("pk", "kind", "ownership")}
    studying = Enrollment.objects.studying().filter(term=term).order_by()
    counted = studying.values_list("school", "stage").annotate(n=Count("student", distinct=True))
    children = {(school, stage): n for school, stage, n in counted if n >= FEWEST_CHILDREN}
    aided: dict[str, dict[tuple[int, str], tuple[int, int]]] = defaultdict(dict)
    rows = Award.objects.confirmed().filter(term=term).order_by().values_list("program", "school", "stage")
    for program, school, stage, n, fen in rows.annotate(n=Count("student", distinct=True), fen=Sum("amount_fen")):
        aided[program][school, stage] = (n, fen)
    for program in sorted(aided):
        peers: dict[tuple[str, ...], dict[int, float]] = defaultdict(dict)
        for (school, stage), n in children.items():
            peers[stage, *kinds[school]][school] = aided[program].get((school, stage), (0, 0))[0] / n
        for (stage, *_kind), shares in sorted(peers.items()):
            if len(shares) >= FEWEST_PEERS:
                yield from _above(program, stage, shares, children, aided[program])


def _above(
    program: str,
    stage: str,
    shares: Mapping[int, float],
    children: Mapping[tuple[int, str], int],
    aided: Mapping[tuple[int, str], tuple[int, int]],
) -> Iterator[Found]:
    middle = median(shares.values())
    spread = ROBUST * median(abs(share - middle) for share in shares.values())
    for school, share in sorted(shares.items()):
        if share >= NEARLY_ALL and share - middle >= max(ABOVE_PEERS, DEVIATIONS * spread):
            people, fen = aided[school, stage]
            yield Found(
                key=f"{program}:{stage}:{school}",
                school_id=school,
                amount_fen=fen,
                facts={
                    "program": program,
                    "children": children[school, stage],
                    "aided": people,
                    "percent": round(share * 100, 1),
                    "peers": len(shares) - 1,
                    "median": round(middle * 100, 1),
                    "spread": round(spread * 100, 1),
                },
                evidence=[("schools.school", school, {})],
            )


@rule(
    "jump",
    title=_("与上学期相比大增大减"),
    severity=Severity.NOTABLE,
    basis=_("财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：如实申报学生人数，不得弄虚作假"),
    sentence=_(
        "%(program)s上学期（%(before)s）%(was_people)s 人、%(was_fen)s 元，本学期 %(people)s 人、%(now_fen)s 元。"
    ),
    advice=_("查是条件或标准变了、学校合并了，还是漏报、多报；两个学期都已审定的学校才比较。"),
)
def jump(term: Term, today: date) -> Iterator[Found]:
    """A school's people or money in a program changed by half and by many, between two terms that are confirmed."""
    before = Term.objects.filter(starts_on__lt=term.starts_on).order_by("-starts_on").first()
    if before is None:
        return
    both = _confirmed_schools(before) & _confirmed_schools(term)
    carried_out = _programs(before) & _programs(term)
    now, then = _figures(term), _figures(before)
    for program, school in sorted(now.keys() | then.keys()):
        if school not in both or program not in carried_out:
            continue
        people, fen = now.get((program, school), (0, 0))
        was_people, was_fen = then.get((program, school), (0, 0))
        if _is_jump(people, was_people, JUMP_PEOPLE) or _is_jump(fen, was_fen, JUMP_FEN):
            yield Found(
                key=f"{program}:{school}",
                school_id=school,
                amount_fen=abs(fen - was_fen),
                facts={
                    "program": program,
                    "before": before.pk,
                    "people": people,
                    "was_people": was_people,
                    "now_fen": fen,
                    "was_fen": was_fen,
                },
                evidence=[("schools.school", school, {})],
            )


def _is_jump(now: int, then: int, least: int) -> bool:
    return abs(now - then) >= least and abs(now - then) > then * JUMP_SHARE


def _confirmed_schools(term: Term) -> set[int]:
    lists = AwardList.objects.filter(term=term, state=ListState.CONFIRMED)
    return set(lists.order_by().values_list("school", flat=True))


def _programs(term: Term) -> set[str]:
    return set(TermProgram.objects.filter(term=term).order_by().values_list("program", flat=True))


def _figures(term: Term) -> dict[tuple[str, int], tuple[int, int]]:
    """(program, school) → (people, fen) of what is confirmed."""
    rows = Award.objects.confirmed().filter(term=term).order_by().values_list("program", "school")
    return {
        (program, school): (people, fen)
        for program, school, people, fen in rows.annotate(n=Count("student", distinct=True), fen=Sum("amount_fen"))
    }
