"""What is made to tire or to burst the reader of published summaries costs little, and is refused in words."""

import io
import re
import signal
import zipfile
from contextlib import contextmanager
from decimal import Decimal

import pytest

from reports.published import entries, figures, findings, headlines, texts, topics

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MANY = 100_000


@contextmanager
def within(seconds):
    """An AssertionError once so much of this process's own computing time is used, whatever else the machine does."""

    def stop(_signal, _frame):
        raise AssertionError(f"More than {seconds} s.")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def patterns():
    """The package's regular expressions that meet text of any length, by name."""
    bounded = {"_ABOUT_BEFORE", "_NO_FIGURE_BEFORE", "_RATE_BEFORE", "_RATE_GOES_ON", "_MONEY_WORDS", "_LABEL_END"}
    for module in (figures, entries, topics):
        for name, value in vars(module).items():
            if name not in bounded and not name.startswith("__"):
                for place, pattern in enumerate(_patterns_in(value)):
                    yield pytest.param(pattern, id=f"{module.__name__}.{name}{place}")


def _patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (re.compile(one) for one in value.values() if isinstance(one, str))
    elif isinstance(value, tuple):
        for one in value:
            yield from _patterns_in(one)


class TestExpressions:
    @pytest.mark.parametrize("letter", "1 ,.。(（>一其万人每~\t　x*")
    @pytest.mark.parametrize("begin", ["", "1", "一、", "每"])
    def test_no_letters_of_one_kind_tire_the_reader(self, begin, letter):
        with within(5):
            findings.read(begin + letter * (MANY - 10) + "x")

    def test_no_number_of_parts_in_a_sentence_tires_the_reader(self):
        with within(5):
            findings.read("其中" * 45_000 + "资助12人，其中" * 500)

    @pytest.mark.parametrize("pattern", list(patterns()))
    def test_go_through_a_text_once(self, pattern):
        with within(5):
            for letter in "1 ,.>一":
                for _found in pattern.finditer("1" + letter * MANY + "x"):
                    pass

    def test_long_names_are_soon_compared(self):
        name = "甲乙丙丁戊己庚辛壬癸" * 5

        with within(8):
            findings.read(f"全年{name}1000人{name}。\n" * 200)

    def test_a_unit_may_stand_a_little_apart_and_no_further(self):
        assert [figure.printed for figure in figures.figures("12 人，13  多  人，14" + " " * 9 + "人")] == ["12", "13"]

    def test_a_long_heading_is_called_by_its_beginning(self):
        (entry,) = entries.entries("一、" + "学前教育" * 30 + "\n资助12人。")

        assert entry.section == ("学前教育" * 5,)


