"""What the auditor of the demonstration does: looks for findings, draws a sample, asks."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from accounts.models import User
from aidcenter.demo_cast import drawn, moment
from aidcenter.demo_steps import Work, finish
from audits import finding_runs, log_checks, questions, samples
from audits.choices import Draw, ItemState
from jobs.documents import Brought
from programs.models import Notice
from schools.models import School, Term

_SAMPLE = 20
_ASKED = 3
"""As many schools as show no photo in the demonstration."""


@dataclass
class Desk:
    """The auditor, and whose word is asked for."""

    step: Callable[[str], AbstractContextManager[Work]]
    auditor: User
    approver: User
    officers: Mapping[int, User]

    def audit(self, term: Term) -> None:
        """The rules of the auditor's desk, on the last day of the term."""
        at = moment(term.ends_on)
        with self.step(f"{term.code} look for findings") as work:
            work.rows = finish(finding_runs.begin(term, by=self.approver, at=at), at)["findings"]

    def sample(self, term: Term) -> None:
        """The auditor draws by money, looks the first ones up, and asks the county to mend one of them."""
        at = moment(term.ends_on)
        with self.step(f"{term.code} draw a sample") as work:
            wanted = samples.order(title="已审定资助按金额抽查", way=Draw.BY_MONEY, size=_SAMPLE, seed=term.code)
            drawn = list(samples.draw(term, wanted, by=self.auditor, at=at).items.order_by("position"))
            *sound, faulty = drawn[: _SAMPLE // 2]
            for item in sound:
                samples.note(item, state=ItemState.SOUND, words="", by=self.auditor, at=at)
            samples.note(
                faulty,
                state=ItemState.FAULTY,
                words="电话回访，家长称没有收到短信通知，请学校核对预留的手机号。",
                follow_up_due_on=term.ends_on + timedelta(days=14),
                by=self.auditor,
                at=at,
            )
            work.rows = len(drawn)

    def ask(self, term: Term) -> None:
        """The auditor asks where a photo of the board is missing; one school has answered. Then the log is sealed."""
        at = moment(term.ends_on)
        with self.step(f"{term.code} questions of the auditor") as work:
            schools = School.objects.filter(
                pk__in=Notice.objects.without_photo().filter(list__term=term).values("list__school")
            )
            asked = [
                questions.ask(
                    term,
                    school,
                    title="公示栏照片",
                    words="本学期的公示没有公示栏照片，请说明原因；有照片的请补传。",
                    due_on=term.ends_on + timedelta(days=7),
                    by=self.auditor,
                    at=at,
                )
                for school in schools.order_by("code")[:_ASKED]
            ]
            for question in asked[:1]:
                officer = self.officers[question.school_id or 0]
                words = "照片存在原经办人的手机里，已经找到，随附。"
                photo = Brought(drawn(f"{term.code} {question.school}"), "公示栏.png")
                questions.answer(question, words=words, files=[photo], by=officer, at=at + timedelta(hours=3))
            work.rows = len(asked)
        with self.step("seal the action log") as work:
            work.rows = finish(log_checks.start(by=self.auditor, at=at + timedelta(hours=4)), at)["number"]
