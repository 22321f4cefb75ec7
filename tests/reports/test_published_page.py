"""The page and the files that a published summary is brought in."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from docx import Document

from accounts.models import Action
from common.roles import Role
from jobs.models import StoredFile
from reports.published import texts
from tests.harness.models import ROOT

COUNTY = (ROOT / "fixtures" / "reference" / "county-report-2021.txt").read_text()
AGREES = "春季学期资助120人次，发放6万元；秋季学期资助130人次，发放6.5万元；全年资助250人次，发放12.5万元。"


def document(*paragraphs, rows=()):
    paper, out = Document(), io.BytesIO()
    for words in paragraphs:
        paper.add_paragraph(words)
    if rows:
        table = paper.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=True):
                cell.text = words
    paper.save(out)
    return out.getvalue()


def archive(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


class TestTexts:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    def test_are_read_in_every_encoding_that_offices_write(self, encoding):
        assert texts.text_of(AGREES.encode(encoding)) == AGREES

    def test_of_a_document_are_its_paragraphs_and_the_rows_of_its_tables(self):
        content = document("一、学前教育", "资助23人。", rows=[("小学", "12人"), ("初中", "11人")])

        assert texts.text_of(content).split("\n") == ["一、学前教育", "资助23人。", "小学\t12人", "初中\t11人"]

    def test_have_one_kind_of_line_end_so_that_places_hold(self):
        assert texts.text_of("一\r\n二\r三\v四\f五\n".encode()) == "一\n二\n三\n四\n五\n"

    def test_have_nothing_unseen_between_their_digits(self):
        assert texts.text_of("资助1\u200b2\u200c3\u200d4\u20605\ufeff人".encode()) == "资助12345人"

    def test_of_unseen_letters_alone_are_empty(self):
        with pytest.raises(texts.EmptyText):
            texts.tidy("\u200b\v\u2060")

    @pytest.mark.parametrize(
        ("content", "refusal"),
        [
            (b"", texts.EmptyText),
            (b" \r\n\t", texts.EmptyText),
            (b"\x89PNG\r\n\x1a\n\x00\x00", texts.NotAText),
            (b"%PDF-1.7\n\xff\xff\xff\xff", texts.NotAText),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), texts.OldDocument),
            (b"PK\x03\x04 broken", texts.UnreadableText),
            (archive(hello="x"), texts.NotAText),
            (archive(word__document_xml="<w:document"), texts.UnreadableText),
            (archive(word__document_xml='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), texts.UnreadableText),
            (("资" * (texts.MOST_LETTERS + 1)).encode(), texts.TextTooLong),
            (bytes(texts.MOST_BYTES + 1), texts.TextTooLarge),
        ],
    )
    def test_that_are_none_are_refused_in_words(self, content, refusal):
        with pytest.raises(texts.UnreadableText) as caught:
            texts.text_of(content)

        assert type(caught.value) is refusal
        assert str(caught.value)

    def test_packed_to_burst_are_refused_before_they_are_parsed(self):
        bomb = archive(word__document_xml="<a>" + " " * 60_000_000 + "</a>")
        assert len(bomb) < 100_000

        with pytest.raises(texts.TextTooLarge):
            texts.text_of(bomb)


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def reader(self, as_role):
        return as_role(Role.AUDITOR)

    def test_marks_what_is_contradicted_and_proposes_the_reading(self, reader):
        answer = reader.post(reverse("reports:published"), {"words": COUNTY})

        words = answer.content.decode()
        assert words.count("<mark ") == 11
        assert ">23人</mark>" in words
        assert "<b>2643人</b>" in words
        assert "101259人次" in words

    def test_takes_a_document_as_well_as_pasted_words(self, reader):
        file = SimpleUploadedFile("总结.docx", document(*COUNTY.split("\n")))

        answer = reader.post(reverse("reports:published"), {"file": file})

        assert answer.content.decode().count("<mark ") == 11

    def test_says_so_when_everything_agrees(self, reader):
        answer = reader.post(reverse("reports:published"), {"words": AGREES})

        assert "没有发现前后矛盾的数字" in answer.content.decode()
        assert "读到 6 个数字，比对了 2 条勾稽关系。" in answer.content.decode()

    @pytest.mark.parametrize(("words", "figures"), [("学生资助工作总结。", 0), ("资助学生12人，发放3万元。", 2)])
    def test_says_that_nothing_was_compared_where_nothing_could_be(self, reader, words, figures):
        answer = reader.post(reverse("reports:published"), {"words": words})

        assert "没有可以互相核对的数字" in answer.content.decode()
        assert f"读到 {figures} 个数字" in answer.content.decode()
        assert "没有发现前后矛盾" not in answer.content.decode()

    def test_keeps_nothing(self, reader):
        reader.post(reverse("reports:published"), {"words": COUNTY})

        assert not StoredFile.objects.exists()
        assert not Action.objects.exists()

    def test_shows_words_as_words(self, reader):
        answer = reader.post(reverse("reports:published"), {"words": "<script>alert(1)</script>" + AGREES})

        assert "<script>alert(1)" not in answer.content.decode()
        assert "&lt;script&gt;alert(1)" in answer.content.decode()

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "没有文字"),
            ({"words": " \n"}, "没有文字"),
            ({"words": "资" * (texts.MOST_LETTERS + 1)}, "不像是一份总结"),
            ({"words": "资助12人。" * 1_000}, "数字太多"),
            ({"file": ("总结.doc", b"\xd0\xcf\x11\xe0" + bytes(600))}, "旧格式的 .doc"),
            ({"file": ("空.txt", b"")}, "没有文字"),
            ({"words": AGREES, "file": ("总结.txt", AGREES.encode())}, "只要一样"),
        ],
    )
    def test_says_what_is_wrong_with_what_is_brought(self, reader, given, says):
        given = {key: SimpleUploadedFile(*one) if key == "file" else one for key, one in given.items()}

        answer = reader.post(reverse("reports:published"), given)

        assert answer.status_code == 200
        assert says in answer.content.decode()
        assert "<mark" not in answer.content.decode()
