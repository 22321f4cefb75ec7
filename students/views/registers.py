"""Lists of other offices: handing one in, looking at a frozen one and its changes, taking a wrong one out of use."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.downloads import workbook
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import categories, disclosure, register_changes, register_export, register_sources, registers, runs
from students.choices import NOT_TAKEN, LineCode, SnapshotState
from students.forms import PersonFilter, ReasonForm, RegisterFilter, RegisterForm
from students.models import HardshipCategory, RegisterSnapshot, RegisterSource
from students.register_changes import Change
from students.register_forms import NewSourceForm, SourceForm
from students.views import work
from students.views.uploads import go_on, show_form


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every list that came in, the newest day first."""
    form = RegisterFilter(request.GET)
    rows = form.narrow(RegisterSnapshot.objects.visible_to(request.user))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", SnapshotState.values)
    if tab:
        rows = rows.filter(state=tab)
    return render_list(
        request,
        "students/registers.html",
        part="students/_registers.html",
        context={
            "form": form,
            "tabs": tabs_of(request, SnapshotState.choices, counts),
            "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
            "may_act": request.user.is_county,
        },
    )


@needs(*COUNTY)
def upload(request: SignedInRequest) -> HttpResponse:
    """Bring another office's list as it came."""
    form = RegisterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        handed_in = {"content": file.read(), "name": file.name, "by": request.user, "at": timezone.now()}
        try:
            snapshot = runs.upload_register(
                source=form.cleaned_data["source"], as_of=form.cleaned_data["as_of"], **handed_in
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return go_on(request, snapshot.get_absolute_url())
    recent = RegisterSnapshot.objects.visible_to(request.user).for_list().order_by("-pk")[:5]
    return show_form(request, "students/register_upload.html", form, recent=recent)


@needs(*READERS)
def snapshot(request: SignedInRequest, pk: int) -> HttpResponse:
    """One list: where it is from, what was read, and its people."""
    found = _found(request, pk)
    form = PersonFilter(request.GET)
    rows = form.narrow(found.persons.all())
    counts = counts_by(rows, "category")
    named = [(code, name) for code, name in HardshipCategory.objects.values_list("code", "name") if code in counts]
    tab = chosen(request, "tab", counts)
    if tab:
        rows = rows.filter(category=tab)
    rows = rows.select_related("category").defer("phone").order_by("row")
    return render_list(
        request,
        "students/snapshot.html",
        part="students/_persons.html",
        context={
            "snapshot": found,
            "form": form,
            "tabs": tabs_of(request, named, counts),
            "page": page_of(request, rows, count=counts[tab] if tab else sum(counts.values())),
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "is_unusual": register_changes.is_unusual(found),
            "remarks": _remarks(found),
            "unknown_labels": categories.unknown(found.notes.get("labels", {})),
            "withdrawal": registers.withdrawal(found) if found.state == SnapshotState.WITHDRAWN else None,
            "may_act": request.user.is_county,
            "may_reveal": disclosure.may_reveal(request.user),
            **work.context(found),
        },
    )


def _found(request: SignedInRequest, pk: int) -> RegisterSnapshot:
    rows = RegisterSnapshot.objects.visible_to(request.user).for_list()
    return get_object_or_404(rows.select_related("compared_with"), pk=pk)


def _remarks(found: RegisterSnapshot) -> list[tuple[str, str, int, bool]]:
    """(code, words, lines, whether they were taken) for all that is to say of a list's lines."""
    counts = counts_by(found.lines.all(), "code")
    return [(one.value, str(one.label), counts[one], one not in NOT_TAKEN) for one in LineCode if one in counts]


@needs(*READERS)
def lines(request: SignedInRequest, pk: int) -> HttpResponse:
    """Lines of the file that were not taken, or with a remark, by their numbers."""
    found = _found(request, pk)
    rows = found.lines.order_by("row", "code")
    counts = counts_by(rows, "code")
    tab = chosen(request, "tab", LineCode.values)
    if tab:
        rows = rows.filter(code=tab)
    page = page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values()))
    people = found.persons.filter(row__in={line.row for line in page}).defer("phone")
    by_row = {person.row: person for person in people}
    return render_list(
        request,
        "students/snapshot_lines.html",
        part="students/_snapshot_lines.html",
        context={
            "snapshot": found,
            "tabs": tabs_of(request, [choice for choice in LineCode.choices if choice[0] in counts], counts),
            "page": page,
            "lines": [(line, by_row.get(line.row), line.code not in NOT_TAKEN) for line in page],
        },
    )


