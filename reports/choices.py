from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Layout(TextChoices):
    """The tables that a county hands in or keeps."""

    PROGRAMS = "programs", _("分项目统计表")
    STAGES = "stages", _("分学段统计表")
    CATEGORIES = "categories", _("分困难类型统计表")
    GROUPS = "groups", _("分学段困难类型统计表")
    SCHOOLS = "schools", _("分学校统计表")
    PAYERS = "payers", _("分资金来源统计表")
