"""What hangs out in public, and what is said against it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from common.sealed import SealedField
from programs.choices import IN_PREPARATION, Channel, NoticeState, ObjectionState
from programs.models.awards import Award, AwardList

if TYPE_CHECKING:
    from common.roles import Person


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(list__school=user.school_id)
        return self if user.role in READERS else self.none()

    def with_photo(self) -> Self:
        return self.filter(Exists(NoticePhoto.objects.filter(notice=OuterRef("pk"))))

    def without_photo(self) -> Self:
        """What lacks the proof that it hung there."""
        return self.filter(~Exists(NoticePhoto.objects.filter(notice=OuterRef("pk"))))

    def unproven(self) -> Self:
        """The last notice of each list that is down and lacks its photo; none of a list that is prepared again."""
        newer = Notice.objects.filter(list=OuterRef("list"), pk__gt=OuterRef("pk"))
        down = self.filter(~Exists(newer), state=NoticeState.DOWN).exclude(list__state__in=IN_PREPARATION)
        return down.without_photo()

    def for_list(self) -> Self:
        return self.select_related("list__school", "list__term").order_by("-starts_on", "pk")

    def with_counts(self) -> Self:
        """`objections_open`, `objections_all` and `photos_all` of each."""
        objections = Objection.objects.filter(notice=OuterRef("pk"))
        return self.annotate(
            objections_open=_number_of(objections.filter(is_upheld=None)),
            objections_all=_number_of(objections),
            photos_all=_number_of(NoticePhoto.objects.filter(notice=OuterRef("pk"))),
        )


def _number_of(rows: models.QuerySet[Any]) -> Coalesce:
    """How many of these rows each row has, in a query of its own: two joins would multiply each other."""
    counted = rows.order_by().values("notice").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=models.IntegerField()), 0)


class Notice(models.Model):
    """A public list: up for at least five Chinese working days, gone when it ends (教财厅函〔2017〕28号)."""

    list = models.ForeignKey(AwardList, on_delete=models.PROTECT, related_name="notices", verbose_name=_("名单"))
    token = models.CharField(max_length=32, unique=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=NoticeState, default=NoticeState.UP)
    starts_on = models.DateField(_("公示开始"))
    ends_on = models.DateField(_("公示结束"))
    working_days = models.PositiveSmallIntegerField(_("工作日"))
    result = models.CharField(_("公示结果"), max_length=200, blank=True)
    put_up_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("公示人"))
    put_up_at = models.DateTimeField(_("张贴时间"))
    taken_down_at = models.DateTimeField(_("撤下时间"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示")
        verbose_name_plural = _("公示")
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(name="notice_at_least_five_days", condition=Q(working_days__gte=5)),
            models.CheckConstraint(name="notice_days_in_order", condition=Q(ends_on__gt=F("starts_on"))),
            models.UniqueConstraint(fields=["list"], condition=Q(state="up"), name="notice_one_up_per_list"),
            models.CheckConstraint(
                name="notice_down_has_a_result",
                condition=~Q(state="down") | (~Q(result="") & Q(taken_down_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.starts_on}"

    def get_absolute_url(self) -> str:
        return reverse("programs:notice", args=[self.pk])


class NoticePhotoQuerySet(models.QuerySet["NoticePhoto"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(notice__list__school=user.school_id)
        return self if user.role in READERS else self.none()


class NoticePhoto(models.Model):
    """The photo of the board: proof that the list hung there."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="photos", verbose_name=_("公示"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("照片"))
    taken_on = models.DateField(_("拍摄日期"))
    kept_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人"))
    kept_at = models.DateTimeField(_("上传时间"))

    objects = NoticePhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示照片")
        verbose_name_plural = _("公示照片")
        ordering = ("notice", "pk")

    def __str__(self) -> str:
        return f"{self.notice} {self.taken_on}"


