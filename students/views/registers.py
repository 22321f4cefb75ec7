"""Lists of other offices: handing one in, looking at a frozen one, taking a wrong one out of use."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import disclosure, registers, runs
from students.choices import SnapshotState
from students.forms import PersonFilter, ReasonForm, RegisterFilter, RegisterForm
from students.models import HardshipCategory, RegisterSnapshot
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
    found = get_object_or_404(RegisterSnapshot.objects.visible_to(request.user).for_list(), pk=pk)
    form = PersonFilter(request.GET)
    rows = form.narrow(found.persons.all())
    counts = counts_by(rows, "category")
    categories = [(code, name) for code, name in HardshipCategory.objects.values_list("code", "name") if code in counts]
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
            "tabs": tabs_of(request, categories, counts),
            "page": page_of(request, rows, count=counts[tab] if tab else sum(counts.values())),
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "may_act": request.user.is_county,
            "may_reveal": disclosure.may_reveal(request.user),
            **work.context(found),
        },
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
