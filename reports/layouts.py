"""The tables that a county hands in or keeps: which rows each has, and what its figures mean."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programs.choices import Payer
from programs.models import Program
from reports.choices import Layout
from reports.counting import Key, Kind, key_of
from reports.selections import NONE, Bearing, Selection
from schools.models import School, Stage, Term, Town
from students.choices import CategoryGroup
from students.models import HardshipCategory

_COMMON = gettext_lazy(
    "统计口径：县级已审定的资助，每名学生、每个项目、每个学期计 1 人次；金额为审定金额；人数按学生去重，"
    "各行各学期的人数不能相加，合计行的人数另行去重。“脱贫家庭及监测对象”按审定时的困难类型计入。"
    "年度为春季、秋季两学期，学年为秋季和次年春季两学期。"
)
DEFINITIONS = {
    Layout.PROGRAMS: "",
    Layout.STAGES: gettext_lazy(
        "学段为审定时的学段。“财政下达”为有效指标文下达的金额（不含结转），跨学段的项目不分学段，只计入合计。"
    ),
    Layout.CATEGORIES: gettext_lazy(
        "每条资助按审定时排在最前的一个困难类型统计，不重复；同一学生的资助分属两类时，两类各计 1 人，合计 1 人。"
    ),
    Layout.SCHOOLS: gettext_lazy("学校为审定时的学校；乡镇为学校现在所在的乡镇。"),
    Layout.PAYERS: gettext_lazy(
        "每条资助的金额按学期第一天的分担比例分给各级，精确到分，尾数归余数大的一级，与发放批次审核时的分担规则相同；"
        "人数、人次为该级承担了资金的学生和资助，一条资助由几级承担时在各级都计，因此各级的人数、人次不能相加，金额可以相加。"
    ),
}


PAYERS = [*Payer.choices, (NONE, gettext_lazy("没有录入分担比例"))]


def definition(layout: str) -> str:
    """What the figures of a table count, in the office's words (口径)."""
    return f"{_COMMON}{DEFINITIONS[Layout(layout)]}"


def definition_of(selection: Selection) -> str:
    """The same of one figure: what the table says in which it stands."""
    if selection.payer:
        return definition(Layout.PAYERS)
    if selection.school or selection.town:
        return definition(Layout.SCHOOLS)
    return definition(Layout.CATEGORIES if selection.category or selection.group else Layout.PROGRAMS)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its words, what narrows its figures, and whether it is a part of the row above it."""

    label: str
    words: dict[str, str]
    is_part: bool = False

    @property
    def is_total(self) -> bool:
        return not self.words

    @property
    def is_below_total(self) -> bool:
        """A stage's part of the total of all programs."""
        return self.is_part and self.words.keys() == {"stage"}

    @property
    def key(self) -> Key:
        return key_of(self.words)


class Shape:
    """How a table is laid out: the columns of an award that it looks at, and the rows that they belong to."""

    columns: tuple[str, ...]
    head: Any
    names_single_parts = True
    """Whether a part is shown where it is the only one of its row."""

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        """The rows in which an award of this kind counts, the total included."""
        raise NotImplementedError

    def rows(self) -> Iterator[Row]:
        """All rows that could be, in their order, the total last."""
        raise NotImplementedError


class _ByTwo(Shape):
    """Rows of the first column, with the parts by the second one beneath."""

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        first, second = ((name, word) for name, word in zip(self.columns, kind, strict=True))
        yield (), None
        yield (first,), None
        yield key_of(dict((first, second))), None


class Programs(_ByTwo):
    columns = ("program", "stage")
    head = gettext_lazy("资助项目 / 学段")
    names_single_parts = False

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        yield from super().rows_of(term, kind)
        yield (("stage", kind[1]),), None

    def rows(self) -> Iterator[Row]:
        stages = list(Stage.objects.all())
        for program in Program.objects.all():
            yield Row(str(program), {"program": program.pk})
            for stage in stages:
                yield Row(str(stage), {"program": program.pk, "stage": stage.pk}, is_part=True)
        yield Row(_("合计"), {})
        for stage in stages:
            yield Row(str(stage), {"stage": stage.pk}, is_part=True)


class Stages(_ByTwo):
    columns = ("stage", "program")
    head = gettext_lazy("学段 / 资助项目")

    def rows(self) -> Iterator[Row]:
        programs = list(Program.objects.all())
        for stage in Stage.objects.all():
            yield Row(str(stage), {"stage": stage.pk})
            for program in programs:
                yield Row(str(program), {"stage": stage.pk, "program": program.pk}, is_part=True)
        yield Row(_("合计"), {})


class Categories(Shape):
    columns = ("category",)
    head = gettext_lazy("困难类型")

    def __init__(self) -> None:
        self._categories = list(HardshipCategory.objects.all())
        self._groups = {category.pk: category.group for category in self._categories}

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        (category,) = kind
        yield (), None
        if category is None:
            yield (("group", NONE),), None
        else:
            yield (("group", self._groups[category]),), None
            yield (("category", category),), None

    def rows(self) -> Iterator[Row]:
        for group in CategoryGroup:
            yield Row(str(group.label), {"group": group.value})
            for category in self._categories:
                if category.group == group:
                    yield Row(str(category), {"category": category.pk}, is_part=True)
        yield Row(_("没有困难类型"), {"group": NONE})
        yield Row(_("合计"), {})


class Schools(Shape):
    columns = ("school",)
    head = gettext_lazy("乡镇 / 学校")

    def __init__(self) -> None:
        self._places = {pk: (code, town) for pk, code, town in School.objects.values_list("pk", "code", "town")}

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        code, town = self._places[kind[0]]
        yield (), None
        yield (("town", town),), None
        yield (("school", code),), None

    def rows(self) -> Iterator[Row]:
        by_town: dict[str, list[tuple[str, str]]] = {}
        for town, code, name in School.objects.order_by("code").values_list("town", "code", "name"):
            by_town.setdefault(town, []).append((code, name))
        for place in Town.objects.all():
            yield Row(str(place), {"town": place.pk})
            for code, name in by_town.get(place.pk, ()):
                yield Row(name, {"school": code}, is_part=True)
        yield Row(_("合计"), {})


class Payers(Shape):
    columns = ("program", "amount_fen")
    head = gettext_lazy("资金来源 / 资助项目")

    def __init__(self, terms: list[Term]) -> None:
        self._bearing = Bearing(terms)

    def rows_of(self, term: str, kind: Kind) -> Iterable[tuple[Key, int | None]]:
        program, amount_fen = kind
        yield (), None
        for payer, fen in self._bearing.parts(term, program, amount_fen).items():
            yield (("payer", payer),), fen
            yield (("payer", payer), ("program", program)), fen

    def rows(self) -> Iterator[Row]:
        programs = list(Program.objects.all())
        for payer, label in PAYERS:
            yield Row(str(label), {"payer": payer})
            for program in programs:
                yield Row(str(program), {"payer": payer, "program": program.pk}, is_part=True)
        yield Row(_("合计"), {})


def shape(layout: str, terms: list[Term]) -> Shape:
    """The shape of a table over these terms."""
    if layout == Layout.PAYERS:
        return Payers(terms)
    shapes: dict[str, type[Shape]] = {
        Layout.PROGRAMS: Programs,
        Layout.STAGES: Stages,
        Layout.CATEGORIES: Categories,
        Layout.SCHOOLS: Schools,
    }
    return shapes[layout]()