_STATES = {
    ObjectionState.UNSEEN: Q(is_upheld=None, received_by=None),
    ObjectionState.OPEN: Q(is_upheld=None, received_by__isnull=False),
    ObjectionState.UPHELD: Q(is_upheld=True),
    ObjectionState.REFUTED: Q(is_upheld=False, received_by__isnull=False),
    ObjectionState.DISMISSED: Q(is_upheld=False, received_by=None),
}


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(notice__list__school=user.school_id)
        return self if user.role in READERS else self.none()

    def in_state(self, *states: str) -> Self:
        wanted = Q(pk__in=[])
        for state in states:
            wanted |= _STATES[ObjectionState(state)]
        return self.filter(wanted)

    def with_state(self) -> Self:
        """`stands`: the same as `Objection.state`, for counting."""
        return self.annotate(stands=Case(*(When(rows, then=Value(state.value)) for state, rows in _STATES.items())))

    def overdue(self, on: date) -> Self:
        return self.filter(is_upheld=None, due_on__lt=on)

    def with_proposal(self) -> Self:
        """`has_proposal`: whether the school would not take it up."""
        steps = ObjectionStep.objects.filter(objection=OuterRef("pk"), is_proposal=True)
        return self.annotate(has_proposal=Exists(steps))

    def for_list(self) -> Self:
        """What is open stands first, the nearest day of answering before the others."""
        is_over = Case(When(is_upheld=None, then=Value(0)), default=Value(1))
        return self.select_related(
            "notice__list__school", "award__student", "award__program", "received_by", "answered_by"
        ).order_by(is_over, F("due_on").asc(nulls_last=True), "-pk")


class Objection(models.Model):
    """A word against one child's award during publicity. It holds that award, not the school."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="objections", verbose_name=_("公示"))
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="objections", verbose_name=_("资助"))
    words = models.CharField(_("异议内容"), max_length=500)
    channel = models.CharField(_("方式"), max_length=10, choices=Channel, default=Channel.VISIT)
    is_named = models.BooleanField(_("实名"), default=False)
    person = SealedField(_("反映人"))
    contact = SealedField(_("联系方式"))
    due_on = models.DateField(_("办结期限"), null=True)
    received_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("受理人")
    )
    """None while what came by the public page waits for an officer's look; only then it holds the award."""
    received_at = models.DateTimeField(_("受理时间"))
    is_upheld = models.BooleanField(_("异议成立"), null=True)
    answer = models.CharField(_("核查结论"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("办结人")
    )
    answered_at = models.DateTimeField(_("办结时间"), null=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = _("异议")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="objection_received_by_a_person",
                condition=Q(channel="page") | Q(received_by__isnull=False),
            ),
            models.CheckConstraint(
                name="objection_answered_as_a_whole",
                condition=Q(is_upheld=None, answered_at=None, answered_by=None)
                | (Q(is_upheld__isnull=False, answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award} {self.received_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("programs:objection", args=[self.pk])

    @property
    def state(self) -> ObjectionState:
        """Who took it up and how it ended say where it stands."""
        if self.is_upheld is None:
            return ObjectionState.UNSEEN if self.received_by_id is None else ObjectionState.OPEN
        if self.is_upheld:
            return ObjectionState.UPHELD
        return ObjectionState.DISMISSED if self.received_by_id is None else ObjectionState.REFUTED

    def get_state_display(self) -> str:
        return str(self.state.label)


class ObjectionStep(models.Model):
    """One step of looking into an objection: who was asked, what was found; or that the school would not take it up."""

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="steps", verbose_name=_("异议"))
    is_proposal = models.BooleanField(_("建议不予受理"), default=False)
    words = models.CharField(_("核查情况"), max_length=500)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("核查人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("核查记录")
        verbose_name_plural = _("核查记录")
        ordering = ("objection", "pk")

    def __str__(self) -> str:
        return f"{self.objection_id} {self.at:%Y-%m-%d}"
