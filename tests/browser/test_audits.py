"""The pages of the auditor's desk and of what is handed in, in a browser: clean, wide and narrow."""

import pytest
from django.urls import reverse

from common.roles import Role
from tests.harness import world
from tests.harness.access_table import DOORS
from tests.harness.test_access import path_of

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]
NO_PAGES = {
    "audits:sample-population", "audits:findings-export", "reports:export", "reports:handed-in-differences-export",
    "reports:crossfoot-rule", "reports:summary-problems",
}  # fmt: skip
"""Files, and parts of pages."""
PAGES = sorted(
    name
    for name, door in DOORS.items()
    if name.startswith(("audits:", "reports:")) and 200 in door.get and name not in NO_PAGES
)
LAYOUTS = ["stages", "categories", "schools", "payers"]


def reader_of(name):
    """An auditor, or whoever may where an auditor may not."""
    roles = DOORS[name].roles
    return next(role for role in (Role.AUDITOR, Role.PREPARER, Role.SCHOOL) if role in roles)


@pytest.mark.parametrize("part", range(3))
def test_every_page_is_clean(page, sign_in, assert_clean, part):
    own = world.build()
    addresses = [(reader_of(name), path_of(name, own)) for name in PAGES] + [
        (Role.AUDITOR, reverse("home")),
        *((Role.AUDITOR, f"{reverse('reports:report', args=[own.term.pk])}?layout={layout}") for layout in LAYOUTS),
    ]
    for role, address in addresses[part::3]:
        page.context.clear_cookies()
        sign_in(role)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert page.goto(address).ok, address
        page.wait_for_load_state("networkidle")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert_clean(page)
