"""Categories of hardship: their words, their groups, and the order in which reports count one of several."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.roles import COUNTY, READERS
from students import categories
from students.models import HardshipCategory
from students.register_forms import LabelForm


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every category in the order of reports, with all its words old and new."""
    rows = list(HardshipCategory.objects.order_by("priority").prefetch_related("labels"))
    return render(request, "students/categories.html", {"rows": rows, "may_act": request.user.is_county})


@require_POST
@needs(*COUNTY)
def move(request: SignedInRequest, code: str) -> HttpResponse:
    """Let a category change places with the one before or after it."""
    found = get_object_or_404(HardshipCategory, pk=code)
    direction: categories.Direction = "up" if request.POST.get("direction") == "up" else "down"
    with telling(request, _("已调整统计顺序。")):
        categories.shift(found, direction=direction, by=request.user, at=timezone.now())
    return redirect("students:categories")


@needs(*COUNTY)
def label(request: SignedInRequest, code: str) -> HttpResponse:
    """Another word under which files name a category."""
    found = get_object_or_404(HardshipCategory.objects.prefetch_related("labels"), pk=code)
    form = LabelForm(request.POST or None, initial={"label": request.GET.get("label", "")[:40]})
    if request.method == "POST" and form.is_valid():
        try:
            categories.add_label(found, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已新增写法，下一次读取名单起生效。"))
            return redirect("students:categories")
    context = {"category": found, "form": form, "back": reverse("students:categories")}
    return render(request, "students/category_label.html", context)


@require_POST
@needs(*COUNTY)
def remove_label(request: SignedInRequest, code: str) -> HttpResponse:
    """Take away a word that no list uses."""
    found = get_object_or_404(HardshipCategory, pk=code)
    with telling(request, _("已删除这个写法。")):
        categories.remove_label(found, label=request.POST.get("label", ""), by=request.user, at=timezone.now())
    return redirect("students:category-label", found.pk)
