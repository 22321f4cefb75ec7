"""The pages on which county staff keep programs, standards, rules, shares, exclusions and documents."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.roles import READERS, Role
from jobs.models import StoredFile
from programs import catalogue, documents, program_sheet, share_sets, standards, term_programs
from programs.models import Exclusion, PolicyDocument, Program, Rule, Standard
from programs.share_sets import ShareSet
from programs.standard_forms import (
    ChangeDocumentForm,
    ChangeSharesForm,
    DocumentForm,
    ExclusionForm,
    ProgramForm,
    RuleForm,
    SharesForm,
    StandardForm,
    SucceedRuleForm,
    SucceedSharesForm,
    SucceedStandardForm,
    TermProgramsForm,
)
from schools.models import Term


def _ask(
    request: SignedInRequest,
    form: Form,
    act: Callable[..., Any],
    *,
    done: str,
    then: Any = None,
    template: str = "programs/standard_form.html",
    **context: Any,
) -> HttpResponse:
    """Show a form until what is filled in can be done; a refusal is said on it and nothing typed is lost.

    Afterwards `then` is shown, or else what the act has made.
    """
    if request.method == "POST" and form.is_valid():
        try:
            made = act(by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return redirect(made if then is None else then)
    numbers = PolicyDocument.objects.values_list("number", flat=True)
    back = "programs:programs" if then is None else then
    return render(request, template, {"form": form, "back": resolve_url(back), "numbers": numbers, **context})


# --- Programs


@needs(Role.PREPARER)
def program_create(request: SignedInRequest) -> HttpResponse:
    """Enter a program that the county carries out from now on."""
    form = ProgramForm(request.POST or None)
    return _ask(
        request,
        form,
        lambda **signed: catalogue.add_program(**form.cleaned_data, **signed),
        done=_("项目已录入。请接着录入享受条件、标准和经费分担，再安排到学期。"),
        template="programs/program_form.html",
        program=None,
    )


@needs(Role.PREPARER)
def program_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Change a program's words, its way, its stages or who is paid."""
    program = get_object_or_404(Program, pk=code)
    form = ProgramForm(request.POST or None, program=program)
    return _ask(
        request,
        form,
        lambda **signed: catalogue.change_program(program, **form.cleaned_data, **signed),
        done=_("已保存。"),
        then=program,
        template="programs/program_form.html",
        program=program,
    )


# --- Standards and rules


@needs(Role.PREPARER)
def standard_create(request: SignedInRequest, code: str) -> HttpResponse:
    """Enter a standard from a document."""
    program = get_object_or_404(Program, pk=code)
    form = StandardForm(request.POST or None, program=program)
    return _ask(
        request,
        form,
        lambda **signed: standards.add(Standard(program=program, **form.facts), **signed),
        done=_("标准已录入。"),
        then=program,
        program=program,
        title=_("录入标准"),
    )


@needs(Role.PREPARER)
def standard_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a standard right; what awards rest on can only be succeeded."""
    standard = get_object_or_404(Standard.objects.get_queryset().select_related("program"), pk=pk)
    form = StandardForm(request.POST or None, program=standard.program, standard=standard)
    return _change(request, form, standard, title=_("修改标准"))


@needs(Role.PREPARER)
def standard_succeed(request: SignedInRequest, pk: int) -> HttpResponse:
    """From a term on another amount holds."""
    standard = get_object_or_404(Standard.objects.get_queryset().select_related("program"), pk=pk)
    form = SucceedStandardForm(request.POST or None, standard=standard)
    return _succeed(request, form, standard, title=_("接续新标准"))


@require_POST
@needs(Role.PREPARER)
def standard_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take out a standard that was entered by mistake."""
    return _remove(request, get_object_or_404(Standard, pk=pk))


@needs(Role.PREPARER)
def rule_create(request: SignedInRequest, code: str) -> HttpResponse:
    """Enter a rule from a document."""
    program = get_object_or_404(Program, pk=code)
    form = RuleForm(request.POST or None, program=program)

    def add(**signed: Any) -> None:
        facts = form.facts
        several = {name: facts.pop(name) for name in standards.SEVERAL}
        standards.add(Rule(program=program, **facts), **several, **signed)

    title = _("录入享受条件")
    return _ask(request, form, add, done=_("条件已录入。"), then=program, program=program, title=title)


