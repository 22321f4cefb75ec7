"""What a row says beside what it means: proposals, words for doubts, mended cells, and nothing repaired silently."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import resident_ids
from common.columns import cell_text
from common.money import parse_fen
from common.resident_ids import IdKind
from programs.reference import load_national
from schools.models import SchoolKind
from students import roster_ids, roster_names, vocabulary
from students.choices import EnrollmentState, IdType, Severity, Sex
from students.roster_ids import Stated
from students.roster_rows import RowReader, masked_value
from tests.factories import SchoolFactory, TermFactory, card_number, resident_id
from tests.students.faulty_sheets import GIRL, HEAD, WRONG

_FIELDS = (
    "", "name", "sex", "id_type", "id_number", "born_on", "stage", "grade", "class_name", "boarding", "residence",
    "major", "claim", "guardian_name", "guardian_phone", "town_name", "village", "card_number", "card_holder",
    "card_relation", "note", "status", "fee", "guardian_id", "is_orphan", "is_disabled", "is_registered_poor",
    "is_martyr_child", "registered",
)  # fmt: skip
_CHILD = {
    "name": "王小丁", "sex": "女", "id_type": "居民身份证", "id_number": GIRL, "born_on": "2012-03-04",
    "stage": "小学", "grade": "三年级", "class_name": "2班", "boarding": "走读", "guardian_name": "王建国",
    "guardian_phone": "19900001234",
}  # fmt: skip


_ADULT = resident_id(1, born_on=date(1985, 5, 6))


class Grid:
    """A table without a file: the places of its columns, and cells by field."""

    columns = {field: place for place, field in enumerate(_FIELDS) if field}

    def cell(self, cells, name):
        return cells[self.columns[name]]

    def text(self, cells):
        return {name: cell_text(cells[place]) for name, place in self.columns.items()}


@pytest.fixture
def school(db):
    load_national()
    return SchoolFactory(kind=SchoolKind.objects.get(pk="nine-year"))


@pytest.fixture
def read(school):
    def read(*, corrections=None, number=3, reader=None, **facts):
        reader = reader or RowReader(Grid(), school=school, term=TermFactory(), corrections=corrections)
        cells = [None] * len(_FIELDS)
        for field, value in {**_CHILD, **facts}.items():
            cells[Grid.columns[field]] = value
        return reader.read(number, cells)

    return read


def proposals(row):
    return {problem.field: problem.repair for problem in row.problems}


class TestProposal:
    @pytest.mark.parametrize(
        ("facts", "field", "repair"),
        [
            ({"name": "王小丁（转）"}, "name", "王小丁"),
            ({"name": "王 小 丁"}, "name", "王小丁"),
            ({"name": "王小丁2"}, "name", "王小丁"),
            ({"name": "阿依古丽•买买提"}, "name", "阿依古丽·买买提"),
            ({"name": "买买提．艾力 (新)"}, "name", "买买提·艾力"),
            ({"name": "Wangxiaoding"}, "name", ""),
            ({"name": "王\ue863丁"}, "name", ""),
            ({"id_number": WRONG}, "id_number", GIRL),
            ({"id_number": WRONG, "born_on": "2012-03-05"}, "id_number", ""),
            ({"id_number": WRONG, "born_on": ""}, "id_number", ""),
            ({"id_number": WRONG, "sex": "男"}, "id_number", ""),
            ({"id_number": GIRL[:17] + "×", "born_on": ""}, "id_number", GIRL),
            ({"id_number": GIRL[:6] + GIRL[8:17]}, "id_number", GIRL),
            ({"id_number": GIRL[:6] + GIRL[8:17], "born_on": ""}, "id_number", GIRL),
            ({"id_number": GIRL.replace("0", "O")}, "id_number", GIRL),
            ({"id_number": "G" + GIRL}, "id_number", GIRL),
            ({"id_number": "L" + GIRL}, "id_number", ""),
            ({"id_number": GIRL + "43"}, "id_number", GIRL),
            ({"id_number": GIRL[:17]}, "id_number", ""),
            ({"id_number": GIRL[:15] + "000"}, "id_number", ""),
            ({"id_number": f"{GIRL[:6]} {GIRL[6:]}"}, "id_number", GIRL),
            ({"id_type": "护照"}, "id_type", "居民身份证"),
            ({"born_on": "2012-03-05"}, "born_on", "2012-03-04"),
            ({"born_on": "三月"}, "born_on", "2012-03-04"),
            ({"sex": "男"}, "sex", "女"),
            ({"sex": "?"}, "sex", "女"),
            ({"stage": ""}, "stage", "小学"),
            ({"stage": "", "grade": "三十年级"}, "stage", ""),
            ({"stage": "", "grade": "七年级", "id_number": "", "id_type": "无证件"}, "stage", "初中"),
            ({"stage": "普通高中", "grade": "初一"}, "stage", "初中"),
            ({"grade": "初一"}, "stage", "初中"),
            ({"grade": "大班"}, "grade", ""),
            ({"grade": "三（2）班"}, "grade", "三年级"),
            ({"boarding": "?"}, "boarding", ""),
            ({"guardian_phone": "199-0000-1234"}, "guardian_phone", "19900001234"),
            ({"guardian_phone": "+8619900001234"}, "guardian_phone", "19900001234"),
            ({"guardian_phone": "8619900001234"}, "guardian_phone", "19900001234"),
            ({"guardian_phone": "12345"}, "guardian_phone", ""),
            ({"card_number": "6200-0000-0000-0000-03", "card_holder": "王建国"}, "card_number", "620000000000000003"),
        ],
    )
    def test_is_what_the_cell_should_probably_hold(self, read, facts, field, repair):
        assert proposals(read(**facts))[field] == repair

    def test_is_the_day_pupil_where_nobody_can_board(self, read, school):
        school.has_boarding = False

        assert proposals(read(boarding=""))["boarding"] == "走读"

    @pytest.mark.parametrize(
        "facts",
        [{"name": "王小丁（转）"}, {"name": "王 小丁"}, {"id_number": WRONG}, {"id_number": "G" + GIRL}, {"sex": "男"}],
    )
    def test_taken_leaves_nothing_to_say(self, read, facts):
        [problem] = read(**facts).problems

        assert read(**facts, corrections={3: {problem.field: problem.repair}}).problems == []

    def test_is_never_taken_by_itself(self, read):
        row = read(name="王小丁（转）", id_number=WRONG, sex="男")

        assert (row.name, row.id_number, row.sex) == ("王小丁（转）", WRONG, Sex.MALE)


class TestCorrection:
    def test_stands_in_the_place_of_the_cell(self, read):
        row = read(grade="高九", corrections={3: {"grade": "四年级"}})

        assert (row.grade, row.problems) == ("四年级", [])

    def test_of_a_number_cell_counts_as_text(self, read):
        row = read(id_number=9.90101201203040e17, corrections={3: {"id_number": GIRL}})

        assert (row.id_number, row.id_kind, row.problems) == (GIRL, IdKind.RESIDENT, [])

    def test_may_be_of_a_column_that_the_file_lacks(self, read, school):
        class Narrow(Grid):
            columns = {name: place for name, place in Grid.columns.items() if name not in ("note", "status")}

        reader = RowReader(
            Narrow(), school=school, term=TermFactory(), corrections={3: {"status": "休学", "note": "住院"}}
        )

        row = read(reader=reader)

        assert (row.state, row.note) == (EnrollmentState.SUSPENDED, "住院")

    def test_of_another_row_changes_nothing_here(self, read):
        assert read(corrections={4: {"grade": "四年级"}}).grade == "三年级"

    def test_without_a_field_leaves_the_row_out(self, read):
        row = read(grade="高九", corrections={3: {"": "", "grade": "四年级"}})

        assert row.is_dropped
        assert row.problems == []


class TestWord:
    def test_lets_a_doubt_pass_and_stays_with_it(self, read):
        row = read(id_number="", note="户口正在办理")

        [problem] = row.problems
        assert (problem.severity, problem.params) == (Severity.NOTE, {"word": "户口正在办理"})
        assert not row.is_doubtful

    def test_shows_no_number(self, read):
        [problem] = read(id_number="", note=f"应为{GIRL}").problems

        assert GIRL not in problem.params["word"]

    def test_explains_no_error(self, read):
        row = read(class_name="", note="还没有分班")

        assert row.is_refused
        assert row.problems[0].severity is Severity.ERROR

    def test_explains_what_is_found_later(self, read):
        row = read(note="上周转来")

        row.find("child-elsewhere", "id_number", {"school": "邻村小学"})

        assert not row.is_doubtful
        assert row.problems[0].params == {"school": "邻村小学", "word": "上周转来"}


class TestFacts:
    def test_are_read_whatever_the_spelling(self, read):
        row = read(id_type="身份证", status="休学", fee="1,200.5元", note="转入", residence="农业家庭户口")

        assert (row.id_type, row.state, row.fee_fen, row.note, row.is_rural) == (
            IdType.RESIDENT, EnrollmentState.SUSPENDED, 120_050, "转入", True,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("facts", "claim"),
        [
            ({}, ""),
            ({"claim": "低保家庭学生"}, "低保家庭学生"),
            ({"is_orphan": "是"}, "孤儿"),
            ({"claim": "孤儿", "is_orphan": "√"}, "孤儿"),
            ({"claim": "残疾", "is_disabled": "视力残疾"}, "残疾"),
            ({"claim": "低保家庭学生，残疾学生", "is_disabled": "1"}, "低保家庭学生、残疾学生"),
            ({"claim": "无", "is_registered_poor": "Y"}, "脱贫家庭学生"),
            ({"is_martyr_child": "是", "is_orphan": "有", "is_disabled": "无"}, "孤儿、烈士子女"),
            ({"is_disabled": "无残疾", "is_orphan": "×", "is_registered_poor": 0.0}, ""),
        ],
    )
    def test_claim_what_the_columns_of_yes_and_no_say_too(self, read, facts, claim):
        assert read(**facts).claim == claim

    @pytest.mark.parametrize(
        ("written", "is_registered"),
        [
            *((word, True) for word in ("有", "是", "在籍", "已注册", f"G{GIRL}", f"L{GIRL}", f" g{GIRL.lower()} ")),
            *((word, False) for word in ("无", "否", "没有", "未注册学籍", "暂无", "×")),
            *((word, None) for word in ("", None, "—", "/")),
        ],
    )
    def test_say_whether_a_child_is_registered(self, read, written, is_registered):
        row = read(registered=written)

        assert (row.is_registered, row.says_registered, row.problems) == (is_registered, True, [])

    def test_leave_open_what_nobody_understands_of_it(self, read):
        row = read(registered="不清楚")

        assert row.is_registered is None
        assert [(problem.code, problem.field) for problem in row.problems] == [("yes-no-unreadable", "registered")]

    def test_never_come_from_a_grown_up_s_number(self, read):
        row = read(id_number=resident_id(5, born_on=date(1980, 1, 1)), born_on="", sex="")

        assert (row.born_on, row.sex) == (None, Sex.UNKNOWN)

    def test_of_birth_and_sex_come_from_a_right_number(self, read):
        row = read(born_on="", sex="")

        assert (row.born_on, row.sex, row.problems) == (date(2012, 3, 4), Sex.FEMALE, [])

    @pytest.mark.parametrize(
        ("facts", "is_kept"), [({}, True), ({"card_number": "6217"}, False), ({"card_holder": ""}, False)]
    )
    def test_have_a_card_only_if_it_can_be_paid_to(self, read, facts, is_kept):
        row = read(**{"card_number": card_number(1), "card_holder": "王建国", **facts})

        assert bool(row.card_number) is is_kept


class WithoutStages(Grid):
    """The national export, which has no column for the stage."""

    def text(self, cells):
        return {name: text for name, text in super().text(cells).items() if name != "stage"}


class TestStageByTheGrade:
    @pytest.mark.parametrize(
        ("grade", "born_on", "stage"), [("三年级", "2012-03-04", "primary"), ("初二", "", "junior")]
    )
    def test_is_told_by_a_grade_of_one_stage(self, school, read, grade, born_on, stage):
        reader = RowReader(WithoutStages(), school=school, term=TermFactory())

        assert read(reader=reader, grade=grade, born_on=born_on).stage == stage

    def test_is_asked_for_where_the_grade_tells_none(self, school, read):
        reader = RowReader(WithoutStages(), school=school, term=TermFactory())

        row = read(reader=reader, grade="高三")

        assert row.is_refused
        assert [problem.code for problem in row.problems] == ["stage-missing"]

    def test_is_no_guess_for_an_empty_cell(self, read):
        row = read(stage="")

        assert [(problem.code, problem.repair) for problem in row.problems] == [("stage-missing", "小学")]


class TestAGuardiansNumber:
    @pytest.mark.parametrize(
        ("cell", "kept", "is_noted"),
        [
            (_ADULT, _ADULT, False),
            (f" {_ADULT[:6]} {_ADULT[6:]}", _ADULT, False),
            (_ADULT[:-1] + ("1" if _ADULT[-1] != "1" else "2"), None, True),
            (_ADULT[:6] + _ADULT[8:17], None, True),
            (4.1162519850506e17, "", True),
            ("", "", False),
            ("无", "", False),
        ],
    )
    def test_is_kept_as_written_and_only_noted_where_it_is_odd(self, read, cell, kept, is_noted):
        row = read(guardian_id=cell)

        assert row.guardian_id == (cell if kept is None else kept)
        assert [problem.code for problem in row.problems] == (["guardian-id-odd"] if is_noted else [])
        assert all(problem.severity is Severity.NOTE for problem in row.problems)


class TestMaskedValue:
    @pytest.mark.parametrize("field", ["id_number", "guardian_id", "card_number", "guardian_phone", "name", "note"])
    def test_shows_no_number(self, field):
        assert GIRL not in masked_value(field, GIRL)


ANYTHING = st.one_of(
    st.text(max_size=30),
    st.text("0123456789Xx \u3000０１Ｘ·./-年月日元万,E+()（）", max_size=24),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 10**19).map(float),
    st.booleans(),
    st.none(),
    st.dates(),
)


class TestReading:
    @given(ANYTHING, st.sampled_from(["", *IdType.values]), st.none() | st.dates(date(1990, 1, 1), date(2020, 1, 1)))
    def test_a_number_never_fails(self, cell, id_type, born):
        stated = Stated(id_type, "证件", born, Sex.UNKNOWN, "")

        number = roster_ids.read(cell, stated, TermFactory.build())

        assert len(number.text) <= 40
        assert all(problem.code in KINDS_OF_IDS for problem in number.problems)
        if number.kind is IdKind.RESIDENT and not number.is_another_s:
            assert number.born_on is not None

    @given(st.text(max_size=40))
    def test_a_tidied_number_is_tidy(self, text):
        tidied = resident_ids.normalize(text)

        assert resident_ids.normalize(tidied) == tidied
        assert resident_ids.blemishes(tidied) == []

    @given(st.text(max_size=60), st.booleans())
    def test_a_name_never_fails_and_a_proposal_has_nothing_wrong(self, text, is_foreign):
        name = roster_names.read(text.strip(), is_foreign=is_foreign)

        for problem in name.problems:
            if problem.repair:
                assert roster_names.read(problem.repair).problems == []

    @given(st.dates(date(2003, 1, 1), date(2018, 12, 31)), st.integers(0, 499), st.integers(0, 17), st.integers(1, 9))
    def test_a_proposed_number_is_a_right_one(self, born, sequence, place, shift):
        right = resident_id(sequence, born_on=born)
        digit = right[place]
        wrong = right[:place] + str((int(digit if digit != "X" else "0") + shift) % 10) + right[place + 1 :]
        stated = Stated(IdType.RESIDENT, "居民身份证", born, Sex.MALE, "")

        number = roster_ids.read(wrong, stated, TermFactory.build())

        repairs = [p.repair for p in number.problems if p.field == "id_number" and p.repair]
        assert all(resident_ids.kind(repair) is IdKind.RESIDENT for repair in repairs)
        if place == 17 and number.kind is IdKind.WRONG:
            assert repairs == [right]

    @given(st.text(max_size=20) | st.text("0123456789.,-+万元¥￥Ee ", max_size=12))
    def test_an_amount_is_one_or_no_amount(self, text):
        with suppress(ValueError):
            assert isinstance(parse_fen(text), int)

    @given(st.text(max_size=20))
    def test_words_never_fail(self, text):
        assert vocabulary.boarding(text) in (True, False, None)
        assert vocabulary.reads_as_claimed("is_disabled", text) in (True, False, None)

    def test_a_row_never_fails(self, school):
        term = TermFactory()
        shared = RowReader(Grid(), school=school, term=term)

        @given(st.dictionaries(st.sampled_from([field for field in _FIELDS if field]), ANYTHING, max_size=8))
        def reads(facts):
            cells = [None] * len(_FIELDS)
            for field, value in {**_CHILD, **facts}.items():
                cells[Grid.columns[field]] = value

            row = shared.read(3, cells)

            assert len(row.claim) <= 50
            assert len(row.note) <= 200
            assert row.fee_fen is None or row.fee_fen >= 0
            assert row.name or row.is_refused
            assert all(problem.severity for problem in row.problems)

        reads()


KINDS_OF_IDS = {
    "id-digits-lost", "id-end-lost", "id-missing", "id-length", "id-letters", "id-wrong", "id-birth-impossible",
    "id-old", "id-register-number", "id-other", "id-guardian", "id-adult", "id-blanks", "id-full-width", "id-small-x",
    "id-birth-differs", "id-sex-differs", "id-type-differs",
}  # fmt: skip


def test_the_grid_has_every_column_of_the_corpus():
    assert len(HEAD) == len(_FIELDS)
