"""manage.py crossfoot: a published summary held against itself, for people and for other programs."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.harness.models import ROOT

COUNTY = ROOT / "fixtures" / "reference" / "county-report-2021.txt"


def said(file, **options):
    out = io.StringIO()
    call_command("crossfoot", str(file), stdout=out, **options)
    return out.getvalue()


class TestCommand:
    def test_gives_figure_place_rule_contradicted_figures_and_reading(self):
        rows = json.loads(said(COUNTY, format="json"))["figures"]

        row = next(row for row in rows if row["printed"] == "667万元")
        assert (row["reading"], row["is_only_reading"], row["rule"], row["slip"]) == (
            "66.7万元",
            True,
            "terms",
            "point",
        )
        assert COUNTY.read_text().split("\n")[row["line"] - 1][row["column"] - 1 :].startswith("667万元")
        assert {"34.7万元", "32万元"} <= {other["printed"] for other in row["contradicts"]}
        assert [(row["printed"], row["reading"], row["is_only_reading"]) for row in rows if row["finding"] == 6] == [
            ("2544名", "2545名", False),
            ("2545名", "2544名", False),
        ]

    def test_says_the_same_in_words(self):
        words = said(COUNTY)

        assert "→ 2643人\n" in words
        assert "→ 2545名 ?\n" in words
        assert words.endswith("10 contradictions, 11 figures.\n")

    def test_reads_what_windows_writes(self, tmp_path):
        file = tmp_path / "总结.txt"
        file.write_bytes(COUNTY.read_text().replace("\n", "\r\n").encode("gb18030"))

        assert said(file, format="json").replace("总结.txt", COUNTY.name) == said(COUNTY, format="json")

    def test_is_content_with_a_text_that_agrees(self, tmp_path):
        file = tmp_path / "text.txt"
        file.write_text("全年资助250人次，其中春季120人次，秋季130人次。")

        assert json.loads(said(file, format="json")) == {
            "file": "text.txt",
            "figures_read": 3,
            "relations_compared": 1,
            "contradictions": 0,
            "figures": [],
        }

    def test_says_how_much_was_read_and_compared(self, tmp_path):
        file = tmp_path / "text.txt"
        file.write_text("全年资助250人次，其中春季120人次，秋季130人次。")

        assert said(file) == "3 figures read, 1 relations compared.\n0 contradictions, 0 figures.\n"

    def test_says_so_where_there_is_nothing_to_compare(self, tmp_path):
        file = tmp_path / "text.txt"
        file.write_text("资助学生12人，发放3万元。")

        assert said(file) == (
            "2 figures read, 0 relations compared.\nNothing to compare, so nothing is said of contradictions.\n"
        )

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "There is no file"),
            (b"", "没有文字"),
            (b"\x00\x01\x02", "这不是文本文件"),
            (bytes(5_000_000), "文件超过 4 MB"),
            ("资助12人。".encode() * 1_000, "数字太多"),
        ],
    )
    def test_says_what_is_wrong_with_a_file(self, tmp_path, content, says):
        file = tmp_path / "text.txt"
        if content is not None:
            file.write_bytes(content)

        with pytest.raises(CommandError, match=says) as caught:
            said(file)

        assert caught.value.returncode == 1

    def test_takes_no_folder_for_a_file(self, tmp_path):
        with pytest.raises(CommandError, match="folder"):
            said(tmp_path)
