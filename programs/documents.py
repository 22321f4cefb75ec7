"""Policy documents with their files. Rows of rules and amounts name a document by its number."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Model
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from jobs.choices import FileKind
from jobs.documents import Brought, store
from jobs.models import StoredFile
from programs.models import Exclusion, PolicyDocument, Program, Rule, SchoolCap, SchoolFee, Share, Standard
from programs.standards import columns

_CITING: tuple[type[Model], ...] = (Standard, Rule, Share, Exclusion, SchoolFee, SchoolCap)


class NumberTaken(Refused):
    code = "document-number-taken"
    message = _("已经录入过文号为“%(number)s”的文件。")


class Cited(Refused):
    code = "document-cited"
    message = _("已有标准、条件或分担比例写着这个文号，不能删除。")


@transaction.atomic
def add(
    *, number: str, title: str, issued_on: date | None, brought: Brought | None = None, by: User, at: datetime
) -> PolicyDocument:
    """Enter a document; the file may come later."""
    if PolicyDocument.objects.filter(number=number).exists():
        raise NumberTaken(number=number)
    document = PolicyDocument(number=number, title=title, issued_on=issued_on, added_by=by, added_at=at)
    if brought is not None:
        document.file = store(brought, kind=FileKind.POLICY, by=by, at=at)
    try:
        with transaction.atomic():
            document.save()
    except IntegrityError as error:
        raise NumberTaken(number=number) from error
    actions.record(by, "document.added", document, at=at, has_file=brought is not None, keys=[[number]])
    return document


@transaction.atomic
def change(
    document: PolicyDocument,
    *,
    title: str,
    issued_on: date | None,
    brought: Brought | None = None,
    by: User,
    at: datetime,
) -> None:
    """Put a document's title and day right, or bring its file. An earlier file stays on record."""
    facts = {"title": title, "issued_on": issued_on}
    changed = [name for name, value in facts.items() if getattr(document, name) != value]
    for name in changed:
        setattr(document, name, facts[name])
    before = document.file_id
    if brought is not None:
        _withdraw_file(document)
        document.file = store(brought, kind=FileKind.POLICY, by=by, at=at)
        changed.append("file")
    if not changed:
        return
    document.save(update_fields=changed)
    details = {"file_before": before} if "file" in changed else {}
    names = columns(document, changed)
    actions.record(by, "document.changed", document, at=at, columns=names, keys=[[document.number]], **details)


@transaction.atomic
def remove(document: PolicyDocument, *, by: User, at: datetime) -> None:
    """Take out a document that nothing names."""
    if any(citing(document.number).values()):
        raise Cited()
    actions.record(by, "document.removed", document, at=at, keys=[[document.number]])
    _withdraw_file(document)
    document.delete()


def _withdraw_file(document: PolicyDocument) -> None:
    """What is a policy no longer is no paper for schools either: it may have been brought by mistake."""
    if document.file_id is not None:
        StoredFile.objects.filter(pk=document.file_id).update(kind=FileKind.DOCUMENT)


def citing(number: str) -> dict[str, int]:
    """How many rows of each kind name a document, by the kind's own word."""
    counted = {model: model._default_manager.filter(document_no=number).count() for model in _CITING}
    return {str(model._meta.verbose_name): count for model, count in counted.items()}


def programs_of(number: str) -> list[Program]:
    """The programs whose standards, rules or shares name a document."""
    naming = (model._default_manager.filter(document_no=number) for model in (Standard, Rule, Share, Exclusion))
    codes = {code for rows in naming for code in rows.values_list("program", flat=True)}
    return list(Program.objects.filter(pk__in=codes))


def not_entered() -> list[tuple[str, int]]:
    """Numbers that standards, rules and shares name and under which no document was entered, with how many rows."""
    known = set(PolicyDocument.objects.values_list("number", flat=True))
    found: dict[str, int] = {}
    for model in (Standard, Rule, Share, Exclusion):
        rows = model._default_manager.exclude(document_no="").order_by("document_no").values_list("document_no")
        for number, count in rows.annotate(n=Count("pk")):
            if number not in known:
                found[number] = found.get(number, 0) + count
    return sorted(found.items())


def by_number() -> dict[str, PolicyDocument]:
    return {document.number: document for document in PolicyDocument.objects.all()}
