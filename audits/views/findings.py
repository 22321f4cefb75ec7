"""What the rules found in a term, what people say to it, and the rules themselves."""

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import actions
from accounts.access import SignedInRequest, needs
from audits import finding_runs, finding_words, findings
from audits.choices import FindingState
from audits.finding_forms import FindingFilter, WordForm
from audits.models import Finding, FindingQuerySet
from common.acts import tried
from common.downloads import workbook
from common.pages import chosen, page_of, render_list, sorted_by, tabs_of
from common.roles import READERS
from jobs import wording
from jobs.choices import JobState
from schools.models import Term

_SAY = {
    FindingState.EXPLAINED: (findings.explain, gettext_lazy("已记录说明。")),
    FindingState.MENDED: (findings.mend, gettext_lazy("已登记整改。")),
    FindingState.CONFIRMED: (findings.confirm, gettext_lazy("已确认为问题。")),
    FindingState.OPEN: (findings.reopen, gettext_lazy("已重新打开。")),
}


@needs(*READERS)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The findings of the chosen term, the gravest and the dearest first."""
    form, rows = _narrowed(request)
    sums = {
        state: (n, fen or 0)
        for state, n, fen in rows.order_by().values_list("state").annotate(n=Count("pk"), fen=Sum("amount_fen"))
    }
    counts = {state: n for state, (n, _fen) in sums.items()}
    tab = chosen(request, "tab", FindingState.values)
    rows = _in_order(request, _of_tab(request, rows))
    page = page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values()))
    known = finding_words.programs()
    job = finding_runs.last_job(request.term) if request.term else None
    context = {
        "form": form,
        "tabs": tabs_of(request, FindingState.choices, counts),
        "page": page,
        "lines": [finding_words.shown(finding, known) for finding in page],
        "total_fen": sums.get(tab, (0, 0))[1] if tab else sum(fen for _n, fen in sums.values()),
        "job": job,
        "is_at_work": job is not None and not job.is_over,
        "failure": wording.error(job) if job and job.state == JobState.FAILED else "",
    }
    return render_list(request, "audits/findings.html", part="audits/_findings.html", context=context)


def _narrowed(request: SignedInRequest) -> tuple[FindingFilter, FindingQuerySet]:
    form = FindingFilter(request.GET)
    return form, form.narrow(Finding.objects.visible_to(request.user).filter(term=request.term))


def _of_tab(request: SignedInRequest, rows: FindingQuerySet) -> FindingQuerySet:
    tab = chosen(request, "tab", FindingState.values)
    return rows.filter(state=tab) if tab else rows


def _in_order(request: SignedInRequest, rows: FindingQuerySet) -> FindingQuerySet:
    return sorted_by(
        request, rows.for_list(), {"amount": "amount_fen", "school": "school__code", "found": "first_found_at"}
    )


@needs(*READERS)
@require_GET
def export(request: SignedInRequest) -> HttpResponse:
    """The findings as they are narrowed, as a workbook."""
    term, now = _term(request), timezone.now()
    _form, rows = _narrowed(request)
    rows = _in_order(request, _of_tab(request, rows))
    title = _("%(term)s疑点清单") % {"term": term}
    content = finding_words.write(rows, title, by=request.user, at=now)
    actions.record(request.user, "findings.exported", term, at=now, rows=rows.count())
    return workbook(content, title)


@needs(*READERS)
@require_GET
def rules(request: SignedInRequest) -> HttpResponse:
    """Every rule: what it looks for, on which document it rests, what it found last."""
    rows = Finding.objects.visible_to(request.user).standing().filter(term=request.term).order_by()
    found = {rule: (n, fen) for rule, n, fen in rows.values_list("rule").annotate(n=Count("pk"), fen=Sum("amount_fen"))}
    lines = [
        {
            "rule": rule,
            "tone": finding_words.SEVERITY_TONES[rule.severity],
            "n": found.get(code, (0, 0))[0],
            "fen": found.get(code, (0, 0))[1] or 0,
        }
        for code, rule in findings.RULES.items()
    ]
    job = finding_runs.last_job(request.term) if request.term else None
    return render(request, "audits/finding_rules.html", {"lines": lines, "job": job})


@needs(*READERS)
@require_GET
def finding(request: SignedInRequest, pk: int) -> HttpResponse:
    """One finding: the sentence, the rows behind it, what people said, and what may be said now."""
    found = get_object_or_404(Finding.objects.visible_to(request.user).for_list(), pk=pk)
    return render(request, "audits/finding.html", _facts(request, found, WordForm(finding=found, by=request.user)))


@require_POST
@needs(*READERS)
def say(request: SignedInRequest, pk: int) -> HttpResponse:
    """Explain, mend, confirm or open again, in words; what was typed stays until it is taken."""
    found = get_object_or_404(Finding.objects.visible_to(request.user).for_list(), pk=pk)
    form = WordForm(request.POST, finding=found, by=request.user)
    if form.is_valid():
        act, done = _SAY[FindingState(form.cleaned_data["state"])]
        if tried(form, lambda: act(found, form.cleaned_data["words"], by=request.user, at=timezone.now())):
            messages.success(request, str(done))
            return redirect(found)
    return render(request, "audits/finding.html", _facts(request, found, form))


@require_POST
@needs(*READERS)
def run(request: SignedInRequest) -> HttpResponse:
    """Look through the chosen term by every rule, in the background."""
    if request.term is None:
        messages.error(request, _("还没有学期，不能核查。"))
    else:
        finding_runs.begin(request.term, by=request.user, at=timezone.now())
        messages.success(request, _("已开始核查，完成后本页显示结果。"))
    return redirect("audits:findings")


def _facts(request: SignedInRequest, found: Finding, form: WordForm) -> dict[str, object]:
    return {
        "shown": finding_words.shown(found, finding_words.programs()),
        "finding": found,
        "rule": findings.RULES.get(found.rule),
        "evidence": finding_words.evidence(found),
        "words": [
            (word, finding_words.said(word.words), finding_words.TONES[FindingState(word.state)])
            for word in found.words.select_related("by").order_by("-pk")
        ],
        "questions": found.questions.order_by("pk"),
        "form": form,
    }


def _term(request: SignedInRequest) -> Term:
    if request.term is None:
        raise Http404
    return request.term
