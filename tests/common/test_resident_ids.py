from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import resident_ids
from common.resident_ids import IdKind
from tests.factories import resident_id

BIRTHDAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
NUMBERS = st.builds(
    resident_id,
    st.integers(0, 499),
    born_on=BIRTHDAYS,
    sex=st.sampled_from(["male", "female"]),
)


class TestKind:
    @given(NUMBERS)
    def test_knows_a_number_with_its_right_check_digit(self, number):
        assert resident_ids.kind(number) is IdKind.RESIDENT

    @given(NUMBERS, st.integers(0, 16), st.integers(1, 9))
    def test_notices_any_single_wrong_digit(self, number, place, change):
        """ISO 7064 MOD 11-2 promises it."""
        wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
        assert resident_ids.kind(wrong) is not IdKind.RESIDENT

    @given(NUMBERS, st.integers(0, 15))
    def test_notices_two_neighbors_changing_places(self, number, place):
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert (resident_ids.kind(swapped) is IdKind.RESIDENT) == (swapped == number)

    @pytest.mark.parametrize(
        ("written", "kind"),
        [
            ("", IdKind.NONE),
            ("4.1E+17", IdKind.LOST),
            ("990101201203040000", IdKind.LOST),
            ("990101201213040010", IdKind.WRONG),
            ("990101120304001", IdKind.OLD),
            ("H12345678", IdKind.OTHER),
            ("９９０１０１", IdKind.OTHER),
        ],
    )
    def test_tells_what_a_number_is_worth(self, written, kind):
        assert resident_ids.kind(written) is kind

    @given(st.text(max_size=25))
    def test_has_an_answer_for_whatever_a_cell_holds(self, text):
        assert resident_ids.kind(resident_ids.normalize(text)) in IdKind


class TestNormalize:
    @given(NUMBERS, st.sampled_from([" ", "\u3000", "'", "\u200b", "\n", "“"]), st.integers(0, 18))
    def test_takes_off_what_typing_and_copying_put_on(self, number, noise, place):
        assert resident_ids.normalize(number[:place] + noise + number[place:].lower()) == number

    def test_makes_full_width_digits_plain(self):
        assert resident_ids.normalize("９９０１０１２０１２０３０４００１ｘ") == "99010120120304001X"

    @given(st.text("0123456789９xXＸEH.+-' \u3000\u200b“”张", max_size=40))
    def test_done_twice_changes_nothing_more(self, text):
        once = resident_ids.normalize(text)
        assert resident_ids.normalize(once) == once


class TestParts:
    @given(st.integers(0, 499), BIRTHDAYS, st.sampled_from(["male", "female"]))
    def test_hold_birthday_and_sex(self, number, born_on, sex):
        made = resident_id(number, born_on=born_on, sex=sex)

        assert resident_ids.born_on(made) == born_on
        assert resident_ids.sex(made) == {"male": "男", "female": "女"}[sex]

    @given(st.integers(0, 499), st.dates(date(1900, 1, 1), date(1999, 12, 31)))
    def test_an_old_number_shares_its_core_with_its_successor(self, number, born_on):
        new = resident_id(number, born_on=born_on)
        old = new[:6] + new[8:17]

        assert resident_ids.kind(old) is IdKind.OLD
        assert resident_ids.core(old) == resident_ids.core(new)
        assert resident_ids.born_on(old) == born_on

    @given(NUMBERS)
    def test_a_disability_card_begins_with_the_resident_number(self, number):
        assert resident_ids.from_disability_card(f"{number}43") == number

    def test_twenty_other_digits_stay_as_they_are(self):
        assert resident_ids.from_disability_card("1" * 20) == "1" * 20


class TestProposedNumber:
    @given(NUMBERS)
    def test_has_the_check_digit_that_follows_from_the_rest(self, number):
        assert resident_ids.with_right_check_digit(number[:17] + "?") == number

    @pytest.mark.parametrize("number", ["", "99010120120304003", "990101201213040010", "99O10120120304003X"])
    def test_is_none_where_there_is_no_day_or_no_number(self, number):
        assert resident_ids.with_right_check_digit(number) == ""

    @given(st.integers(0, 499), st.dates(date(1900, 1, 1), date(2020, 12, 31)))
    def test_of_fifteen_digits_is_the_one_of_its_century(self, number, born_on):
        new = resident_id(number, born_on=born_on)

        assert resident_ids.successor(new[:6] + new[8:17], century=new[6:8]) == new

    def test_of_other_numbers_there_is_none(self):
        assert resident_ids.successor("99010120120304003X") == ""
        assert resident_ids.successor("990101121304001") == ""


class TestBlemishes:
    @pytest.mark.parametrize(
        ("written", "found"),
        [
            ("99010120120304003X", []),
            ("99010120120304003x", ["small-x"]),
            ("９９０１０１20120304003X", ["full-width"]),
            ("990101 20120304 003X", ["blanks"]),
            ("'99010120120304003X", ["blanks"]),
            ("\u202d99010120120304003X\u202c", ["blanks"]),
            ("99010120120304003ｘ\u00a0", ["blanks", "full-width", "small-x"]),
        ],
    )
    def test_are_what_tidying_evens_out(self, written, found):
        assert resident_ids.blemishes(written) == found
        assert resident_ids.normalize(written) == "99010120120304003X"


class TestMask:
    @given(NUMBERS)
    def test_keeps_the_length_and_hides_birthday_and_region(self, number):
        masked = resident_ids.mask(number)

        assert len(masked) == len(number)
        assert set(masked[1:15]) == {"*"}

    @given(st.text(max_size=4))
    def test_hides_short_ones_whole(self, text):
        assert set(resident_ids.mask(text)) <= {"*"}
