"""A sample of one kind of suspicion: drawn, judged line by line, and what it allows."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import COUNTY, READERS
from students import crosscheck_figures, samples
from students.choices import CrosscheckState, Verdict
from students.match_forms import DrawForm, FindingForm
from students.models import Crosscheck, TierSample, TierSampleLine


@require_POST
@needs(*COUNTY)
def draw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Draw a sample of one kind of doubt and show it."""
    check = get_object_or_404(Crosscheck.objects.visible_to(request.user), pk=pk)
    form = DrawForm(request.POST)
    tier = form.cleaned_data["tier"] if form.is_valid() else ""
    try:
        sample = samples.draw(check, tier=tier, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{check.get_absolute_url()}?tab=by-tier")
    return redirect(sample)


@needs(*READERS)
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """The drawn pairs, what people found, and whether the rest may be confirmed at once."""
    sample = get_object_or_404(_visible(request), pk=pk)
    lines = sample.lines.select_related(
        "found_by",
        "match__enrollment__student",
        "match__enrollment__school",
        "match__person__snapshot__source",
    ).order_by("pk")
    page = page_of(request, lines, sizes=(50, 100))
    found = samples.result(sample)
    is_in_force = sample.crosscheck.state == CrosscheckState.DONE
    may_confirm = is_in_force and found.is_faultless and sample.confirmed_at is None
    return render_list(
        request,
        "students/sample.html",
        part="students/_sample_lines.html",
        context={
            "sample": sample,
            "tier": crosscheck_figures.words(sample.tier),
            "result": found,
            "page": page,
            "lines": [(line, crosscheck_figures.sentence(line.match)) for line in page.object_list],
            "verdicts": Verdict.choices,
            "left": samples.left_to_confirm(sample) if may_confirm else 0,
            "may_confirm": may_confirm and request.user.is_county,
            "may_judge": request.user.is_county and is_in_force and sample.confirmed_at is None,
        },
    )


@require_POST
@needs(*COUNTY)
def judge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what one drawn pair is."""
    lines = TierSampleLine.objects.filter(sample__in=_visible(request).values("pk"))
    line = get_object_or_404(
        lines.select_related(
            "sample__crosscheck__term",
            "match__crosscheck__term",
            "match__enrollment__student",
            "match__person",
        ),
        pk=pk,
    )
    form = FindingForm(request.POST)
    back = f"{reverse('students:sample', args=[line.sample_id])}#line-{line.pk}"
    if not form.is_valid():
        messages.error(request, _("请选择核对结果。"))
        return redirect(back)
    with telling(request, _("已记录核对结果。")):
        samples.judge(line, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect(back)


@require_POST
@needs(*COUNTY)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Confirm the rest of the kind after a faultless sample."""
    sample = get_object_or_404(_visible(request), pk=pk)
    try:
        done = samples.confirm_rest(sample, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, ngettext("已批量确认 %(n)s 对。", "已批量确认 %(n)s 对。", done) % {"n": done})
    return redirect(sample)


def _visible(request: SignedInRequest) -> QuerySet[TierSample]:
    checks = Crosscheck.objects.visible_to(request.user).values("pk")
    return TierSample.objects.filter(crosscheck__in=checks).select_related(
        "crosscheck__term", "drawn_by", "confirmed_by"
    )
