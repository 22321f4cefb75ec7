"""Categories of hardship: in which order reports count one of several, and under which words files name them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from django.db import IntegrityError, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from students import headings
from students.models import CategoryLabel, HardshipCategory, RegisterPerson, RegisterSnapshot


class LabelTaken(Refused):
    code = "label-taken"
    message = _("“%(label)s”已经是“%(category)s”的写法。")


class LabelUnfit(Refused):
    code = "label-unfit"
    message = _("这段文字不能作为写法：没有文字，或者含有号码。")


class LabelInUse(Refused):
    code = "label-in-use"
    message = _("“%(label)s”不能删除：“%(list)s”等 %(lists)s 份名单的 %(lines)s 行是按它归类的。")


class DaysAstray(Refused):
    code = "label-days-astray"
    message = _("结束日期不能早于开始日期。")


def unknown(labels: Mapping[str, int]) -> dict[str, int]:
    """Of the words that a file used for categories (word → lines), those that nobody knows by now."""
    known = set(CategoryLabel.objects.filter(label__in=labels).values_list("label", flat=True))
    known |= set(HardshipCategory.objects.filter(name__in=labels).values_list("name", flat=True))
    return {label: lines for label, lines in labels.items() if label not in known}


Direction = Literal["up", "down"]


@transaction.atomic
def shift(category: HardshipCategory, *, direction: Direction, by: User, at: datetime) -> None:
    """Let a category change places with its neighbour in the order of reports.

    Awards keep the category that they were counted under. At the end of the order there is nothing to do.
    """
    rows = HardshipCategory.objects.select_for_update()
    here = rows.get(pk=category.pk)
    beside = (
        rows.filter(priority__lt=here.priority).order_by("-priority").first()
        if direction == "up"
        else rows.filter(priority__gt=here.priority).order_by("priority").first()
    )
    if beside is None:
        return
    aside = (HardshipCategory.objects.aggregate(last=Max("priority"))["last"] or 0) + 1
    for one, place, other in (
        (here, here.priority, aside),
        (beside, beside.priority, here.priority),
        (here, aside, beside.priority),
    ):
        if not HardshipCategory.objects.filter(pk=one.pk, priority=place).update(priority=other):
            raise WrongState()
    actions.record(by, "category.moved", category, at=at, direction=direction, beside=beside.pk)


@transaction.atomic
def add_label(
    category: HardshipCategory,
    *,
    label: str,
    official_from: date | None = None,
    official_to: date | None = None,
    by: User,
    at: datetime,
) -> CategoryLabel:
    """Another word under which files name a category, from the next reading on."""
    label = headings.tidy(label)[:40]
    if not headings.fits(label):
        raise LabelUnfit()
    if official_from and official_to and official_to < official_from:
        raise DaysAstray()
    owner = HardshipCategory.objects.filter(labels__label=label).first()
    if owner := owner or HardshipCategory.objects.filter(name=label).exclude(pk=category.pk).first():
        raise LabelTaken(label=label, category=str(owner))
    try:
        with transaction.atomic():
            made = CategoryLabel.objects.create(
                category=category, label=label, official_from=official_from, official_to=official_to
            )
    except IntegrityError as error:
        raise WrongState() from error
    actions.record(by, "category.labelled", category, at=at, label=label)
    return made


@transaction.atomic
def remove_label(category: HardshipCategory, *, label: str, by: User, at: datetime) -> None:
    """Take away a word by which no line of any list was put into its category."""
    known = CategoryLabel.objects.select_for_update().filter(category=category, label=label).first()
    if known is None:
        raise WrongState()
    uses = RegisterPerson.objects.filter(label=label).order_by()
    used = uses.aggregate(lists=Count("snapshot", distinct=True), lines=Count("pk"), newest=Max("snapshot"))
    if used["lines"]:
        newest = RegisterSnapshot.objects.select_related("source").get(pk=used["newest"])
        raise LabelInUse(label=label, list=str(newest), lists=used["lists"], lines=used["lines"])
    known.delete()
    actions.record(by, "category.label-removed", category, at=at, label=label)
