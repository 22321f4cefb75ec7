"""The words of the templates: icons, masked numbers, money, marks, page anatomy and drawings.

Everything is made by the server without inline style or script. Colors come by class from static/ui/.
Amounts arrive in fen, as everywhere; only here and in exports they become yuan.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import lucide
import segno
from django import template
from django.forms import Form
from django.http import HttpRequest
from django.template import Context
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common import masking, money

register = template.Library()

Number = int | float

_TONES = {
    "neutral": {
        "draft",
        "uploaded",
        "superseded",
        "discarded",
        "withdrawn",
        "left",
        "down",
        "closed",
        "dropped",
        "waived",
        "dismissed",
    },
    "blue": {
        "pending",
        "running",
        "committing",
        "school_approved",
        "proposed",
        "sent",
        "open",
        "carried-over",
        "applied",
    },
    "amber": {"checked", "suspected", "suspended", "carried", "unseen", "sent-back", "waiting"},
    "violet": {"published", "up", "reviewed", "class_reviewed"},
    "green": {
        "in_force",
        "frozen",
        "done",
        "sure",
        "confirmed",
        "approved",
        "studying",
        "recorded",
        "decided",
        "refuted",
        "arrived",
    },
    "teal": {"paid", "settled", "collected"},
    "red": {"refused", "failed", "rejected", "error", "bounced", "upheld"},
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states}


# Marks and words


@lru_cache(maxsize=512)
def _icon(name: str, size: int, cls: str) -> SafeString:
    attributes = {
        "class": f"icon {cls}".strip(),
        "aria-hidden": "true",
        "focusable": "false",
        "stroke-width": "1.75",
    }
    drawing = lucide._render_icon(name, size, **attributes)
    return mark_safe(drawing.replace("\n", ""))  # noqa: S308 -- our own attributes around the package's own drawing


@register.simple_tag
def icon(name: str, size: int = 18, cls: str = "") -> SafeString:
    """A drawing from the icon set; it never speaks to screen readers, so words stand beside it."""
    return _icon(name, int(size), cls)


@register.filter
def mask_id(number: str) -> str:
    return masking.resident_id(number)


@register.filter
def mask_card(number: str) -> str:
    return masking.card(number)


@register.filter
def mask_phone(number: str) -> str:
    return masking.phone(number)


@register.filter
def birth(day: date | None, may_reveal: object) -> str:
    """A day of birth for who may see whole numbers, its year for everybody else."""
    return masking.birth(day, whole=bool(may_reveal))


@register.filter
def mask_name(name: str) -> str:
    """Somebody's name on a page that only has to remind of it: 张*国, 李*."""
    if len(name) > 2:
        return name[0] + "*" * (len(name) - 2) + name[-1]
    return name[:1] + "*"


@register.filter
def yuan(fen: int | None) -> str:
    """ "1,250.00" for 125000 fen; a missing amount is a dash, zero is 0.00."""
    return "—" if fen is None else money.yuan(fen)


@register.filter
def wan(fen: int | None) -> str:
    """Ten thousands of yuan with two decimals, as dashboards show them."""
    return "—" if fen is None else money.wan(fen, places=2)


@register.filter
def capitals(fen: int) -> str:
    return money.capitals(fen)


@register.filter
def dash(value: object) -> object:
    """A missing value is a dash on every page; zero stays 0."""
    return "—" if value is None or value == "" else value


@register.filter
def percent(part: Number, whole: Number) -> str:
    """ "12.1%" of a whole, a dash of nothing."""
    return f"{part * 100 / whole:.1f}%" if whole else "—"


@register.simple_tag
def badge(text: object, tone: str = "neutral") -> SafeString:
    """A state as dot and words, never color alone. Tones: neutral, blue, amber, violet, green, teal, red."""
    return format_html('<span class="badge badge-{}"><span class="dot"></span>{}</span>', tone, text)


@register.filter
def tone(state: str) -> str:
    """The tone of a state, for a badge that has no row."""
    return _TONE_OF.get(state, "neutral")


@register.simple_tag
def status(obj: Any, field: str = "state") -> SafeString:
    """The state of a row in its own words and its tone."""
    state = getattr(obj, field)
    return badge(getattr(obj, f"get_{field}_display")(), _TONE_OF.get(state, "neutral"))


