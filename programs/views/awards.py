"""Awards of the term: the list with its tabs and totals, the run that proposes them, taking one out."""

from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.pages import chosen, render_list, sorted_by, tabs_of, wide_page_of
from common.roles import Role
from jobs import run
from programs import awards, exclusions
from programs.choices import AwardState
from programs.forms import AwardFilter, ReasonForm, TierForm
from programs.models import Award, AwardQuerySet
from schools.models import Term


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    form = AwardFilter(request.GET)
    rows = form.narrow(Award.objects.visible_to(request.user).filter(term=request.term))
    people, fen = _totals_by_state(rows)
    tab = chosen(request, "tab", AwardState.values)
    if tab:
        rows = rows.filter(state=tab)
    total = people.get(tab, 0) if tab else sum(people.values())
    rows = sorted_by(request, rows.for_list(), {"name": "student__name_key", "amount": "amount_fen"})
    page = wide_page_of(request, rows, count=total)
    context = {
        "form": form,
        "tabs": tabs_of(request, AwardState.choices, people),
        "amount_fen": fen.get(tab, 0) if tab else sum(fen.values()),
        "page": page,
        "lines": exclusions.with_warnings(list(page), request.term) if request.term else [],
    }
    return render_list(request, "programs/awards.html", part="programs/_awards.html", context=context)


def _totals_by_state(rows: AwardQuerySet) -> tuple[dict[str, int], dict[str, int]]:
    """People and money of every state in one grouped query: tabs, toolbar and pager live on it."""
    groups = list(rows.order_by().values_list("state").annotate(people=Count("pk"), fen=Sum("amount_fen")))
    return {state: people for state, people, _fen in groups}, {state: fen for state, _people, fen in groups}


@require_POST
@needs(Role.PREPARER)
def propose(request: SignedInRequest, code: str) -> HttpResponse:
    term = get_object_or_404(Term, pk=code)
    job = run.start("awards-propose", by=request.user, at=timezone.now(), term=term, term_id=term.pk)
    return redirect(job)


@needs(Role.PREPARER, Role.SCHOOL)
def drop(request: SignedInRequest, pk: int) -> HttpResponse:
    award = get_object_or_404(Award.objects.visible_to(request.user).for_list(), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已移出名单。")):
            awards.drop(award, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        return redirect(award.list)
    return render(request, "programs/award_drop.html", {"award": award, "form": form})


@needs(Role.PREPARER, Role.SCHOOL)
def tier(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Award.objects.visible_to(request.user).for_list().select_related("enrollment__school", "term")
    award = get_object_or_404(mine, pk=pk)
    form = TierForm(request.POST or None, tiers=awards.tiers(award), initial={"tier": award.tier})
    if request.method == "POST" and form.is_valid():
        with telling(request, _("档次和金额已改，重新提出资助对象时保留。")):
            awards.set_tier(award, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(award.list)
    return render(request, "programs/award_tier.html", {"award": award, "form": form})
