"""The names behind a figure: award by award, or child by child; and the awards as a workbook."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, needs
from common.pages import chosen, page_of, render_list, tabs_of, wide_page_of
from common.roles import READERS
from jobs import run
from reports import children, layouts, scopes
from reports.forms import NamesFilter
from schools.models import term_name

PEOPLE = "people"


@needs(*READERS)
@require_GET
def names(request: SignedInRequest) -> HttpResponse:
    """Every award behind a figure, or every child once."""
    form = NamesFilter(request.GET, default=request.term)
    if not form.is_meant():
        raise Http404
    count, selection = form.count(), form.selection
    context: dict[str, Any] = {
        "form": form,
        "count": count,
        "selection": selection,
        "tabs": tabs_of(request, [(PEOPLE, _("按学生"))], everything=_("按资助")),
        "scope_name": term_name(selection.scope),
        "definition": layouts.definition_of(selection),
    }
    awards = form.awards(request.user)
    if chosen(request, "tab", [PEOPLE]):
        page = page_of(request, children.lines(awards), count=count.people)
        page.object_list = children.shown(page.object_list, awards, selection.payer, form.bearing())
        context |= {"page": page, "by_people": True}
    else:
        page = wide_page_of(request, awards.for_list().select_related("term"), count=count.awards)
        context |= {"page": page, "by_people": False}
        if selection.payer:
            bearing = form.bearing()
            for award in page:
                parts = bearing.parts(award.term_id, award.program_id, award.amount_fen)
                award.part_fen = parts.get(selection.payer, 0)
    return render_list(request, "reports/names.html", part="reports/_names.html", context=context)


@require_POST
@needs(*READERS)
def export_names(request: SignedInRequest) -> HttpResponse:
    """Order the awards as a workbook."""
    form = NamesFilter(request.POST, default=request.term)
    if not form.is_meant():
        raise Http404
    term = scopes.terms_of(form.selection.scope)[-1]
    job = run.start("names-export", by=request.user, at=timezone.now(), term=term, figure=form.selection.key)
    return redirect(job)
