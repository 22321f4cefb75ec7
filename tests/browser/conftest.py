"""Headless Chromium on a live server. Every page that a test opens has to be clean: no script error, no console
error, no violation of the content security policy.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User
from schools.models import School
from tests.factories import UserFactory

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}}
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", event =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of so far; a test that provokes an error on purpose clears it."""
    return []


@pytest.fixture
def browser_context(browser: Browser, live_server: object, complaints: list[str]) -> Iterator[BrowserContext]:
    """A window at 1366 × 768 whose complaints fail the test."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": 1366, "height": 768},
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    context.add_init_script(REPORT_VIOLATIONS)
    context.on("weberror", lambda error: complaints.append(f"script error: {error.error}"))
    context.on(
        "console",
        lambda message: complaints.append(f"console: {message.text}") if message.type == "error" else None,
    )
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """Nobody is signed in."""
    return browser_context.new_page()


@pytest.fixture
def sign_in(browser_context: BrowserContext, live_server: object) -> Callable[..., User]:
    """Put somebody of this role in front of the browser, with a session made on the server."""
    from django.test import Client

    def put(role: str, *, school: School | None = None, user: User | None = None) -> User:
        user = user or UserFactory(role=role, **({"school": school} if school else {}))
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        browser_context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return user

    return put


@pytest.fixture
def assert_clean() -> Callable[[Page], None]:
    """A page is clean if axe finds nothing, nothing sticks out sideways, and the browser is content."""
    axe = Axe()

    def check(page: Page) -> None:
        findings = axe.run(page, options=AXE_RULES).response["violations"]
        assert [
            f"{finding['id']}: {finding['help']}: {node['html']}" for finding in findings for node in finding["nodes"]
        ] == []
        wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= room, f"{page.url} is {wide} px wide in a window of {room} px"

    return check
