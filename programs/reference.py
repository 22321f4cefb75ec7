"""Reference data from TOML files: what is the same in every county, and one county's standards.

A file is a statement: loading it adds what is new and brings the rest up to date by its natural keys; nothing
is deleted, because awards rest on it. A file with a mistake is refused whole, with the place in words.
"""

from datetime import date
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Action
from common.columns import heading_key
from programs.choices import Basis, Level, Payee, Payer, ProgramKind, Severity
from programs.models import Award, Exclusion, Program, Rule, Share, Standard, TermProgram
from programs.reference_files import (
    BadReference,
    BadValue,
    Entry,
    ReferenceFile,
    Seen,
    SomeModel,
    UnknownField,
)
from schools.models import Grade, SchoolKind, Stage, Term
from students.choices import CategoryGroup
from students.headings import fits
from students.models import CategoryLabel, HardshipCategory, RegisterSource, RosterHeading
from students.register_columns import FIELDS
from students.roster_columns import COLUMNS

NATIONAL: Path = settings.BASE_DIR / "fixtures" / "national.toml"


class SharesIncomplete(BadReference):
    code = "reference-shares"
    message = _("参考数据文件 %(file)s：%(program)s 自 %(day)s 起的分担合计为 %(total)s‰，应为 1000‰。")


class Overlapping(BadReference):
    code = "reference-overlapping"
    message = _("参考数据文件 %(file)s：%(what)s 自 %(first)s 起与自 %(second)s 起的两条时间重叠。")


class StandardInUse(BadReference):
    code = "reference-standard-in-use"
    message = _(
        "参考数据文件 %(file)s 第 %(number)s 个 [[standard]] 改动了已有资助依据的标准（%(what)s）。"
        "请截止原标准，另列新标准。"
    )


# --- national.toml


NATIONAL_TABLES = frozenset({"stage", "school_kind", "category", "register_source", "roster_column", "program"})


@transaction.atomic
def load_national(path: Path = NATIONAL) -> None:
    """Stages, grades, kinds of school, categories of hardship with all their labels, register sources, programs."""
    file = ReferenceFile(path, tables=NATIONAL_TABLES)
    _load_stages(file)
    for position, entry in enumerate(file.entries("school_kind"), start=1):
        kind, _made = SchoolKind.objects.update_or_create(
            code=entry.text("code"), defaults={"name": entry.text("name"), "position": position}
        )
        kind.stages.set(_named_in(entry, "stages", Stage))
    _load_categories(file)
    _load_register_sources(file)
    _load_roster_columns(file)
    for position, entry in enumerate(file.entries("program"), start=1):
        program, _made = Program.objects.update_or_create(
            code=entry.text("code"),
            defaults={
                "name": entry.text("name"),
                "short_name": entry.text("short_name"),
                "kind": entry.choice("kind", ProgramKind),
                "payee": entry.choice("payee", Payee),
                "position": position,
            },
        )
        program.stages.set(_named_in(entry, "stages", Stage))


def _load_stages(file: ReferenceFile) -> None:
    for position, entry in enumerate(file.entries("stage"), start=1):
        stage, _made = Stage.objects.update_or_create(
            code=entry.text("code"),
            defaults={
                "name": entry.text("name"),
                "is_compulsory": entry.value("is_compulsory", bool),
                "position": position,
            },
        )
        spellings = Seen()
        for place, grade in enumerate(entry.inner("grades"), start=1):
            name, others = grade.text("name"), [str(text) for text in grade.value("spellings", list, [])]
            for spelling in (name, *others):
                spellings.add(grade, spelling)
            Grade.objects.update_or_create(
                stage=stage,
                name=name,
                defaults={
                    "position": place,
                    "spellings": others,
                    "youngest": grade.number_of("youngest"),
                    "oldest": grade.number_of("oldest"),
                },
            )
            grade.end()


def _load_categories(file: ReferenceFile) -> None:
    """Once the county has changed the order of reports, it is the county's: what is new comes at its end.

    A word that the county has removed stays removed.
    """
    labels, priorities = Seen(), Seen()
    is_countys = Action.objects.filter(verb="category.moved").exists()
    taken_away = Action.objects.filter(verb="category.label-removed").values_list("details", flat=True)
    removed = {details["label"] for details in taken_away}
    for entry in file.entries("category"):
        priority = entry.number_of("priority")
        priorities.add(entry, priority)
        if is_countys:
            priority = _place_of(entry.text("code"))
        _make_room(HardshipCategory.objects.exclude(code=entry.text("code")).filter(priority=priority))
        category, _made = HardshipCategory.objects.update_or_create(
            code=entry.text("code"),
            defaults={
                "name": entry.text("name"),
                "group": entry.choice("group", CategoryGroup),
                "priority": priority,
                "owner": entry.text("owner", ""),
            },
        )
        for label in entry.inner("labels"):
            text = label.text("label")
            labels.add(label, text)
            official_from: date | None = label.value("from", date, None)
            facts = {
                "category": category,
                "official_from": official_from,
                "official_to": label.last_day("to", first=official_from),
            }
            label.end()
            if text not in removed or CategoryLabel.objects.filter(label=text).exists():
                CategoryLabel.objects.update_or_create(label=text, defaults=facts)


