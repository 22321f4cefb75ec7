import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import names


class TestKey:
    @pytest.mark.parametrize("written", ["张 三", "张　三", " 张三\n", "张\u200b三", "“张三”"])
    def test_looks_through_blanks_and_quotes(self, written):
        assert names.key(written) == "张三"

    @pytest.mark.parametrize("dot", list("·•‧∙⋅・･．。.●﹒"))
    def test_reads_every_dot_as_the_one_interpunct(self, dot):
        assert names.key(f"古丽{dot}买买提") == "古丽·买买提"

    def test_makes_full_width_letters_plain(self):
        assert names.key("张Ａ三") == "张A三"

    def test_of_an_empty_cell_is_empty(self):
        assert names.key(None) == ""

    @given(st.text("张王古丽·•．.･ＡａB' \u3000\u200b“”（(1", max_size=30))
    def test_done_twice_changes_nothing_more(self, text):
        assert names.key(names.key(text)) == names.key(text)


class TestSound:
    @pytest.mark.parametrize(("one", "other"), [("张伟", "章玮"), ("李娜", "黎那")])
    def test_is_equal_for_homophones(self, one, other):
        assert names.sound(one) == names.sound(other)

    def test_reads_a_surname_as_a_surname(self):
        assert names.sound("单单") == "shan dan"

    def test_differs_for_another_name(self):
        assert names.sound("张伟") != names.sound("李伟")


class TestVillageKey:
    @pytest.mark.parametrize("written", ["东关村", "东关村民委员会", "东关村委会", "东关行政村", "东关社区", "东关"])
    def test_leaves_off_what_kind_of_place_it_is(self, written):
        assert names.village_key(written) == "东关"
