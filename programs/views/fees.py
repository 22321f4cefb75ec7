"""Schools' fees: those of the term, who has none, one school's fee for a program, the sheet that brings many."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from programs import fees
from programs.fee_forms import FeeForm, SchoolProgramFilter
from programs.models import DatedQuerySet, Program, SchoolFee
from schools.models import School
from students.views.imports import ListPages

PAGES = ListPages(
    listed=fees.FEES,
    place="fee-list",
    title=gettext_lazy("导入收费标准"),
    back="programs:fees",
    back_title=gettext_lazy("学校收费标准"),
    start="programs:fees-import",
    confirm="programs:fees-import-confirm",
    export="programs:fees-export",
    notes=(
        gettext_lazy("必须有：学校标识码、项目、每生每学期(元)、文号、自（执行日期）"),
        gettext_lazy("金额可以写 1,000.00、1000元、0.1万、￥1000"),
        gettext_lazy("新的执行日期另立一条，原来的自动到前一天为止"),
        gettext_lazy("已有名单按它确认过的标准不能改金额"),
    ),
    take_with=fees.take,
)


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The fees that hold in the term, and the schools that have none where they need one."""
    form, rows, without = _term(request)
    fixed, tab = rows.count(), chosen(request, "tab", ["missing"])
    shown = without if tab else rows.order_by("school__town__position", "school__code", "program", "pk")
    whole, *others = tabs_of(request, [("missing", _("还没有核定"))], {"missing": len(without)}, everything=_("已核定"))
    return render_list(
        request,
        "programs/fees.html",
        part="programs/_fees.html",
        context={
            "form": form,
            "tabs": [replace(whole, count=fixed), *others],
            "tab": tab,
            "page": page_of(request, shown, count=len(without) if tab else fixed),
            "behind": fees.proposals_behind(request.term) if request.term else 0,
            "may_change": request.user.is_county,
        },
    )


@needs(*COUNTY)
def page(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """What one school may charge for one program: all that held, and the form for what holds from a day on."""
    school = get_object_or_404(School.objects.visible_to(request.user), code=code)
    found = get_object_or_404(Program, pk=program)
    known = SchoolFee.objects.filter(school=school, program=found).order_by("-valid_from")
    form = FeeForm(request.POST or None, fee=known.first())
    if request.method == "POST" and form.is_valid():
        facts = {**form.cleaned_data, "amount_fen": form.cleaned_data["amount"]}
        del facts["amount"]
        try:
            fees.set_fee(school, found, **facts, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("programs:fees")
    context = {"form": form, "school": school, "program": found, "known": known}
    return render(request, "programs/fee.html", context)


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The term's fees as a sheet that can be mended and brought back."""
    _form, rows, _without = _term(request)
    return PAGES.send(rows.order_by("school__code", "program", "pk"), name=_("学校收费标准"))


@needs(*COUNTY)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of fees, looked at first."""
    return PAGES.bring(request)


@require_POST
@needs(*COUNTY)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    return PAGES.take(request)


def _term(
    request: SignedInRequest,
) -> tuple[SchoolProgramFilter, DatedQuerySet[SchoolFee], list[tuple[School, Program]]]:
    """The filter, the fees of the term that it lets through, and who has none."""
    term = request.term
    form = SchoolProgramFilter(request.GET, programs=fees.programs_by_fee(term) if term else [])
    if term is None:
        return form, SchoolFee.objects.get_queryset().none(), []
    program = form.wanted("program")
    rows = form.narrow_schools(
        SchoolFee.objects.on(term.starts_on).select_related("school__town", "program"), "school__"
    )
    if program:
        rows = rows.filter(program=program)
    schools = form.narrow_schools(School.objects.visible_to(request.user))
    return form, rows, fees.missing(term, schools, program)
