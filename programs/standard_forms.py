"""What county staff fill in about programs, standards, rules, shares and documents. Forms clean; they never save."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, TidyCharField
from common.money import parse_fen, yuan
from jobs.forms import PaperField
from programs import standards, term_programs
from programs.choices import Basis, Level, Payee, Payer, Pays, ProgramKind, Scope, Severity, Way
from programs.models import Exclusion, Program, Rule, Standard, TermProgram
from programs.share_sets import ShareSet, terms_shared_by
from programs.term_programs import CarriedOut
from schools.choices import Ownership
from schools.models import Grade, SchoolKind, Stage, Term
from students.models import HardshipCategory

LONGEST_NUMBER = 60
_EITHER = [("", _("不限"))]
_OTHER = "other"


def _beside_each_other() -> forms.CheckboxSelectMultiple:
    return forms.CheckboxSelectMultiple(attrs={"class": "choices"})


class NumberField(forms.CharField):
    """A document's number as it stands on the paper, brackets and all; known ones are proposed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("文号"))
        kwargs.setdefault("help_text", _("写依据的文件，例：财教〔2024〕181号。录入过的文件会出现在候选里。"))
        attrs = {"list": "known-documents", "autocomplete": "off"}
        super().__init__(max_length=LONGEST_NUMBER, widget=forms.TextInput(attrs=attrs), **kwargs)


class YesNoField(forms.TypedChoiceField):
    """A condition that asks for one of two things, or for nothing."""

    def __init__(self, *, yes: Any, no: Any, **kwargs: Any) -> None:
        super().__init__(
            choices=[*_EITHER, ("yes", yes), ("no", no)],
            coerce=lambda word: word == "yes",
            empty_value=None,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value)


