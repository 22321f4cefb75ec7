"""Children that schools put forward: every school of the term, one school's children, choosing them, its workbook."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.downloads import workbook
from common.forms import numbers
from common.moves import Refused
from common.pages import chosen, page_of, render_list, sorted_by, tabs_of
from common.roles import Role
from jobs import wording
from jobs.choices import JobState
from jobs.models import Job
from programs import caps, nomination_files, nominations, runs
from programs.caps import Room
from programs.fee_forms import SchoolProgramFilter
from programs.models import Award, Nomination, Program
from programs.nomination_forms import ChildFilter, NominationFileForm, NominationFilter, TakeBackForm
from programs.nominations import Tiers
from schools.choices import TermState
from schools.models import School, Term
from students.models import Enrollment
from students.views.uploads import go_on, show_form

MAKERS = (Role.PREPARER, Role.SCHOOL)
"""Who says whom a school puts forward: its officers, or the county for it."""

LINES_SHOWN = 50


@dataclass(frozen=True)
class Desk:
    """One school and one program of the term: what stands in the head of each of its pages."""

    school: School
    program: Program
    term: Term
    user: Any

    @cached_property
    def tiers(self) -> Tiers:
        return Tiers(self.school, self.program, self.term)

    @cached_property
    def rooms(self) -> list[Room]:
        taken = caps.nominated(self.term, [self.school.pk])
        return caps.rooms(self.term, taken, schools=[self.school.pk]).get((self.school.pk, self.program.pk), [])

    @cached_property
    def is_signed(self) -> bool:
        return nominations.has_signed_list(self.school, self.term)

    @property
    def may_change(self) -> bool:
        return self.user.role in MAKERS and self.term.state == TermState.OPEN and not self.is_signed

    @property
    def key(self) -> dict[str, Any]:
        return {"school": self.school, "program": self.program, "term": self.term}


def _desk(request: SignedInRequest, code: str, program: str) -> Desk:
    if request.term is None:
        raise Http404
    school = get_object_or_404(School.objects.visible_to(request.user).for_list(), code=code)
    for each in nominations.programs(request.term):
        if each.pk == program:
            return Desk(school, each, request.term, request.user)
    raise Http404


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """Each school and program: how many children it put forward, and how many there is room for."""
    term = request.term
    form = SchoolProgramFilter(request.GET, programs=nominations.programs(term))
    lines = []
    if term is not None:
        schools = form.narrow_schools(School.objects.visible_to(request.user))
        lines = nominations.lines(term, schools, form.wanted("program"))
    parts = {
        "said": [line for line in lines if line.people],
        "none": [line for line in lines if not line.people],
        "over": [line for line in lines if line.is_over],
    }
    named = [("said", _("已提名")), ("none", _("还没有提名")), ("over", _("超名额"))]
    tab = chosen(request, "tab", parts)
    whole, *others = tabs_of(request, named, {name: len(part) for name, part in parts.items()})
    shown = parts[tab] if tab else lines
    return render_list(
        request,
        "programs/nominations.html",
        part="programs/_nominations.html",
        context={
            "form": form if request.user.role != Role.SCHOOL else None,
            "tabs": [replace(whole, count=len(lines)), *others],
            "page": page_of(request, shown, count=len(shown)),
            "children": sum(line.people for line in shown),
        },
    )


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """One school's children in one program, those that hold and those that were said before."""
    desk = _desk(request, code, program)
    form = NominationFilter(request.GET, tiers=desk.tiers.all)
    rows = form.narrow(Nomination.objects.filter(**desk.key))
    counts = {"": rows.filter(is_current=True).count(), "earlier": rows.filter(is_current=False).count()}
    tab = chosen(request, "tab", ["earlier"])
    here = Enrollment.objects.filter(term=desk.term, school=desk.school)
    shown = rows.filter(is_current=not tab).select_related("student", "set_by", "withdrawn_by", "file")
    shown = shown.prefetch_related(Prefetch("student__enrollments", here, "places"))
    shown = sorted_by(request, shown.order_by("pk"), {"name": "student__name_key", "tier": "tier", "at": "set_at"})
    whole, earlier = tabs_of(
        request, [("earlier", _("改过或撤回的"))], {"earlier": counts["earlier"]}, everything=_("现行提名")
    )
    listed = page_of(request, shown, count=counts[tab])
    awards = Award.objects.live().filter(
        program=desk.program, term=desk.term, student__in=[nomination.student_id for nomination in listed]
    )
    of_student = {award.student_id: award for award in awards.select_related("list")}
    for nomination in listed:
        nomination.award = of_student.get(nomination.student_id)
    return render_list(
        request,
        "programs/nomination_school.html",
        part="programs/_nominated.html",
        context={
            "desk": desk,
            "form": form,
            "tab": tab,
            "tabs": [replace(whole, count=counts[""]), earlier],
            "page": listed,
        },
    )


