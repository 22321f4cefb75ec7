"""The first page after sign-in, by role: where the term stands and what waits for this person."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import EVERYONE, SignedInRequest, needs
from accounts.models import User
from aidcenter import auditor_desk, my_term, overview
from aidcenter.navigation import shell_of
from audits.choices import QuestionState
from audits.models import Question
from common.pages import counts_by
from common.roles import Role
from students import absences


@dataclass(frozen=True)
class Kind:
    """One kind of waiting work: its words (with the count), where it is done, how it looks."""

    words: Any
    hint: Any
    verb: Any
    view: str
    query: str
    icon: str
    tone: str = ""


KINDS: dict[str, Kind] = {
    "suspicions": Kind(
        ngettext_lazy("核实 %(n)s 条疑似同一人", "核实 %(n)s 条疑似同一人", "n"),
        _("花名册与困难群体名单对不上，需要人工判断。"),
        _("去核实"),
        "students:crosschecks",
        "",
        "scan-search",
        "red",
    ),
    "rosters_to_confirm": Kind(
        ngettext_lazy("确认 %(n)s 份花名册入库", "确认 %(n)s 份花名册入库", "n"),
        _("已校验，确认后成为本学期现行版本。"),
        _("去确认"),
        "students:rosters",
        "?state=checked",
        "table-properties",
        "amber",
    ),
    "lists_to_publish": Kind(
        ngettext_lazy("公示 %(n)s 所学校的名单", "公示 %(n)s 所学校的名单", "n"),
        _("学校已确认，可以张贴公示。"),
        _("去公示"),
        "programs:lists",
        "?tab=school_approved",
        "megaphone",
        "amber",
    ),
    "notices_to_take_down": Kind(
        ngettext_lazy("撤下 %(n)s 份期满的公示", "撤下 %(n)s 份期满的公示", "n"),
        _("公示期已满，撤下后才能审定。"),
        _("去撤下"),
        "programs:notices",
        "?tab=up",
        "calendar-check",
        "red",
    ),
    "objections": Kind(
        ngettext_lazy("办理 %(n)s 件异议", "办理 %(n)s 件异议", "n"),
        _("受理网页来的，核查后按期办结。"),
        _("去办理"),
        "programs:objections",
        "",
        "message-square-warning",
        "red",
    ),
    "lists_to_confirm": Kind(
        ngettext_lazy("审定 %(n)s 所学校的名单", "审定 %(n)s 所学校的名单", "n"),
        _("公示期满，等待县级审定。"),
        _("去审定"),
        "programs:lists",
        "?tab=closed",
        "stamp",
        "amber",
    ),
    "batches_to_approve": Kind(
        ngettext_lazy("审核 %(n)s 个发放批次", "审核 %(n)s 个发放批次", "n"),
        _("他人编制，审核后占用资金。"),
        _("去审核"),
        "disbursements:batches",
        "?tab=draft",
        "banknote",
        "amber",
    ),
    "batches_sent_back": Kind(
        ngettext_lazy("重新编制 %(n)s 个被退回的批次", "重新编制 %(n)s 个被退回的批次", "n"),
        _("审核人写明了退回的原因。"),
        _("去看原因"),
        "disbursements:batches",
        "?tab=sent-back",
        "undo-2",
        "red",
    ),
    "batches_to_release": Kind(
        ngettext_lazy("加签 %(n)s 个发放批次", "加签 %(n)s 个发放批次", "n"),
        _("金额较大，要经办人和审核人以外的第三个人加签。"),
        _("去加签"),
        "disbursements:batches",
        "?tab=approved",
        "stamp",
        "amber",
    ),
    "batches_to_send": Kind(
        ngettext_lazy("发放 %(n)s 个已审核批次", "发放 %(n)s 个已审核批次", "n"),
        _("生成代发文件并送银行，或者凭签字表发放现金。"),
        _("去办理"),
        "disbursements:batches",
        "?tab=approved",
        "send",
    ),
    "questions_to_answer": Kind(
        ngettext_lazy("答复 %(n)s 项审计问询", "答复 %(n)s 项审计问询", "n"),
        _("审计人员问县资助中心的，请在期限内答复。"),
        _("去答复"),
        "audits:questions",
        "?tab=asked",
        "message-circle-question-mark",
        "red",
    ),
    "items_overdue": Kind(
        ngettext_lazy("整改 %(n)s 项逾期的抽查问题", "整改 %(n)s 项逾期的抽查问题", "n"),
        _("已过审计人员要求的整改期限。"),
        _("去登记"),
        "audits:samples",
        "?mend=overdue",
        "crosshair",
        "red",
    ),
    "items_to_mend": Kind(
        ngettext_lazy("整改 %(n)s 项抽查问题", "整改 %(n)s 项抽查问题", "n"),
        _("审计人员抽查发现的，请在期限内登记整改结果。"),
        _("去登记"),
        "audits:samples",
        "?mend=asked",
        "crosshair",
        "amber",
    ),
    "findings_to_mend": Kind(
        ngettext_lazy("整改 %(n)s 条确认的疑点", "整改 %(n)s 条确认的疑点", "n"),
        _("审计人员已确认为问题，请写明怎样整改的。"),
        _("去整改"),
        "audits:findings",
        "?tab=confirmed",
        "flag",
        "red",
    ),
    "findings_to_explain": Kind(
        ngettext_lazy("说明 %(n)s 条疑点", "说明 %(n)s 条疑点", "n"),
        _("核查规则发现的，请说明原因或者整改。"),
        _("去说明"),
        "audits:findings",
        "?tab=open",
        "flag",
    ),
}


_QUESTIONS = 5


@dataclass(frozen=True)
class Task:
    """A kind of work with something waiting."""

    kind: Kind
    title: str
    url: str


@needs(*EVERYONE)
@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    role, today = request.user.role, timezone.localdate()
    context: dict[str, Any] = {"greeting": _greeting()}
    if role == Role.ADMIN:
        by_role = counts_by(User.objects.filter(is_active=True), "role")
        context["roles"] = [(label, by_role.get(value, 0)) for value, label in Role.choices]
        context["closed"] = User.objects.filter(is_active=False).count()
        return render(request, "aidcenter/home_admin.html", context)
    if request.term is None:
        return render(request, "aidcenter/home_empty.html", context)
    if role == Role.SCHOOL and request.user.school is not None:
        context["school"] = request.user.school
        context["my_term"] = my_term.of(request.user.school, request.term, today=today)
        context["questions"] = _questions(request.user)
        context["today"] = today
        return render(request, "aidcenter/home_school.html", context)
    if role == Role.AUDITOR and request.GET.get("part") == "schools":
        return render(request, "aidcenter/_home_schools.html", {"schools": auditor_desk.schools_of(request.term)})
    if role == Role.AUDITOR:
        context["desk"] = auditor_desk.of(request.user, request.term, today=today)
        context["phases"] = overview.phases_of(request.term)
        context["alarm"] = absences.alarm(request.term)
        return render(request, "aidcenter/home_auditor.html", context)
    waiting = shell_of(request).waiting
    context["tasks"] = [_task(kind, waiting[name]) for name, kind in KINDS.items() if waiting.get(name)]
    context["county"] = overview.county(request.term)
    context["lying"] = overview.lying(request.term, today=today)
    return render(request, "aidcenter/home_county.html", context)


def _questions(user: User) -> list[dict[str, Any]]:
    """What the auditor asked this school, the open ones first; what was closed is found on its own page."""
    today = timezone.localdate()
    rows = Question.objects.visible_to(user).exclude(state=QuestionState.CLOSED).for_list()[:_QUESTIONS]
    return [{"question": question, "is_overdue": question.is_overdue(today)} for question in rows]


def _task(kind: Kind, count: int) -> Task:
    return Task(kind, kind.words % {"n": count}, reverse(kind.view) + kind.query)


def _greeting() -> Any:
    hour = timezone.localtime().hour
    return _("上午好") if hour < 12 else _("下午好") if hour < 18 else _("晚上好")
