"""Quota documents: what they allot, what of it arrived, what was entered wrongly, what goes on to the next term."""

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS, Role
from disbursements import funds
from disbursements.choices import QuotaKind, QuotaStage
from disbursements.fund_forms import AllotForm, ArriveForm, QuotaFilter, WhyForm
from disbursements.models import Arrival, Quota
from programs.models import Program
from schools.models import Term


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    form = QuotaFilter(request.GET)
    rows = form.narrow(Quota.objects.visible_to(request.user).filter(term__in=form.terms(request.term)))
    counts = counts_by(rows.with_arrived(), "stage")
    rows = rows.for_list()
    if tab := chosen(request, "tab", QuotaStage.values):
        rows = rows.filter(stage=tab)  # type: ignore[misc]  # annotated by for_list
    context = {
        "form": form,
        "tabs": tabs_of(request, QuotaStage.choices, counts),
        "page": page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
    }
    return render_list(request, "disbursements/quotas.html", part="disbursements/_quotas.html", context=context)


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    quota = _quota(request, pk)
    return render(
        request,
        "disbursements/quota.html",
        {
            "quota": quota,
            "rest_fen": quota.amount_fen - quota.arrived_fen,  # type: ignore[attr-defined]
            "may_enter": request.user.role == Role.PREPARER and not quota.withdrawn_at and quota.kind == QuotaKind.NEW,
            "may_withdraw": request.user.is_county,
        },
    )


def _quota(request: SignedInRequest, pk: int) -> Quota:
    arrivals = Arrival.objects.select_related("entered_by", "withdrawn_by").order_by("arrived_on", "pk")
    rows = Quota.objects.visible_to(request.user).for_list().prefetch_related(Prefetch("arrivals", arrivals))
    return get_object_or_404(rows, pk=pk)


@needs(Role.PREPARER)
def allot(request: SignedInRequest) -> HttpResponse:
    if request.term is None:
        raise Http404
    form = AllotForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            quota = funds.allot(**form.cleaned_data, term=request.term, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error("document_no" if isinstance(refusal, funds.AlreadyAllotted) else "scan", str(refusal))
        else:
            return redirect(quota)
    return render(request, "disbursements/allot.html", {"form": form})


@needs(Role.PREPARER)
def arrive(request: SignedInRequest, pk: int) -> HttpResponse:
    quota, now = _quota(request, pk), timezone.now()
    rest = quota.amount_fen - quota.arrived_fen  # type: ignore[attr-defined]
    form = ArriveForm(rest, timezone.localdate(now), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            funds.arrive(quota, **form.cleaned_data, by=request.user, at=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(quota)
    return render(request, "disbursements/arrive.html", {"form": form, "quota": quota})


@needs(Role.PREPARER)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a quota that was entered wrongly."""
    quota = _quota(request, pk)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            funds.withdraw_quota(quota, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(quota)
    return render(request, "disbursements/quota_withdraw.html", {"form": form, "quota": quota})


@needs(*COUNTY)
def withdraw_arrival(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a wrong arrival off the account again."""
    quotas = Quota.objects.visible_to(request.user)
    arrival = get_object_or_404(
        Arrival.objects.filter(quota__in=quotas).select_related("quota__program", "quota__term", "entered_by"), pk=pk
    )
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            funds.withdraw_arrival(arrival, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(arrival.quota)
    return render(request, "disbursements/arrival_withdraw.html", {"form": form, "arrival": arrival})


@needs(*READERS)
@require_GET
def carry(request: SignedInRequest) -> HttpResponse:
    """What closed terms have left of the programs of the chosen one."""
    if request.term is None:
        raise Http404
    carried = Quota.objects.visible_to(request.user).filter(term=request.term, kind=QuotaKind.CARRIED).for_list()
    return render(
        request,
        "disbursements/carry.html",
        {"left": funds.left_for(request.term), "carried": carried, "may_carry": request.user.role == Role.PREPARER},
    )


@require_POST
@needs(Role.PREPARER)
def carry_over(request: SignedInRequest, code: str, from_term: str) -> HttpResponse:
    """One program's rest of one closed term goes to the chosen term."""
    program, before = get_object_or_404(Program, pk=code), get_object_or_404(Term, pk=from_term)
    if request.term is None:
        raise Http404
    with telling(request, _("已结转，资金记入本学期。")):
        funds.carry_over(program, before, request.term, by=request.user, at=timezone.now())
    return redirect("disbursements:carry")
