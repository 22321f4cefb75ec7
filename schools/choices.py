from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Ownership(TextChoices):
    PUBLIC = "public", _("公办")
    INCLUSIVE = "inclusive", _("普惠性民办")
    PRIVATE = "private", _("民办")


class Season(TextChoices):
    SPRING = "S", _("春季")
    AUTUMN = "A", _("秋季")


class TermState(TextChoices):
    OPEN = "open", _("进行中")
    CLOSED = "closed", _("已结束")


TERM_MOVES = {TermState.OPEN: {TermState.CLOSED}, TermState.CLOSED: {TermState.OPEN}}
