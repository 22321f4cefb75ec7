"""The officer's first page: what to do next, until when, what is wrong, what is done. Nothing else.

roster → what is open in it → recognition → entitled but not aided → public list → payment results. Each step is asked
of the stage that knows; the page costs a fixed number of queries.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audits.choices import QuestionState
from audits.models import Question
from common.pages import counts_by
from disbursements.choices import PaymentState
from disbursements.models import Payment
from programs import gap_answers, nominations
from programs.choices import ListState, NoticeState, ObjectionState, RecognitionListState, RoundState
from programs.models import AwardList, Notice, Objection, RecognitionList, RecognitionRound
from schools.models import School, Term
from students import questions
from students.choices import RosterState
from students.models import Roster, SchoolTerm

SOON = timedelta(days=3)


class State(StrEnum):
    DONE = "done"
    NOW = "now"  # the school's turn
    WAITING = "waiting"  # somebody else's turn, or a step before is not done


@dataclass(frozen=True)
class Step:
    """One step of the school's term. `words` say where it stands, `wrong` what is not right, `verb` what to press."""

    title: str
    state: State
    words: str
    url: str
    verb: str
    due_on: date | None = None
    wrong: str = ""
    is_overdue: bool = False
    is_soon: bool = False


@dataclass(frozen=True)
class MyTerm:
    steps: list[Step]
    asked: Step | None
    """The auditor's question that is to be answered first: it is no step of the term, and stands beside them."""
    reminded: SchoolTerm | None
    other_documents: list[str]

    @property
    def next(self) -> Step | None:
        """The first step whose turn is the school's, else the auditor's question."""
        return next((step for step in self.steps if step.state is State.NOW), self.asked)

    @property
    def done(self) -> int:
        return sum(step.state is State.DONE for step in self.steps)


def of(school: School, term: Term, *, today: date) -> MyTerm:
    """Where one school stands in a term."""
    rosters = list(
        Roster.objects.filter(school=school, term=term).exclude(state=RosterState.DISCARDED).order_by("-version")[:2]
    )
    newest = rosters[0] if rosters else None
    is_in_force = Roster.objects.filter(school=school, term=term, state=RosterState.IN_FORCE).exists()
    lists = list(AwardList.objects.with_people().filter(school=school, term=term).order_by("number"))
    notices = Notice.objects.filter(list__school=school, list__term=term).order_by("starts_on", "pk")
    newest_notices = {notice.list_id: notice for notice in notices}
    steps = [
        _roster(newest, is_in_force, term),
        _open_questions(newest, term, asked=questions.waiting_for(school, term)),
        _recognition(school, term, is_in_force, today),
        *_nominations(school, term, is_in_force),
        _missed(school, term, is_proposed=AwardList.objects.filter(school=school, term=term).exists()),
        _unseen_objections(school, term) or _public_lists(lists, newest_notices, term, today),
        _payments(school, term, lists),
    ]
    desk = SchoolTerm.objects.filter(school=school, term=term).first()
    asked = _audit_question(school)
    return MyTerm(
        steps=[_with_days(step, today) for step in steps],
        asked=_with_days(asked, today) if asked else None,
        reminded=desk if desk and desk.reminded_at and not is_in_force else None,
        other_documents=[line.strip() for line in term.other_documents.splitlines() if line.strip()],
    )


def _with_days(step: Step, today: date) -> Step:
    if step.due_on is None or step.state is State.DONE:
        return step
    return replace(step, is_overdue=today > step.due_on, is_soon=today <= step.due_on <= today + SOON)


