"""Six hundred rosters that were damaged on their way: each is read, or refused in words; the next one is read again."""

import io
import random
import zipfile

import pytest

from common import sheets
from common.moves import Refused
from common.tables import Table
from programs.reference import load_national
from schools.models import SchoolKind
from students import headings
from students.roster_columns import REQUIRED
from students.roster_frame import heading_problems, row_problems
from students.roster_rows import RowReader
from tests import hostile
from tests.factories import SchoolFactory, TermFactory, resident_id
from tests.workbooks import ROSTER_HEAD, roster_row

pytestmark = pytest.mark.django_db

FILES = 600
_PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml")


def rosters():
    """The same children as .xlsx, .xls, and as text in two encodings."""
    children = [roster_row(number, id_number=resident_id(number)) for number in range(1, 12)]
    rows = [["示范小学学生花名册"], list(ROSTER_HEAD), *children, ["合计：11人"]]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    return {
        "xlsx": hostile.xlsx(rows),
        "xls": hostile.xls([[cell if cell is not None else "" for cell in row] for row in rows]),
        "csv": text.encode("gb18030"),
        "txt": text.encode("utf-16"),
    }


def damaged_inside(content: bytes, seed: int) -> bytes:
    """A whole archive around a part that is damaged: what a careless program writes."""
    part = _PARTS[seed % len(_PARTS)]
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            inner = good.read(name)
            bad.writestr(name, hostile.mutated(inner, seed) if name == part else inner)
    return stream.getvalue()


def spliced(first: bytes, second: bytes, seed: int) -> bytes:
    """The beginning of one file and the end of another: what a broken transfer leaves."""
    chance = random.Random(seed)
    return first[: chance.randrange(1, len(first))] + second[chance.randrange(len(second)) :]


def damaged(good: dict[str, bytes], seed: int) -> bytes:
    names = list(good)
    first = good[names[seed % len(names)]]
    match seed // len(names) % 4:
        case 0 | 1:
            return hostile.mutated(first, seed)
        case 2:
            return damaged_inside(good["xlsx"], seed)
        case _:
            return spliced(first, good[names[seed // 16 % len(names)]], seed)


@pytest.fixture
def check():
    """Reads a file to its end as the check of a roster does; how many rows it had."""
    load_national()
    school = SchoolFactory(kind=SchoolKind.objects.get(pk="primary"))
    term, words = TermFactory(), headings.synonyms(school)

    with sheets.Reader() as reader:

        def check(content):
            table = Table(content, words, REQUIRED, limits=sheets.SMALL, reader=reader)
            reading = RowReader(table, school=school, term=term)
            rows = [reading.read(number, cells) for number, cells in table.lines()]
            problems = [problem for row in rows for problem in row.problems]
            problems += [problem for _row, _place, problem in heading_problems(table)]
            problems += [problem for _row, problem in row_problems(table, read=len(rows))]
            assert all(problem.severity for problem in problems)
            return len(rows)

        yield check


class TestDamagedFile:
    def test_is_read_or_refused_in_words_and_harms_nobody(self, check):
        good = rosters()
        assert {name: check(content) for name, content in good.items()} == dict.fromkeys(good, 11)
        read, refused = [], []

        for seed in range(FILES):
            try:
                read.append(check(damaged(good, seed)))
            except Refused as refusal:
                refused.append(refusal)

        assert len(read) + len(refused) == FILES
        assert all(str(refusal).endswith("。") and "%" not in str(refusal) for refusal in refused)
        assert len({refusal.code for refusal in refused}) >= 5
        assert len(read) > FILES // 10
        assert check(good["xlsx"]) == 11
