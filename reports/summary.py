"""The annual summary (年度工作总结): its outline as data, what the system says in each section, what people write.

The outline is that of the county's own report: regular aid by stages, other aid, other work, donations, honours,
problems. What the system does not hold is wanted of people: until somebody writes it, the paper marks the place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from common.papers import tidy
from common.redaction import redact
from reports import summary_sentences, summary_work
from reports.models import SummaryText, SummaryTextQuerySet
from reports.summary_figures import COMPULSORY, Group, Year

LONGEST = 20_000
"""Characters of one section: more is another paper."""


class WrittenSince(Refused):
    code = "summary-written-since"
    message = gettext_lazy("%(name)s 在 %(moment)s 改过这一节，您写的还没有保存。请与现在的内容核对后再保存。")


@dataclass(frozen=True)
class Section:
    """One place of the outline: what the system says there, and what only people know."""

    key: str
    title: str = ""
    """Empty where the part's own heading is enough."""
    says: Callable[[Year], list[str]] = field(default=lambda year: [])
    wants: str = ""
    """What people have to write; empty where the paper is whole without."""
    is_slow: bool = False
    """What it says takes seconds in a whole county: a page asks for it apart."""


@dataclass(frozen=True)
class Part:
    """A part of the paper with its heading (一、二、三 …)."""

    title: str
    sections: tuple[Section, ...]


def outline(year: Year, *, written: frozenset[str] = frozenset()) -> list[Part]:
    """The parts of a year's summary in their order; a section with words of people is never left out."""
    stages = [_of_stages(group) for group in year.groups if _has_a_place(year, group, written)]
    return [
        Part("", (Section("opening", says=summary_work.opening),)),
        Part(
            _("常规资助工作落实情况"),
            (Section("total", says=summary_sentences.total, wants=_terms_wanted(year)), *stages),
        ),
        Part(
            _("其它资助工作开展情况"),
            (
                Section("in-school", _("校内资助情况"), wants=_("校内资助的做法、人次、金额和经费来源")),
                Section("private", _("民办学校减免学费情况"), wants=_("民办学校减免学费的人数和金额")),
                Section("outside", _("外地就读学生告知情况"), summary_work.letters),
                Section("freshmen", _("新入学大学生社会资助情况"), wants=_("资助人数、分档标准、金额和资金来源")),
                Section("compensation", _("基层就业助学贷款代偿情况"), wants=_("符合条件的人数和代偿金额")),
                Section("loans", _("生源地信用助学贷款情况"), wants=_("受理、首贷、续贷的人数和贷款金额")),
            ),
        ),
        Part(
            _("其它方面工作落实情况"),
            (
                Section("comparison", _("困难家庭学生信息比对核查"), summary_work.comparisons),
                Section("inspection", _("资助档案和寄宿生专项督查"), wants=_("督查的时间、范围、发现的问题和整改情况")),
                Section("helping", _("结对帮扶"), wants=_("帮扶的户数和成效")),
                Section("training", _("业务学习和培训"), wants=_("培训的次数、人数和内容")),
            ),
        ),
        Part(
            _("爱心助学募捐以及救助开展情况"),
            (Section("donations", wants=_("募捐的时间、参加人数、募集和使用的金额、受助人次")),),
        ),
        Part(_("资助工作所获得的荣誉"), (Section("honours", wants=_("获得的表彰和荣誉")),)),
        Part(
            _("学生资助工作中存在的问题"),
            (
                Section(
                    "problems",
                    _("存在的主要问题和原因"),
                    summary_work.problems,
                    wants=_("存在的问题和原因"),
                    is_slow=True,
                ),
                Section("plans", _("今后的打算"), wants=_("下一步工作打算")),
            ),
        ),
    ]


def _of_stages(group: Group) -> Section:
    stage = group.stages[0]
    title = _("义务教育资助") if group.key == COMPULSORY else _("%(stage)s教育资助") % {"stage": stage}
    return Section(f"stages-{group.key}", title, partial(summary_sentences.stages, group=group))


def _has_a_place(year: Year, group: Group, written: frozenset[str]) -> bool:
    """A stage that the county has not, neither children nor programs, is no section."""
    has_children = any(year.children(term.pk, group) for term in year.terms)
    return has_children or bool(year.programs_of(group)) or f"stages-{group.key}" in written


