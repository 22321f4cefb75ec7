"""One county's file of reference data: terms and what they carry out, documents, programs of its own, standards, rules,
shares, exclusions.

What signed awards rest on is not rewritten: such a line is refused, and the whole file with it. What people kept on the
pages since is theirs: lines about it are left alone and named to whoever loads the file.
"""

from collections.abc import Callable
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Action
from programs import catalogue, share_sets, standards, term_programs
from programs.choices import Basis, Level, Payee, Payer, Pays, ProgramKind, Scope, Severity, Way
from programs.models import Exclusion, PolicyDocument, Program, Rule, Share, Standard, TermProgram
from programs.reference_files import BadReference, BadValue, Entry, ReferenceFile, Seen, SomeModel
from programs.share_sets import ShareSet
from schools.choices import Ownership
from schools.models import Grade, SchoolKind, Stage, Term
from students.choices import CategoryGroup
from students.models import HardshipCategory

TABLES = frozenset({"county", "document", "program", "term", "standard", "rule", "share", "exclusion"})


class SharesIncomplete(BadReference):
    code = "reference-shares"
    message = _("参考数据文件 %(file)s：%(program)s 自 %(day)s 起的分担合计为 %(total)s‰，应为 1000‰。")


class Overlapping(BadReference):
    code = "reference-overlapping"
    message = _("参考数据文件 %(file)s：%(what)s 自 %(first)s 起与自 %(second)s 起的两条时间重叠。")


class RowInUse(BadReference):
    code = "reference-row-in-use"
    message = _(
        "参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]] 改动了%(term)s已确认资助依据的内容（%(what)s）。"
        "请截止原来的一条，另列新的一条。"
    )


class ProgramInUse(BadReference):
    code = "reference-program-in-use"
    message = _(
        "参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]]：已有学生享受过“%(program)s”，"
        "不能改动形式、收款方和提出方式，也不能去掉有人享受过的学段。请另列新的项目。"
    )


@transaction.atomic
def load_standards(path: Path) -> list[str]:
    """Load a county's file; schools' fees come apart (programs.fees). Gives the lines that were left alone."""
    return _Loading(ReferenceFile(path, tables=TABLES)).run()


def load_programs(file: ReferenceFile) -> list[str]:
    """Programs in the order of the file; one that the county changed on its page stays as it is there.

    What children had from a program keeps its form, its payee, its way and its stages, as on the page.
    """
    countys = _acted_on("program.changed", Program)
    left = []
    for position, entry in enumerate(file.entries("program"), start=_first_position(file)):
        code = entry.text("code")
        facts = {
            "name": entry.text("name"),
            "short_name": entry.text("short_name"),
            "kind": entry.choice("kind", ProgramKind),
            "purpose": entry.text("purpose", ""),
            "way": entry.choice("way", Way, Way.AUTO),
            "payee": entry.choice("payee", Payee),
        }
        stages = named_in(entry, "stages", Stage)
        if code in countys:
            left.append(entry.place(code))
            continue
        known = Program.objects.filter(code=code).first()
        if known is not None:
            changed = [name for name, value in facts.items() if getattr(known, name) != value]
            lost = known.stages.exclude(pk__in=stages).values_list("pk", flat=True)
            if catalogue.is_settled(known, changed, without=lost):
                raise entry.refused(ProgramInUse, program=known.name)
        program, _made = Program.objects.update_or_create(code=code, defaults={**facts, "position": position})
        program.stages.set(stages)
    return left


def _first_position(file: ReferenceFile) -> int:
    """A file's programs keep their place behind those that were there before them."""
    own = Program.objects.filter(code__in=[entry.text("code") for entry in file.peek("program")])
    first: int | None = own.aggregate(first=models.Min("position"))["first"]
    last: int | None = Program.objects.aggregate(last=models.Max("position"))["last"]
    return first if first is not None else (last or 0) + 1


def named_in(entry: Entry, field: str, model: type[SomeModel]) -> models.QuerySet[SomeModel]:
    return model._default_manager.filter(pk__in=entry.codes(field, codes_of(model)))


def codes_of(model: type[models.Model]) -> set[str]:
    return set(model._default_manager.values_list("pk", flat=True))


def _acted_on(verb: str, model: type[models.Model]) -> set[str]:
    """The rows with which people did something on a page."""
    acts = Action.objects.filter(verb=verb, target_type=model._meta.label_lower)
    return set(acts.values_list("target_id", flat=True))


