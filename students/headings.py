"""Which headings in a roster stand for which column: the county keeps them for all, a school maps its own files."""

from collections.abc import Mapping, Sequence

from django.db.models import Q

from common.columns import heading_key
from schools.models import School
from students.models import RosterHeading
from students.roster_columns import COLUMNS, MARKS

NOT_READ = ""
"""The field of headings that somebody looked at and nobody needs: no column of ours, and no unknown one."""


def synonyms(school: School | None) -> Mapping[str, Sequence[str]]:
    """field → its headings, the name of the column first, for the files of one school (or of the whole county).

    What the school maps for itself goes before what holds for all: the same words may mean something else there.
    """
    rows = RosterHeading.objects.filter(Q(school=None) | Q(school=school)).order_by("position", "pk")
    known = list(rows.values_list("field", "text", "school"))
    own = {heading_key(text): field for field, text, whose in known if whose is not None}
    words: dict[str, list[str]] = {NOT_READ: [MARKS]} | {
        field: [column.name] if own.get(heading_key(column.name), field) == field else []
        for field, column in COLUMNS.items()
    }
    for field, text, _whose in sorted(known, key=lambda row: row[2] is None):
        if field in words and own.get(heading_key(text), field) == field:
            words[field].append(text)
    return {field: tuple(dict.fromkeys(texts)) for field, texts in words.items() if texts}
