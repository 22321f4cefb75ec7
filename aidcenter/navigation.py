"""The shell around every page: the menu by role with work counts, the term, the county's name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access import READERS_AND_SCHOOL
from accounts.models import User
from aidcenter import work
from common.roles import COUNTY, READERS, Role
from jobs.models import Job


@dataclass(frozen=True)
class Link:
    """One place of the menu, who sees it, and whose waiting work it counts."""

    label: Any
    icon: str
    view: str
    roles: frozenset[Role]
    counts: tuple[str, ...] = ()
    if_waiting: frozenset[Role] = frozenset()
    """Who finds it in the menu only while something of it waits: an officer's menu stays short."""


@dataclass(frozen=True)
class Entry:
    """A link as it is drawn for one person."""

    label: Any
    icon: str
    url: str
    is_current: bool
    count: int


@dataclass(frozen=True)
class Group:
    title: Any
    entries: list[Entry]


_EVERYONE = frozenset(Role)
_READERS = frozenset(READERS)
_READERS_AND_SCHOOL = frozenset(READERS_AND_SCHOOL)

MENU: list[tuple[Any, list[Link]]] = [
    ("", [Link(_("工作台"), "layout-dashboard", "home", _EVERYONE)]),
    (
        _("资助业务"),
        [
            Link(pgettext_lazy("page", "学生"), "users", "students:list", _READERS_AND_SCHOOL),
            Link(_("花名册"), "table-properties", "students:rosters", _READERS_AND_SCHOOL, ("rosters_to_confirm",)),
            Link(_("困难认定"), "heart-handshake", "programs:rounds", _READERS_AND_SCHOOL, ("rounds_to_record",)),
            Link(_("名单比对"), "scan-search", "students:crosschecks", _READERS, ("suspicions",)),
            Link(
                _("资助名单"),
                "clipboard-check",
                "programs:lists",
                _READERS_AND_SCHOOL,
                ("lists_to_approve", "lists_to_publish", "lists_to_confirm"),
            ),
            Link(
                _("公示"), "megaphone", "programs:notices", _READERS_AND_SCHOOL, ("notices_to_take_down", "objections")
            ),
            Link(
                _("资金发放"),
                "banknote",
                "disbursements:batches",
                _READERS,
                ("batches_to_send", "batches_to_approve", "batches_to_release", "batches_sent_back"),
            ),
        ],
    ),
    (
        _("数据核查"),
        [
            Link(_("困难群体名单"), "folder-lock", "students:registers", _READERS),
            Link(_("未找到的学生"), "user-round-x", "students:absences", _READERS),
            Link(_("认定名单"), "list-checks", "programs:recognitions", _READERS),
            Link(_("随机复查"), "dices", "programs:rechecks", _READERS),
            Link(_("应助核查"), "user-round-search", "programs:gaps", _READERS),
            Link(_("政策测算"), "calculator", "programs:trials", _READERS),
        ],
    ),
    (
        _("统计上报"),
        [
            Link(_("统计报表"), "file-chart-column", "reports:report", _READERS),
            Link(_("年度总结"), "file-text", "reports:summary", _READERS),
        ],
    ),
    (
        _("审计监督"),
        [
            Link(_("疑点核查"), "flag", "audits:findings", _READERS, ("findings_to_explain", "findings_to_mend")),
            Link(_("抽查"), "crosshair", "audits:samples", _READERS, ("items_overdue", "items_to_mend")),
            Link(_("逐校复核"), "clipboard-list", "audits:reviews", _READERS),
            Link(
                _("审计问询"),
                "message-circle-question-mark",
                "audits:questions",
                _READERS,
                ("questions_to_answer", "questions_answered", "questions_overdue"),
                if_waiting=frozenset({Role.SCHOOL}),
            ),
            Link(_("数据核对"), "scale", "audits:checks", frozenset({Role.AUDITOR})),
            Link(_("操作日志"), "history", "audits:actions", _READERS),
        ],
    ),
    (
        _("基础信息"),
        [
            Link(pgettext_lazy("page", "学校"), "school", "schools:list", _READERS),
            Link(_("专干账号"), "id-card", "accounts:officers", COUNTY),
            Link(_("乡镇"), "map-pin", "schools:towns", _READERS),
            Link(_("学期"), "calendar-range", "programs:terms", _READERS),
            Link(_("项目与标准"), "book-open-text", "programs:programs", _READERS),
            Link(_("困难类型"), "tags", "students:categories", _READERS),
        ],
    ),
    (_("系统"), [Link(_("账号管理"), "shield-check", "accounts:list", frozenset({Role.ADMIN}))]),
]


class Shell:
    """What `base.html` draws around a page. Nothing is asked of the database before it is drawn."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        user = getattr(request, "user", None)
        self._user = user if isinstance(user, User) else None
        self._term = getattr(request, "term", None)

    @property
    def county(self) -> str:
        return settings.COUNTY_NAME

    @property
    def search_url(self) -> str:
        """Where the search box of the top bar leads; those who see no child have none."""
        return reverse("students:list") if self.sees_children else ""

    @property
    def sees_children(self) -> bool:
        """Everybody but the administrator: who can search, and who has runs to follow."""
        return self._user is not None and self._user.role in READERS_AND_SCHOOL

    @cached_property
    def jobs_waiting(self) -> int:
        return Job.objects.visible_to(self._user).waiting().count() if self._user and self.sees_children else 0

    @cached_property
    def waiting(self) -> dict[str, int]:
        """Counts of waiting work by name (aidcenter.work)."""
        if self._user is None or self._term is None:
            return {}
        return work.waiting(self._user, self._term, today=timezone.localdate())

    @property
    def groups(self) -> Iterator[Group]:
        user = self._user
        if user is None:
            return
        shown = [(title, [link for link in links if self._shows(link, user)]) for title, links in MENU]
        addresses = {link.view: self._address(link.view) for _title, links in shown for link in links}
        current = self._current(addresses)
        for title, links in shown:
            entries = [
                Entry(
                    label=link.label,
                    icon=link.icon,
                    url=addresses[link.view],
                    is_current=link.view == current,
                    count=sum(self.waiting.get(name, 0) for name in link.counts),
                )
                for link in links
            ]
            if entries:
                yield Group(title, entries)

    def _shows(self, link: Link, user: User) -> bool:
        if user.role in link.if_waiting:
            return any(self.waiting.get(name) for name in link.counts)
        return user.role in link.roles

    def _address(self, view: str) -> str:
        if view != "reports:report":
            return reverse(view)
        return reverse(view, args=[str(self._term.year if self._term else timezone.localdate().year)])

    def _current(self, addresses: dict[str, str]) -> str:
        """The place that this page belongs to: /students/rosters/3/ to the longest address it begins with."""
        here = self._request.path
        sections = {view: "/reports/" if view == "reports:report" else url for view, url in addresses.items()}
        around = [view for view, url in sections.items() if here == url or (url != "/" and here.startswith(url))]
        return max(around, key=lambda view: len(sections[view]), default="")


def shell_of(request: HttpRequest) -> Shell:
    """The shell of this request: made once, so that its counts are asked for once."""
    found = getattr(request, "_shell", None)
    if found is None:
        found = Shell(request)
        request._shell = found  # type: ignore[attr-defined]
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": shell_of(request)}