class _Loading:
    """One file on its way into the tables."""

    def __init__(self, file: ReferenceFile) -> None:
        self.file = file
        self.left: list[str] = []

    def run(self) -> list[str]:
        self._documents()
        self.left += load_programs(self.file)
        self._terms()
        self._standards()
        self._rules()
        self._shares()
        self._exclusions()
        return self.left

    def _kept(self, noun: str) -> Callable[[Entry, list[str]], bool]:
        """Asks of a line whether people kept what it is about on a page, and remembers that it was left alone."""
        acts = Action.objects.filter(verb__startswith=f"{noun}.").values_list("details", flat=True)
        kept = {tuple(key) for details in acts for key in details.get("keys", ())}

        def ask(entry: Entry, key: list[str]) -> bool:
            is_kept = tuple(key) in kept
            if is_kept:
                self.left.append(entry.place(" ".join(filter(None, key))))
            return is_kept

        return ask

    def _documents(self) -> None:
        kept, seen = self._kept("document"), Seen()
        for entry in self.file.entries("document"):
            number = entry.text("number")
            seen.add(entry, number)
            facts = {"title": entry.text("title"), "issued_on": entry.value("issued_on", date, None)}
            if not kept(entry, [number]):
                PolicyDocument.objects.update_or_create(number=number, defaults=facts)

    def _terms(self) -> None:
        changed = _acted_on("term.changed", Term) | _acted_on("term.opened", Term)
        arranged = _acted_on("term.programs-kept", Term) | _acted_on("term.opened", Term)
        for entry in self.file.entries("term"):
            code, first, last = entry.text("code"), entry.day("starts_on"), entry.day("ends_on")
            due = entry.day("roster_due_on")
            if not first < last or not first <= due <= last:
                raise entry.refused(BadValue, field="ends_on / roster_due_on", value=last)
            days = {"starts_on": first, "ends_on": last, "roster_due_on": due}
            if code in changed:
                self.left.append(entry.place(code))
                term = Term.objects.get(pk=code)
            else:
                term, _made = Term.objects.update_or_create(code=code, defaults=days)
            programs = entry.codes("programs", codes_of(Program))
            carried_out = [self._carried_out(inner, term) for inner in entry.inner("carried_out")]
            if code in arranged:
                continue
            for program_code in programs:
                TermProgram.objects.get_or_create(term=term, program_id=program_code)
            for program, facts in carried_out:
                TermProgram.objects.update_or_create(term=term, program=program, defaults=facts)

    def _carried_out(self, entry: Entry, term: Term) -> tuple[Program, dict[str, Any]]:
        """A program of a term with its months and with who pays a child that moves."""
        program, allowed = entry.one("program", Program), term_programs.months(term)
        first: date | None = entry.value("first_month", date, None)
        last: date | None = entry.value("last_month", date, None)
        for field, month in (("first_month", first), ("last_month", last)):
            if month and (month not in allowed or (first and month < first)):
                raise entry.refused(BadValue, field=field, value=month)
        facts = {"pays": entry.choice("pays", Pays, Pays.NEW_SCHOOL), "first_month": first, "last_month": last}
        entry.end()
        return program, facts

    def _standards(self) -> None:
        kept, seen = self._kept("standard"), Seen()
        for entry in self.file.entries("standard"):
            first, basis = entry.day("valid_from"), entry.choice("basis", Basis, Basis.FIXED)
            same = {
                "program": entry.one("program", Program),
                "stage": entry.one_or_none("stage", Stage),
                "school_kind": entry.one_or_none("school_kind", SchoolKind),
                "ownership": self._choice_or_none(entry, "ownership", Ownership),
                "category": entry.one_or_none("category", HardshipCategory),
                "tier": entry.text("tier", ""),
                "valid_from": first,
            }
            seen.add(entry, *same.values())
            facts = {
                "basis": basis,
                "amount_fen": None if basis == Basis.SCHOOL_FEE else entry.fen("amount"),
                "valid_to": entry.last_day("valid_to", first=first),
                "document_no": entry.text("document_no"),
                "note": entry.text("note", ""),
            }
            row = Standard.objects.get_queryset().filter(**same).first() or Standard(**same)
            if not kept(entry, standards.key(row)):
                self._write(entry, row, facts, {})
        self._refuse_overlaps(Standard, "program_id", "stage_id", "school_kind_id", "ownership", "category_id", "tier")

    def _choice_or_none(self, entry: Entry, field: str, choices: type[models.TextChoices]) -> str:
        return entry.choice(field, choices) if entry.value(field, str, None) else ""

    def _rules(self) -> None:
        kept, seen = self._kept("rule"), Seen()
        for entry in self.file.entries("rule"):
            program, first = entry.one("program", Program), entry.day("valid_from")
            position = entry.number_of("position")
            seen.add(entry, program, position, first)
            grades = Grade.objects.filter(stage__in=program.stages.all()).values_list("name", flat=True)
            facts = {
                "description": entry.text("description"),
                "levels": entry.codes("levels", Level.values),
                "grades": entry.codes("grades", grades),
                "ownerships": entry.codes("ownerships", Ownership.values),
                "is_boarding": entry.value("is_boarding", bool, None),
                "is_rural": entry.value("is_rural", bool, None),
                "is_county_town": entry.value("is_county_town", bool, None),
                "is_registered": entry.value("is_registered", bool, None),
                "tier": entry.text("tier", ""),
                "valid_to": entry.last_day("valid_to", first=first),
                "document_no": entry.text("document_no"),
            }
            groups = entry.codes("groups", CategoryGroup.values)
            categories = entry.codes("categories", codes_of(HardshipCategory))
            which = models.Q(group__in=groups) | models.Q(code__in=categories)
            several: dict[str, models.QuerySet[Any]] = {
                "categories": HardshipCategory.objects.filter(which),
                "stages": named_in(entry, "stages", Stage),
                "school_kinds": named_in(entry, "school_kinds", SchoolKind),
            }
            same = {"program": program, "position": position, "valid_from": first}
            row = Rule.objects.get_queryset().filter(**same).first() or Rule(**same)
            if not kept(entry, standards.key(row)):
                self._write(entry, row, facts, several)
        self._refuse_overlaps(Rule, "program_id", "position")

    def _write(
        self, entry: Entry, row: Standard | Rule, facts: dict[str, Any], several: dict[str, models.QuerySet[Any]]
    ) -> None:
        """A new row, or a known one brought up to date as far as no signed award rests on it."""
        if row.pk is not None:
            changed = standards.differing(row, {**facts, **several})
            if not changed:
                return
            terms, last = standards.terms_resting_on(row), facts["valid_to"] or date.max
            if terms and (set(changed) - standards.FREE or last < terms[-1].starts_on):
                raise entry.refused(RowInUse, term=terms[-1], what=f"{row.program} {row.valid_from}")
        for name, value in facts.items():
            setattr(row, name, value)
        row.save()
        for name, rows in several.items():
            getattr(row, name).set(rows)

    def _shares(self) -> None:
        """One entry is one split, for one or more programs: every payer's part of a thousand."""
        kept, seen = self._kept("shares"), Seen()
        for entry in self.file.entries("share"):
            first = entry.day("valid_from")
            parts = {payer: part for payer in Payer.values if (part := entry.number_of(payer, 0))}
            last, number = entry.last_day("valid_to", first=first), entry.text("document_no")
            for code in entry.codes("programs", codes_of(Program)):
                seen.add(entry, code, first)
                if not kept(entry, [code, str(first)]):
                    self._write_shares(entry, ShareSet(Program(code=code), first, last, number, parts))
        rows = Share.objects.order_by("program_id", "valid_from").values_list("program_id", "valid_from")
        for program, day in rows.distinct():
            total = sum(Share.objects.on(day).filter(program=program).values_list("per_mille", flat=True))
            if total != share_sets.WHOLE:
                raise SharesIncomplete(file=self.file.name, program=program, day=day, total=total)

    def _write_shares(self, entry: Entry, wanted: ShareSet) -> None:
        known = share_sets.find(wanted.program, wanted.valid_from)
        if known == wanted:
            return
        for term in share_sets.terms_shared_by(known) if known else []:
            if known and (known.parts != wanted.parts or (wanted.valid_to or date.max) < term.starts_on):
                raise entry.refused(RowInUse, term=term, what=f"{wanted.program.pk} {wanted.valid_from}")
        Share.objects.filter(program=wanted.program, valid_from=wanted.valid_from).delete()
        Share.objects.bulk_create(wanted.rows())

    def _exclusions(self) -> None:
        kept = self._kept("exclusion")
        for entry in self.file.entries("exclusion"):
            program, other = entry.one("program", Program), entry.one("other", Program)
            facts = {
                "severity": entry.choice("severity", Severity),
                "scope": entry.choice("scope", Scope, Scope.TERM),
                "document_no": entry.text("document_no", ""),
            }
            if not kept(entry, [program.pk, other.pk]) and not kept(entry, [other.pk, program.pk]):
                Exclusion.objects.update_or_create(program=program, other=other, defaults=facts)

    def _refuse_overlaps(self, model: type[models.Model], *key: str) -> None:
        """Of one key only one row may hold on a day, among the rows of this file and those of earlier ones."""
        columns = (*key, "valid_from", "valid_to")
        rows = model._default_manager.order_by(*key, "valid_from", "pk").values_list(*columns)
        for same, group in groupby(rows, key=lambda row: row[: len(key)]):
            for (*_key, first, last), (*_other, second, _last) in pairwise(group):
                if (last or date.max) >= second:
                    what = " · ".join(str(part) for part in same if part not in {None, ""})
                    raise Overlapping(file=self.file.name, what=what, first=first, second=second)
