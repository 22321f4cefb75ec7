"""What if: other amounts, rules that fall away, other lists, tried on all children of a term; no award is touched.

A trial judges every studying child twice by the rulebook of the award run, once as things stand and once as tried, and
keeps people and money by program and payer. So its "now" is what a first run of proposals would give today, not what
stands on lists already. Which children another list names is answered without a cross-check: `students.supposed` says
what that sees.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.money import split_fen
from common.moves import Refused, move
from jobs.run import Running
from programs import shares
from programs.choices import TRIAL_MOVES, Basis, Payer, TrialState
from programs.eligibility import COLUMNS, Known, Rulebook, Verdict, places
from programs.models import Program, Rule, Standard, Trial
from programs.transfers import Transfers
from schools.models import Term
from students import supposed
from students.choices import SnapshotState
from students.models import Enrollment, RegisterSnapshot

READ_ROWS = 4_000


class NothingCarriedOut(Refused):
    code = "trial-no-programs"
    message = _("本学期还没有确定开展哪些资助项目，不能测算。")


class NotInForce(Refused):
    code = "trial-not-in-force"
    message = _("试改的标准或条件在本学期已经不执行了，请重新测算。")


class NoAmount(Refused):
    code = "trial-no-amount"
    message = _("按学校收费计算的标准没有统一金额，不能试改。")


class ListOutOfUse(Refused):
    code = "trial-list-out-of-use"
    message = _("试用的名单（%(list)s）没有定版或已经撤回，请另选一份。")


class TwoLists(Refused):
    code = "trial-two-lists"
    message = _("一个来源只能试用一份名单。")


# --- Making one


def standards(term: Term) -> list[Standard]:
    """The standards in force in a term, of the programs that it carries out."""
    rows = Standard.objects.on(term.starts_on).filter(program__terms__term=term)
    shown = rows.select_related("program", "stage", "school_kind", "category")
    return list(shown.order_by("program__position", "stage__position", "school_kind__position", "pk"))


def rules(term: Term) -> list[Rule]:
    """The rules in force in a term, of the programs that it carries out."""
    rows = Rule.objects.on(term.starts_on).filter(program__terms__term=term).select_related("program")
    return list(rows.order_by("program__position", "position", "pk"))


@transaction.atomic
def begin(
    *,
    term: Term,
    title: str,
    amounts: Mapping[int, int],
    rules_off: Iterable[int],
    snapshots: Sequence[RegisterSnapshot],
    by: User,
    at: datetime,
) -> Trial:
    """Keep what is to be tried: standard → amount in fen, rules that fall away, lists. The run `trial` does the work.

    Without any of these it says what the term would cost as things stand.
    """
    in_force = {standard.pk: standard for standard in standards(term)}
    off = sorted(set(rules_off))
    if not in_force:
        raise NothingCarriedOut()
    if not amounts.keys() <= in_force.keys() or not set(off) <= {rule.pk for rule in rules(term)}:
        raise NotInForce()
    if any(in_force[pk].basis == Basis.SCHOOL_FEE or fen <= 0 for pk, fen in amounts.items()):
        raise NoAmount()
    _refuse_lists(snapshots)
    changes: list[dict[str, int | None]] = [
        {"standard": pk, "before_fen": in_force[pk].amount_fen, "amount_fen": fen}
        for pk, fen in sorted(amounts.items())
        if fen != in_force[pk].amount_fen
    ]
    changes += [{"rule": pk} for pk in off]
    trial = Trial.objects.create(term=term, title=title, changes=changes, made_by=by, made_at=at)
    trial.snapshots.set(snapshots)
    actions.record(
        by, "trial.begun", trial, at=at, changes=len(changes), snapshots=[snapshot.pk for snapshot in snapshots]
    )
    return trial


def _refuse_lists(snapshots: Sequence[RegisterSnapshot]) -> None:
    if len({snapshot.source_id for snapshot in snapshots}) < len(snapshots):
        raise TwoLists()
    for snapshot in snapshots:
        if snapshot.state != SnapshotState.FROZEN:
            raise ListOutOfUse(list=str(snapshot))


# --- Carrying it out


def calculate(trial: Trial, *, running: Running) -> dict[str, Any]:
    """Judge the term's children as things stand and as tried, and keep the sums of both.

    A run that was killed counts anew from the first child: what it had read by then may have changed.
    """
    if trial.state != TrialState.WAITING:
        return {}
    try:
        result = _Reckoning(trial, running).result()
    except Refused as refusal:
        with running.chunk(to=running.cursor, refusal=refusal):
            move(trial, TrialState.FAILED, moves=TRIAL_MOVES)
        raise
    awards = sum(line["trial"]["people"] for line in result if line["program"])
    outcome = {"awards": awards}
    with running.chunk(to=running.cursor, result=outcome):
        move(trial, TrialState.DONE, moves=TRIAL_MOVES, result=result)
        actions.record(trial.made_by, "trial.done", trial, at=running.at, awards=awards)
    return outcome


@dataclass
class _Sums:
    """People and money of one side, program by program; amounts are few, so each is shared once."""

    awards: Counter[tuple[str, int]] = field(default_factory=Counter)
    children: set[int] = field(default_factory=set)

    def add(self, student: int, verdicts: Iterable[Verdict]) -> dict[str, int]:
        given = {verdict.program.code: verdict.amount_fen for verdict in verdicts}
        self.awards.update(given.items())
        if given:
            self.children.add(student)
        return given

    def of(self, program: str, per_mille: dict[str, int]) -> dict[str, Any]:
        people, fen = 0, 0
        payers: Counter[str] = Counter()
        for (code, amount_fen), times in self.awards.items():
            if code == program:
                people += times
                fen += amount_fen * times
                if per_mille:
                    for payer, part in split_fen(amount_fen, per_mille).items():
                        payers[payer] += part * times
        return {"people": people, "fen": fen, "payers": dict(payers)}


class _Reckoning:
    """One trial's memory: two rulebooks, what is known and what is supposed of the children, and the sums."""

    def __init__(self, trial: Trial, running: Running) -> None:
        self.trial, self.term, self.running = trial, trial.term, running
        self.rulebook, self.tried = Rulebook(self.term), Rulebook(self.term)
        _change(self.tried, trial.changes)
        self.known = self.supposed = Known(self.term)
        snapshots = list(trial.snapshots.select_related("source").order_by("pk"))
        _refuse_lists(snapshots)
        if snapshots:
            self.supposed = self.known.with_categories(supposed.categories(self.term, snapshots))
        self.transfers, self.places = Transfers(self.term), places()
        self.open_stages = self.rulebook.open_stages() | self.tried.open_stages()
        self.now, self.then = _Sums(), _Sums()
        self.gained: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.altered: Counter[str] = Counter()

    def result(self) -> list[dict[str, Any]]:
        """A line of each program, and one of "" for the children of all together."""
        studying = Enrollment.objects.studying().filter(term=self.term).order_by("pk")
        self.running.report_total(studying.values_list("pk", flat=True).last() or 0)
        after = 0
        while part := list(studying.filter(pk__gt=after).values(*COLUMNS)[:READ_ROWS]):
            after = part[-1]["pk"]
            with self.running.chunk(to=max(self.running.cursor, after)):
                for row in part:
                    self._judge(row)
        return self._lines()

    def _judge(self, row: dict[str, Any]) -> None:
        student = row["student_id"]
        if row["stage_id"] not in self.open_stages and not self.known.names(student) | self.supposed.names(student):
            return
        before = self.now.add(student, self._entitled(self.rulebook, self.known, row))
        after = self.then.add(student, self._entitled(self.tried, self.supposed, row))
        self.gained.update(after.keys() - before.keys())
        self.lost.update(before.keys() - after.keys())
        self.altered.update(code for code in before.keys() & after.keys() if before[code] != after[code])

    def _entitled(self, rulebook: Rulebook, known: Known, row: dict[str, Any]) -> list[Verdict]:
        return [
            verdict
            for verdict in rulebook.entitled(known.facts(row, self.places[row["school_id"]]))
            if self.transfers.is_paid_at(row["pk"], row["student_id"], verdict.program.code)
        ]

    def _lines(self) -> list[dict[str, Any]]:
        per_mille = shares.by_program(self.term)
        lines: list[dict[str, Any]] = [
            {
                "program": program.code,
                "now": self.now.of(program.code, per_mille.get(program.code, {})),
                "trial": self.then.of(program.code, per_mille.get(program.code, {})),
                "gained": self.gained[program.code],
                "lost": self.lost[program.code],
                "altered": self.altered[program.code],
            }
            for program in self.rulebook.programs
        ]
        lost, gained = self.now.children - self.then.children, self.then.children - self.now.children
        lines.append(
            {
                "program": "",
                "now": {"people": len(self.now.children), **_added(line["now"] for line in lines)},
                "trial": {"people": len(self.then.children), **_added(line["trial"] for line in lines)},
                "gained": len(gained),
                "lost": len(lost),
                "altered": 0,
            }
        )
        return lines


