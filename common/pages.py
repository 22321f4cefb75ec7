'''List pages: one view gives the page, and to htmx the part of it that changes.

A list view asks for rows, lets a filter form narrow them, and hands one page over::

    @needs(*READERS_AND_SCHOOL)
    def rosters(request: SignedInRequest) -> HttpResponse:
        """Every school's rosters of the term."""
        form = RosterFilter(request.GET)                       # a common.forms.FilterForm
        rows = form.narrow(Roster.objects.visible_to(request.user).filter(term=request.term))
        counts = counts_by(rows, "state")                      # one grouped COUNT for tabs and total
        tab = chosen(request, "tab", RosterState.values)
        if tab:
            rows = rows.filter(state=tab)
        rows = sorted_by(request, rows.for_list(), {"school": "school__code", "rows": "rows_read"})
        return render_list(
            request,
            "students/rosters.html",
            part="students/_rosters.html",
            context={
                "form": form,
                "tabs": tabs_of(request, RosterState.choices, counts),
                "page": page_of(request, rows, count=counts.get(tab) if tab else sum(counts.values())),
            },
        )

The page (`students/rosters.html`) fills the blocks of `ui/list_page.html`; the filter form is drawn from
`form`, the list from the part::

    {% extends "ui/list_page.html" %}
    {% block title %}{% trans "花名册" %}{% endblock %}
    {% block head %}
      {% crumbs %}<a href="{% url 'home' %}">{% trans "工作台" %}</a>{% here _("花名册") %}{% endcrumbs %}
      {% page_head title=_("花名册") sub=_("各校本学期的全部学生。") %}
        <a class="btn btn-primary" href="{% url 'students:roster-upload' %}">{% icon "upload" %}{% trans "上传" %}</a>
      {% endpage_head %}
    {% endblock %}

The part (`students/_rosters.html`) is tabs, toolbar, table or empty state, pager. It never repeats the head::

    {% include "ui/tabs.html" %}
    {% toolbar form %}{% blocktrans with n=page.total|intcomma %}共 <b>{{ n }}</b> 份{% endblocktrans %}{% endtoolbar %}
    {% if page.object_list %}
    <div class="tablewrap dim" tabindex="0" role="region" aria-label="{% trans '花名册列表' %}">
      <table class="table cards-s">
        <thead><tr>
          <th>{% sort_link "school" _("学校") %}</th><th class="num">{% sort_link "rows" _("数据行") %}</th>
          <th>{% trans "状态" %}</th><th>{% trans "上传时间" %}</th>
        </tr></thead>
        <tbody>{% for roster in page %}<tr>
          <td class="c-name"><a class="strong" href="{{ roster.get_absolute_url }}">{{ roster.school }}</a></td>
          <td class="num c-amt">{{ roster.rows_read|intcomma }}</td>
          <td class="c-status">{% status roster %}</td>
          <td class="muted nowrap small hide-s">{{ roster.uploaded_at|date:"Y-m-d H:i" }}</td>
        </tr>{% endfor %}</tbody>
      </table>
    </div>
    {% include "ui/pager.html" %}
    {% else %}
    {% include "ui/no_match.html" %}
    {% endif %}

Below 860 px a `cards-s` table becomes cards: `c-name` and `c-status` form the first line, `c-amt` and
`c-side` stand right, `c-wide` takes the whole line, `data-label="…"` names a cell, `hide-s` leaves it out.
A list page costs the same queries for 1 row and for 20.
'''

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from common.forms import number_of

SIZES = (20, 50, 100)
_KEPT = ("tab", "sort", "size")

Rows = TypeVar("Rows", bound=QuerySet[Any])


class _CountedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that is told the number of rows where the view knows it already."""

    def __init__(self, rows: Any, size: int, count: int | None) -> None:
        super().__init__(rows, size)
        self._known = count

    @cached_property
    def count(self) -> int:
        return super().count if self._known is None else self._known


class ListPage(Page[Any]):
    """One page of a list with what its pager shows."""

    sizes: Sequence[int]

    @property
    def total(self) -> int:
        return self.paginator.count

    @property
    def size(self) -> int:
        return self.paginator.per_page

    @property
    def numbers(self) -> Iterable[int | str]:
        return self.paginator.get_elided_page_range(self.number, on_each_side=2, on_ends=1)


def page_of(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], *, count: int | None = None, sizes: Sequence[int] = SIZES
) -> ListPage:
    """The page that the address asks for (`page`, `size`); a number out of range gives the nearest one.

    Pass `count` where a grouped count knows it, so that no second COUNT runs.
    """
    asked = number_of(request.GET.get("size", ""))
    size = asked if asked is not None and asked in sizes else sizes[0]
    paginator = _CountedPaginator(rows, size, count)
    found = paginator.get_page(request.GET.get("page"))
    page = ListPage(list(found.object_list), found.number, paginator)
    page.sizes = sizes
    return page


def wide_page_of(
    request: HttpRequest, rows: QuerySet[Any], *, count: int | None = None, sizes: Sequence[int] = SIZES
) -> ListPage:
    """The same for rows with many columns, of which there may be tens of thousands.

    Only keys are put in order; the page's own rows are loaded by them. (2,700 awards on SQLite: 4 ms instead
    of 30, and both grow with the rows.)
    """
    page = page_of(request, rows.values_list("pk", flat=True), count=count, sizes=sizes)
    if page.object_list:
        page.object_list = list(rows.filter(pk__in=page.object_list))
    return page


def chosen(request: HttpRequest, name: str, values: Iterable[str]) -> str:
    """The value of a parameter if it is one of `values`, else nothing: addresses are typed by people too."""
    value = request.GET.get(name, "")
    return value if value in set(values) else ""


def counts_by(rows: QuerySet[Any], field: str) -> dict[str, int]:
    """How many rows there are for each value of a field, in one grouped COUNT."""
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk")))


@dataclass(frozen=True)
class Tab:
    """One tab over a list; without a key it is the whole list."""

    key: str
    label: str
    count: int | None
    is_current: bool
    url: str


def tabs_of(
    request: HttpRequest,
    choices: Iterable[tuple[str, Any]],
    counts: Mapping[str, int] | None = None,
    *,
    name: str = "tab",
    everything: str | None = None,
) -> list[Tab]:
    """Tabs for the choices of a state, the first one for all of them."""
    choices = list(choices)
    current = chosen(request, name, (key for key, _label in choices))
    whole = None if counts is None else sum(counts.values())
    tabs = [("", everything or _("全部"), whole)]
    tabs += [(key, str(label), None if counts is None else counts.get(key, 0)) for key, label in choices]
    return [Tab(key, label, n, key == current, _address(request, **{name: key})) for key, label, n in tabs]


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def sorted_by(request: HttpRequest, rows: Rows, keys: Mapping[str, str]) -> Rows:
    """Order rows as the address asks (`sort=name`, `sort=-name`), else leave them as they are."""
    asked = request.GET.get("sort", "")
    field = keys.get(asked.lstrip("-"))
    if field is None:
        return rows
    return rows.order_by(f"-{field}" if asked.startswith("-") else field, "pk")


def render_list(request: HttpRequest, template: str, *, part: str, context: Mapping[str, Any]) -> HttpResponse:
    """The whole page, or the part of it that htmx asked for. The page includes the same part."""
    htmx = request.htmx  # type: ignore[attr-defined]
    wants_part = bool(htmx) and not htmx.history_restore_request
    kept = [(name, request.GET[name]) for name in _KEPT if request.GET.get(name)]
    return render(request, "ui/list.html" if wants_part else template, {**context, "part": part, "kept": kept})
