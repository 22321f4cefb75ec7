"""Reference data from TOML files: what is the same in every county. One county's file: programs.reference_standards.

A file is a statement: loading it adds what is new and brings the rest up to date by its natural keys; nothing
is deleted, because awards rest on it. A file with a mistake is refused whole, with the place in words.
"""

from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from accounts.models import Action
from common.columns import heading_key
from programs.reference_files import BadValue, ReferenceFile, Seen, UnknownField
from programs.reference_standards import load_programs, load_standards, named_in
from schools.models import Grade, SchoolKind, Stage
from students.choices import CategoryGroup
from students.headings import fits
from students.models import CategoryLabel, HardshipCategory, RegisterSource, RosterHeading
from students.register_columns import FIELDS
from students.roster_columns import COLUMNS

__all__ = ["NATIONAL", "load_national", "load_standards"]

NATIONAL: Path = settings.BASE_DIR / "fixtures" / "national.toml"


# --- national.toml


NATIONAL_TABLES = frozenset({"stage", "school_kind", "category", "register_source", "roster_column", "program"})


@transaction.atomic
def load_national(path: Path = NATIONAL) -> list[str]:
    """Stages, grades, kinds of school, categories of hardship with all their labels, register sources, programs.

    Gives the lines about programs that were left alone, because the county changed them on their pages.
    """
    file = ReferenceFile(path, tables=NATIONAL_TABLES)
    _load_stages(file)
    for position, entry in enumerate(file.entries("school_kind"), start=1):
        kind, _made = SchoolKind.objects.update_or_create(
            code=entry.text("code"), defaults={"name": entry.text("name"), "position": position}
        )
        kind.stages.set(named_in(entry, "stages", Stage))
    _load_categories(file)
    _load_register_sources(file)
    _load_roster_columns(file)
    return load_programs(file)


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
