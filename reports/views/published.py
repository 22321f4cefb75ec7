"""A published summary held against itself. What is brought is answered in the same page and kept nowhere."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import SignedInRequest, needs
from common.moves import Refused
from common.roles import READERS
from reports.published import findings, marking
from reports.published_forms import PublishedTextForm


@needs(*READERS)
def published(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "reports/published.html", {"form": PublishedTextForm()})
    form = PublishedTextForm(request.POST, request.FILES)
    marked = None
    if form.is_valid():
        text = form.cleaned_data["text"]
        try:
            marked = marking.marked(text, findings.read(text))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "reports/published.html", {"form": form, "marked": marked})
