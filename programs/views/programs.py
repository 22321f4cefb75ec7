"""Programs with everything that decides about them: what holds in the chosen term first."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.roles import Role
from programs import documents, program_sheet, standards
from programs.models import Program


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """All programs with the standards of the chosen term."""
    context = {
        "programs": program_sheet.of_all(_day(request)),
        "documents": documents.by_number(),
        "may_change": request.user.role == Role.PREPARER,
    }
    return render(request, "programs/programs.html", context)


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, code: str) -> HttpResponse:
    """One program: purpose, rules in words, standards, shares, exclusions, terms."""
    program = get_object_or_404(Program.objects.prefetch_related("stages"), pk=code)
    sheet = program_sheet.of(program, _day(request))
    context = {
        "program": program,
        "sheet": sheet,
        "is_carried_out": any(line.term_id == request.term.pk for line in sheet.terms) if request.term else False,
        "behind": standards.proposals_behind(program) if request.user.reads_all else 0,
        "may_change": request.user.role == Role.PREPARER,
    }
    return render(request, "programs/program.html", context)


def _day(request: SignedInRequest) -> date:
    """What holds on the first day of the term holds for the term."""
    return request.term.starts_on if request.term else timezone.localdate()
