"""Banks: whose cards are whose, how each wants its file, and what a county's reference file says of them."""

import pytest
from django.urls import reverse

from accounts.models import Action
from common.moves import Refused
from disbursements import bank_layouts, banks
from disbursements.bank_layouts import BUILT_IN, BankField, Layout
from disbursements.models import Bank, BankTemplate
from programs.reference_files import BadReference
from students.models import Card
from tests.factories import NOW, BankFactory, BankTemplateFactory, CardFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rural():
    return BankFactory(code="rcb", name="农村商业银行", aliases=["农商行", "信用社"], is_default=True)


@pytest.fixture
def farmers():
    return BankFactory(code="abc", name="农业银行", aliases=["农行"])


def holders(bank):
    return set(Card.objects.filter(banks.cards_of(bank)).values_list("bank", flat=True))


class TestCards:
    def test_go_by_the_words_of_their_bank_and_the_rest_to_the_default(self, rural, farmers):
        for said in ("示范县农村商业银行东关支行", "示范县农商行", "中国农业银行示范县支行", "邮储银行", ""):
            CardFactory(bank=said)

        assert holders(farmers) == {"中国农业银行示范县支行"}
        assert holders(rural) == {"示范县农村商业银行东关支行", "示范县农商行", "邮储银行", ""}
        assert holders(None) == set()

    def test_are_all_of_no_bank_while_there_are_none(self):
        CardFactory(bank="示范县农商行")

        assert holders(None) == {"示范县农商行"}

    def test_that_no_bank_takes_are_of_none_without_a_default(self, farmers):
        CardFactory(bank="邮储银行")
        CardFactory(bank="农行东关支行")

        assert holders(None) == {"邮储银行"}

    def test_are_one_banks_each_where_the_longest_word_decides(self, rural):
        town = BankFactory(code="town", name="村镇银行", aliases=["农商行村镇银行"])
        CardFactory(bank="农商行村镇银行示范支行")
        CardFactory(bank="ABC农商行")

        assert holders(town) == {"农商行村镇银行示范支行"}
        assert holders(rural) == {"ABC农商行"}

    def test_are_told_alike_one_by_one(self, rural, farmers):
        for said in ("示范县农商行", "农行", "邮储银行", "", "农业银行信用社"):
            CardFactory(bank=said)

        for bank in (rural, farmers):
            mine = banks.takes(bank)
            assert {card.bank for card in Card.objects.all() if mine(card.bank)} == holders(bank)

    @pytest.mark.parametrize("written", ["abc bank", "ABC BANK", "Abc Bank"])
    def test_take_latin_letters_large_or_small(self, written):
        bank = BankFactory(aliases=["ABC Bank"])
        CardFactory(bank=written)

        assert holders(bank) == {written}


class TestKeeping:
    def test_one_bank_takes_the_rest_and_each_word_means_one(self, rural, preparer):
        other = banks.add(code="psbc", name="邮储银行", aliases=["邮政", "邮政 "], is_default=True, by=preparer, at=NOW)

        rural.refresh_from_db()
        assert (other.aliases, other.is_default, rural.is_default) == (["邮政"], True, False)
        with pytest.raises(banks.AliasTaken, match="农商行"):
            banks.change(other, name="邮储银行", aliases=["农商行"], is_default=True, by=preparer, at=NOW)
        with pytest.raises(banks.BankKnown):
            banks.add(code="psbc", name="别的", aliases=[], is_default=False, by=preparer, at=NOW)
        assert Action.objects.get().verb == "bank.added"


class TestLayout:
    COLUMNS = (("编号", "line"), ("姓名", "holder"), ("账号", "number"), ("金额(分)", "fen"))

    def test_is_made_anew_and_never_edited(self, rural, preparer):
        first = banks.set_layout(rural, Layout(self.COLUMNS, format="txt"), by=preparer, at=NOW)
        again = banks.set_layout(rural, Layout(self.COLUMNS, format="txt"), by=preparer, at=NOW)
        second = banks.set_layout(rural, Layout(self.COLUMNS, format="csv"), by=preparer, at=NOW)

        assert again == first != second
        assert banks.template_of(rural) == second
        assert bank_layouts.of(first).format == "txt"
        assert BankTemplate.objects.count() == 2

    @pytest.mark.parametrize(
        ("columns", "code"),
        [
            ((("编号", "line"), ("姓名", "holder"), ("金额", "yuan")), "layout-incomplete"),
            ((("编号", "line"), ("姓名", "holder"), ("账号", "number")), "layout-incomplete"),
            ((*COLUMNS, (" 姓 名", "student")), "layout-heading-twice"),
            ((*COLUMNS, ("※", "student")), "layout-heading-twice"),
            ((*COLUMNS, ("学生|姓名", "student")), "layout-heading-unfit"),
        ],
    )
    def test_whose_answer_could_not_be_read_is_refused(self, rural, preparer, columns, code):
        with pytest.raises(Refused) as refusal:
            banks.set_layout(rural, Layout(columns), by=preparer, at=NOW)

        assert refusal.value.code == code
        assert not BankTemplate.objects.exists()