@needs(Role.PREPARER)
def rule_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a rule right; what awards rest on can only be succeeded."""
    rule = get_object_or_404(Rule.objects.get_queryset().select_related("program"), pk=pk)
    form = RuleForm(request.POST or None, program=rule.program, rule=rule)
    return _change(request, form, rule, title=_("修改享受条件"))


@needs(Role.PREPARER)
def rule_succeed(request: SignedInRequest, pk: int) -> HttpResponse:
    """From a term on other conditions hold in a rule's place."""
    rule = get_object_or_404(Rule.objects.get_queryset().select_related("program"), pk=pk)
    form = SucceedRuleForm(request.POST or None, rule=rule)
    return _succeed(request, form, rule, title=_("接续新条件"))


@require_POST
@needs(Role.PREPARER)
def rule_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take out a rule that was entered by mistake."""
    return _remove(request, get_object_or_404(Rule, pk=pk))


def _change(
    request: SignedInRequest, form: StandardForm | RuleForm, row: Standard | Rule, *, title: str
) -> HttpResponse:
    name = row._meta.model_name
    return _ask(
        request,
        form,
        lambda **signed: standards.change(row, **form.facts, **signed),
        done=_("已保存。草稿名单请重新提出，金额和学生才会跟着改。"),
        then=row.program,
        program=row.program,
        template="programs/standard_edit.html",
        title=title,
        resting=standards.terms_resting_on(row),
        settled=_("金额和条件不能改；文号、说明和以后的截止日期可以更正。"),
        facts=program_sheet.facts(row),
        succeed_url=reverse(f"programs:{name}-succeed", args=[row.pk]),
        remove_url=reverse(f"programs:{name}-remove", args=[row.pk]),
    )


def _succeed(
    request: SignedInRequest, form: SucceedStandardForm | SucceedRuleForm, row: Standard | Rule, *, title: str
) -> HttpResponse:
    return _ask(
        request,
        form,
        lambda **signed: standards.succeed(row, **form.facts, **signed),
        done=_("已接续：原来的一条到前一天为止。"),
        then=row.program,
        program=row.program,
        template="programs/standard_succeed.html",
        title=title,
        facts=program_sheet.facts(row),
    )


def _remove(request: SignedInRequest, row: Standard | Rule) -> HttpResponse:
    program = row.program
    with telling(request, _("已删除。")):
        standards.remove(row, by=request.user, at=timezone.now())
    return redirect(program)


# --- Shares


@needs(Role.PREPARER)
def shares_create(request: SignedInRequest, code: str) -> HttpResponse:
    """Enter who bears a program."""
    program = get_object_or_404(Program, pk=code)
    form = SharesForm(request.POST or None)
    return _ask(
        request,
        form,
        lambda **signed: share_sets.add(program, **form.facts, **signed),
        done=_("分担比例已录入。"),
        then=program,
        program=program,
        title=_("录入经费分担"),
    )


@needs(Role.PREPARER)
def shares_edit(request: SignedInRequest, code: str, day: str) -> HttpResponse:
    """Put a set of shares right that nothing was shared by."""
    found = _shares(code, day)
    form = ChangeSharesForm(request.POST or None, found=found)
    return _ask(
        request,
        form,
        lambda **signed: share_sets.change(found, **form.facts, **signed),
        done=_("已保存。"),
        then=found.program,
        program=found.program,
        template="programs/standard_edit.html",
        title=_("修改经费分担"),
        resting=share_sets.terms_shared_by(found),
        settled=_("比例不能改；文号和以后的截止日期可以更正。"),
        facts=program_sheet.facts(found),
        succeed_url=reverse("programs:shares-succeed", args=[code, day]),
        remove_url=reverse("programs:shares-remove", args=[code, day]),
    )


@needs(Role.PREPARER)
def shares_succeed(request: SignedInRequest, code: str, day: str) -> HttpResponse:
    """From a term on a program is borne otherwise."""
    found = _shares(code, day)
    form = SucceedSharesForm(request.POST or None, found=found)
    return _ask(
        request,
        form,
        lambda **signed: share_sets.succeed(found, **form.facts, **signed),
        done=_("已接续：原来的比例到前一天为止。"),
        then=found.program,
        program=found.program,
        template="programs/standard_succeed.html",
        title=_("接续新的分担比例"),
        facts=program_sheet.facts(found),
    )


@require_POST
@needs(Role.PREPARER)
def shares_remove(request: SignedInRequest, code: str, day: str) -> HttpResponse:
    """Take out a set of shares that was entered by mistake."""
    found = _shares(code, day)
    with telling(request, _("已删除。")):
        share_sets.remove(found, by=request.user, at=timezone.now())
    return redirect(found.program)


def _shares(code: str, day: str) -> ShareSet:
    program = get_object_or_404(Program, pk=code)
    try:
        found = share_sets.find(program, date.fromisoformat(day))
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


# --- Exclusions


@needs(Role.PREPARER)
def exclusion_create(request: SignedInRequest, code: str) -> HttpResponse:
    """Say that a program does not go together with another."""
    program = get_object_or_404(Program, pk=code)
    form = ExclusionForm(request.POST or None, program=program)
    return _ask(
        request,
        form,
        lambda **signed: catalogue.add_exclusion(program, **form.cleaned_data, **signed),
        done=_("互斥规定已录入。"),
        then=program,
        program=program,
        title=_("录入互斥规定"),
    )


@needs(Role.PREPARER)
def exclusion_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change how strict an exclusion is."""
    exclusion = get_object_or_404(Exclusion.objects.select_related("program", "other"), pk=pk)
    form = ExclusionForm(request.POST or None, program=exclusion.program, exclusion=exclusion)
    return _ask(
        request,
        form,
        lambda **signed: catalogue.change_exclusion(exclusion, **form.cleaned_data, **signed),
        done=_("已保存。"),
        then=exclusion.program,
        program=exclusion.program,
        template="programs/standard_edit.html",
        title=_("修改互斥规定"),
        resting=[],
        facts=[(_("项目"), exclusion.program), (_("与哪个项目互斥"), exclusion.other)],
        remove_url=reverse("programs:exclusion-remove", args=[pk]),
    )


