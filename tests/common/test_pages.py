"""List pages: what the address asks for, as far as it makes sense."""

import pytest
from django import forms
from django.test import RequestFactory

from common.forms import FilterForm, SearchField, number_of, numbers
from common.pages import chosen, page_of, sorted_by, tabs_of
from schools.models import Term
from tests.factories import TermFactory

CHOICES = [("open", "进行中"), ("closed", "已结束")]


def asked(query: str):
    return RequestFactory().get(f"/list/?{query}")


class TestPageOf:
    @pytest.mark.parametrize(
        ("query", "number"), [("", 1), ("page=2", 2), ("page=99", 3), ("page=x", 1), ("page=0", 3)]
    )
    def test_is_the_nearest_page_that_exists(self, query, number):
        assert page_of(asked(query), range(45)).number == number

    @pytest.mark.parametrize(("query", "size"), [("", 20), ("size=50", 50), ("size=5000", 20), ("size=-1", 20)])
    def test_has_only_sizes_on_offer(self, query, size):
        assert page_of(asked(query), range(300)).size == size

    @pytest.mark.parametrize("name", ["size", "page"])
    @pytest.mark.parametrize("number", ["9" * 5_000, "٣", "²"])
    def test_takes_no_harm_from_numbers_that_are_none(self, name, number):
        """Python reads no number of more than 4,300 digits, and reads digits of any script."""
        page = page_of(asked(f"{name}={number}"), range(45))

        assert (page.size, page.total) == (20, 45)

    def test_believes_a_count_that_is_given(self):
        assert page_of(asked(""), range(20), count=1204).total == 1204


class TestNumbers:
    def test_are_the_keys_that_make_sense(self):
        ticked = asked(f"ids=3&ids=4,5&ids=&ids=x&ids=-1&ids=²&ids={'9' * 19}&ids={'9' * 5_000}")

        assert numbers(ticked, "ids") == [3, 4, 5]
        assert numbers(RequestFactory().post("/", {"ids": ["7", "8"]}), "ids") == [7, 8]
        assert (number_of("12"), number_of("9" * 18), number_of("٣"), number_of("")) == (12, 10**18 - 1, None, None)


class TestTabs:
    def test_count_everything_first_and_mark_the_chosen_one(self):
        tabs = tabs_of(asked("tab=closed&q=x&page=3"), CHOICES, {"open": 3, "closed": 4})

        assert [(tab.label, tab.count, tab.is_current) for tab in tabs] == [
            ("全部", 7, False),
            ("进行中", 3, False),
            ("已结束", 4, True),
        ]
        assert tabs[1].url == "/list/?tab=open&q=x"
        assert tabs[0].url == "/list/?q=x"

    def test_take_nonsense_for_everything(self):
        assert chosen(asked("tab=nonsense"), "tab", ["open"]) == ""
        assert tabs_of(asked("tab=nonsense"), CHOICES)[0].is_current


@pytest.mark.django_db
class TestSortedBy:
    def test_follows_known_keys_only(self):
        for code in ["2021A", "2020A", "2021S"]:
            TermFactory(code=code)
        keys = {"code": "code"}

        def codes(query):
            return [term.code for term in sorted_by(asked(query), Term.objects.order_by("-starts_on"), keys)]

        assert codes("sort=code") == ["2020A", "2021A", "2021S"]
        assert codes("sort=-code") == ["2021S", "2021A", "2020A"]
        assert codes("sort=state") == ["2021A", "2021S", "2020A"]


class TestFilterForm:
    class Sample(FilterForm):
        q = SearchField(label="姓名")
        state = forms.ChoiceField(label="状态", choices=[("", "全部"), *CHOICES])

    def test_asks_for_nothing_and_ignores_nonsense(self):
        form = self.Sample(asked("state=nonsense").GET)

        assert form.wanted("state") is None
        assert not form.is_narrowed

    def test_names_each_filter_and_the_address_without_it(self):
        request = asked("q=%E7%8E%8B&state=open&page=2&tab=a")

        chips = self.Sample(request.GET).chips(request)

        assert [(chip.label, chip.words, chip.url_without) for chip in chips] == [
            ("姓名", "王", "/list/?state=open&tab=a"),
            ("状态", "进行中", "/list/?q=%E7%8E%8B&tab=a"),
        ]

    def test_tidies_what_was_typed(self):
        assert self.Sample(asked("q=%20%EF%BC%91%EF%BC%92%EF%BD%98 ").GET).wanted("q") == "12x"