def _place_of(code: str) -> int:
    """Where a category stands in the order, or the place after the last one."""
    known = HardshipCategory.objects.filter(code=code).values_list("priority", flat=True).first()
    last: int | None = HardshipCategory.objects.aggregate(last=models.Max("priority"))["last"]
    return (last or 0) + 1 if known is None else known


def _make_room(in_the_way: models.QuerySet[HardshipCategory]) -> None:
    """Priorities are unique: who holds one that is wanted goes to the end, until its own line in the file comes."""
    last = HardshipCategory.objects.aggregate(last=models.Max("priority"))["last"]
    in_the_way.update(priority=(last or 0) + 1)


def _load_roster_columns(file: ReferenceFile) -> None:
    """A column that has headings already is the county's to keep: only what is new gets them, and takes none away."""
    rows = list(RosterHeading.objects.filter(school=None).values_list("field", "text"))
    kept, known = {field for field, _text in rows}, {heading_key(text) for _field, text in rows}
    columns, headings = Seen(), Seen()
    for entry in file.entries("roster_column"):
        field = entry.text("field", "")
        if field and field not in COLUMNS:
            raise entry.refused(UnknownField, field=f"field = {field}")
        columns.add(entry, field or "—")
        texts = [str(text).strip() for text in entry.value("headings", list)]
        for text in texts:
            if not fits(text):
                raise entry.refused(BadValue, field="headings", value=text or "—")
            headings.add(entry, heading_key(text))
        if field not in kept:
            RosterHeading.objects.bulk_create(
                RosterHeading(field=field, text=text, position=position)
                for position, text in enumerate(texts)
                if heading_key(text) not in known
            )


def _load_register_sources(file: ReferenceFile) -> None:
    """A source that the county has changed on its page stays as the county left it."""
    changed = Action.objects.filter(verb="source.changed", target_type=RegisterSource._meta.label_lower)
    countys = set(changed.values_list("target_id", flat=True))
    for position, entry in enumerate(file.entries("register_source"), start=1):
        headings = entry.value("headings", dict)
        for field in sorted(headings.keys() - FIELDS.keys()):
            raise entry.refused(UnknownField, field=f"headings.{field}")
        settled = {"category": entry.one("category", HardshipCategory), "headings": headings}
        RegisterSource.objects.update_or_create(
            code=entry.text("code"),
            defaults={
                "name": entry.text("name"),
                "office": entry.text("office"),
                "position": position,
                **({} if entry.text("code") in countys else settled),
            },
        )


# --- A county's standards


@transaction.atomic
def load_standards(path: Path) -> None:
    """A county's terms, standards, conditions, shares and exclusions; schools' fees come apart (programs.fees)."""
    file = ReferenceFile(
        path,
        tables=frozenset({"county", "term", "standard", "rule", "share", "exclusion"}),
    )
    _load_terms(file)
    _load_standards(file)
    _load_rules(file)
    _load_shares(file)
    for entry in file.entries("exclusion"):
        Exclusion.objects.update_or_create(
            program=entry.one("program", Program),
            other=entry.one("other", Program),
            defaults={
                "severity": entry.choice("severity", Severity),
                "document_no": entry.text("document_no", ""),
            },
        )


def _load_terms(file: ReferenceFile) -> None:
    for entry in file.entries("term"):
        first, last = entry.day("starts_on"), entry.day("ends_on")
        if not first < last or not first <= entry.day("roster_due_on") <= last:
            raise entry.refused(BadValue, field="ends_on / roster_due_on", value=last)
        term, _made = Term.objects.update_or_create(
            code=entry.text("code"),
            defaults={
                "starts_on": first,
                "ends_on": last,
                "roster_due_on": entry.day("roster_due_on"),
            },
        )
        for code in entry.codes("programs", _codes(Program)):
            TermProgram.objects.get_or_create(term=term, program_id=code)