@require_POST
@needs(Role.PREPARER)
def exclusion_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """The two programs go together from now on."""
    exclusion = get_object_or_404(Exclusion.objects.select_related("program"), pk=pk)
    program = exclusion.program
    with telling(request, _("已删除。")):
        catalogue.remove_exclusion(exclusion, by=request.user, at=timezone.now())
    return redirect(program)


# --- Documents


@needs(*READERS)
def documents_index(request: SignedInRequest) -> HttpResponse:
    """The documents on record, and the numbers that rows name without one."""
    context = {
        "known": PolicyDocument.objects.select_related("file", "added_by").order_by(
            F("issued_on").desc(nulls_last=True), "number"
        ),
        "not_entered": documents.not_entered(),
        "may_change": request.user.role == Role.PREPARER,
    }
    return render(request, "programs/documents.html", context)


@needs(*READERS_AND_SCHOOL)
def document(request: SignedInRequest, pk: int) -> HttpResponse:
    """One document: its file, and which programs rest on it."""
    found = get_object_or_404(PolicyDocument.objects.select_related("file", "added_by"), pk=pk)
    context = {
        "document": found,
        "file": StoredFile.objects.visible_to(request.user).filter(pk=found.file_id or 0).first(),
        "programs": documents.programs_of(found.number),
        "citing": {kind: count for kind, count in documents.citing(found.number).items() if count},
        "may_change": request.user.role == Role.PREPARER,
        "reads_all": request.user.reads_all,
    }
    return render(request, "programs/document.html", context)


@needs(Role.PREPARER)
def document_create(request: SignedInRequest) -> HttpResponse:
    """Enter a document with its file."""
    initial = {"number": request.GET.get("number", "")}
    form = DocumentForm(request.POST or None, request.FILES or None, initial=initial)
    return _ask(
        request,
        form,
        lambda **signed: documents.add(number=form.cleaned_data["number"], **form.facts, **signed),
        done=_("文件已录入。"),
        then="programs:documents",
        template="programs/document_form.html",
        document=None,
    )


@needs(Role.PREPARER)
def document_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a document's title and day right, or bring its file."""
    found = get_object_or_404(PolicyDocument, pk=pk)
    initial = {"title": found.title, "issued_on": found.issued_on}
    form = ChangeDocumentForm(request.POST or None, request.FILES or None, initial=initial)
    return _ask(
        request,
        form,
        lambda **signed: documents.change(found, **form.facts, **signed),
        done=_("已保存。"),
        then=found,
        template="programs/document_form.html",
        document=found,
    )


@require_POST
@needs(Role.PREPARER)
def document_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take out a document that nothing names."""
    found = get_object_or_404(PolicyDocument, pk=pk)
    with telling(request, _("已删除。")):
        documents.remove(found, by=request.user, at=timezone.now())
    return redirect("programs:documents")


# --- What a term carries out


@needs(Role.PREPARER)
def term_programs_page(request: SignedInRequest, code: str) -> HttpResponse:
    """Choose a term's programs, their months, and who pays a child that moves."""
    term = get_object_or_404(Term, pk=code)
    form = TermProgramsForm(request.POST or None, term=term)
    return _ask(
        request,
        form,
        lambda **signed: term_programs.keep(term, form.wanted, **signed),
        done=_("%(term)s开展的项目已保存。") % {"term": term},
        then="programs:terms",
        template="programs/term_programs.html",
        term=term,
    )
