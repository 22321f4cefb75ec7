"""Any two terms or years beside each other."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from common.roles import READERS
from reports import comparison, layouts, sights
from reports.choices import Layout
from reports.forms import CompareForm
from reports.scopes import scopes


@needs(*READERS)
@require_GET
def compare(request: SignedInRequest) -> HttpResponse:
    """Both figures, what lies between them, and how many parts of a hundred that is."""
    form, known = CompareForm(request.GET), [code for code, _name in scopes()]
    if not known or not form.is_meant():
        raise Http404
    terms = [code for code in known if len(code) == 5]
    later = form.wanted("later") or terms[0]
    earlier = form.wanted("earlier") or comparison.before(later, known)
    layout = form.wanted("layout") or Layout.PROGRAMS
    fold = sights.fold(layout, form.wanted("town"))
    context = {
        "form": CompareForm({"layout": layout, "earlier": earlier, "later": later}),
        "layout_name": Layout(layout).label,
        "earlier": earlier,
        "later": later,
        "pairs": comparison.compare(layout, earlier, later, fold=fold),
        "folds": fold is not None,
        "layout": layout,
        "is_same": earlier == later,
        "is_unlike": len(earlier) != len(later),
        "definition": layouts.definition(layout),
        "as_of": timezone.now(),
    }
    return render(request, "reports/compare.html", context)
