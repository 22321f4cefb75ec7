"""The document of a dossier. Its words are the office's own and in Chinese for every reader.

Names stand in it, and masked numbers; no whole number of a person, no card, no phone: what people wrote is redacted.
"""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone
from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.run import Run

from accounts.models import User
from audits import finding_words
from audits.choices import SampleState
from audits.models import FindingWord, QuestionEntry, SampleItem
from audits.reviews import OfList, Review
from common import money
from common.papers import tidy
from common.redaction import redact
from disbursements.models import Payment
from jobs import files
from programs.models import Award
from students.models import Enrollment

TITLE = "学生资助审计案卷"
_HEAD_FONT, _BODY_FONT = "黑体", "仿宋"
_NONE = "无。"
_NUMBER = re.compile(r"^\d{1,6}$|^[\d,]{1,15}\.\d\d$")


def write(review: Review, attachments: Sequence[str], *, by: User, at: datetime) -> bytes:
    """A .docx of everything in the review, with the awards by program, samples, and what was said."""
    paper = _Dossier()
    paper.cover(review, by=by, at=at)
    _facts(paper, review)
    _signatures(paper, review.lists)
    _publicity(paper, review)
    _payments(paper, review)
    _findings(paper, review)
    _samples(paper, review)
    _questions(paper, review)
    paper.head(f"八、附件（{len(attachments)} 个）")
    paper.line("资助名单.xlsx：本学期全部资助，证件号已遮蔽。清单.txt：案卷内每个文件的 SHA-256。")
    paper.lines(attachments)
    return paper.content(at)


def _facts(paper: "_Dossier", review: Review) -> None:
    school, term, standing = review.school, review.term, review.standing
    studying = Enrollment.objects.studying().filter(school=school, term=term)
    children = studying.aggregate(n=Count("pk"), boarding=Count("pk", filter=Q(is_boarding=True)))
    live = Award.objects.live().filter(school=school, term=term)
    paper.head("一、基本情况")
    paper.table(
        ("项目", "内容", "项目", "内容"),
        [
            ("学校标识码", school.code, "学校类型", f"{school.kind} · {school.get_ownership_display()}"),
            ("所在乡镇", school.town, "学期", term),
            ("在读学生（人）", children["n"], "其中寄宿（人）", children["boarding"]),
            ("受助学生（人）", live.values("student").distinct().count(), "资助（人次）", live.count()),
            ("公示（次）", standing.notices, "异议（件）", standing.objections),
            ("到账（笔）", standing.paid, "到账金额（元）", money.yuan(standing.paid_fen)),
        ],
        widths=(35, 50, 35, 50),
    )
    arrived = Payment.objects.arrived().filter(award__in=live).order_by()
    paid = {
        program: (n, fen)
        for program, n, fen in arrived.values_list("award__program").annotate(n=Count("pk"), fen=Sum("amount_fen"))
    }
    by_program = live.order_by("program__position", "program__name").values_list("program", "program__name")
    rows = []
    for program, name, n, people, fen in by_program.annotate(
        n=Count("pk"), people=Count("student", distinct=True), fen=Sum("amount_fen")
    ):
        paid_n, paid_fen = paid.get(program, (0, 0))
        rows.append((name, n, people, money.yuan(fen), paid_n, money.yuan(paid_fen)))
    paper.line("各项目资助和到账（不含已移出的）：")
    paper.table(
        ("资助项目", "人次", "人数", "金额（元）", "到账笔数", "到账金额（元）"), rows, widths=(50, 18, 18, 31, 22, 31)
    )


def _signatures(paper: "_Dossier", lists: Sequence[OfList]) -> None:
    paper.head("二、名单和签字")
    rows = []
    for each in lists:
        one = each.award_list
        signed = [
            ("县级经办", one.prepared_by, one.prepared_at),
            ("学校经办", one.school_prepared_by, one.school_prepared_at),
            ("学校确认", one.school_approved_by, one.school_approved_at),
            ("县级审定", one.confirmed_by, one.confirmed_at),
        ]
        words = "\n".join(f"{what}：{who} {_moment(at)}" for what, who, at in signed if who)
        rows.append((one.title, one.get_state_display(), each.people, money.yuan(each.amount_fen), words))
    paper.table(("名单", "状态", "人次", "金额（元）", "签字"), rows, widths=(30, 22, 18, 30, 70))


