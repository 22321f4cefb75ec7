"""The demonstration: a county's year, driven through the same functions that pages and background runs call.

The files come from fixtures.county as offices would send them. Everything here is somebody's act at an
invented hour of that year; each step says how long it took and how much memory the process needed at most.
"""

import json
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import tablib
from django.conf import settings
from django.db.models import Q

from accounts.models import User
from aidcenter.demo_cast import drawn, first_term, make_officers, make_third, moment, workday
from aidcenter.demo_desk import Desk
from aidcenter.demo_steps import Step, StepFailed, Work, finish
from common.bulk import in_parts
from common.columns import read_yes_no
from common.roles import Role
from common.tables import Table
from disbursements import bands, bank_files, batches, cards, funds, sending
from disbursements import runs as payment_runs
from disbursements.choices import PaymentState
from disbursements.models import Bank, Batch
from disbursements.payable import payable
from fixtures import county
from jobs import run
from jobs.documents import Brought
from programs import (
    applications,
    awards,
    fees,
    lists,
    objections,
    panels,
    photos,
    publicity,
    recognitions,
    rounds,
    shares,
)
from programs import runs as program_runs
from programs.applications import Proposal, Vote
from programs.choices import AwardState, Channel, ListState
from programs.models import Award, AwardList, Notice, Program, RecognitionRound
from programs.school_children import SchoolChildren
from schools.choices import TermState
from schools.models import School, Term, Town
from schools.resources import SchoolResource
from students import absence_letters, absences, decisions, rosters, runs
from students.absences import Expectation, Standing
from students.choices import Confirms
from students.models import Absence, RegisterSnapshot, RegisterSource, Roster

Say = Callable[[str], None]

_CHILDREN_OF_A_SCHOOL = 8
_STEP_BY_STEP = 2
"""So many schools of a term recognize on the pages, step by step; the others hand in a list."""
_WITHOUT_PHOTO = 3
"""So many awards of a term the auditor draws, and looks half of them up."""
_THIRD_FROM = 200_000_00
"""Fen from which a batch of the demonstration needs a third signature."""
_SCHOOLS = {
    name: (name,)
    for name in ("学校标识码", "学校名称", "乡镇", "学校类型", "办别", "寄宿", "户名", "开户行", "账号", "县城")
}