def _added(sides: Iterable[dict[str, Any]]) -> dict[str, Any]:
    fen, payers = 0, Counter[str]()
    for side in sides:
        fen += side["fen"]
        payers.update(side["payers"])
    return {"fen": fen, "payers": dict(payers)}


def _change(rulebook: Rulebook, changes: Iterable[Mapping[str, int]]) -> None:
    """Let a rulebook in memory say what is tried; its rows are never saved."""
    amounts = {change["standard"]: change["amount_fen"] for change in changes if "standard" in change}
    off = {change["rule"] for change in changes if "rule" in change}
    for of_program in rulebook.standards.values():
        for standard in of_program:
            if standard.pk in amounts:
                standard.amount_fen = amounts.pop(standard.pk)
    for code, conditions in rulebook.conditions.items():
        staying = [condition for condition in conditions if condition.rule.pk not in off]
        off -= {condition.rule.pk for condition in conditions}
        rulebook.conditions[code] = staying
    if amounts or off:
        raise NotInForce()


# --- Reading one


@dataclass(frozen=True)
class Side:
    people: int
    fen: int
    payers: Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """One program as things stand and as tried; without a program it is all of them, and people are children."""

    program: Program | None
    now: Side
    trial: Side
    gained: int
    lost: int
    altered: int

    @property
    def more_people(self) -> int:
        return self.trial.people - self.now.people

    @property
    def more_fen(self) -> int:
        return self.trial.fen - self.now.fen

    @property
    def payers(self) -> list[tuple[str, int, int, int]]:
        """(payer, now, in the trial, difference) of everybody who bears something."""
        return [
            (str(payer.label), now, then, then - now)
            for payer in Payer
            if (now := self.now.payers.get(payer, 0)) | (then := self.trial.payers.get(payer, 0))
        ]


