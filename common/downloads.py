"""Files that a page hands out to be kept."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def workbook(content: bytes, name: str) -> HttpResponse:
    """A workbook; `name` is without its ending."""
    return _attachment(content, f"{name}.xlsx", _XLSX)


def letter(content: bytes, name: str) -> HttpResponse:
    """A Word document; `name` is without its ending."""
    return _attachment(content, f"{name}.docx", _DOCX)


def csv_table(content: bytes, name: str) -> HttpResponse:
    """Text with commas, as Excel opens it; `name` is without its ending."""
    return _attachment(content, f"{name}.csv", "text/csv; charset=utf-8")


def _attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
