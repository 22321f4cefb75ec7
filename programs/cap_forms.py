"""What county staff fill in about rooms in a program. Forms clean; they never save."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import TidyCharField
from programs.models import SchoolCap

MOST = 32_767


class CapForm(forms.Form):
    """How many children a program has room for in one school: as a whole, and in each tier."""

    document_no = TidyCharField(label=_("文号"), max_length=60, required=False)

    def __init__(self, data: Any = None, *, tiers: Iterable[str], known: Iterable[SchoolCap]) -> None:
        caps = {cap.tier: cap for cap in known}
        super().__init__(data, initial={"document_no": next((cap.document_no for cap in caps.values()), "")})
        self._tiers = ["", *dict.fromkeys([*tiers, *filter(None, caps)])]
        for place, tier in enumerate(self._tiers):
            self.fields[f"people_{place}"] = forms.IntegerField(
                label=tier or _("全部名额"),
                min_value=0,
                max_value=MOST,
                required=False,
                initial=caps[tier].people if tier in caps else None,
                help_text="" if tier else _("不限名额的留空；分档次下达的，各档另填。"),
            )
        self.order_fields([*(f"people_{place}" for place in range(len(self._tiers))), "document_no"])

    @property
    def people(self) -> dict[str, int | None]:
        """Tier → how many; "" is the whole."""
        return {tier: self.cleaned_data[f"people_{place}"] for place, tier in enumerate(self._tiers)}
