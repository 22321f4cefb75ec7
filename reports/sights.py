"""What the page of a table shows beside its figures: tabs, drawings, and which rows are folded away."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from common import money
from reports.choices import Layout
from reports.counting import by_term
from reports.grids import Cell, Grid, Line
from reports.scopes import counted, scopes, terms_of
from reports.templatetags.figures import WAN
from schools.models import School, Term, Town, term_name

MOST_ROWS = 150
"""The page of a county with more schools shows its towns; a town is opened to its schools."""
MOST_BARS = 8
TERMS_BACK = 6
_CHARACTERS = 40
"""Characters that stand side by side below the bars of a drawing."""


@dataclass(frozen=True)
class Link:
    """A tab: its words, where it leads, whether it is the one in sight."""

    label: str
    url: str
    is_current: bool = False


class Sight:
    """One table in one unit."""

    def __init__(self, table: Grid, unit: str) -> None:
        self.table, self.unit = table, unit

    @property
    def unit_name(self) -> str:
        return _("万元") if self.unit == WAN else _("元")

    def _address(self, *, scope: str = "", layout: str = "", unit: str = "", name: str = "reports:report") -> str:
        words = {"layout": layout or self.table.layout, "unit": unit or self.unit}
        kept = {key: word for key, word in words.items() if word not in (Layout.PROGRAMS, "yuan")}
        path = reverse(name, args=[scope or self.table.scope])
        return f"{path}?{urlencode(kept)}" if kept else path

    def layouts(self) -> list[Link]:
        return [
            Link(str(label), self._address(layout=layout), layout == self.table.layout)
            for layout, label in Layout.choices
        ]

    def scopes(self) -> list[Link]:
        """Every year, and of the year in sight its terms and the school year that ends in it."""
        here = self.table.scope[-4:] if "-" in self.table.scope else self.table.scope[:4]
        return [
            Link(name, self._address(scope=code), code == self.table.scope)
            for code, name in scopes()
            if len(code) == 4 or (code[-4:] if "-" in code else code[:4]) == here
        ]

    @property
    def other_unit(self) -> Link:
        if self.unit == WAN:
            return Link(_("按元显示"), self._address(unit="yuan"))
        return Link(_("按万元显示"), self._address(unit=WAN))

    @property
    def paper_url(self) -> str:
        return self._address(name="reports:paper")

    @property
    def export_url(self) -> str:
        return self._address(name="reports:export")

    @property
    def csv_url(self) -> str:
        address = self._address(name="reports:export")
        return f"{address}{'&' if '?' in address else '?'}as=csv"

    @property
    def crossfoot_url(self) -> str:
        return reverse("reports:crossfoot", args=[self.table.scope])

    @property
    def compare_url(self) -> str:
        """Beside an earlier one."""
        layout = Layout.CATEGORIES if self.table.has_groups else self.table.layout
        words = {"layout": layout, "later": self.table.scope}
        return f"{reverse('reports:compare')}?{urlencode(words)}"

    # Drawings

    @cached_property
    def parts(self) -> list[tuple[Line, Cell]]:
        """The rows that make up the total, each with its figure."""
        return self.table.outer()

    @property
    def bars(self) -> list[tuple[str, float, bool]]:
        """Money of the rows in ten thousands, where there are several and not too many."""
        if not 2 <= len(self.parts) <= MOST_BARS:
            return []
        room = max(_CHARACTERS // len(self.parts), 3)
        return [
            (_short(line.row.short or line.label, room), _in_wan(cell.count.amount_fen), False)
            for line, cell in self.parts
        ]

    @cached_property
    def course(self) -> list[tuple[str, float, bool]]:
        """Money of the terms up to the last one of the table, in ten thousands."""
        covered = terms_of(self.table.scope)
        last = max(term.starts_on for term in covered)
        terms = list(Term.objects.filter(starts_on__lte=last).order_by("-starts_on")[:TERMS_BACK])[::-1]
        known = by_term(counted(terms))
        if len(known) < 2:
            return []
        return [
            (_term_short(term.pk), _in_wan(known[term.pk].amount_fen), term in covered)
            for term in terms
            if term.pk in known
        ]


def _in_wan(fen: int) -> float:
    return float(money.wan(fen).replace(",", ""))


def _term_short(code: str) -> str:
    return term_name(code).removesuffix("季学期") if code[4:] else term_name(code)


def _short(label: str, room: int) -> str:
    """As much of a name as stands below a bar."""
    return label if len(label) <= room else label[: room - 1] + "…"


def fold(layout: str, town: Town | None) -> str | None:
    """The one town whose schools a page shows, "" where it shows towns only; None where there is nothing to fold."""
    if layout != Layout.SCHOOLS or School.objects.count() <= MOST_ROWS:
        return None
    return town.pk if town else ""


def others() -> list[Link]:
    """Pages of reports that stand beside the tables."""
    return [
        Link(_("年度总结"), reverse("reports:summary")),
        Link(_("公开文稿核对"), reverse("reports:published")),
    ]