@register.simple_tag
def steps(now: int, *labels: str) -> SafeString:
    """Where a task of several pages stands; `now` counts from 1."""
    items: list[tuple[object, ...]] = []
    for number, label in enumerate(labels, start=1):
        if number < now:
            items.append(("done", "", _icon("check", 14, ""), label))
        else:
            current = mark_safe(' aria-current="step"') if number == now else ""
            items.append(("now" if number == now else "", current, number, label))
    return format_html(
        '<ol class="steps">{}</ol>',
        format_html_join("", '<li class="{}"{}><span class="bullet">{}</span><span class="t">{}</span></li>', items),
    )


# Lists


@register.simple_tag(takes_context=True)
def sort_link(context: Context, key: str, label: str) -> SafeString:
    """The head of a column that sorts the list: once up, once down. The view reads it with pages.sorted_by."""
    request: HttpRequest = context["request"]
    chosen = request.GET.get("sort", "")
    query = request.GET.copy()
    query["sort"] = f"-{key}" if chosen == key else key
    query.pop("page", None)
    mark = {key: "arrow-up", f"-{key}": "arrow-down"}.get(chosen, "arrow-up-down")
    current = mark_safe(' aria-current="true"') if chosen.lstrip("-") == key else ""
    return format_html(
        '<a class="sort" hx-boost="true" href="?{}"{}>{}{}</a>', query.urlencode(), current, label, _icon(mark, 13, "")
    )


@register.simple_block_tag(takes_context=True)
def toolbar(context: Context, content: str, form: Form | None = None) -> SafeString:
    """What the list shows in words (people, money), and the filters in force as chips that can be taken off."""
    chips = form.chips(context["request"]) if form is not None else []  # type: ignore[attr-defined]
    return format_html(
        '<div class="toolbar" role="status"><div class="grow">{}</div>{}</div>',
        content,
        format_html_join(
            "",
            '<span class="chip unbulk">{}：{}<a href="{}" aria-label="{}">{}</a></span>',
            (
                (chip.label, chip.words, chip.url_without, _("去掉此条件：%(name)s") % {"name": chip.label}, _x())
                for chip in chips
            ),
        ),
    )


def _x() -> SafeString:
    return _icon("x", 13, "")


# Page anatomy


@register.simple_block_tag
def crumbs(content: str) -> SafeString:
    """The way here: links, then the page itself by {% here _("花名册") %}."""
    return format_html('<nav class="crumbs" aria-label="{}">{}</nav>', _("位置"), content)


@register.simple_tag
def here(label: object) -> SafeString:
    """The last crumb."""
    return format_html('<span aria-hidden="true">/</span><span aria-current="page">{}</span>', label)


@register.simple_block_tag
def page_head(content: str, title: object, sub: object = "") -> SafeString:
    """One noun, one line of purpose, actions with the primary one last."""
    return format_html(
        '<header class="page-head"><div><h1>{}</h1>{}</div>{}</header>',
        title,
        format_html('<p class="sub">{}</p>', sub) if sub else "",
        format_html('<div class="acts">{}</div>', content) if content.strip() else "",
    )


@register.simple_block_tag
def card(content: str, cls: str = "") -> SafeString:
    return format_html('<section class="{}">{}</section>', f"card {cls}".strip(), content)


@register.simple_block_tag
def card_head(content: str, title: object, note: object = "") -> SafeString:
    return format_html(
        '<div class="card-head"><h2>{}</h2>{}{}</div>',
        title,
        format_html('<span class="muted">{}</span>', note) if note else "",
        format_html('<div class="end row">{}</div>', content) if content.strip() else "",
    )


@register.simple_block_tag
def stat(content: str, label: object, value: object, unit: object = "", graph: str = "") -> SafeString:
    """One large figure with its unit; the content is the footnote."""
    return format_html(
        '<section class="card"><div class="stat"><h2 class="l">{}</h2>'
        '<div class="v">{}<small>{}</small></div>{}<div class="foot">{}</div></div></section>',
        label,
        value,
        unit,
        graph,
        content,
    )