def _roster(newest: Roster | None, is_in_force: bool, term: Term) -> Step:
    title, due_on = _("上报花名册"), term.roster_due_on
    if newest is None:
        words = _("下载预填好的花名册，改好后上传。")
        return Step(title, State.NOW, words, reverse("students:roster-upload"), _("去上报"), due_on)
    url = newest.get_absolute_url()
    if newest.sent_back_at:
        wrong = _("县资助中心退回：%(reason)s") % {"reason": newest.sent_back_reason}
        upload = reverse("students:roster-upload")
        return Step(title, State.NOW, _("请改正后上报新的一版。"), upload, _("重新上报"), due_on, wrong)
    match newest.state:
        case RosterState.REFUSED:
            wrong = _("文件无法读取，原因写在花名册页面上。")
            return Step(title, State.NOW, _("已上传，没有读出来。"), url, _("去看看"), due_on, wrong)
        case RosterState.CHECKED:
            words = _("已校验 %(n)s 行，确认后才算上报。") % {"n": newest.rows_read}
            return Step(title, State.NOW, words, url, _("去确认"), due_on)
        case RosterState.IN_FORCE | RosterState.SUPERSEDED:
            words = _("第 %(version)s 版已上报，%(n)s 名学生。") % {"version": newest.version, "n": newest.rows_good}
            return Step(title, State.DONE, words, url, _("查看"), due_on)
    state = State.DONE if is_in_force else State.WAITING
    return Step(title, state, _("系统正在处理，请稍候再来。"), url, _("查看进度"), due_on)


def _audit_question(school: School) -> Step | None:
    """What the auditor asked of the school waits whatever its term, the nearest day first."""
    waiting = Question.objects.filter(school=school, state=QuestionState.ASKED)
    if (question := waiting.order_by("due_on", "pk").first()) is None:
        return None
    url = reverse("audits:question-answer", args=[question.pk])
    return Step(_("请答复审计问询"), State.NOW, question.title, url, _("去答复"), question.due_on)


def _open_questions(newest: Roster | None, term: Term, *, asked: int) -> Step:
    title, due_on = _("回答疑问、改正错误"), term.roster_due_on
    if asked:
        words = _("县里核对名单时拿不准，请答复两份记录是不是同一个人。")
        wrong_now = ngettext("县里问的 %(n)s 名学生待答复。", "县里问的 %(n)s 名学生待答复。", asked) % {"n": asked}
        return Step(title, State.NOW, words, reverse("students:questions"), _("去答复"), None, wrong_now)
    if newest is None or newest.state in {RosterState.UPLOADED, RosterState.REFUSED, RosterState.COMMITTING}:
        return Step(title, State.WAITING, _("上传花名册之后，系统会列出疑问。"), "", "", due_on)
    url = newest.get_absolute_url() + "#problems"
    wrong = []
    if newest.rows_refused:
        wrong.append(
            ngettext("%(n)s 行有错误，没有入库。", "%(n)s 行有错误，没有入库。", newest.rows_refused)
            % {"n": newest.rows_refused}
        )
    if newest.rows_doubtful and newest.state == RosterState.CHECKED:
        wrong.append(
            ngettext("%(n)s 行需要说明。", "%(n)s 行需要说明。", newest.rows_doubtful) % {"n": newest.rows_doubtful}
        )
    if not wrong:
        return Step(title, State.DONE, _("没有未答复的疑问。"), url, _("查看"), due_on)
    return Step(title, State.NOW, _("可以逐格改正，也可以以后补报。"), url, _("去处理"), due_on, "".join(wrong))


def _round(under_way: RecognitionRound, title: str, due_on: date | None, today: date) -> Step:
    """A recognition that is under way: whose turn it is."""
    url = under_way.get_absolute_url()
    match under_way.state:
        case RoundState.PUBLISHED if under_way.public_to and today <= under_way.public_to:
            words = _("认定结果公示中，%(first)s 至 %(last)s。") % {
                "first": under_way.public_from,
                "last": under_way.public_to,
            }
            wrong = under_way.public_result
            state = State.NOW if wrong else State.WAITING
            return Step(title, state, words, url, _("查看"), due_on, wrong)
        case RoundState.PUBLISHED:
            return Step(title, State.NOW, _("认定公示期已满，请写明结果。"), url, _("去结束公示"), due_on)
        case RoundState.CLOSED:
            return Step(title, State.WAITING, _("等县资助中心备案。"), url, _("查看"), due_on)
        case RoundState.REVIEWED:
            return Step(title, State.NOW, _("评议已完成，请公示。"), url, _("去公示"), due_on)
    wrong = ""
    if under_way.sent_back_reason:
        wrong = _("认定被退回：%(reason)s") % {"reason": under_way.sent_back_reason}
    return Step(title, State.NOW, _("录入申请、班级评议、学校评定。"), url, _("去办理"), due_on, wrong)


