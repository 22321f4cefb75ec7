"""Chinese working days, with the moved Saturdays and Sundays (调休), by the kept library `chinesecalendar`.

The library holds the State Council's published calendar; for a year it does not know yet,
Monday to Friday is the honest guess, and `is_published` says so.
"""

from datetime import date, timedelta

import chinese_calendar


def is_published(year: int) -> bool:
    """True where the official calendar of that year is in the library."""
    return bool(min(chinese_calendar.constants.workdays).year <= year <= max(chinese_calendar.constants.holidays).year)


def is_workday(day: date) -> bool:
    if not is_published(day.year):
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


def last_day(first: date, days: int) -> date:
    """The day on which `days` working days are full, counting from `first` if that is one."""
    day, left = first, days
    while True:
        left -= is_workday(day)
        if left <= 0:
            return day
        day += timedelta(days=1)


def count(first: date, last: date) -> int:
    """Working days from `first` to `last`, both included."""
    return sum(is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1))