class TestReference:
    FILE = """
[[bank]]
code = "rcb"
name = "农村商业银行"
aliases = ["农商行"]
is_default = true
[[bank.layout]]
format = "txt"
has_heading = false
columns = [
    { heading = "序号", field = "line" },
    { heading = "户名", field = "holder" },
    { heading = "账号", field = "number" },
    { heading = "金额", field = "yuan" },
]
[bank.layout.answers]
outcome = ["处理标志"]
"""

    def load(self, tmp_path, text):
        (tmp_path / "banks.toml").write_text(text, encoding="utf-8")
        banks.load(tmp_path / "banks.toml", at=NOW)

    def test_brings_banks_up_to_date_and_leaves_a_layout_of_the_office(self, tmp_path, preparer):
        self.load(tmp_path, self.FILE)
        bank = Bank.objects.get()
        loaded = bank_layouts.of(banks.template_of(bank))
        assert (loaded.format, loaded.has_heading, loaded.answers) == ("txt", False, {"outcome": ["处理标志"]})
        banks.set_layout(bank, Layout(TestLayout.COLUMNS), by=preparer, at=NOW)

        self.load(tmp_path, self.FILE.replace("农商行", "农信"))

        bank.refresh_from_db()
        assert bank.aliases == ["农信"]
        assert bank_layouts.of(banks.template_of(bank)).columns == TestLayout.COLUMNS

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [('field = "holder"', 'field = "owner"'), ("[bank.layout.answers]\noutcome", "[bank.layout.answers]\nresult")],
    )
    def test_with_a_mistake_is_refused_whole(self, tmp_path, right, wrong):
        with pytest.raises(BadReference):
            self.load(tmp_path, self.FILE.replace(right, wrong))

        assert not Bank.objects.exists()


class TestPages:
    def test_a_bank_is_added_with_its_layout_seen_before_it_is_kept(self, as_role):
        client = as_role("preparer")
        client.post(reverse("disbursements:bank-add"), {"code": "rcb", "name": "农商银行", "aliases": "农商行、信用社"})
        bank = Bank.objects.get()
        filled = {
            "format": "txt", "encoding": "gb18030", "has_total": "on",
            "place_line": "2", "place_holder": "1", "heading_holder": "收款人", "place_number": "3", "place_fen": "4",
            "answer_outcome": "处理标志、标志",
        }  # fmt: skip

        look = client.post(reverse("disbursements:bank-layout", args=["rcb"]), {**filled, "look": "1"})
        assert "张小雨|1|6222000000000000017|62500\r\n" in look.context["sample_text"]
        assert not BankTemplate.objects.exists()
        client.post(reverse("disbursements:bank-layout", args=["rcb"]), filled)

        kept = bank_layouts.of(banks.template_of(bank))
        assert bank.aliases == ["农商行", "信用社"]
        assert kept.columns == (
            ("收款人", "holder"), ("序号", "line"), ("卡号或账号", "number"), ("金额（分）", "fen"),
        )  # fmt: skip
        assert kept.answers == {"outcome": ["处理标志", "标志"]}
        assert (kept.has_heading, kept.has_total) == (False, True)

    def test_two_columns_in_one_place_are_told(self, as_role):
        BankFactory(code="rcb")
        filled = {"format": "csv", "encoding": "utf-8", "place_line": "1", "place_holder": "1"}

        answer = as_role("preparer").post(reverse("disbursements:bank-layout", args=["rcb"]), filled)

        assert answer.context["form"].errors["place_holder"] == ["这一列已经放了序号。"]

    def test_a_layout_that_cannot_be_read_back_is_told_in_words(self, as_role):
        BankFactory(code="rcb")
        filled = {"format": "csv", "encoding": "utf-8", "place_line": "1"}

        answer = as_role("preparer").post(reverse("disbursements:bank-layout", args=["rcb"]), filled)

        assert "银行文件里必须有这些列：户名、卡号或账号、金额（元）" in answer.content.decode()

    def test_a_bank_shows_its_layouts_to_an_auditor(self, as_role):
        template = BankTemplateFactory()

        shown = as_role("auditor").get(reverse("disbursements:bank", args=[template.bank.pk])).content.decode()

        assert "张小雨" in shown
        assert reverse("disbursements:bank-layout", args=[template.bank.pk]) not in shown


def test_the_built_in_layout_can_be_read_back():
    bank_layouts.check(BUILT_IN)
    assert set(BUILT_IN.fields) <= set(BankField.values)