def _recognition(school: School, term: Term, is_in_force: bool, today: date) -> Step:
    title, due_on = _("上报认定名单和档次"), term.recognition_due_on
    lists = RecognitionList.objects.filter(school=school, term=term)
    newest = lists.exclude(state=RecognitionListState.SUPERSEDED).order_by("-pk").first()
    rounds = RecognitionRound.objects.filter(school=school, term=term).under_way()
    if under_way := rounds.first():
        return _round(under_way, title, due_on, today)
    if newest is None:
        if not is_in_force:
            return Step(title, State.WAITING, _("花名册入库以后办理。"), "", "", due_on)
        words = _("告知家长、收齐申请以后逐步办理，也可以直接上传认定名单。")
        return Step(title, State.NOW, words, reverse("programs:rounds"), _("去办理"), due_on)
    url = newest.get_absolute_url()
    if newest.state == RecognitionListState.REFUSED:
        return Step(title, State.NOW, _("请改好后重新上传。"), url, _("去看看"), due_on, _("名单文件无法读取。"))
    if newest.state == RecognitionListState.UPLOADED:
        return Step(title, State.WAITING, _("系统正在处理，请稍候再来。"), url, _("查看进度"), due_on)
    words = ngettext("已上报 %(n)s 人。", "已上报 %(n)s 人。", newest.people) % {"n": newest.people}
    unmatched = len(newest.unmatched)
    wrong = (
        ngettext("%(n)s 行对不上花名册。", "%(n)s 行对不上花名册。", unmatched) % {"n": unmatched} if unmatched else ""
    )
    return Step(title, State.DONE, words, url, _("查看"), due_on, wrong)


def _nominations(school: School, term: Term, is_in_force: bool) -> list[Step]:
    """Whom the school puts forward, where the term carries out programs that it nominates for."""
    lines = nominations.lines(term, School.objects.filter(pk=school.pk))
    if not lines:
        return []
    title, due_on = _("提名受助学生"), term.recognition_due_on
    if not is_in_force:
        return [Step(title, State.WAITING, _("花名册入库以后办理。"), "", "", due_on)]
    people = sum(line.people for line in lines)
    open_lines = [line for line in lines if not line.people]
    url = reverse("programs:nominations")
    if open_lines:
        words = _("%(program)s由学校提名，请选学生。") % {"program": open_lines[0].program}
        return [Step(title, State.NOW, words, url, _("去提名"), due_on)]
    words = ngettext("已提名 %(n)s 人。", "已提名 %(n)s 人。", people) % {"n": people}
    return [Step(title, State.DONE, words, url, _("查看"), due_on)]


def _missed(school: School, term: Term, *, is_proposed: bool) -> Step:
    title, due_on = _("答复应助未助"), term.lists_due_on
    if not is_proposed:
        return Step(title, State.WAITING, _("等县资助中心提出资助名单。"), "", "", due_on)
    url = reverse("programs:gaps")
    figures = gap_answers.figures(term, schools=[school.pk])
    if figures.to_answer:
        wrong = ngettext("应助未助 %(n)s 人次待答复。", "应助未助 %(n)s 人次待答复。", figures.to_answer)
        words = _("符合条件、但不在资助名单里的学生，请逐个说明原因。")
        return Step(title, State.NOW, words, url, _("去答复"), due_on, wrong % {"n": figures.to_answer})
    if figures.missed:
        words = ngettext("%(n)s 人次等县里审核或补报。", "%(n)s 人次等县里审核或补报。", figures.missed)
        return Step(title, State.WAITING, words % {"n": figures.missed}, url, _("查看"), due_on)
    if figures.to_propose:
        words = ngettext("%(n)s 人次已提名，等县里重新提出。", "%(n)s 人次已提名，等县里重新提出。", figures.to_propose)
        return Step(title, State.WAITING, words % {"n": figures.to_propose}, url, _("查看"), due_on)
    return Step(title, State.DONE, _("没有应助未助的学生。"), url, _("查看"), due_on)


