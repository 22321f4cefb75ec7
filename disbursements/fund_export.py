"""The ledger as a workbook."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.workbooks import Column, write_table
from disbursements.models import LedgerEntry


def ledger(entries: Iterable[LedgerEntry], *, title: str, by: User, at: datetime) -> bytes:
    """The entries in the order in which they were made."""
    made = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    return write_table(
        title,
        [Column(_("编号"), 9, "number"), Column(_("时间"), 17), Column(_("学期"), 16), Column(_("类别"), 12),
         Column(_("资助项目"), 30), Column(_("级次"), 10), Column(_("依据"), 30), Column(_("金额（元）"), 16, "money"),
         Column(_("经办人"), 12)],
        (
            (
                entry.pk,
                timezone.localtime(entry.entered_at).strftime("%Y-%m-%d %H:%M"),
                str(entry.term),
                entry.get_kind_display(),
                str(entry.program),
                entry.get_payer_display(),
                entry.basis,
                entry.amount_fen,
                str(entry.entered_by),
            )
            for entry in entries
        ),
        preamble=(_("导出：%(by)s　%(at)s") % {"by": by, "at": made},),
        sheet_name=_("资金流水"),
    )  # fmt: skip
