"""What if: the trials, what is tried in one, and what came of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.access import SignedInRequest, needs
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import READERS, Role
from jobs import wording
from jobs.choices import JobState
from programs import runs, trials
from programs.choices import TrialState
from programs.models import Trial
from programs.trial_forms import TrialForm
from schools.models import Term


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every trial, the newest first, with how much dearer the term would be."""
    page = page_of(request, Trial.objects.visible_to(request.user).for_list())
    context = {
        "page": page,
        "lines": [(trial, trials.more_fen(trial)) for trial in page],
        "may_make": request.user.role == Role.PREPARER,
    }
    return render_list(request, "programs/trials.html", part="programs/_trials.html", context=context)


@needs(Role.PREPARER)
def begin(request: SignedInRequest) -> HttpResponse:
    """Say what is to be tried on a term: the current one unless another is chosen."""
    terms = Term.objects.order_by("-starts_on")
    chosen = request.GET.get("term", "")
    term = terms.filter(pk=chosen).first() or request.term
    if term is None:
        return redirect("programs:trials")
    form = TrialForm(request.POST or None, term=term)
    if request.method == "POST" and form.is_valid():
        try:
            trial = runs.begin_trial(term=term, by=request.user, at=timezone.now(), **form.tried)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(trial)
    return render(request, "programs/trial_form.html", {"form": form, "term": term, "terms": terms})


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a trial changes, and what came of it."""
    trial = get_object_or_404(Trial.objects.visible_to(request.user).for_list(), pk=pk)
    job = runs.job_of_trial(trial)
    amounts, rules_off = trials.tried(trial)
    found = trials.lines(trial)
    context = {
        "trial": trial,
        "amounts": amounts,
        "rules_off": rules_off,
        "snapshots": trial.snapshots.for_list(),
        "programs": found[:-1],
        "all": found[-1] if found else None,
        "is_at_work": trial.state == TrialState.WAITING,
        "job": job,
        "failure": wording.error(job) if job and job.state == JobState.FAILED else "",
    }
    return render(request, "programs/trial.html", context)