@needs(*READERS)
def changes(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who came, left or changed since the list before, from the two lists as they stand."""
    found = _found(request, pk)
    form = PersonFilter(request.GET)
    change = Change(chosen(request, "tab", Change.values) or Change.CAME)
    counts = {Change.CAME: found.came, Change.LEFT: found.left, Change.CHANGED: found.changed}
    if form.is_narrowed:
        counts = {one: form.narrow(register_changes.people(found, one)).count() for one in Change}
    rows = register_changes.for_list(form.narrow(register_changes.people(found, change)), found, change)
    page = page_of(request, rows, count=counts[change])
    tabs = [tab for tab in tabs_of(request, Change.choices, {one.value: n for one, n in counts.items()}) if tab.key]
    return render_list(
        request,
        "students/snapshot_changes.html",
        part="students/_snapshot_changes.html",
        context={
            "snapshot": found,
            "form": form,
            "tabs": [replace(tab, is_current=tab.key == change) for tab in tabs],
            "page": page,
            "change": change,
            "lines": register_changes.lines(page, change),
        },
    )


@needs(*READERS)
def export_changes(request: SignedInRequest, pk: int) -> HttpResponse:
    """The changes as a workbook."""
    found, now = _found(request, pk), timezone.now()
    content = register_export.write(found, by=request.user, at=now)
    counts = {"came": found.came, "left": found.left, "changed": found.changed}
    actions.record(request.user, "register.changes-exported", found, at=now, **counts)
    return workbook(content, _("%(source)s变化情况") % {"source": found})


@require_POST
@needs(*COUNTY)
def read_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read a refused file once more: its source's headings are mended."""
    found = _found(request, pk)
    with telling(request, _("正在重新读取这份名单。")):
        runs.read_register_again(found, by=request.user, at=timezone.now())
    return redirect(found)


@needs(*READERS)
def sources(request: SignedInRequest) -> HttpResponse:
    """Whose lists the county works with, and how they are read."""
    rows = RegisterSource.objects.select_related("category").order_by("position", "code")
    lines = [(source, sum(map(len, source.headings.values()))) for source in rows]
    return render(request, "students/register_sources.html", {"lines": lines, "may_act": request.user.is_county})


@needs(*COUNTY)
def create_source(request: SignedInRequest) -> HttpResponse:
    """Another office's list."""
    form = NewSourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = register_sources.add(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已新增名单来源，请核对各列的表头写法。"))
            return redirect(source)
    return render(request, "students/register_source_create.html", {"form": form})


@needs(*COUNTY)
def source(request: SignedInRequest, code: str) -> HttpResponse:
    """How one source's files are read, and what holds within a term."""
    found = get_object_or_404(RegisterSource.objects.select_related("category"), pk=code)
    form = SourceForm(request.POST or None, source=found)
    if request.method == "POST" and form.is_valid():
        try:
            register_sources.keep(found, **form.kept, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存，下一份名单起按这样读取；读取失败的名单可以重新读取。"))
            return redirect(found)
    newest, unknown = register_sources.not_understood(found)
    return render(
        request,
        "students/register_source.html",
        {"source": found, "form": form, "newest": newest, "unknown": unknown},
    )


@needs(*COUNTY)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a wrong list out of use, with the reason."""
    found = get_object_or_404(RegisterSnapshot.objects.visible_to(request.user).for_list(), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已撤回这份名单，以后的比对不再使用它。")):
            registers.withdraw(found, by=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
        return redirect(found)
    return render(request, "students/snapshot_withdraw.html", {"snapshot": found, "form": form})