def lines(trial: Trial) -> list[Line]:
    """The result, program by program in their order, the sum of all last; programs that nobody gets are left out."""
    programs = Program.objects.in_bulk()
    return [
        Line(
            program=programs.get(line["program"]),
            now=Side(**line["now"]),
            trial=Side(**line["trial"]),
            gained=line["gained"],
            lost=line["lost"],
            altered=line["altered"],
        )
        for line in trial.result
        if not line["program"] or line["now"]["people"] or line["trial"]["people"]
    ]


def more_fen(trial: Trial) -> int | None:
    """How much dearer the term would be; None as long as nothing is known."""
    total = next((line for line in trial.result if not line["program"]), None)
    return total["trial"]["fen"] - total["now"]["fen"] if total else None


@dataclass(frozen=True)
class AmountTried:
    standard: Standard
    before_fen: int
    amount_fen: int


def tried(trial: Trial) -> tuple[list[AmountTried], list[Rule]]:
    """What a trial changes: amounts of standards, and rules that fall away."""
    changes = {change["standard"]: change for change in trial.changes if "standard" in change}
    known = Standard.objects.filter(pk__in=changes)
    shown = known.select_related("program", "stage", "school_kind", "category").order_by("program__position", "pk")
    amounts = [
        AmountTried(standard, changes[standard.pk]["before_fen"], changes[standard.pk]["amount_fen"])
        for standard in shown
    ]
    off = Rule.objects.filter(pk__in=[change["rule"] for change in trial.changes if "rule" in change])
    off = off.select_related("program")
    return amounts, list(off.order_by("program__position", "position", "pk"))


def lists_to_try() -> Iterator[RegisterSnapshot]:
    """Every frozen list, the newest of each source first."""
    frozen = RegisterSnapshot.objects.filter(state=SnapshotState.FROZEN).select_related("source")
    yield from frozen.order_by("source__position", "source", "-as_of", "-pk")