def document(body, *, name="word/document.xml", **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        content = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>' if isinstance(body, str) else body
        packed.writestr(name, content, **how)
    return out.getvalue()


def paragraph(words):
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def cell(words, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(words)}</w:tc>"


def table(*rows):
    return "<w:tbl>" + "".join(f"<w:tr>{''.join(cells)}</w:tr>" for cells in rows) + "</w:tbl>"


class TestDocuments:
    def test_a_cell_is_read_once_however_far_it_is_said_to_reach(self):
        wide = cell("学前教育", '<w:gridSpan w:val="3000000"/>')

        with within(5):
            assert texts.text_of(document(table([wide, cell("12人")]))) == "学前教育\t12人"

    def test_a_cell_that_reaches_over_rows_is_read_in_the_first_of_them(self):
        first, next_ = cell("学前", '<w:vMerge w:val="restart"/>'), cell("", "<w:vMerge/>")
        rows = [[first, cell("春季12人")], *([next_, cell(f"秋季{number}人")] for number in range(3_000))]

        with within(5):
            lines = texts.text_of(document(table(*rows))).split("\n")

        assert lines[:3] == ["学前\t春季12人", "\t秋季0人", "\t秋季1人"]
        assert len(lines) == 3_001

    def test_cells_that_say_the_same_are_both_read(self):
        assert texts.text_of(document(table([cell("12人"), cell("12人"), cell("24人")]))) == "12人\t12人\t24人"

    def test_words_in_links_insertions_and_marked_numbers_are_read_in_their_place(self):
        runs = [f"<w:r><w:t>{words}</w:t></w:r>" for words in ("资助", "12", "人", "次")]
        inside = (
            f"{runs[0]}<w:smartTag>{runs[1]}</w:smartTag><w:ins>{runs[2]}</w:ins><w:hyperlink>{runs[3]}</w:hyperlink>"
        )
        gone = "<w:del><w:r><w:delText>13人</w:delText></w:r></w:del>"

        assert texts.text_of(document(f"<w:p>{inside}{gone}</w:p>")) == "资助12人次"

    @pytest.mark.parametrize("part", ["<w:p/><w:tbl/>", "<w:tbl/>", "<w:p><w:r/><w:hyperlink/></w:p>"])
    def test_no_number_of_empty_parts_tires_the_reader(self, part):
        with within(20), pytest.raises(texts.UnreadableText):
            texts.text_of(document(part * MANY))

    def test_no_number_of_runs_in_a_paragraph_tires_the_reader(self):
        with within(20):
            read = texts.text_of(document(f"<w:p>{'<w:r><w:t>1</w:t></w:r><w:hyperlink/>' * 50_000}</w:p>"))

        assert read == "1" * 50_000

    def test_nothing_but_the_words_is_unpacked(self):
        out = io.BytesIO(document(paragraph("资助12人。")))
        with zipfile.ZipFile(out, "a", zipfile.ZIP_LZMA) as packed:
            packed.writestr("word/media/image1.png", bytes(60_000_000))

        with within(1):
            assert texts.text_of(out.getvalue()) == "资助12人。"

    @pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_packed_as_no_office_packs_them_are_refused(self, kind):
        with pytest.raises(texts.UnreadableText) as caught:
            texts.text_of(document(paragraph("资助12人。"), compress_type=kind))

        assert type(caught.value) is texts.UnreadableText

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(document("<w:tbl>" + "<w:tr><w:tc/></w:tr>" * 2 + "</w:tbl>"), id="table without words"),
            pytest.param(document(table([cell("", '<w:gridSpan w:val="x"/>')])), id="span that is no number"),
            pytest.param(document('<w:p><w:r><w:br w:type="x"/></w:r></w:p>'), id="break of no kind"),
            pytest.param(document(b'<?xml version="1.0" encoding="none"?><a/>'), id="encoding of no name"),
            pytest.param(document(b"<a/>"), id="no document"),
            pytest.param(document("<w:ins>" * 5_000 + "</w:ins>" * 5_000), id="too deep"),
            pytest.param(document('<w:p w:x="&#0;"/>'), id="letter of no kind"),
            pytest.param(document("", name="字").replace("字".encode(), b"\xff\xfe\xff"), id="name of no letters"),
            pytest.param(
                document('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")), id="declarations in utf-16"
            ),
        ],
    )
    def test_that_are_broken_are_refused_in_words(self, content):
        with pytest.raises(texts.UnreadableText) as caught:
            texts.text_of(content)

        assert str(caught.value)


def _program(number, mark):
    lines = [(100 + 7 * number + place * place, Decimal("10.1234") + place) for place in range(8)]
    people, money = sum(one for one, _ in lines) + 1, sum(one for _, one in lines) - 1
    poor = "".join(f"，其中建档立卡学生{people}人次，{money}万元" for _ in range(3))
    parts = "".join(
        f"({ordinal})项目{ordinal}\n资助学生{heads}人次，发放{amount}万元，其中建档立卡学生{heads}人次，{amount}万元。\n"
        for ordinal, (heads, amount) in zip("一二三四五六七八", lines, strict=True)
    )
    return f"{mark}、学段{mark}\n资助学生{people}人次，发放{money}万元{poor}。\n{parts}"


class TestHeadlines:
    @pytest.fixture
    def tried(self, monkeypatch):
        """The headlines for which all choices of lines are tried."""
        calls, fits = [], headlines._some_choice_fits
        monkeypatch.setattr(headlines, "_some_choice_fits", lambda *given: calls.append(given) or fits(*given))
        return calls

    def test_of_one_program_are_held_against_every_choice_of_lines(self, tried):
        found = findings.read(_program(1, "一"))

        assert tried
        assert any(finding.no_choice_fits for finding in found.findings)

    def test_all_choices_are_tried_for_few_headlines_only(self, tried):
        findings.read("".join(_program(number, mark) for number, mark in enumerate("一二三四五六七八九", 1)))

        assert len(tried) == 5

    def test_of_the_registered_poor_only_the_first_is_looked_at(self):
        given = entries.entries(_program(1, "一"))
        values = {figure: figure.value for entry in given for figure in (entry.heads, entry.money) if figure}

        totals = headlines.totals(given, values)

        assert [total.head.whole is None for total in totals] == [True, False]

    def test_sums_that_come_out_alike_are_kept_once(self):
        lines = [(Decimal(10), Decimal(1))] * 200

        with within(5):
            assert not headlines._some_choice_fits(lines, Decimal(1_995), Decimal(200), Decimal("0.1"))
            assert headlines._some_choice_fits(lines, Decimal(1_990), Decimal(199), Decimal("0.1"))