def _publicity(paper: "_Dossier", review: Review) -> None:
    paper.head("三、公示和异议")
    rows = [
        (
            each.award_list.title,
            f"{hung.notice.starts_on} ～ {hung.notice.ends_on}",
            f"{hung.notice.working_days}（实际 {hung.days}）",
            hung.notice.put_up_by,
            _moment(hung.notice.taken_down_at) or "尚未撤下",
            redact(hung.notice.result),
            len(hung.photos),
        )
        for each in review.lists
        for hung in each.hung
    ]
    paper.table(
        ("名单", "公示期", "工作日", "张贴人", "撤下时间", "公示结果", "照片（张）"),
        rows,
        widths=(22, 26, 22, 25, 25, 35, 15),
    )
    paper.line("公示照片：")
    paper.table(
        ("拍摄日期", "上传人", "上传时间", "SHA-256"),
        [
            (photo.taken_on, photo.kept_by, _moment(photo.kept_at), photo.file.sha256)
            for each in review.lists
            for hung in each.hung
            for photo in hung.photos
        ],
        widths=(24, 38, 34, 74),
    )
    paper.line("异议：")
    paper.table(
        ("学生", "项目", "收到", "异议内容", "状态", "核查结论"),
        [
            (
                objection.award.student.name,
                objection.award.program,
                f"{_moment(objection.received_at)}\n{objection.get_channel_display()}",
                redact(objection.words),
                objection.get_state_display(),
                redact(objection.answer),
            )
            for objection in review.objections
        ],
        widths=(18, 30, 28, 42, 17, 35),
    )


def _payments(paper: "_Dossier", review: Review) -> None:
    paper.head("四、资金发放")
    rows = []
    for each in review.batches:
        batch = each.batch
        signed = [
            ("编制", batch.prepared_by, batch.prepared_at),
            ("审核", batch.approved_by, batch.approved_at),
            ("加签", batch.released_by, batch.released_at),
        ]
        words = "\n".join(f"{what}：{who} {_moment(at)}" for what, who, at in signed if who)
        rows.append(
            (
                f"{batch.number}\n{batch.program}",
                batch.get_state_display(),
                f"{each.tries} 笔\n{money.yuan(each.tries_fen)} 元",
                f"{each.paid} 笔\n{money.yuan(each.paid_fen)} 元",
                f"失败 {each.failed}\n退票 {each.bounced}",
                words,
            )
        )
    paper.table(("批次", "状态", "本校发放", "到账", "失败、退票（笔）", "签字"), rows, widths=(42, 16, 27, 27, 17, 41))
    paper.line("发放失败、到账后退票和再次发放：")
    paper.table(
        ("学生", "项目", "金额（元）", "原因", "后来"),
        [
            (
                trouble.payment.award.student.name,
                trouble.payment.award.program,
                money.yuan(trouble.payment.amount_fen),
                _why(trouble.payment),
                f"{'更正银行卡后' if trouble.has_other_card else ''}再次发放：{trouble.later.get_state_display()}"
                if trouble.later
                else "尚未再次发放",
            )
            for trouble in review.troubles
        ],
        more=review.more_troubles,
        widths=(20, 45, 22, 38, 45),
    )
    paper.line("追缴：")
    paper.table(
        ("学生", "项目", "原因", "应追缴（元）", "已收回（元）", "状态"),
        [
            (
                recovery.award.student.name,
                recovery.award.program,
                f"{recovery.get_cause_display()}\n{redact(recovery.words)}",
                money.yuan(recovery.due_fen),
                money.yuan(recovery.received_fen),
                recovery.get_state_display(),
            )
            for recovery in review.recoveries
        ],
        widths=(20, 40, 45, 23, 23, 19),
    )


def _why(payment: Payment) -> str:
    if bounce := payment.late_return:
        return f"到账后退票（{bounce.bounced_on}）：{bounce.get_failure_display()}"
    return payment.get_failure_display()


def _findings(paper: "_Dossier", review: Review) -> None:
    paper.head("五、疑点")
    said: dict[int, list[FindingWord]] = {}
    for word in FindingWord.objects.filter(finding__in=review.findings).select_related("by").order_by("pk"):
        said.setdefault(word.finding_id, []).append(word)
    known = finding_words.programs()
    rows = [
        (
            f"第 {finding.pk} 号 {shown.title}\n{shown.sentence}",
            finding.get_severity_display(),
            finding.student.name if finding.student else "",
            money.yuan(finding.amount_fen) if finding.amount_fen else "",
            finding.get_state_display(),
            "\n".join(
                f"{_moment(word.at)} {word.by}（{word.get_state_display()}）：{redact(finding_words.said(word.words))}"
                for word in said.get(finding.pk, [])
            ),
        )
        for finding in review.findings
        for shown in [finding_words.shown(finding, known)]
    ]
    paper.table(
        ("疑点", "程度", "学生", "涉及金额（元）", "状态", "说明"),
        rows,
        widths=(55, 14, 18, 22, 17, 44),
        more=review.more_findings,
    )


_WITHDRAWN = {SampleState.WITHDRAWN.value: "（已撤销）"}


def _samples(paper: "_Dossier", review: Review) -> None:
    paper.head("六、抽查")
    items = SampleItem.objects.filter(award__school=review.school, award__term=review.term)
    paper.table(
        ("抽查", "学生", "项目", "核查结果", "核查情况", "后续"),
        [
            (
                f"{item.sample.title}{_WITHDRAWN.get(item.sample.state, '')}\n第 {item.position} 号",
                item.award.student.name,
                item.award.program,
                f"{item.get_state_display()}\n{item.checked_by or ''} {_moment(item.checked_at)}".strip(),
                redact(item.words),
                _follow_up(item),
            )
            for item in items.for_list().select_related("sample")
        ],
        widths=(30, 18, 34, 30, 32, 26),
    )


