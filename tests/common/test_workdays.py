from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import workdays

DAYS = st.dates(date(2019, 1, 1), date(2025, 12, 1))


class TestIsWorkday:
    @pytest.mark.parametrize(
        ("day", "works"),
        [
            (date(2021, 10, 1), False),  # National Day, a Friday
            (date(2021, 10, 8), True),
            (date(2021, 10, 9), True),  # a Saturday worked for the holiday
            (date(2021, 10, 10), False),  # an ordinary Sunday
            (date(2021, 9, 18), True),  # a Saturday worked for Mid-Autumn
            (date(2021, 9, 21), False),
        ],
    )
    def test_follows_the_published_calendar(self, day, works):
        assert workdays.is_workday(day) is works

    def test_takes_monday_to_friday_where_nothing_is_published_yet(self):
        far = date(2099, 10, 1)

        assert not workdays.is_published(far.year)
        assert workdays.is_workday(far) is (far.weekday() < 5)


class TestLastDay:
    def test_of_five_days_put_up_before_national_day_lies_behind_it(self):
        """28, 29, 30 September, then 8 and 9 October."""
        assert workdays.last_day(date(2021, 9, 28), 5) == date(2021, 10, 9)

    def test_does_not_count_a_first_day_off(self):
        assert workdays.last_day(date(2021, 10, 2), 1) == date(2021, 10, 8)

    @given(DAYS, st.integers(1, 15))
    def test_is_the_first_day_on_which_the_count_is_full(self, first, days):
        last = workdays.last_day(first, days)

        assert workdays.count(first, last) == days
        assert workdays.is_workday(last)
        assert workdays.count(first, last - timedelta(days=1)) == days - 1