def _unseen_objections(school: School, term: Term) -> Step | None:
    """What people wrote on the open page comes before all else of publicity: it has its day of answering."""
    objections = Objection.objects.filter(notice__list__school=school, notice__list__term=term)
    unseen = objections.in_state(ObjectionState.UNSEEN)
    if not (due := sorted(day for day in unseen.values_list("due_on", flat=True) if day)):
        return None
    words = ngettext("有 %(n)s 件网页异议等待受理。", "有 %(n)s 件网页异议等待受理。", len(due)) % {"n": len(due)}
    url = f"{reverse('programs:objections')}?tab=unseen"
    return Step(_("确认并公示名单"), State.NOW, words, url, _("去受理"), due[0])


def _public_lists(lists: list[AwardList], notices: dict[int, Notice], term: Term, today: date) -> Step:
    """Of the term's list and the supplementary ones the step of the one that is the school's turn, else the last."""
    if not lists:
        words = _("等县资助中心提出资助名单。")
        return Step(_("确认并公示名单"), State.WAITING, words, "", "", term.lists_due_on)
    steps = [_public_list(award_list, notices.get(award_list.pk), term, today) for award_list in lists]
    for state in (State.NOW, State.WAITING):
        if found := next((step for step in steps if step.state is state), None):
            return found
    return steps[-1]


def _public_list(award_list: AwardList, notice: Notice | None, term: Term, today: date) -> Step:
    title = _("确认并公示名单")
    if award_list.is_supplementary:
        title = _("确认并公示%(title)s") % {"title": award_list.title}
    url = award_list.get_absolute_url()
    match award_list.state:
        case ListState.DRAFT:
            return Step(title, State.NOW, _("核对学生和金额后确认。"), url, _("去确认"), term.lists_due_on)
        case ListState.SCHOOL_PREPARED:
            return Step(title, State.NOW, _("经办人已核对，等学校负责人确认。"), url, _("去看看"), term.lists_due_on)
        case ListState.SCHOOL_APPROVED:
            return Step(title, State.NOW, _("名单已确认，可以张贴公示。"), url, _("去公示"), term.publicity_due_on)
    if notice is None or notice.state == NoticeState.DOWN:
        return Step(title, State.DONE, award_list.get_state_display(), url, _("查看"), term.publicity_due_on)
    days = {"first": notice.starts_on, "last": notice.ends_on}
    if today <= notice.ends_on:
        words = _("公示中，%(first)s 至 %(last)s。") % days
        return Step(title, State.WAITING, words, notice.get_absolute_url(), _("查看"), term.publicity_due_on)
    words = _("公示期已满（%(last)s），请撤下并写明结果。") % days
    return Step(title, State.NOW, words, notice.get_absolute_url(), _("去撤下"), term.publicity_due_on)


def _payments(school: School, term: Term, lists: list[AwardList]) -> Step:
    title, due_on = _("核对发放结果"), term.payments_due_on
    payments = Payment.objects.filter(award__school=school, award__term=term)
    by_state = counts_by(payments, "state")
    arrived = payments.live().filter(state=PaymentState.PAID)
    refused = payments.filter(Q(state=PaymentState.FAILED) | Q(bounce__isnull=False))
    refused = refused.exclude(award__in=arrived.values("award"))
    paid, failed = arrived.count(), refused.values("award").distinct().count()
    if not by_state:
        return Step(title, State.WAITING, _("名单审定以后由县里发放。"), "", "", due_on)
    words = ngettext("已发放成功 %(n)s 笔。", "已发放成功 %(n)s 笔。", paid) % {"n": paid}
    if failed:
        program = refused.values_list("award__program", flat=True)[0]
        url = reverse("disbursements:unpaid", args=[program])
        wrong = ngettext("%(n)s 笔失败，请核对银行卡。", "%(n)s 笔失败，请核对银行卡。", failed) % {"n": failed}
        return Step(title, State.NOW, words, url, _("去核对"), due_on, wrong)
    all_confirmed = all(award_list.state == ListState.CONFIRMED for award_list in lists)
    is_over = all_confirmed and paid == sum(by_state.values())
    url = reverse("disbursements:slips")
    return Step(title, State.DONE if is_over else State.WAITING, words, url, _("打印告知单"), due_on)