def _follow_up(item: SampleItem) -> str:
    if not item.follow_up:
        return ""
    due = f"（期限 {item.follow_up_due_on}）" if item.follow_up_due_on else ""
    return f"{item.get_follow_up_display()}{due}\n{redact(item.followed_up_words)}".strip()


def _questions(paper: "_Dossier", review: Review) -> None:
    paper.head("七、审计问询")
    if not review.questions:
        paper.line(_NONE)
    steps: dict[int, list[QuestionEntry]] = {}
    entries = QuestionEntry.objects.filter(question__in=review.questions).select_related("by")
    for entry in entries.prefetch_related("files__file").order_by("pk"):
        steps.setdefault(entry.question_id, []).append(entry)
    for question in review.questions:
        paper.line(f"{question.title}（{question.get_state_display()}，答复期限 {question.due_on}）", font=_HEAD_FONT)
        rows = []
        for entry in steps.get(question.pk, []):
            papers = "、".join(files.shown_name(paper_of.file.name) for paper_of in entry.files.all())
            words = redact(entry.words) + (f"\n附件：{papers}" if papers else "")
            rows.append((entry.get_kind_display(), words, f"{entry.by}\n{_moment(entry.at)}"))
        paper.table(("步骤", "内容", "填写人、时间"), rows, widths=(20, 105, 45))


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


class _Dossier:
    """The paper while it is written, from the top down."""

    def __init__(self) -> None:
        self._paper: Paper = Document()
        section = self._paper.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin = section.bottom_margin = Mm(22)
        section.left_margin = section.right_margin = Mm(20)
        style = self._paper.styles["Normal"]
        style.font.size, style.font.name = Pt(12), _BODY_FONT
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _BODY_FONT)

    def cover(self, review: Review, *, by: User, at: datetime) -> None:
        center = WD_ALIGN_PARAGRAPH.CENTER
        for _each in range(6):
            self.line("")
        self.line(f"{settings.COUNTY_NAME}{TITLE}", size=26, font=_HEAD_FONT, align=center)
        self.line("")
        self.line(str(review.school), size=20, font=_HEAD_FONT, align=center)
        self.line(str(review.term), size=18, align=center)
        for _each in range(8):
            self.line("")
        self.line(f"制作人：{by}（{by.get_role_display()}）", align=center)
        self.line(f"数据截至：{_moment(at)}", align=center)
        self.line("证件号已遮蔽；不含银行卡号、电话和住址。", align=center)
        self._paper.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)

    def head(self, words: str) -> None:
        heading = self._paper.add_heading(level=1).add_run(tidy(words))
        _font(heading, size=15, font=_HEAD_FONT)
        heading.font.color.rgb = RGBColor(0, 0, 0)

    def line(
        self, words: str, *, size: float = 12, font: str = _BODY_FONT, align: WD_ALIGN_PARAGRAPH | None = None
    ) -> None:
        line = self._paper.add_paragraph()
        line.paragraph_format.space_after = Pt(3)
        if align is not None:
            line.alignment = align
        _font(line.add_run(tidy(words)), size=size, font=font)

    def lines(self, all_words: Iterable[str]) -> None:
        for words in all_words:
            self.line(words, size=10)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[Any]], *, widths: Sequence[int], more: int = 0
    ) -> None:
        """A table with a head that comes again on each page; without rows it says that there is nothing.

        `widths` are in mm. What reads as a number stands right.
        """
        if not rows:
            self.line(_NONE)
            return
        table = self._paper.add_table(rows=0, cols=len(heads), style="Table Grid")
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        for place, row in enumerate([heads, *rows]):
            line = table.add_row()
            for cell, value, width in zip(line.cells, row, widths, strict=True):
                cell.width = Mm(width)
                words = tidy(str(value))
                _font(cell.paragraphs[0].add_run(words), size=9, font=_BODY_FONT if place else _HEAD_FONT)
                if place and _NUMBER.match(words):
                    cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
            properties = line._tr.get_or_add_trPr()
            properties.append(properties.makeelement(qn("w:cantSplit"), {}))
            if not place:
                properties.append(properties.makeelement(qn("w:tblHeader"), {}))
        self.line(f"另有 {more} 条没有列出，请在系统中查看。" if more else "", size=10)

    def content(self, at: datetime) -> bytes:
        kept = self._paper.core_properties
        kept.author, kept.title, kept.comments = f"{settings.COUNTY_NAME}学生资助管理中心", TITLE, ""
        kept.created = kept.modified = timezone.localtime(at).replace(tzinfo=None)
        stream = io.BytesIO()
        self._paper.save(stream)
        return stream.getvalue()


def _font(run: Run, *, size: float, font: str = _BODY_FONT) -> None:
    run.font.size, run.font.name = Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
