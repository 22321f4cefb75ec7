import math
from decimal import Decimal
from functools import lru_cache

import lucide
from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@lru_cache(maxsize=512)
def _icon(name, size, cls):
    return mark_safe(
        lucide._render_icon(
            name,
            size,
            **{
                "class": f"icon {cls}".strip(),
                "aria-hidden": "true",
                "focusable": "false",
                "stroke-width": "1.75",
            },
        ).replace("\n", "")
    )


@register.simple_tag
def icon(name, size=18, cls=""):
    return _icon(name, int(size), cls)


@register.filter
def mask_id(v):
    """GB 11643 number: keep region (6) and last 4; hide birth date."""
    return f"{v[:6]}********{v[-4:]}" if len(v) == 18 else "*" * len(v)


@register.filter
def mask_name(v):
    return v[0] + "*" * (len(v) - 2) + v[-1] if len(v) > 2 else v[0] + "*"


@register.filter
def yuan(v):
    return f"{Decimal(v):,.2f}"


@register.filter
def wan(v):
    """元 -> 万元, 2 decimals."""
    return f"{Decimal(v) / 10000:,.2f}"


@register.filter
def term_name(code):
    y = int(code[:4])
    if code[4] == "A":
        return _("%(y)s年秋季学期") % {"y": y}
    return _("%(y)s年春季学期") % {"y": y}


@register.filter
def school_year(code):
    y = int(code[:4]) - (0 if code[4] == "A" else 1)
    return _("%(a)s—%(b)s学年") % {"a": y, "b": y + 1}


STATUS_TONE = {
    "draft": "neutral",
    "school": "blue",
    "county": "amber",
    "public": "violet",
    "approved": "green",
    "paid": "teal",
    "returned": "red",
}


@register.simple_tag
def status(obj):
    return format_html(
        '<span class="badge badge-{}"><span class="dot"></span>{}</span>',
        STATUS_TONE[obj.status],
        _(obj.get_status_display()),
    )


@register.simple_tag(takes_context=True)
def qs(context, **kw):
    """Current query string with overrides; None removes."""
    q = context["request"].GET.copy()
    for k, v in kw.items():
        if v is None or v == "":
            q.pop(k, None)
        else:
            q[k] = v
    return "?" + q.urlencode() if q else "?"


# ---------------------------------------------------------------- charts (server SVG, no JS, no style attributes)
def nice(v):
    if v <= 0:
        return 1
    e = 10 ** math.floor(math.log10(v))
    for m in (1, 2, 2.5, 5, 10):
        if v <= m * e:
            return m * e


@register.simple_tag
def bar_chart(rows, unit="", height=220, width=640, label=""):
    """rows: [(label, value, is_current)]"""
    ml, mr, mt, mb = 44, 8, 18, 26
    top = nice(max(r[1] for r in rows))
    pw, ph = width - ml - mr, height - mt - mb
    step = pw / len(rows)
    bw = min(44, step * 0.52)
    out = []
    for i in range(5):
        y = mt + ph * i / 4
        val = top * (4 - i) / 4
        out.append(
            format_html(
                '<line class="grid{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'.replace(
                    "{:.1f}", "{}"
                ),
                " base" if i == 4 else "",
                ml,
                width - mr,
                round(y, 1),
                round(y, 1),
                ml - 8,
                round(y + 4, 1),
                f"{val:,.0f}",
            )
        )
    for i, (lab, v, cur) in enumerate(rows):
        h = max(1, ph * float(v) / top)
        x = ml + step * i + (step - bw) / 2
        out.append(
            format_html(
                '<g class="bar{}"><title>{}：{} {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="3"/><text class="val" x="{}" y="{}" text-anchor="middle">{}</text><text class="cat" x="{}" y="{}" text-anchor="middle">{}</text></g>',
                " cur" if cur else "",
                lab,
                f"{v:,.1f}",
                unit,
                round(x, 1),
                round(mt + ph - h, 1),
                round(bw, 1),
                round(h, 1),
                round(x + bw / 2, 1),
                round(mt + ph - h - 6, 1),
                f"{v:,.0f}",
                round(x + bw / 2, 1),
                height - 8,
                lab,
            )
        )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        width,
        height,
        label,
        mark_safe("".join(out)),
    )