@register.simple_block_tag
def alert(content: str, title: object, tone: str = "") -> SafeString:
    """What a person has to know here. Tones: none (blue), amber, red, green."""
    mark = {"amber": "triangle-alert", "red": "circle-x", "green": "circle-check"}.get(tone, "info")
    return format_html(
        '<div class="{}">{}<div><b>{}</b>{}</div></div>',
        f"alert alert-{tone}" if tone else "alert",
        _icon(mark, 20, ""),
        title,
        format_html("<p>{}</p>", content) if content.strip() else "",
    )


@register.simple_block_tag
def empty_state(content: str, title: object, icon: str = "inbox") -> SafeString:
    """Says why there is nothing and offers the next step. "No data yet" is not "no match"."""
    return format_html(
        '<div class="empty"><span class="bubble">{}</span><strong>{}</strong><div>{}</div></div>',
        _icon(icon, 26, ""),
        title,
        content,
    )


@register.simple_block_tag(takes_context=True)
def capture(context: Context, content: str, name: str) -> str:
    """Keep rendered words under a name, for the arguments of another tag."""
    context[name] = content
    return ""


@register.simple_block_tag(takes_context=True)
def confirm_dialog(context: Context, content: str, *, id: str, action: str, title: object, verb: object) -> SafeString:
    """The question before an act that cannot be taken back: object, number, amount, consequence in its content.

    A button with `data-dialog="#<id>"` opens it; fields inside go along with the POST to `action`.
    """
    words = {"id": id, "action": action, "title": title, "verb": verb, "content": content}
    template = context.template.engine.get_template("ui/confirm_dialog.html")  # type: ignore[union-attr]
    with context.push(**words):
        return template.render(context)


# Drawings


