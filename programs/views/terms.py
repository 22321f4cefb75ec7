"""Terms: the list, opening the next one, changing, closing, opening again, and the annual roll-over."""

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.roles import COUNTY, READERS
from programs import terms
from programs.term_forms import OpenTermForm, RollOverForm, TermForm
from schools.choices import Season
from schools.models import Term

SCHOOLS_SHOWN = 20


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """All terms, the newest first: two a year, so they are one page."""
    known = list(Term.objects.annotate(carried_out=Count("programs")).order_by("-starts_on"))
    context = {
        "known": known,
        "may_change": request.user.is_county,
        "following": Term(code=terms.next_code(known[0].code)) if known else None,
        "is_year": bool(known) and known[0].season is Season.SPRING,
    }
    return render(request, "programs/terms.html", context)


@needs(*COUNTY)
def open_next(request: SignedInRequest) -> HttpResponse:
    """Open the term after the last one; its days are proposed."""
    after = _last()
    code = terms.next_code(after.code)
    form = OpenTermForm(request.POST or None, initial=terms.proposal(after), code=code, before=after)
    if request.method == "POST" and form.is_valid():
        try:
            term = terms.open_next(
                after=after,
                close_before=form.cleaned_data["close_before"],
                **form.facts,
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(term)s已开设。") % {"term": term})
            return redirect("programs:terms")
    context = {"form": form, "term": Term(code=code), "programs": terms.next_programs(after)}
    return render(request, "programs/term_open.html", context)


@needs(*COUNTY)
def edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Change a term's days and documents."""
    term = get_object_or_404(Term, pk=code)
    initial = {name: getattr(term, name) for name in terms.FACTS}
    form = TermForm(request.POST or None, initial=initial, code=code, before=terms.the_one_before(code))
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已保存。")):
            terms.change(term, **form.facts, by=request.user, at=timezone.now())
        return redirect("programs:terms")
    return render(request, "programs/term_form.html", {"form": form, "term": term})


@needs(*COUNTY)
def close(request: SignedInRequest, code: str) -> HttpResponse:
    """Close a term, after a look at what is not finished in it."""
    term = get_object_or_404(Term, pk=code)
    if request.method == "POST":
        with telling(request, _("%(term)s已结束。") % {"term": term}):
            terms.close(term, by=request.user, at=timezone.now())
        return redirect("programs:terms")
    return render(request, "programs/term_close.html", {"term": term, "unfinished": terms.unfinished(term)})


@require_POST
@needs(*COUNTY)
def reopen(request: SignedInRequest, code: str) -> HttpResponse:
    """Open a closed term again."""
    term = get_object_or_404(Term, pk=code)
    with telling(request, _("%(term)s已重新开放。") % {"term": term}):
        terms.reopen(term, by=request.user, at=timezone.now())
    return redirect("programs:terms")


@needs(*COUNTY)
def roll_over(request: SignedInRequest) -> HttpResponse:
    """The turn of the school year: what will happen, a second look, then one act."""
    after = _last()
    if after.season is not Season.SPRING:
        return render(request, "programs/rollover_not_now.html", {"after": after})
    code, now = terms.next_code(after.code), terms.ahead(after)
    form = RollOverForm(request.POST or None, initial=terms.proposal(after), code=code, before=after, empty=now.empty)
    context = {"form": form, "term": Term(code=code), "after": after, "ahead": now, "most": SCHOOLS_SHOWN}
    if request.method != "POST" or not form.is_valid():
        return render(request, "programs/rollover.html", context)
    closing = list(form.cleaned_data.get("closing", []))
    if "sure" not in request.POST:
        context |= {"ahead": terms.ahead(after, closing=closing), "closing": closing}
        return render(request, "programs/rollover_look.html", context)
    with telling(request, _("%(term)s已开设，年度升级完成。") % {"term": Term(code=code)}):
        terms.roll_over(
            after,
            closing=closing,
            reason=form.cleaned_data.get("reason", ""),
            close_before=form.cleaned_data["close_before"],
            **form.facts,
            by=request.user,
            at=timezone.now(),
        )
    return redirect("programs:terms")


def _last() -> Term:
    """The newest term; the first of all comes with the reference data."""
    term = Term.objects.order_by("-starts_on").first()
    if term is None:
        raise Http404
    return term
