"""The tables that a county hands in or keeps: which rows each has, and what its figures mean."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Case, F, When
from django.db.models.expressions import Combinable
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programs.choices import Payer
from programs.models import Program
from reports.choices import Layout
from reports.counting import Key, Part, key_of
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
        "学段为审定时的学段。“财政下达”为有效指标文下达的金额（不含结转），跨学段的项目不分学段，只计入合计，有这类项目的学段不列。"
    ),
    Layout.CATEGORIES: gettext_lazy(
        "每条资助按审定时排在最前的一个困难类型统计，不重复；同一学生的资助分属两类时，两类各计 1 人，合计 1 人。"
    ),
    Layout.GROUPS: gettext_lazy(
        "每条资助按审定时排在最前的一个困难类型统计，不重复，各类的人次、金额相加等于合计；同一学生的资助分属两类时，"
        "两类各计 1 人，合计 1 人。上半部分按学段，下半部分为全县各项目。"
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
    short: str = ""
    """The office's short name of a program: as much as stands below a bar."""

    @property
    def is_total(self) -> bool:
        return not self.words

    @property
    def is_below_total(self) -> bool:
        """A stage's or a program's part of the total."""
        return self.is_part and self.words.keys() in ({"stage"}, {"program"})

    @property
    def key(self) -> Key:
        return key_of(self.words)


class Shape:
    """How a table is laid out: the columns of an award that it looks at, and the rows that they belong to."""

    columns: tuple[str | Combinable, ...]
    head: Any
    names_single_parts = True
    """Whether a part is shown where it is the only one of its row."""
    has_groups = False
    """Whether its columns are the groups of hardship, of the scope alone, instead of its terms and the poor of each."""

    def group_of(self, words: Sequence[str]) -> str:
        """The group whose column such awards count in."""
        return ""

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        """The rows in which an award with these words counts, the total included."""
        raise NotImplementedError

    def rows(self) -> Iterator[Row]:
        """All rows that could be, in their order, the total last."""
        raise NotImplementedError


class _ByTwo(Shape):
    """Rows of the first column, with the parts by the second one beneath."""

    columns: tuple[str, str]

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        first, second = ((name, word) for name, word in zip(self.columns, words, strict=True))
        yield (), None
        yield (first,), None
        yield key_of(dict((first, second))), None


class Programs(_ByTwo):
    columns = ("program", "stage")
    head = gettext_lazy("资助项目 / 学段")
    names_single_parts = False

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        yield from super().rows_of(term, words, fen)
        yield (("stage", words[1]),), None

    def rows(self) -> Iterator[Row]:
        stages = list(Stage.objects.all())
        for program in Program.objects.all():
            yield Row(str(program), {"program": program.pk}, short=program.short_name)
            for stage in stages:
                yield Row(str(stage), {"program": program.pk, "stage": stage.pk}, is_part=True)
        yield Row(_("合计"), {})
        for stage in stages:
            yield Row(str(stage), {"stage": stage.pk}, is_part=True)


class Stages(_ByTwo):
    columns = ("stage", "program")
    head = gettext_lazy("学段 / 资助项目")

    def rows(self) -> Iterator[Row]:
        return _stages_with(list(Program.objects.all()))


def _stages_with(programs: list[Program]) -> Iterator[Row]:
    """Every stage with these programs beneath, and the total."""
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

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        (category,) = words
        yield (), None
        if category:
            yield (("group", self._groups[category]),), None
            yield (("category", category),), None
        else:
            yield (("group", NONE),), None

    def rows(self) -> Iterator[Row]:
        for group in CategoryGroup:
            yield Row(str(group.label), {"group": group.value})
            for category in self._categories:
                if category.group == group:
                    yield Row(str(category), {"category": category.pk}, is_part=True)
        yield Row(_("没有困难类型"), {"group": NONE})
        yield Row(_("合计"), {})


class Groups(Shape):
    """Stages with their programs, then all programs; the groups of hardship side by side."""

    columns = ("stage", "program", "category")
    head = gettext_lazy("学段 / 资助项目")
    has_groups = True

    def __init__(self) -> None:
        self._groups = dict(HardshipCategory.objects.values_list("code", "group"))

    def group_of(self, words: Sequence[str]) -> str:
        return self._groups[words[2]] if words[2] else NONE

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        stage, program, _category = words
        yield (), None
        yield (("stage", stage),), None
        yield (("program", program), ("stage", stage)), None
        yield (("program", program),), None

    def rows(self) -> Iterator[Row]:
        programs = list(Program.objects.all())
        yield from _stages_with(programs)
        for program in programs:
            yield Row(str(program), {"program": program.pk}, is_part=True)


class Schools(Shape):
    head = gettext_lazy("乡镇 / 学校")

    def __init__(self, fold: str | None) -> None:
        """Every school, or where a town is given the towns and the schools of that one; of none where it is ""."""
        school = Case(When(school__town=fold, then=F("school"))) if fold is not None else F("school")
        self.columns = ("school__town", school)
        schools = School.objects.order_by("code")
        self._schools = list(schools if fold is None else schools.filter(town=fold))

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        town, school = words
        yield (), None
        yield (("town", town),), None
        if school:
            yield (("school", self._codes[school]),), None

    @cached_property
    def _codes(self) -> dict[str, str]:
        return {str(school.pk): school.code for school in self._schools}

    def rows(self) -> Iterator[Row]:
        by_town: dict[str, list[School]] = {}
        for school in self._schools:
            by_town.setdefault(school.town_id, []).append(school)
        for place in Town.objects.all():
            yield Row(str(place), {"town": place.pk})
            for school in by_town.get(place.pk, ()):
                yield Row(school.name, {"school": school.code}, is_part=True)
        yield Row(_("合计"), {})


class Payers(Shape):
    columns = ("program",)
    head = gettext_lazy("资金来源 / 资助项目")

    def __init__(self, terms: list[Term]) -> None:
        self._bearing = Bearing(terms)

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        (program,) = words
        yield (), None
        for payer, part in self._bearing.parts(term, program, fen).items():
            yield (("payer", payer),), part
            yield (("payer", payer), ("program", program)), part

    def rows(self) -> Iterator[Row]:
        programs = list(Program.objects.all())
        for payer, label in PAYERS:
            yield Row(str(label), {"payer": payer})
            for program in programs:
                yield Row(str(program), {"payer": payer, "program": program.pk}, is_part=True)
        yield Row(_("合计"), {})


def shape(layout: str, terms: list[Term], *, fold: str | None = None) -> Shape:
    """The shape of a table over these terms. `fold` is for `Schools`."""
    shapes: dict[str, Callable[[], Shape]] = {
        Layout.PROGRAMS: Programs,
        Layout.STAGES: Stages,
        Layout.CATEGORIES: Categories,
        Layout.GROUPS: Groups,
        Layout.SCHOOLS: partial(Schools, fold),
        Layout.PAYERS: partial(Payers, terms),
    }
    return shapes[layout]()