class SeveralField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows of which any fits; none chosen asks for nothing."""

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(queryset, widget=_beside_each_other(), **kwargs)


class _Beginning(forms.Form):
    """From which term or day something holds."""

    begins = forms.ChoiceField(label=_("从哪个学期起执行"))
    other_day = DayField(
        label=_("其他起始日期"), required=False, help_text=_("上面选了“其他日期”才填，写文件规定的执行日期。")
    )

    def offer(self, days: Iterable[tuple[date, Term]], *, now: date | None = None) -> None:
        """Offer the first days of terms, the latest first; `now` is the day that holds so far."""
        terms = [(str(day), _("%(term)s起（%(day)s）") % {"term": term, "day": day}) for day, term in days]
        choices = [("", _("请选择")), *reversed(terms), (_OTHER, _("其他日期"))]
        self.fields["begins"].choices = choices  # type: ignore[attr-defined]
        if now is not None:
            self.initial["begins"] = str(now) if str(now) in dict(terms) else _OTHER
            self.initial["other_day"] = None if str(now) in dict(terms) else now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        begins, day = cleaned.get("begins"), cleaned.get("other_day")
        if "other_day" not in self.errors:
            if begins == _OTHER and not day:
                self.add_error("other_day", forms.ValidationError(_("请填写起始日期。"), code="beginning-missing"))
            elif begins and begins != _OTHER and day:
                words = _("已经选了学期，这里不要再填；要用这个日期请在上面选“其他日期”。")
                self.add_error("other_day", forms.ValidationError(words, code="beginning-twice"))
        return cleaned

    @property
    def valid_from(self) -> date:
        chosen: str = self.cleaned_data["begins"]
        other: date = self.cleaned_data["other_day"]
        return other if chosen == _OTHER else date.fromisoformat(chosen)


class _End(forms.Form):
    valid_to = DayField(label=_("执行到哪一天"), required=False, help_text=_("一直执行就不填；新文件下来后用“接续”。"))


class _Amount(forms.Form):
    """What a child gets, and where that is written."""

    basis = forms.ChoiceField(label=_("计算方式"), choices=Basis.choices, initial=Basis.FIXED)
    amount = TidyCharField(
        label=_("每生每学期（元）"),
        max_length=30,
        required=False,
        help_text=_("文件写的是全年金额时填一半。按学校核定收费、没有限额的不填。"),
    )
    document_no = NumberField()
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        text, by_fee = cleaned.get("amount", ""), cleaned.get("basis") == Basis.SCHOOL_FEE
        if "amount" in self.errors:
            return cleaned
        if by_fee:
            cleaned["amount_fen"] = None
            if text:
                words = _("按学校核定收费时没有固定金额；有上限的请选“不超过限额”。")
                self.add_error("amount", forms.ValidationError(words, code="amount"))
            return cleaned
        try:
            fen = parse_fen(text) if text else 0
        except ValueError:
            self.add_error(
                "amount", forms.ValidationError(_("看不懂这个金额，请写成 1,000.00 的样子。"), code="amount")
            )
            return cleaned
        if fen <= 0:
            self.add_error("amount", forms.ValidationError(_("请填写大于零的金额。"), code="amount"))
        cleaned["amount_fen"] = fen
        return cleaned

    @property
    def worth(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("basis", "amount_fen", "document_no", "note")}


def _worth_of(standard: Standard) -> dict[str, Any]:
    amount = "" if standard.amount_fen is None else yuan(standard.amount_fen)
    return {"basis": standard.basis, "amount": amount, "document_no": standard.document_no, "note": standard.note}


class StandardForm(_End, _Amount, _Beginning):
    """A standard as a whole: for whom, how much, from when, by which document."""

    stage = forms.ModelChoiceField(Stage.objects.none(), label=_("学段"), required=False, empty_label=_("全部学段"))
    school_kind = forms.ModelChoiceField(
        SchoolKind.objects.none(), label=_("学校类型"), required=False, empty_label=_("不限")
    )
    ownership = forms.ChoiceField(label=_("办别"), choices=[*_EITHER, *Ownership.choices], required=False)
    category = forms.ModelChoiceField(
        HardshipCategory.objects.all(),
        label=_("困难类型"),
        required=False,
        empty_label=_("不限"),
        help_text=_("只有同一项目里不同困难类型金额不同时才选。"),
    )
    tier = forms.CharField(
        label=_("档次"), max_length=20, required=False, help_text=_("不分档就不填。写法要和享受条件里的档次一致。")
    )
    field_order = [
        "stage", "school_kind", "ownership", "category", "tier", "basis", "amount",
        "begins", "other_day", "valid_to", "document_no", "note",
    ]  # fmt: skip

    def __init__(self, *args: Any, program: Program, standard: Standard | None = None, **kwargs: Any) -> None:
        if standard is not None:
            whom = {name: getattr(standard, name) for name in standards.WHOM}
            kwargs["initial"] = {**whom, **_worth_of(standard), "valid_to": standard.valid_to}
        super().__init__(*args, **kwargs)
        _narrow(self, "stage", program.stages.all())
        _narrow(self, "school_kind", SchoolKind.objects.filter(stages__in=program.stages.all()).distinct())
        self.offer(standards.beginnings(), now=standard.valid_from if standard else None)

    @property
    def facts(self) -> dict[str, Any]:
        whom = {name: self.cleaned_data[name] for name in standards.WHOM}
        return {**whom, **self.worth, "valid_from": self.valid_from, "valid_to": self.cleaned_data["valid_to"]}


class SucceedStandardForm(_Amount, _Beginning):
    """What holds for the same children from a later day on."""

    field_order = ["begins", "other_day", "basis", "amount", "document_no", "note"]

    def __init__(self, *args: Any, standard: Standard, **kwargs: Any) -> None:
        kwargs["initial"] = {**_worth_of(standard), "document_no": "", "note": ""}
        super().__init__(*args, **kwargs)
        self.offer(_later(standard))

    @property
    def facts(self) -> dict[str, Any]:
        return {**self.worth, "valid_from": self.valid_from}


class _Conditions(forms.Form):
    """What a rule asks of a child."""

    description = forms.CharField(
        label=_("条件（一句话）"), max_length=200, help_text=_("学校和家长看到的说法，例：认定为家庭经济困难的寄宿生")
    )
    categories = SeveralField(
        HardshipCategory.objects.all(), label=_("困难类型"), help_text=_("属于其中任何一类即可；都不选表示不要求。")
    )
    levels = forms.MultipleChoiceField(
        label=_("认定等级"),
        choices=[choice for choice in Level.choices if choice[0] != Level.NOT_POOR],
        required=False,
        widget=_beside_each_other(),
    )
    stages = SeveralField(Stage.objects.none(), label=_("学段"), help_text=_("都不选表示项目的全部学段。"))
    grades = forms.MultipleChoiceField(label=_("年级"), required=False, widget=_beside_each_other())
    school_kinds = SeveralField(SchoolKind.objects.none(), label=_("学校类型"))
    ownerships = forms.MultipleChoiceField(
        label=_("办别"), choices=Ownership.choices, required=False, widget=_beside_each_other()
    )
    is_boarding = YesNoField(label=_("住宿"), yes=_("寄宿生"), no=_("走读生"))
    is_rural = YesNoField(label=_("户口"), yes=_("农村户口"), no=_("非农村户口"))
    is_county_town = YesNoField(label=_("学校所在地"), yes=_("县城学校"), no=_("县城以外的学校"))
    is_registered = YesNoField(label=_("学籍"), yes=_("有学籍"), no=_("没有学籍"))
    tier = forms.CharField(
        label=_("给哪一档"), max_length=20, required=False, help_text=_("不分档就不填。写法要和标准里的档次一致。")
    )
    document_no = NumberField()

    ASKED = (
        "description", "categories", "levels", "stages", "grades", "school_kinds", "ownerships",
        "is_boarding", "is_rural", "is_county_town", "is_registered", "tier", "document_no",
    )  # fmt: skip

    def narrow(self, program: Program) -> None:
        stages = list(program.stages.all())
        _narrow(self, "stages", program.stages.all())
        _narrow(self, "school_kinds", SchoolKind.objects.filter(stages__in=stages).distinct())
        names = dict.fromkeys(Grade.objects.filter(stage__in=stages).values_list("name", flat=True))
        self.fields["grades"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.ASKED}


def _asked_by(rule: Rule) -> dict[str, Any]:
    initial = {name: getattr(rule, name) for name in _Conditions.ASKED}
    return {**initial, **{name: list(getattr(rule, name).all()) for name in standards.SEVERAL}}


class RuleForm(_End, _Conditions, _Beginning):
    """A rule as a whole."""

    position = forms.IntegerField(
        label=_("顺序"),
        min_value=1,
        max_value=999,
        help_text=_("一名学生符合几条时，以顺序靠前的一条为准（档次也由它决定）。"),
    )
    field_order = ["position", *_Conditions.ASKED[:-1], "begins", "other_day", "valid_to", "document_no"]

    def __init__(self, *args: Any, program: Program, rule: Rule | None = None, **kwargs: Any) -> None:
        if rule is not None:
            kwargs["initial"] = {**_asked_by(rule), "position": rule.position, "valid_to": rule.valid_to}
        else:
            last = Rule.objects.filter(program=program).order_by("-position").first()
            kwargs["initial"] = {"position": last.position + 1 if last else 1}
        super().__init__(*args, **kwargs)
        self.narrow(program)
        self.offer(standards.beginnings(), now=rule.valid_from if rule else None)

    @property
    def facts(self) -> dict[str, Any]:
        own = {name: self.cleaned_data[name] for name in ("position", "valid_to")}
        return {**self.asked, **own, "valid_from": self.valid_from}


class SucceedRuleForm(_Conditions, _Beginning):
    """What the same place among the rules asks from a later day on."""

    field_order = ["begins", "other_day", *_Conditions.ASKED]

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        kwargs["initial"] = {**_asked_by(rule), "document_no": ""}
        super().__init__(*args, **kwargs)
        self.narrow(rule.program)
        self.offer(_later(rule))

    @property
    def facts(self) -> dict[str, Any]:
        return {**self.asked, "valid_from": self.valid_from}


class _Parts(forms.Form):
    """Each payer's part in percent."""

    document_no = NumberField()

    def __init__(self, *args: Any, parts: dict[str, int] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for payer, label in Payer.choices:
            self.fields[payer] = forms.DecimalField(
                label=_("%(payer)s（%%）") % {"payer": label},
                min_value=0,
                max_value=100,
                max_digits=4,
                decimal_places=1,
                required=False,
                initial=Decimal(parts[payer]) / 10 if parts and payer in parts else None,
            )
        self.order_fields(["begins", "other_day", *Payer.values, "valid_to", "document_no"])

    @property
    def parts(self) -> dict[str, int]:
        return {payer: int((self.cleaned_data[payer] or 0) * 10) for payer in Payer.values}


class SharesForm(_Parts, _End, _Beginning):
    """Who bears a program from a day on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(standards.beginnings())

    @property
    def facts(self) -> dict[str, Any]:
        own = {name: self.cleaned_data[name] for name in ("valid_to", "document_no")}
        return {**own, "parts": self.parts, "valid_from": self.valid_from}


class ChangeSharesForm(_Parts, _End):
    """A set of parts put right; its first day stays."""

    def __init__(self, *args: Any, found: ShareSet, **kwargs: Any) -> None:
        kwargs["initial"] = {"valid_to": found.valid_to, "document_no": found.document_no}
        super().__init__(*args, parts=found.parts, **kwargs)

    @property
    def facts(self) -> dict[str, Any]:
        return {**{name: self.cleaned_data[name] for name in ("valid_to", "document_no")}, "parts": self.parts}


class SucceedSharesForm(_Parts, _Beginning):
    """Who bears the program from a later day on."""

    def __init__(self, *args: Any, found: ShareSet, **kwargs: Any) -> None:
        super().__init__(*args, parts=found.parts, **kwargs)
        decided = [term.starts_on for term in terms_shared_by(found)]
        self.offer(standards.beginnings(after=max([found.valid_from, *decided]), until=found.valid_to))

    @property
    def facts(self) -> dict[str, Any]:
        return {"document_no": self.cleaned_data["document_no"], "parts": self.parts, "valid_from": self.valid_from}


class ExclusionForm(forms.Form):
    """Two programs that do not go together."""

    other = forms.ModelChoiceField(Program.objects.none(), label=_("与哪个项目互斥"))
    severity = forms.ChoiceField(
        label=_("处理"),
        choices=Severity.choices,
        widget=forms.RadioSelect,
        initial=Severity.BLOCK,
        help_text=_("不得同时享受：只保留项目顺序靠前的一个。提醒：都保留，但列出来请人核对。"),
    )
    scope = forms.ChoiceField(
        label=_("范围"),
        choices=Scope.choices,
        widget=forms.RadioSelect,
        initial=Scope.TERM,
        help_text=_("同一月份：两个项目在学期里的月份不重叠时可以都享受。"),
    )
    document_no = NumberField(required=False)

    def __init__(self, *args: Any, program: Program, exclusion: Exclusion | None = None, **kwargs: Any) -> None:
        if exclusion is not None:
            names = ("severity", "scope", "document_no")
            kwargs["initial"] = {name: getattr(exclusion, name) for name in names}
        super().__init__(*args, **kwargs)
        if exclusion is not None:
            del self.fields["other"]
            return
        pairs = Exclusion.objects.filter(Q(program=program) | Q(other=program)).values_list("program", "other")
        known = {code for pair in pairs for code in pair} | {program.pk}
        _narrow(self, "other", Program.objects.exclude(pk__in=known))


class ProgramForm(forms.Form):
    """A program in words, and who puts children forward and is paid."""

    name = forms.CharField(label=_("项目名称"), max_length=50)
    short_name = forms.CharField(label=_("简称"), max_length=20, help_text=_("用在表格和名单里，越短越好。"))
    purpose = forms.CharField(
        label=_("用途"), max_length=200, required=False, help_text=_("文件怎么说的：这笔钱用来做什么。")
    )
    stages = SeveralField(
        Stage.objects.all(), label=_("学段"), required=True, error_messages={"required": _("请至少选择一个学段。")}
    )
    kind = forms.ChoiceField(
        label=_("形式"), choices=ProgramKind.choices, widget=forms.RadioSelect, initial=ProgramKind.MONEY
    )
    way = forms.ChoiceField(
        label=_("由谁提出"),
        choices=Way.choices,
        widget=forms.RadioSelect,
        initial=Way.AUTO,
        help_text=_("按情况自动提出：符合条件的学生都在名单上。由学校提名：符合条件并且学校报了名的才在名单上。"),
    )
    payee = forms.ChoiceField(label=_("收款方"), choices=Payee.choices, widget=forms.RadioSelect, initial=Payee.STUDENT)

    def __init__(self, *args: Any, program: Program | None = None, **kwargs: Any) -> None:
        if program is not None:
            names = ("name", "short_name", "purpose", "kind", "way", "payee")
            kwargs["initial"] = {name: getattr(program, name) for name in names} | {
                "stages": list(program.stages.all())
            }
        super().__init__(*args, **kwargs)


class DocumentForm(forms.Form):
    """A policy document with its file."""

    number = forms.CharField(label=_("文号"), max_length=LONGEST_NUMBER, help_text=_("例：财教〔2024〕181号"))
    title = forms.CharField(label=_("标题"), max_length=200)
    issued_on = DayField(label=_("发文日期"), required=False)
    file = PaperField(
        label=_("文件"),
        required=False,
        help_text=_("支持 PDF、图片、Word 和 Excel，不超过 20 MB；可以以后再传。"),
    )

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "title": self.cleaned_data["title"],
            "issued_on": self.cleaned_data["issued_on"],
            "brought": self.cleaned_data["file"],
        }


class ChangeDocumentForm(DocumentForm):
    """A document whose number is settled."""

    number = None  # type: ignore[assignment]


class TermProgramsForm(forms.Form):
    """All programs, and which of them a term carries out, in which months, with which school paying."""

    def __init__(self, *args: Any, term: Term, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programs = list(Program.objects.all())
        known = {row.program_id: row for row in TermProgram.objects.filter(term=term)}
        months = [(str(month), f"{month.year}-{month.month:02d}") for month in term_programs.months(term)]
        for program in self.programs:
            row = known.get(program.pk)
            self.fields[f"{program.pk}:on"] = forms.BooleanField(
                label=program.name, required=False, initial=row is not None
            )
            for end, label in (("first", _("起始月份")), ("last", _("截止月份"))):
                self.fields[f"{program.pk}:{end}"] = forms.TypedChoiceField(
                    label=label,
                    choices=[("", _("全学期")), *months],
                    coerce=date.fromisoformat,
                    empty_value=None,
                    required=False,
                    widget=forms.Select(attrs={"class": "input"}),
                    initial=str(getattr(row, f"{end}_month", None) or ""),
                )
            self.fields[f"{program.pk}:pays"] = forms.ChoiceField(
                label=_("学期内转学由谁发放"),
                choices=Pays.choices,
                widget=forms.Select(attrs={"class": "input"}),
                initial=row.pays if row else Pays.NEW_SCHOOL,
            )

    def lines(self) -> list[tuple[Program, Any, Any, Any, Any]]:
        """The fields of each program, for the table."""
        return [
            (program, *(self[f"{program.pk}:{name}"] for name in ("on", "first", "last", "pays")))  # type: ignore[misc]
            for program in self.programs
        ]

    @property
    def wanted(self) -> list[CarriedOut]:
        given = self.cleaned_data
        return [
            CarriedOut(
                program,
                given[f"{program.pk}:pays"],
                given[f"{program.pk}:first"],
                given[f"{program.pk}:last"],
            )
            for program in self.programs
            if given[f"{program.pk}:on"]
        ]


def _narrow(form: forms.Form, name: str, queryset: Any) -> None:
    form.fields[name].queryset = queryset  # type: ignore[attr-defined]


def _later(row: Standard | Rule) -> list[tuple[date, Term]]:
    """The days from which something else may hold: after what the signed awards of a row were decided by."""
    decided = [term.starts_on for term in standards.terms_resting_on(row)]
    return standards.beginnings(after=max([row.valid_from, *decided]), until=row.valid_to)
