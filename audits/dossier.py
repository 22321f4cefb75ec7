"""The dossier (案卷) of a school and term: everything about it that can be printed, in one archive.

A document with the facts, what was public and how long, what was paid and by whose signatures, findings, samples and
questions with all words; the awards as a workbook; the photos of the board and the papers of the answers as they came;
and a list of the SHA-256 of each file. One attachment is in memory at a time. What is missing on disk, or would make
the archive too large, is named instead of left out without a word.
"""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.utils import timezone, translation

from accounts import actions
from accounts.models import User
from audits import dossier_awards, dossier_document, reviews
from audits.models import Question, QuestionFile
from common import keyring
from common.workbooks import taken_by
from jobs import files, run
from jobs.choices import FileKind
from jobs.models import Job, StoredFile
from jobs.run import Running
from programs.models import Award, NoticePhoto
from schools.models import School, Term

KIND = "dossier"
MOST_ATTACHED_BYTES = 40 * 1024 * 1024
"""Photos and papers together; with document and workbook an archive stays below what is stored (jobs.files)."""
_IN_MEMORY = 8 * 1024 * 1024

DOCUMENT, AWARDS, LIST, LEFT_OUT = "案卷.docx", "资助名单.xlsx", "清单.txt", "未附文件.txt"
"""File names are the office's own and Chinese for every reader, as the papers are."""


class Attachment(NamedTuple):
    """A stored file and its name in the archive."""

    name: str
    file: StoredFile


def start(school: School, term: Term, *, by: User, at: datetime) -> Job:
    """Order a dossier, or give the one that this person has under way; the archive waits on the page of the run."""
    ordered = Job.objects.filter(kind=KIND, term=term, started_by=by, params__school_id=school.pk)
    return ordered.under_way() or run.start(KIND, by=by, at=at, term=term, school_id=school.pk)


def make(running: Running) -> dict[str, Any]:
    """Write the archive and keep it; who took it is on record."""
    job = running.job
    school, by = School.objects.select_related("town", "kind").get(pk=running.params["school_id"]), job.started_by
    term = Term.objects.get(pk=job.term_id)
    attachments = list(attachments_of(school, term, reader=by))
    running.report_total(len(attachments) + 2)
    with translation.override(settings.LANGUAGE_CODE), tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as out:
        archive = _Archive(out, running)
        archive.add(DOCUMENT, document(school, term, [one.name for one in attachments], by=by, at=running.at))
        taken = taken_by(by.name, running.at)
        awards = Award.objects.visible_to(by).filter(school=school, term=term)
        archive.add(AWARDS, dossier_awards.write(awards, title=f"{school}{term}资助名单", taken=taken))
        for attachment in attachments:
            archive.attach(attachment)
        content = archive.close()
        name = _plain(f"{school}{term}审计案卷.zip")
    result: dict[str, Any] = {"files": len(archive.sums), "left_out": len(archive.left_out)}
    with running.chunk(to=max(running.cursor, len(attachments) + 2), result=result):
        file = files.store(content, name=name, kind=FileKind.EXPORT, by=by, at=running.at)
        actions.record(by, "dossier.made", school, at=running.at, term=term.pk, sha256=file.sha256, **result)
        result["file_id"] = file.pk
    return result


def attachments_of(school: School, term: Term, *, reader: User) -> Iterator[Attachment]:
    """The photos of the board and the papers of the answers, in the order in which they came."""
    photos = NoticePhoto.objects.visible_to(reader).filter(notice__list__school=school, notice__list__term=term)
    for n, photo in enumerate(photos.select_related("file", "notice").order_by("notice", "pk"), start=1):
        name = _plain(f"{n:02d}-{photo.taken_on:%Y-%m-%d}-{files.shown_name(photo.file.name)}")
        yield Attachment(f"公示照片/{name}", photo.file)
    questions = Question.objects.visible_to(reader).filter(school=school, term=term)
    papers = QuestionFile.objects.filter(entry__question__in=questions).select_related("file", "entry")
    for n, paper in enumerate(papers.order_by("entry__question", "entry", "pk"), start=1):
        name = _plain(f"{n:02d}-问询{paper.entry.question_id}-{files.shown_name(paper.file.name)}")
        yield Attachment(f"答复附件/{name}", paper.file)


def _plain(name: str) -> str:
    """A file's name as every system can unpack it: Windows takes neither these signs nor a dot at the end."""
    return re.sub(r'[<>:"/\\|?*]', "_", name).rstrip(" .")


def document(school: School, term: Term, attachments: list[str], *, by: User, at: datetime) -> bytes:
    """The document alone."""
    review = reviews.review(school, term, reader=by, today=timezone.localdate(at))
    return dossier_document.write(review, attachments, by=by, at=at)


class _Archive:
    """The archive while it grows, with the sum of each file in it."""

    def __init__(self, out: IO[bytes], running: Running) -> None:
        self._out, self._running = out, running
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self._attached = 0
        self.sums: list[str] = []
        self.left_out: list[str] = []

    def add(self, name: str, content: bytes) -> None:
        made = timezone.localtime(self._running.at)
        place = zipfile.ZipInfo(name, made.timetuple()[:6])
        place.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(place, content)
        self.sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
        self._step()

    def attach(self, attachment: Attachment) -> None:
        """Put a stored file in, or say why not."""
        name, file = attachment
        if self._attached + file.size > MOST_ATTACHED_BYTES:
            return self._leave_out(attachment, "附件总量过大，请在系统中单独下载")
        try:
            content = files.content(file)
        except files.Missing:
            return self._leave_out(attachment, "服务器上没有这个文件")
        except keyring.CannotOpen:
            return self._leave_out(attachment, "服务器上的内容与存入时不一致")
        self._attached += len(content)
        self.add(name, content)

    def close(self) -> bytes:
        if self.left_out:
            self.add(LEFT_OUT, ("\n".join(self.left_out) + "\n").encode())
        listed = "\n".join(self.sums) + "\n"
        self._zip.writestr(LIST, listed.encode())
        self._zip.close()
        self._out.seek(0)
        return self._out.read()

    def _leave_out(self, attachment: Attachment, why: str) -> None:
        self.left_out.append(f"{attachment.file.sha256}  {attachment.name}  {why}")
        self._step()

    def _step(self) -> None:
        running = self._running
        done = min(len(self.sums) + len(self.left_out), running.job.total or 0)
        with running.chunk(to=max(running.cursor, done)):
            pass