@dataclass
class Demonstration:
    """A folder of files, the people who work on them, and what their work cost."""

    folder: Path
    say: Say
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index: list[dict[str, str]] = self._json("index.json")
        self.truth: dict[str, Any] = self._json("truth.json")

    def _json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    @contextmanager
    def step(self, name: str) -> Iterator[Work]:
        work, started = Work(), perf_counter()
        yield work
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        done = Step(name, perf_counter() - started, work.rows, peak)
        self.steps.append(done)
        self.say(str(done))

    def run(self, people: Mapping[Role, User]) -> None:
        """The whole year, term by term."""
        self.preparer, self.approver = people[Role.PREPARER], people[Role.APPROVER]
        self.auditor = people[Role.AUDITOR]
        self.third = make_third()
        begins = first_term().starts_on
        bands.add(from_fen=_THIRD_FROM, valid_from=begins, by=self.approver, at=moment(begins))
        self.bank = Bank.objects.get(is_default=True)
        self.take_schools()
        self.officers = make_officers()
        self.desk = Desk(self.step, self.auditor, self.approver, self.officers)
        terms = list(Term.objects.filter(code__in={entry["term"] for entry in self.index if "term" in entry}))
        for term in terms:
            self.run_term(term)
        self.write_elsewhere(terms[-1])
        self.desk.ask(terms[-1])
        for term in Term.objects.order_by("-starts_on")[1:]:
            Term.objects.filter(pk=term.pk).update(state=TermState.CLOSED)

    def run_term(self, term: Term) -> None:
        self.take_rosters(term)
        snapshots = self.take_registers(term)
        self.take_recognition_lists(term)
        day = max(snapshot.as_of for snapshot in snapshots) + timedelta(days=3)
        self.cross_check(term, snapshots, day)
        self.propose(term, day + timedelta(days=2))
        over = self.publish(term, workday(day + timedelta(days=5)))
        self.prove(term)
        self.confirm(term, over)
        self.pay(term, workday(over + timedelta(days=2)))
        self.desk.audit(term)
        self.desk.sample(term)

    # --- what comes in

    def take_schools(self) -> None:
        with self.step("schools and fees") as work:
            content = self._content("schools")
            table = Table(content, _SCHOOLS, ("学校标识码",))
            rows = [table.text(cells) for _number, cells in table.lines()]
            for place, name in enumerate(dict.fromkeys(row["乡镇"] for row in rows)):
                in_town = next(row["县城"] for row in rows if row["乡镇"] == name)
                Town.objects.update_or_create(
                    code=f"{settings.COUNTY_CODE}{100 + place:03d}000",
                    defaults={"name": name, "is_county_town": bool(read_yes_no(in_town)), "position": place},
                )
            data = tablib.Dataset(*(list(row.values()) for row in rows), headers=list(rows[0]))
            result = SchoolResource().import_data(data, raise_errors=True)
            work.rows = result.total_rows
            work.rows += fees.take(self._content("fees"), by=self.preparer, at=moment(first_term().starts_on)).rows

    def take_rosters(self, term: Term) -> None:
        schools = School.objects.in_bulk(field_name="code")
        at = moment(term.starts_on + timedelta(days=10))
        checked: list[Roster] = []
        with self.step(f"{term.code} read and check rosters") as work:
            for entry in self._entries("roster", term):
                school = schools[entry["school"]]
                roster = runs.upload_roster(
                    school=school,
                    term=term,
                    content=self._read(entry),
                    name=Path(entry["path"]).name,
                    by=self.officers[school.pk],
                    at=at,
                )
                work.rows += finish(runs.job_of(roster), at)["rows_read"]
                checked.append(roster)
        with self.step(f"{term.code} commit rosters") as work:
            for roster in checked:
                roster.refresh_from_db()
                runs.confirm_roster(
                    roster,
                    by=self.officers[roster.school_id],
                    at=at + timedelta(hours=1),
                    reason="与学籍系统核对无误" if rosters.is_unusual(roster) else "",
                    word="已核对户口簿" if roster.rows_doubtful else "",
                )
                work.rows += finish(runs.job_of(roster), at + timedelta(hours=1))["rows"]

    def take_registers(self, term: Term) -> list[RegisterSnapshot]:
        snapshots = []
        with self.step(f"{term.code} freeze registers") as work:
            for entry in self._entries("register", term):
                as_of = date.fromisoformat(entry["as_of"])
                at = moment(as_of + timedelta(days=1))
                snapshot = runs.upload_register(
                    source=RegisterSource.objects.get(pk=entry["source"]),
                    as_of=as_of,
                    content=self._read(entry),
                    name=Path(entry["path"]).name,
                    by=self.preparer,
                    at=at,
                )
                work.rows += finish(runs.job_of(snapshot), at)["rows"]
                snapshot.refresh_from_db()
                snapshots.append(snapshot)
        return snapshots

    def take_recognition_lists(self, term: Term) -> None:
        schools = School.objects.in_bulk(field_name="code")
        at = moment(term.starts_on + timedelta(days=20))
        entries = self._entries("recognition", term)
        with self.step(f"{term.code} read recognition lists") as work:
            for entry in entries[_STEP_BY_STEP:]:
                school = schools[entry["school"]]
                uploaded = program_runs.upload_recognition_list(
                    school=school,
                    term=term,
                    content=self._read(entry),
                    name=Path(entry["path"]).name,
                    by=self.officers[school.pk],
                    at=at,
                )
                work.rows += finish(program_runs.job_of(uploaded), at)["people"]
        with self.step(f"{term.code} recognize step by step") as work:
            for entry in entries[:_STEP_BY_STEP]:
                work.rows += self.recognize(schools[entry["school"]], term, self._read(entry))

    def recognize(self, school: School, term: Term, content: bytes) -> int:
        """A school's round from telling the families to the county's record; it ends in the levels of its file."""
        by, told_on = self.officers[school.pk], term.starts_on + timedelta(days=1)
        day = workday(told_on + timedelta(days=9))
        at = moment(day)
        levels = self._levels(school, term, content)
        round = rounds.begin(
            school=school,
            term=term,
            kind=rounds.kind_of_next(school, term),
            told_on=told_on,
            told_how="致家长的一封信，校园公告栏",
            by=by,
            at=at,
        )
        here = rounds.children(round).filter(student__in=levels).order_by("pk")
        applications.enter(round, here, applied_on=day, promise_signed=True, by=by, at=at)
        applied = round.applications.filter(student__in=levels).order_by("pk")
        found = {each.pk: levels[each.student_id] for each in applied}
        others = round.applications.exclude(pk__in=found).values_list("pk", flat=True)
        if others:
            applications.withdraw(round, others, by=by, at=at)
        applications.review_class(round, [Proposal(pk, level) for pk, level in found.items()], by=by, at=at)
        self._vote(round, found, by=by, at=at)
        rounds.publish(round, by=by, at=at + timedelta(hours=4))
        if round.public_to is None:
            raise StepFailed(f"{round} is not public")
        over = moment(round.public_to + timedelta(days=1))
        rounds.close(round, result="公示期满，无异议。", by=by, at=over)
        rounds.record(round, by=self.approver, at=over + timedelta(hours=1))
        return len(found)

    def _vote(self, round: RecognitionRound, found: Mapping[int, str], *, by: User, at: datetime) -> None:
        duties = ("组长", "教师代表", "家长代表", "班主任")
        present = [{"name": f"评议{place}", "duty": duty} for place, duty in enumerate(duties, start=1)]
        panels.seat(round, held_on=at.date(), present=present, minutes="逐名评议，按票数确定等级。", by=by, at=at)
        votes = [Vote(pk, level, votes_for=len(present), votes_against=0) for pk, level in found.items()]
        applications.decide_class(round, votes, by=by, at=at + timedelta(hours=1))
        rounds.register_review(round, by=by, at=at + timedelta(hours=2))

    def _levels(self, school: School, term: Term, content: bytes) -> dict[int, str]:
        """student → level, as the school's file says."""
        table = Table(content, recognitions.SYNONYMS, recognitions.REQUIRED)
        children = SchoolChildren(school, term)
        levels: dict[int, str] = {}
        for _number, cells in table.lines():
            text = table.text(cells)
            level, student = recognitions.level_of(text.get("level", "")), children.find(text)
            if level is not None and student is not None:
                levels.setdefault(student, str(level))
        return levels

    # --- who is who, who gets what

    def cross_check(self, term: Term, snapshots: Sequence[RegisterSnapshot], day: date) -> None:
        at = moment(day)
        with self.step(f"{term.code} cross-check") as work:
            # As the county compared in 2021: what was not equal was looked at by a person, or not at all.
            check = runs.begin_crosscheck(
                term=term, snapshots=snapshots, by=self.preparer, at=at, confirms=Confirms.EXACT
            )
            finish(runs.job_of(check), at)
            check.refresh_from_db()
            work.rows = sum(snapshot.people for snapshot in snapshots)
        with self.step(f"{term.code} decide suspicions") as work:
            for same in self.truth["terms"][term.code]["confirmed"]:
                match = check.matches.get(
                    enrollment__school__code=same["school"],
                    enrollment__row=same["row"],
                    person__snapshot__source=same["source"],
                    person__row=same["register_row"],
                )
                decisions.decide(
                    match,
                    is_same=True,
                    by=self.preparer,
                    at=at + timedelta(days=1),
                    note="电话核实户口簿，为同一人",
                )
                work.rows += 1

    def write_elsewhere(self, term: Term) -> None:
        """Letters to schools of other counties for children nobody finds here, and what came back of them."""
        wanted = self.truth["letters"]
        if not wanted:
            return
        at = moment(term.ends_on - timedelta(days=30))
        with self.step(f"{term.code} letters elsewhere") as work:
            nowhere = absences.standing_so(absences.looked_at(Absence.objects.all(), term), Standing.OPEN)
            nowhere = nowhere.select_related("term", "person").order_by("pk")
            of_age = Q(expectation=Expectation.COMPULSORY)
            compulsory = nowhere.filter(of_age)[: wanted["compulsory"]]
            others = nowhere.exclude(of_age)[: wanted["letters"] - wanted["compulsory"]]
            letters = []
            for place, children in enumerate(in_parts([*compulsory, *others], _CHILDREN_OF_A_SCHOOL), start=1):
                letters += absence_letters.make(
                    children, school_name=f"邻县第{place}学校", school_place="邻县", by=self.preparer, at=at
                )
            absence_letters.send(letters, on=at.date(), by=self.preparer, at=at)
            back = at + timedelta(days=14)
            for letter in letters[: wanted["receipts"]]:
                letter.refresh_from_db(fields=["sent_on"])
                absence_letters.receive(
                    letter,
                    on=back.date(),
                    is_there=True,
                    receives="已纳入该校资助",
                    amount_fen=None,
                    scan=None,
                    by=self.preparer,
                    at=back,
                )
            work.rows = len(letters)

    def propose(self, term: Term, day: date) -> None:
        at = moment(day)
        with self.step(f"{term.code} propose awards") as work:
            job = run.start("awards-propose", by=self.preparer, at=at, term=term, term_id=term.pk)
            work.rows = finish(job, at)["proposed"]
        for declined in self.truth["terms"][term.code]["declined"]:
            for award in Award.objects.select_related("list").filter(
                term=term,
                school__code=declined["school"],
                enrollment__row=declined["row"],
                state=AwardState.PROPOSED,
            ):
                awards.drop(award, reason="本人书面放弃", by=self.preparer, at=at + timedelta(days=1))

    def publish(self, term: Term, day: date) -> date:
        """The schools stand by their lists and put them up; the first day on which all are over."""
        over = day
        with self.step(f"{term.code} school word, publicity") as work:
            for award_list in AwardList.objects.filter(term=term, state=ListState.DRAFT).select_related(
                "school", "term"
            ):
                if not award_list.awards.live().exists():
                    continue
                by = self.officers[award_list.school_id]
                lists.school_approve(award_list, by=by, at=moment(day))
                notice = publicity.put_up(award_list, by=by, at=moment(day, hour=14))
                over = max(over, notice.ends_on + timedelta(days=1))
                work.rows += 1
        return over

    def prove(self, term: Term) -> None:
        """Photos of the boards, and the words that some people had to say against a name."""
        notices = list(
            Notice.objects.filter(list__term=term).select_related("list__school", "list__term").order_by("pk")
        )
        with self.step(f"{term.code} photos, objections") as work:
            for notice in notices[:-_WITHOUT_PHOTO]:
                by, at = self.officers[notice.list.school_id], moment(notice.starts_on, hour=16)
                photo = Brought(drawn(f"公示照片（示范） {notice}"), "公示栏.png")
                photos.keep(notice, [photo], taken_on=notice.starts_on, by=by, at=at)
                work.rows += 1
            self.object_to(notices[0])

    def object_to(self, notice: Notice) -> None:
        """One by phone, which was looked into and did not hold; one by the open page with nothing in it."""
        by, at = self.officers[notice.list.school_id], moment(notice.starts_on + timedelta(days=1), hour=10)
        first, second = notice.list.awards.live().order_by("pk")[:2]
        said = objections.raise_objection(
            notice, first, words="听说家里刚买了车。", channel=Channel.PHONE, by=by, at=at
        )
        objections.note(said, words="班主任家访：车是同村亲戚的。", by=by, at=at + timedelta(hours=6))
        objections.answer(
            said, is_upheld=False, answer="经家访核实，不属实，资助不变。", by=by, at=at + timedelta(hours=7)
        )
        sent_in = objections.send_in(notice, second, words="试一下能不能提交", at=at)
        objections.dismiss(
            sent_in, words="没有具体内容，也没有留联系方式。", by=self.preparer, at=at + timedelta(hours=2)
        )

    def confirm(self, term: Term, day: date) -> None:
        with self.step(f"{term.code} take down and confirm") as work:
            for notice in Notice.objects.filter(list__term=term).select_related("list__school", "list__term"):
                by = self.officers[notice.list.school_id]
                publicity.take_down(notice, by=by, at=moment(day), result="公示期满，无异议。")
                lists.confirm(notice.list, by=self.approver, at=moment(day, hour=15))
                work.rows += 1

    # --- money

    def pay(self, term: Term, day: date) -> None:
        self.allot(term, day)
        for program in Program.objects.filter(terms__term=term):
            if payable(term, program).exists():
                batch = self.send(term, program, day)
                self.take_return(batch, day + timedelta(days=2), attempt=1)
                self.correct_cards(batch, day + timedelta(days=5))
                if payable(term, program).exists():
                    again = self.send(term, program, day + timedelta(days=8))
                    self.take_return(again, day + timedelta(days=10), attempt=2)

    def allot(self, term: Term, day: date) -> None:
        """Money is allotted and arrives for each program: what its confirmed awards need, payer by payer."""
        with self.step(f"{term.code} allot funds") as work:
            for number, program in enumerate(Program.objects.filter(terms__term=term), start=1):
                amounts = Award.objects.confirmed().filter(term=term, program=program).order_by()
                needed = shares.split(amounts, shares.shares_of(program, term))
                for payer, amount_fen in needed.items():
                    if amount_fen:
                        quota = funds.allot(
                            document_no=f"示范财教〔{term.year}〕{number}号",
                            issued_on=day - timedelta(days=10),
                            program=program,
                            term=term,
                            payer=payer,
                            amount_fen=amount_fen,
                            by=self.preparer,
                            at=moment(day),
                        )
                        funds.arrive(
                            quota,
                            amount_fen=amount_fen,
                            arrived_on=day - timedelta(days=4),
                            voucher=f"收{number:03d}",
                            by=self.preparer,
                            at=moment(day),
                        )
                        work.rows += 1

    def send(self, term: Term, program: Program, day: date) -> Batch:
        at = moment(day)
        with self.step(f"{term.code} batch {program.code}") as work:
            batch = payment_runs.prepare_batch(term=term, program=program, bank=self.bank, by=self.preparer, at=at)
            work.rows = finish(payment_runs.build_job(batch), at)["people"]
            batch.refresh_from_db()
            batches.approve(batch, by=self.approver, at=at + timedelta(hours=2))
            if batch.needs_third:
                batches.release(batch, by=self.third, at=at + timedelta(hours=2, minutes=30))
            at += timedelta(hours=3)
            finish(payment_runs.write_bank_file(batch, by=self.preparer, at=at), at)
            batch.refresh_from_db()
            sending.send(batch, by=self.preparer, at=at, words="U 盘送至信用社营业部")
        return batch

    def take_return(self, batch: Batch, day: date, *, attempt: int) -> None:
        if batch.bank_file is None:
            raise StepFailed(batch.number)
        answer = county.bank_return(bank_files.opened(batch), self.truth, attempt, sent_on=day - timedelta(days=2))
        at = moment(day)
        with self.step(f"{batch.term_id} return {batch.program_id}") as work:
            name = f"回盘_{batch.number}.xlsx"
            job = payment_runs.hand_in_return(batch, content=answer, name=name, by=self.preparer, at=at)
            work.rows = sum(finish(job, at).values())

    def correct_cards(self, batch: Batch, day: date) -> None:
        """The schools give another card for each payment that the bank refused."""
        refused = batch.payments.filter(state=PaymentState.FAILED).select_related("card", "award__student")
        for payment in refused.exclude(card=None):
            card = payment.card
            if card is not None and (refusal := self.truth["cards"].get(card.number)):
                cards.correct(
                    payment.award.student,
                    **refusal["correction"],
                    by=self.officers[payment.award.school_id],
                    at=moment(day),
                )

    # --- files

    def _entries(self, kind: str, term: Term) -> list[dict[str, str]]:
        return [entry for entry in self.index if entry["kind"] == kind and entry.get("term") == term.code]

    def _content(self, kind: str) -> bytes:
        return self._read(next(entry for entry in self.index if entry["kind"] == kind))

    def _read(self, entry: dict[str, str]) -> bytes:
        return (self.folder / entry["path"]).read_bytes()