def _terms_wanted(year: Year) -> str:
    return _("系统内只有一个学期，另一学期的人次和金额") if len(year.terms) == 1 else ""


@dataclass(frozen=True)
class Told:
    """A section as the paper has it: the system's sentences, then people's words or the mark of what is missing."""

    part: str
    section: Section
    text: SummaryText | None
    sentences: tuple[str, ...] | None
    """None where they were not asked for."""

    @property
    def name(self) -> str:
        """What people call it where its heading is not in view."""
        return self.section.title or self.part or _("开头")

    @property
    def words(self) -> str:
        return self.text.text if self.text else ""

    @property
    def gap(self) -> str:
        """The mark that the paper bears here."""
        if not self.section.wants or self.words.strip():
            return ""
        return _("【待填写：%(what)s】") % {"what": self.section.wants}

    @property
    def paragraphs(self) -> list[str]:
        """Everything in its order, one paragraph for each line that people wrote."""
        own = [line.strip() for line in self.words.splitlines() if line.strip()]
        return [*(self.sentences or ()), *own, *([self.gap] if self.gap else [])]


@dataclass(frozen=True)
class ToldPart:
    title: str
    sections: tuple[Told, ...]


@dataclass(frozen=True)
class Summary:
    """A year's summary as it stands at a moment."""

    year: Year
    parts: tuple[ToldPart, ...]

    @property
    def sections(self) -> Iterator[Told]:
        for part in self.parts:
            yield from part.sections

    @property
    def gaps(self) -> list[Told]:
        """Sections that wait for people's words."""
        return [told for told in self.sections if told.gap]

    def section(self, key: str) -> Told | None:
        return next((told for told in self.sections if told.section.key == key), None)


def everything(section: Section) -> bool:
    """For a summary that has every sentence."""
    return True


def of(year: int, written: SummaryTextQuerySet, *, says: Callable[[Section], bool] = everything) -> Summary:
    """The summary of a finance year around what people have `written`; sentences only where `says` picks the section.

    Raises `reports.totals.NoSuchScope` for a year without terms.
    """
    figures = Year(year)
    texts = {text.section: text for text in written.filter(year=year).select_related("written_by")}
    parts = [
        ToldPart(
            part.title,
            tuple(
                Told(part.title, section, texts.get(section.key), _said(section, figures) if says(section) else None)
                for section in part.sections
            ),
        )
        for part in outline(figures, written=frozenset(key for key, text in texts.items() if text.text.strip()))
    ]
    return Summary(figures, tuple(parts))


def _said(section: Section, figures: Year) -> tuple[str, ...]:
    """What the system says of a section: words of an official paper, in Chinese for every reader."""
    with translation.override(settings.LANGUAGE_CODE):
        return tuple(section.says(figures))


@transaction.atomic
def write(*, year: int, section: str, text: str, before: datetime | None, by: User, at: datetime) -> SummaryText | None:
    """Keep what somebody wrote in a section. `before` is when the words were written that this person had in view.

    Whole ids, cards and phones are blotted out. The same words again are no act. Raises `WrittenSince` where somebody
    else was faster: then nothing is kept, and nothing lost.
    """
    found = SummaryText.objects.filter(year=year, section=section)
    values = {"text": redact(tidy(text)), "written_by": by}
    now = found.first()
    if (now.text if now else "") == values["text"]:
        return now
    if before is None:
        try:
            with transaction.atomic():
                row = SummaryText.objects.create(year=year, section=section, written_at=at, **values)
        except IntegrityError as error:
            raise _since(year, section) from error
    else:
        # Never the same moment again: it is what two people's words are told apart by.
        moment = max(at, before + timedelta(microseconds=1))
        if not found.filter(written_at=before).update(written_at=moment, **values):
            raise _since(year, section)
        row = found.get()
    actions.record(by, "summary.written", row, at=at, year=year, section=section, characters=len(row.text))
    return row


def _since(year: int, section: str) -> Refused:
    now = SummaryText.objects.select_related("written_by").filter(year=year, section=section).first()
    if now is None:  # nobody's words were in view after all
        return WrongState()
    moment = timezone.localtime(now.written_at)
    return WrittenSince(name=now.written_by.name, moment=f"{moment:%Y-%m-%d %H:%M:%S}")
