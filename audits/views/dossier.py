"""Ordering the dossier of a school and term."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from audits import dossier
from common.roles import READERS
from schools.models import School, Term


@needs(*READERS)
@require_POST
def make(request: SignedInRequest, school: int, term: str) -> HttpResponse:
    """Let everything about a school's term be put into one archive."""
    found = get_object_or_404(School.objects.visible_to(request.user), pk=school)
    job = dossier.start(found, get_object_or_404(Term, pk=term), by=request.user, at=timezone.now())
    return redirect(job)
