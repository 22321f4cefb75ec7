"""Bringing a list as a sheet: looked at first, taken on a word. The same two pages for every list."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import imports
from accounts.access import SignedInRequest
from accounts.imports import List
from common import keyring
from common.downloads import workbook
from common.moves import Refused
from students.forms import SchoolListForm

ROWS_SHOWN = 200


@dataclass(frozen=True)
class ListPages:
    """A list with its addresses and words. `place` is where its sheet waits in the session."""

    listed: List
    place: str
    title: Any
    back: str
    back_title: Any
    start: str
    confirm: str
    export: str
    notes: tuple[Any, ...]
    take_with: Callable[..., imports.Outcome] | None = None
    """What takes the sheet where more follows from it than its own rows."""

    def bring(self, request: SignedInRequest) -> HttpResponse:
        """A sheet, looked at first: what it adds and changes, and which rows cannot be taken."""
        form = SchoolListForm(request.POST or None, request.FILES or None)
        form.fields["file"].label = _("文件")
        if request.method == "POST" and form.is_valid():
            content = form.cleaned_data["file"].read()
            try:
                outcome = imports.preview(self.listed, content)
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                self._keep(request, content)
                context = {"pages": self, "outcome": outcome, "most": ROWS_SHOWN}
                return render(request, "schools/import_preview.html", context)
        return render(request, "schools/import.html", {"pages": self, "form": form})

    def take(self, request: SignedInRequest) -> HttpResponse:
        """Take the sheet that was looked at."""
        content = self._kept(request)
        if content is None:
            messages.error(request, _("没有待导入的文件，请重新上传。"))
            return redirect(self.start)
        try:
            take = self.take_with or partial(imports.take, self.listed)
            outcome = take(content, by=request.user, at=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(self.start)
        done = {"added": outcome.added, "changed": outcome.changed}
        messages.success(request, _("已导入：新增 %(added)s 条，更新 %(changed)s 条。") % done)
        return redirect(self.back)

    def send(self, rows: Any, *, name: str) -> HttpResponse:
        """The rows as a sheet that can be mended and brought back."""
        sheet = self.listed.resource().export(rows).export("xlsx", escape=True)
        return workbook(sheet, name)

    def _keep(self, request: SignedInRequest, content: bytes) -> None:
        """Hold the sheet between the look and the word: sealed, in the session of whoever brought it."""
        sealed = keyring.ring().seal(content, place=self.place)
        request.session[self.place] = base64.b64encode(sealed).decode()

    def _kept(self, request: SignedInRequest) -> bytes | None:
        sealed = request.session.pop(self.place, None)
        return keyring.ring().open(base64.b64decode(sealed), place=self.place) if sealed else None