@needs(*MAKERS)
def choose(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """The children that the school may put forward, by class or name; the ticked ones get the tier that is chosen."""
    desk = _desk(request, code, program)
    refusal = _nominate(request, desk) if request.method == "POST" else None
    if request.method == "POST" and refusal is None:
        return redirect(request.get_full_path())
    children = nominations.children(desk.school, desk.program, desk.term)
    classes = children.order_by("grade_no", "class_name").values_list("grade", "class_name").distinct()
    form = ChildFilter(request.GET, classes=classes)
    rows = form.narrow(children)
    said = Nomination.objects.filter(**desk.key, is_current=True)
    counts = {"": rows.count(), "open": rows.exclude(student__in=said.values("student")).count()}
    tab = chosen(request, "tab", ["open"])
    if tab:
        rows = rows.exclude(student__in=said.values("student"))
    whole, others = tabs_of(request, [("open", _("还没有提名"))], {"open": counts["open"]})
    shown = rows.select_related("student").order_by("grade_no", "class_name", "student__name_key", "pk")
    listed = page_of(request, shown, count=counts[tab], sizes=(50, 100, 200))
    tiers = dict(said.filter(student__in=[child.student_id for child in listed]).values_list("student", "tier"))
    for child in listed:
        child.said = child.student_id in tiers
        child.tier = tiers.get(child.student_id, "")
    return render_list(
        request,
        "programs/nominate.html",
        part="programs/_nominate.html",
        context={
            "desk": desk,
            "form": form,
            "refusal": refusal,
            "tabs": [replace(whole, count=counts[""]), others],
            "page": listed,
        },
    )


def _nominate(request: SignedInRequest, desk: Desk) -> Refused | None:
    """Put the ticked children forward, or say why not."""
    tier = request.POST.get("tier", "")
    try:
        changed = nominations.nominate(
            dict.fromkeys(numbers(request, "ids"), tier), **desk.key, by=request.user, at=timezone.now()
        )
    except Refused as refusal:
        return refusal
    words = ngettext("已提名 %(n)s 名学生。", "已提名 %(n)s 名学生。", changed) % {"n": changed}
    messages.success(request, words if changed else _("所选学生原来就是这样提名的，没有变化。"))
    return None


@needs(*MAKERS)
def take_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a child out again, in words."""
    mine = Nomination.objects.visible_to(request.user).for_list().select_related("term")
    nomination = get_object_or_404(mine, pk=pk)
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已撤回提名。")):
            nominations.withdraw(nomination, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("programs:nomination-school", nomination.school.code, nomination.program_id)
    return render(request, "programs/nomination_withdraw.html", {"nomination": nomination, "form": form})


@require_GET
@needs(*MAKERS)
def template(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """The school's children as a workbook to choose tiers in."""
    desk = _desk(request, code, program)
    content = nomination_files.hand_out(**desk.key, by=request.user, at=timezone.now())
    return workbook(content, nomination_files.name_of(**desk.key))


@needs(*MAKERS)
def upload(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """Hand in the workbook; a background run reads it."""
    desk = _desk(request, code, program)
    form = NominationFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        handed_in = {"content": file.read(), "name": file.name, "by": request.user, "at": timezone.now()}
        try:
            job = runs.upload_nominations(**desk.key, **handed_in)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            page_of_file = redirect("programs:nomination-file", job.pk)
            return go_on(request, page_of_file.url)
    recent = runs.nomination_files_read(**desk.key)[:5]
    return show_form(request, "programs/nomination_upload.html", form, desk=desk, recent=recent)


@needs(*READERS_AND_SCHOOL)
def file(request: SignedInRequest, pk: int) -> HttpResponse:
    """What came of a workbook: how many children it put forward, and the lines that were left out."""
    mine = Job.objects.visible_to(request.user).filter(kind=runs.NOMINATIONS).for_list()
    job = get_object_or_404(mine, pk=pk)
    if job.school is None or job.term is None:
        raise LookupError(f"Job {job.pk} belongs to no school and term.")
    program = get_object_or_404(Program, pk=job.params["program"])
    desk = Desk(job.school, program, job.term, request.user)
    not_taken = nomination_files.not_taken(job.result, desk.tiers)
    context = {
        "desk": desk,
        "job": job,
        "is_at_work": job.state != JobState.DONE,
        "failure": wording.error(job),
        "not_taken": not_taken[:LINES_SHOWN],
        "left_out": len(not_taken),
    }
    return render(request, "programs/nomination_file.html", context)
