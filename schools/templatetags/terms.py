"""Codes of terms in words."""

from django import template
from django.utils.translation import gettext as _

from schools.models import Term
from schools.models import term_name as name_of

register = template.Library()


@register.filter
def term_name(code: str | Term) -> str:
    """ "2021年秋季学期" for 2021A, "2021年度" for 2021."""
    return name_of(code.code if isinstance(code, Term) else code)


@register.filter
def term_short(code: str | Term) -> str:
    """ "2021秋" for 2021A, where there is little room."""
    code = code.code if isinstance(code, Term) else code
    if code.endswith("A"):
        return _("%(year)s秋") % {"year": code[:4]}
    if code.endswith("S"):
        return _("%(year)s春") % {"year": code[:4]}
    return code


@register.filter
def school_year(term: Term) -> str:
    """ "2020—2021学年" for 2021S."""
    first = int(term.school_year)
    return _("%(first)s—%(last)s学年") % {"first": first, "last": first + 1}
