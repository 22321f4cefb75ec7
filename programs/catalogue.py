"""The programs themselves, and which of them do not go together."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from programs.choices import Payee, ProgramKind, Scope, Severity, Way
from programs.models import Award, Exclusion, Program
from programs.standards import columns, hold
from schools.models import Stage

_OWN_CODE = "county-{}"


class NameTaken(Refused):
    code = "program-name-taken"
    message = _("已经有这个名称的资助项目。")


class HasAwards(Refused):
    code = "program-has-awards"
    message = _(
        "已有学生享受过这个项目，不能改动形式、收款方和提出方式，也不能去掉有人享受过的学段。请录入一个新的项目。"
    )


class PairKnown(Refused):
    code = "exclusion-known"
    message = _("这两个项目之间已经有互斥规定，请在原来那一条上改动。")


class WithItself(Refused):
    code = "exclusion-with-itself"
    message = _("项目不能与自己互斥，请选择另一个项目。")


@transaction.atomic
def add_program(
    *,
    name: str,
    short_name: str,
    kind: ProgramKind,
    payee: Payee,
    stages: Iterable[Stage],
    purpose: str = "",
    way: Way = Way.AUTO,
    code: str = "",
    by: User,
    at: datetime,
) -> Program:
    """Enter a program of the county's own, or one that a document brings; it stands last until the order is changed.

    Nobody gets anything by it yet: it needs standards, rules and shares, and a term that carries it out.
    """
    last = Program.objects.aggregate(last=Max("position"))["last"] or 0
    try:
        with transaction.atomic():
            program = Program.objects.create(
                code=code or _free_code(),
                name=name,
                short_name=short_name,
                kind=kind,
                payee=payee,
                purpose=purpose,
                way=way,
                position=last + 1,
            )
    except IntegrityError as error:
        raise NameTaken() from error
    program.stages.set(stages)
    actions.record(by, "program.added", program, at=at, way=way, kind=kind)
    return program


@transaction.atomic
def change_program(program: Program, *, stages: Iterable[Stage], by: User, at: datetime, **facts: Any) -> None:
    """Change a program's words, its way or who is paid. What children had from it keeps its form and its stages."""
    hold(program)
    program.refresh_from_db()
    stages = list(stages)
    known = set(program.stages.values_list("pk", flat=True))
    wanted = {stage.pk for stage in stages}
    changed = [name for name, value in facts.items() if getattr(program, name) != value]
    changed += ["stages"] if known != wanted else []
    if not changed:
        return
    if is_settled(program, changed, without=known - wanted):
        raise HasAwards()
    for name, value in facts.items():
        setattr(program, name, value)
    try:
        with transaction.atomic():
            program.save()
    except IntegrityError as error:
        raise NameTaken() from error
    program.stages.set(stages)
    actions.record(by, "program.changed", program, at=at, columns=columns(program, changed))


def is_settled(program: Program, changed: Iterable[str], *, without: Iterable[str]) -> bool:
    """Whether children had from it what these columns say, or had it in one of the stages that it would be without."""
    awards = Award.objects.live().filter(program=program)
    if not _SETTLED.isdisjoint(changed) and awards.exists():
        return True
    return awards.filter(stage__in=list(without)).exists()


_SETTLED = frozenset({"kind", "payee", "way"})
"""Who is paid for what, and by whose word: with the first award they stand."""


@transaction.atomic
def add_exclusion(
    program: Program,
    *,
    other: Program,
    severity: Severity,
    scope: Scope,
    document_no: str,
    by: User,
    at: datetime,
) -> Exclusion:
    """Say that two programs do not go together."""
    if program == other:
        raise WithItself()
    hold(program)
    pair = Q(program=program, other=other) | Q(program=other, other=program)
    if Exclusion.objects.filter(pair).exists():
        raise PairKnown()
    added = Exclusion.objects.create(
        program=program, other=other, severity=severity, scope=scope, document_no=document_no
    )
    actions.record(by, "exclusion.added", program, at=at, severity=severity, scope=scope, keys=[_key(added)])
    return added


@transaction.atomic
def change_exclusion(
    exclusion: Exclusion, *, severity: Severity, scope: Scope, document_no: str, by: User, at: datetime
) -> None:
    """Change how strict an exclusion is. Awards that are signed stay; the next run of proposals follows."""
    hold(exclusion.program)
    facts = {"severity": severity, "scope": scope, "document_no": document_no}
    changed = [name for name, value in facts.items() if getattr(exclusion, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(exclusion, name, facts[name])
    exclusion.save(update_fields=changed)
    details = {"severity": severity, "scope": scope, "columns": columns(exclusion, changed)}
    actions.record(by, "exclusion.changed", exclusion.program, at=at, keys=[_key(exclusion)], **details)


@transaction.atomic
def remove_exclusion(exclusion: Exclusion, *, by: User, at: datetime) -> None:
    """The two programs go together from now on."""
    hold(exclusion.program)
    actions.record(by, "exclusion.removed", exclusion.program, at=at, keys=[_key(exclusion)])
    exclusion.delete()


def _key(exclusion: Exclusion) -> list[str]:
    return [exclusion.program_id, exclusion.other_id]


def _free_code() -> str:
    """A code that stands in addresses; people never type it."""
    known = set(Program.objects.values_list("code", flat=True))
    number = 1
    while _OWN_CODE.format(number) in known:
        number += 1
    return _OWN_CODE.format(number)