def _load_standards(file: ReferenceFile) -> None:
    seen = Seen()
    for entry in file.entries("standard"):
        first = entry.day("valid_from")
        key: dict[str, Any] = {
            "program": entry.one("program", Program),
            "stage": entry.one_or_none("stage", Stage),
            "school_kind": entry.one_or_none("school_kind", SchoolKind),
            "tier": entry.text("tier", ""),
            "valid_from": first,
        }
        seen.add(entry, *key.values())
        basis = entry.choice("basis", Basis, Basis.FIXED)
        amount_fen = entry.fen("amount") if basis == Basis.FIXED else None
        resting_on_it = Award.objects.filter(**{f"standard__{field}": value for field, value in key.items()})
        if resting_on_it.exclude(standard__basis=basis, standard__amount_fen=amount_fen).exists():
            raise entry.refused(StandardInUse, what=key["program"])
        Standard.objects.update_or_create(
            **key,
            defaults={
                "basis": basis,
                "amount_fen": amount_fen,
                "valid_to": entry.last_day("valid_to", first=first),
                "document_no": entry.text("document_no"),
                "note": entry.text("note", ""),
            },
        )
    _refuse_overlaps(file, Standard, "program_id", "stage_id", "school_kind_id", "tier")


def _load_rules(file: ReferenceFile) -> None:
    seen = Seen()
    for entry in file.entries("rule"):
        program, first = entry.one("program", Program), entry.day("valid_from")
        position = entry.number_of("position")
        seen.add(entry, program, position, first)
        grades = Grade.objects.filter(stage__in=program.stages.all()).values_list("name", flat=True)
        rule, _made = Rule.objects.update_or_create(
            program=program,
            position=position,
            valid_from=first,
            defaults={
                "description": entry.text("description"),
                "levels": entry.codes("levels", Level.values),
                "grades": entry.codes("grades", grades),
                "is_boarding": entry.value("is_boarding", bool, None),
                "is_rural": entry.value("is_rural", bool, None),
                "is_county_town": entry.value("is_county_town", bool, None),
                "tier": entry.text("tier", ""),
                "valid_to": entry.last_day("valid_to", first=first),
                "document_no": entry.text("document_no"),
            },
        )
        groups = entry.codes("groups", CategoryGroup.values)
        categories = entry.codes("categories", _codes(HardshipCategory))
        rule.categories.set(HardshipCategory.objects.filter(models.Q(group__in=groups) | models.Q(code__in=categories)))
        rule.stages.set(_named_in(entry, "stages", Stage))
    _refuse_overlaps(file, Rule, "program_id", "position")


def _load_shares(file: ReferenceFile) -> None:
    """One entry is one split, for one or more programs: every payer's part of a thousand."""
    seen = Seen()
    for entry in file.entries("share"):
        first = entry.day("valid_from")
        parts = {payer: part for payer in Payer.values if (part := entry.number_of(payer, 0))}
        for code in entry.codes("programs", _codes(Program)):
            seen.add(entry, code, first)
            for payer, per_mille in parts.items():
                Share.objects.update_or_create(
                    program_id=code,
                    payer=payer,
                    valid_from=first,
                    defaults={
                        "per_mille": per_mille,
                        "valid_to": entry.last_day("valid_to", first=first),
                        "document_no": entry.text("document_no"),
                    },
                )
    for program, day in Share.objects.order_by("program_id", "valid_from").values_list("program_id", "valid_from"):
        total = sum(Share.objects.on(day).filter(program=program).values_list("per_mille", flat=True))
        if total != 1000:
            raise SharesIncomplete(file=file.name, program=program, day=day, total=total)


def _named_in(entry: Entry, field: str, model: type[SomeModel]) -> models.QuerySet[SomeModel]:
    return model._default_manager.filter(pk__in=entry.codes(field, _codes(model)))


def _codes(model: type[models.Model]) -> set[str]:
    return set(model._default_manager.values_list("pk", flat=True))


def _refuse_overlaps(file: ReferenceFile, model: type[models.Model], *key: str) -> None:
    """Of one key only one row may hold on a day, among the rows of this file and those of earlier ones."""
    columns = (*key, "valid_from", "valid_to")
    rows = model._default_manager.order_by(*key, "valid_from", "pk").values_list(*columns)
    for same, group in groupby(rows, key=lambda row: row[: len(key)]):
        for (*_key, first, last), (*_other, second, _last) in pairwise(group):
            if (last or date.max) >= second:
                what = " · ".join(str(part) for part in same if part not in {None, ""})
                raise Overlapping(file=file.name, what=what, first=first, second=second)