@register.simple_tag
def donut(rows, total_label="", total="", size=168, label=""):
    """rows: [(label, value, series_no)]"""
    r, sw = 62, 20
    c = size / 2
    circ = 2 * math.pi * r
    s = sum(v for _l, v, _n in rows) or 1
    out, off = (
        [format_html('<circle class="track" cx="{}" cy="{}" r="{}" fill="none" stroke-width="{}"/>', c, c, r, sw)],
        0.0,
    )
    for lab, v, n in rows:
        ln = circ * v / s
        out.append(
            format_html(
                '<circle class="s{}" cx="{}" cy="{}" r="{}" fill="none" stroke-width="{}" stroke-dasharray="{} {}" stroke-dashoffset="{}" transform="rotate(-90 {} {})"><title>{}：{}（{}%）</title></circle>',
                n,
                c,
                c,
                r,
                sw,
                round(max(ln - 1.5, 0.5), 2),
                round(circ - max(ln - 1.5, 0.5), 2),
                round(-off, 2),
                c,
                c,
                lab,
                f"{v:,}",
                f"{v * 100 / s:.1f}",
            )
        )
        off += ln
    out.append(
        format_html(
            '<text class="big" x="{}" y="{}" text-anchor="middle">{}</text><text class="cat" x="{}" y="{}" text-anchor="middle">{}</text>',
            c,
            c + 2,
            total,
            c,
            c + 22,
            total_label,
        )
    )
    return format_html(
        '<svg class="chart donut" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>',
        size,
        size,
        size,
        size,
        label,
        mark_safe("".join(out)),
    )


@register.simple_tag
def meter(value, total, tone="brand", label=""):
    """A flat meter without style attributes: SVG rect, width as attribute."""
    p = 0 if not total else max(0, min(100, value * 100 / total))
    return format_html(
        '<svg class="meter tone-{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}"><rect class="bg" width="100" height="6" rx="3"/><rect class="fg" width="{}" height="6" rx="3"/></svg>',
        tone,
        label or f"{p:.0f}%",
        round(p, 1),
    )


@register.simple_tag
def spark(values, width=96, height=28):
    lo, hi = min(values), max(values)
    k = (hi - lo) or 1
    pts = [
        (
            round(2 + i * (width - 4) / (len(values) - 1), 1),
            round(height - 4 - (v - lo) * (height - 8) / k, 1),
        )
        for i, v in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in pts)
    area = f"2,{height} {line} {width - 2},{height}"
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true"><polygon points="{}"/><polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        width,
        height,
        width,
        height,
        area,
        line,
        pts[-1][0],
        pts[-1][1],
    )


# ---------------------------------------------------------------- layout blocks (Django 5.2 simple_block_tag)
@register.simple_block_tag
def crumbs(content):
    return format_html('<nav class="crumbs" aria-label="{}">{}</nav>', _("位置"), content)


@register.simple_block_tag
def page_head(content, title, sub=""):
    return format_html(
        '<header class="page-head"><div><h1>{}</h1>{}</div>{}</header>',
        title,
        format_html('<p class="sub">{}</p>', sub) if sub else "",
        format_html('<div class="acts">{}</div>', content) if content.strip() else "",
    )


@register.simple_block_tag
def card(content, cls=""):
    return format_html('<section class="card {}">{}</section>', cls, content)


@register.simple_block_tag
def card_head(content, title, note=""):
    return format_html(
        '<div class="card-head"><h2>{}</h2>{}{}</div>',
        title,
        format_html('<span class="muted">{}</span>', note) if note else "",
        format_html('<div class="end row">{}</div>', content) if content.strip() else "",
    )


@register.simple_block_tag
def stat(content, label, value, unit="", graph=""):
    return format_html(
        '<section class="card"><div class="stat"><h2 class="l">{}</h2><div class="v">{}<small>{}</small></div>{}<div class="foot">{}</div></div></section>',
        label,
        value,
        unit,
        graph,
        content,
    )


@register.simple_block_tag
def empty_state(content, title, icon="inbox"):
    return format_html(
        '<div class="empty"><span class="bubble">{}</span><strong>{}</strong><p>{}</p></div>',
        _icon(icon, 26, ""),
        title,
        content,
    )


@register.simple_block_tag(takes_context=True)
def capture(context, content, name):
    context[name] = content
    return ""