def _ceiling(value: float) -> float:
    """The round number at the top of an axis."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * float(power) for step in (1, 2, 2.5, 5, 10) if value <= step * power)


def _short(value: Number) -> str:
    """A figure on a drawing: decimals only where they say something."""
    return number_format(round(value) if abs(value) >= 100 or value == int(value) else round(value, 1))


@register.simple_tag
def bar_chart(
    rows: Sequence[tuple[str, Number, bool]], unit: str = "", height: int = 220, width: int = 640, label: str = ""
) -> SafeString:
    """Bars of (label, value, is current)."""
    if not rows:
        return SafeString()
    left, right, above, below = 48, 8, 18, 26
    top = _ceiling(max(value for _label, value, _current in rows))
    plot_width, plot_height = width - left - right, height - above - below
    step = plot_width / len(rows)
    bar_width = min(44.0, step * 0.52)
    lines = []
    for quarter in range(5):
        y = above + plot_height * quarter / 4
        kind = "grid base" if quarter == 4 else "grid"
        lines.append((kind, left, width - right, _px(y), _px(y), left - 8, _px(y + 4), _short(top * (4 - quarter) / 4)))
    bars = []
    for place, (name, value, is_current) in enumerate(rows):
        bar_height = max(1.0, plot_height * float(value) / top)
        x, y = left + step * place + (step - bar_width) / 2, above + plot_height - bar_height
        center = _px(x + bar_width / 2)
        bars.append(
            (
                "bar cur" if is_current else "bar",
                f"{name}：{_short(value)} {unit}".strip(),
                _px(x),
                _px(y),
                _px(bar_width),
                _px(bar_height),
                center,
                _px(y - 6),
                _short(value),
                center,
                height - 8,
                name,
            )
        )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        str(width),
        str(height),
        label,
        format_html_join(
            "",
            '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>',
            lines,
        ),
        format_html_join(
            "",
            '<g class="{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="3"/>'
            '<text class="val" x="{}" y="{}" text-anchor="middle">{}</text>'
            '<text class="cat" x="{}" y="{}" text-anchor="middle">{}</text></g>',
            bars,
        ),
    )


def _px(value: float) -> str:
    """A coordinate: as text, so that no locale gets at it."""
    return f"{value:.1f}"


@register.simple_tag
def donut(
    rows: Sequence[tuple[str, int, int]], total_label: str = "", total: object = "", size: int = 168, label: str = ""
) -> SafeString:
    """A ring of (label, value, series number 1-7)."""
    radius, stroke = 62, 20
    center = size / 2
    around = 2 * math.pi * radius
    whole = sum(value for _label, value, _series in rows) or 1
    arcs, offset = [], 0.0
    for name, value, series in rows:
        length = around * value / whole
        drawn = max(length - 1.5, 0.5)
        words = f"{name}：{number_format(value)}（{value * 100 / whole:.1f}%）"
        turn = f"rotate(-90 {center:.0f} {center:.0f})"
        dashes = f"{drawn:.2f} {around - drawn:.2f}"
        arcs.append((series, _px(center), _px(center), radius, stroke, dashes, f"{-offset:.2f}", turn, words))
        offset += length
    return format_html(
        '<svg class="chart donut" viewBox="0 0 {size} {size}" width="{size}" height="{size}" role="img" '
        'aria-label="{label}"><circle class="track" cx="{c}" cy="{c}" r="{r}" fill="none" stroke-width="{stroke}"/>'
        '{arcs}<text class="big" x="{c}" y="{y1}" text-anchor="middle">{total}</text>'
        '<text class="cat" x="{c}" y="{y2}" text-anchor="middle">{total_label}</text></svg>',
        size=str(size),
        label=label,
        c=_px(center),
        r=str(radius),
        stroke=str(stroke),
        arcs=format_html_join(
            "",
            '<circle class="s{}" cx="{}" cy="{}" r="{}" fill="none" stroke-width="{}" stroke-dasharray="{}" '
            'stroke-dashoffset="{}" transform="{}"><title>{}</title></circle>',
            arcs,
        ),
        y1=_px(center + 2),
        y2=_px(center + 22),
        total=total,
        total_label=total_label,
    )


@register.simple_tag
def legend(rows: Sequence[tuple[str, int, int]]) -> SafeString:
    """The words of a donut: name, figure, part of the whole."""
    whole = sum(value for _label, value, _series in rows)
    return format_html(
        '<ul class="legend">{}</ul>',
        format_html_join(
            "",
            '<li><svg viewBox="0 0 10 10" aria-hidden="true"><circle class="s{}" cx="5" cy="5" r="3" fill="none" '
            'stroke-width="4"/></svg><span>{}</span><span>{}</span><span class="muted">{}</span></li>',
            ((series, name, number_format(value), percent(value, whole)) for name, value, series in rows),
        ),
    )


@register.simple_tag
def meter(value: Number, total: Number, tone: str = "brand", label: str = "") -> SafeString:
    """How much of a whole, as a flat line."""
    share = max(0.0, min(100.0, value * 100 / total)) if total else 0.0
    return format_html(
        '<svg class="meter tone-{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="bg" width="100" height="6" rx="3"/><rect class="fg" width="{}" height="6" rx="3"/></svg>',
        tone,
        label or f"{share:.0f}%",
        _px(share),
    )


@register.simple_tag
def qr_code(address: str, label: str) -> SafeString:
    """A square code that a telephone reads, drawn into the page; its size comes by class."""
    drawing = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, border=2, svgclass=None, lineclass=None
    )
    return format_html(
        '<span class="qr" role="img" aria-label="{}">{}</span>',
        label,
        mark_safe(drawing),  # noqa: S308 -- the package draws squares, the address is not in it
    )


@register.simple_tag
def spark(values: Iterable[Number], width: int = 96, height: int = 28) -> SafeString:
    """A small line of how a figure went; the figures themselves stand elsewhere."""
    course = list(values)
    if len(course) < 2:
        return SafeString()
    low, high = min(course), max(course)
    spread = (high - low) or 1
    points = [
        (_px(2 + at * (width - 4) / (len(course) - 1)), _px(height - 4 - (value - low) * (height - 8) / spread))
        for at, value in enumerate(course)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    return format_html(
        '<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        '<polygon points="2,{height} {line} {end},{height}"/><polyline points="{line}"/>'
        '<circle cx="{x}" cy="{y}" r="2.5"/></svg>',
        width=str(width),
        height=str(height),
        line=line,
        end=str(width - 2),
        x=points[-1][0],
        y=points[-1][1],
    )
