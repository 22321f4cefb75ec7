"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common import sheets
from disbursements import batches, returns, sending
from disbursements.models import Batch, ReturnFile
from jobs.run import Running, handler


def _batch(running: Running) -> Batch:
    return Batch.objects.select_related("term", "program", "bank", "prepared_by").get(pk=running.params["batch_id"])


@handler("batch-build", title=_("编制发放批次"))
def build_batch(running: Running) -> dict[str, Any]:
    return batches.build(_batch(running), running=running)


@handler("batch-bank-file", title=_("生成银行代发文件"))
def write_bank_file(running: Running) -> dict[str, Any]:
    return sending.write_bank_file(_batch(running), running=running)


@handler("return-read", title=_("读取银行回盘文件"))
def read_return(running: Running) -> dict[str, Any]:
    return_file = ReturnFile.objects.select_related("batch__term", "batch__program", "file", "uploaded_by").get(
        pk=running.params["return_id"]
    )
    return returns.read(return_file, running=running, reader=sheets.of_this_thread())
