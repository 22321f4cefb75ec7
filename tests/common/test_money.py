import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import money

FEN = st.integers(min_value=-(10**13), max_value=10**13)


class TestParseFen:
    @pytest.mark.parametrize(
        ("written", "fen"),
        [
            ("1000", 100_000),
            ("1,250.00", 125_000),
            ("625元", 62_500),
            ("0.0625万", 62_500),
            ("0.1万元", 100_000),
            ("￥1000", 100_000),
            ("１２５０．５", 125_050),
            ("312.50 元", 31_250),
            ("1000元整", 100_000),
            ("-3", -300),
        ],
    )
    def test_reads_amounts_as_offices_write_them(self, written, fen):
        assert money.parse_fen(written) == fen

    @pytest.mark.parametrize("written", ["", "元", "一千", "1.005", "0.0000001万", "1e3", "12.5%", "1 000 美元", "nan"])
    def test_refuses_anything_else(self, written):
        with pytest.raises(ValueError, match=r"."):
            money.parse_fen(written)

    @given(FEN)
    def test_reads_back_what_yuan_wrote(self, fen):
        assert money.parse_fen(money.yuan(fen)) == fen

    @given(st.text(max_size=20))
    def test_answers_with_a_whole_number_or_a_value_error(self, text):
        with contextlib.suppress(ValueError):
            assert isinstance(money.parse_fen(text), int)


class TestWan:
    def test_keeps_the_four_decimals_that_625_yuan_needs(self):
        assert money.wan(62_500) == "0.0625"

    @given(FEN)
    def test_is_within_half_of_its_last_decimal(self, fen):
        shown = Decimal(money.wan(fen).replace(",", ""))
        assert abs(shown * 1_000_000 - fen) <= 50


class TestCapitals:
    @pytest.mark.parametrize(
        ("fen", "words"),
        [
            (0, "零元整"),
            (100, "壹元整"),
            (5, "伍分"),
            (10, "壹角整"),
            (105, "壹元零伍分"),
            (120, "壹元贰角整"),
            (123, "壹元贰角叁分"),
            (1_200_000, "壹万贰仟元整"),
            (10_000_100, "壹拾万零壹元整"),
            (100_500_000, "壹佰万伍仟元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_010_000, "壹亿零壹佰元整"),
            (10_020_003_045, "壹亿零贰拾万零叁拾元肆角伍分"),
            (-62_500, "负陆佰贰拾伍元整"),
        ],
    )
    def test_writes_amounts_as_receipts_carry_them(self, fen, words):
        assert money.capitals(fen) == words

    @given(st.integers(min_value=0, max_value=10**15 - 1), st.integers(min_value=0, max_value=10**15 - 1))
    def test_tells_any_two_amounts_apart(self, one, other):
        assert (money.capitals(one) == money.capitals(other)) == (one == other)


DIGITS = "零壹贰叁肆伍陆柒捌玖"


def whole_of(words):
    """The whole yuan that capital characters say, read by the rules of receipts."""
    for place, worth in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        before, unit, after = words.rpartition(place)
        if unit:
            return whole_of(before) * worth + whole_of(after)
    return DIGITS.index(words.strip("零") or "零")


def fen_of(words):
    """The fen that an amount in capitals says, or a ValueError."""
    if words == "零元整":
        return 0
    whole, _unit, rest = words.rpartition("元")
    rest = rest.removesuffix("整")
    jiao, _unit, cents = rest.rpartition("角")
    cents = cents.removesuffix("分")
    return whole_of(whole) * 100 + DIGITS.index(jiao or "零") * 10 + DIGITS.index(cents.strip("零") or "零")


class TestCapitalsAsReceiptsDemand:
    @given(st.integers(min_value=0, max_value=10**13))
    def test_are_read_back_to_the_fen(self, fen):
        assert fen_of(money.capitals(fen)) == fen

    @given(st.integers(min_value=0, max_value=10**13))
    def test_keep_the_rules_of_receipts(self, fen):
        words = money.capitals(fen)

        assert "零零" not in words
        assert not words.startswith("零") or words == "零元整"
        assert words.endswith("整") == (fen % 10 == 0)
        assert "零元" not in words or words == "零元整"
        assert words.count("元") == (fen >= 100 or fen == 0)


@st.composite
def shares(draw):
    """Four payers whose parts add up to a thousand."""
    first, second, third = sorted(draw(st.lists(st.integers(0, 1000), min_size=3, max_size=3)))
    return {"central": first, "province": second - first, "city": third - second, "county": 1000 - third}


class TestSplitFen:
    @given(st.integers(min_value=0, max_value=10**13), shares())
    def test_neither_loses_nor_makes_a_fen(self, amount_fen, per_mille):
        parts = money.split_fen(amount_fen, per_mille)

        assert sum(parts.values()) == amount_fen
        for payer, share in per_mille.items():
            assert abs(parts[payer] * 1000 - amount_fen * share) < 1000

    def test_gives_the_left_over_fen_to_the_largest_remainder_then_to_the_earlier_payer(self):
        assert money.split_fen(1, {"central": 500, "county": 500}) == {"central": 1, "county": 0}
        assert money.split_fen(1, {"central": 300, "county": 700}) == {"central": 0, "county": 1}

    def test_refuses_shares_that_are_not_a_whole(self):
        with pytest.raises(ValueError, match="1000"):
            money.split_fen(100, {"central": 999})
