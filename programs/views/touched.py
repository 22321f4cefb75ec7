"""Which awards of the term the next list of a source touches, and which children it could entitle."""

from dataclasses import replace

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.downloads import workbook
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import READERS
from programs import touched, touched_export
from programs.models import Award
from students.models import RegisterSnapshot

LOSING, GAINING = "losing", "gaining"


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Live awards of children who left the list; children in class who came."""
    rows = RegisterSnapshot.objects.visible_to(request.user).for_list()
    snapshot = get_object_or_404(rows.select_related("compared_with"), pk=pk)
    tab = chosen(request, "tab", [LOSING, GAINING]) or LOSING
    context = {"snapshot": snapshot, "tab": tab, "page": page_of(request, Award.objects.none(), count=0)}
    if term := request.term:
        totals = touched.totals(snapshot, term)
        choices = [(LOSING, _("可能不再享受")), (GAINING, _("可能新享受"))]
        tabs = tabs_of(request, choices, {LOSING: totals.awards, GAINING: totals.came})
        context |= {"totals": totals, "tabs": [replace(one, is_current=one.key == tab) for one in tabs if one.key]}
        if tab == LOSING:
            awards = touched.losing(snapshot, term).visible_to(request.user)
            shown = page_of(request, awards.for_list(), count=totals.awards)
            context |= {"page": shown, "lines": touched.losing_lines(list(shown), snapshot, term)}
        else:
            children = touched.gaining(snapshot, term).visible_to(request.user)
            shown = page_of(request, children.for_list(), count=totals.came)
            context |= {"page": shown, "lines": touched.gaining_lines(list(shown), snapshot, term)}
    return render_list(request, "programs/touched.html", part="programs/_touched.html", context=context)


@needs(*READERS)
def export(request: SignedInRequest, pk: int) -> HttpResponse:
    """One of the two lists as a workbook."""
    rows = RegisterSnapshot.objects.visible_to(request.user).select_related("source", "compared_with")
    snapshot, term, now = get_object_or_404(rows, pk=pk), request.term, timezone.now()
    if term is None:
        raise Http404
    tab = chosen(request, "tab", [LOSING, GAINING]) or LOSING
    if tab == LOSING:
        awards = touched.losing(snapshot, term).visible_to(request.user)
        content = touched_export.write_losing(awards, snapshot, term, by=request.user, at=now)
        count, title = awards.count(), _("%(source)s：可能不再享受的资助")
    else:
        children = touched.gaining(snapshot, term).visible_to(request.user)
        content = touched_export.write_gaining(children, snapshot, term, by=request.user, at=now)
        count, title = children.count(), _("%(source)s：可能新享受资助的学生")
    actions.record(request.user, "touched.exported", snapshot, at=now, term=term.pk, list=tab, rows=count)
    return workbook(content, title % {"source": snapshot})
