"""The desk by keyboard: milliseconds from a key press to the next case on the screen: `python -m bench.desk`.

Works on the database at hand (AIDCENTER_VAR or DATABASE_URL) and changes it: so many certain pairs of the latest run in
force become suspicions again, and all of them are decided in headless Chromium against `manage.py serve`, one key each,
as soon as the page takes a key. A case is shown when the browser has painted it. The share of the server is what it
took to keep the decision and to answer with the next page; the rest is the browser's.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import django

CASES = 200
MOMENT = 320
"""Milliseconds for which a new case takes no key: nobody decides what was not yet seen."""
REASONS = ["id-two-off", "name-same", "guardian", "village"]
ROOT = Path(__file__).resolve().parent.parent
WATCH = """
addEventListener("keydown", () => {
  const before = document.querySelector("#main .ident h1").textContent;
  const pressed = performance.now();
  performance.clearResourceTimings();
  window.shown = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const now = document.querySelector("#main h1");
      if (!now || now.textContent === before) return;
      observer.disconnect();
      const swapped = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const requests = performance.getEntriesByType("resource");
          const asked = requests.find((one) => one.initiatorType === "xmlhttprequest");
          resolve({
            whole: performance.now() - pressed,
            before: asked.startTime - pressed,
            server: asked.responseStart - asked.startTime,
            transfer: asked.responseEnd - asked.responseStart,
            swap: swapped - asked.responseEnd,
            paint: performance.now() - swapped,
            bytes: asked.decodedBodySize,
          });
        };
        port2.postMessage(0);
      });
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  });
}, true);
"""
"""What the page notes of each key press; the whole is the sum of the parts."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.desk", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    keys = "1y2n"
    first, cookie, cases = _make(options.cases)
    before = os.getloadavg()
    presses, used = _decide(first, cookie, [keys[place % len(keys)] for place in range(options.cases)])
    wrong = _not_as_pressed(cases, keys)
    _print(presses, used, before)
    if wrong:
        print(f"{wrong} cases were not decided as their key says.")
    return 1 if wrong else 0


def _make(cases: int) -> tuple[str, str, list[int]]:
    """The address of the first case, somebody's session, and the cases in the order of the queue."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import User
    from students.choices import CrosscheckState, MatchState
    from students.models import Crosscheck, Match

    run = Crosscheck.objects.filter(state=CrosscheckState.DONE).latest("term__starts_on")
    # One for each child and each person: nobody confirms one person as two children.
    pairs = run.matches.filter(state=MatchState.SURE, tier="exact").order_by("pk")
    chosen: dict[Any, int] = {}
    for pk, *who in pairs.values_list("pk", "enrollment__student", "person__key"):
        if not any(one in chosen for one in who):
            chosen |= dict.fromkeys(who, pk)
        if len(found := list(dict.fromkeys(chosen.values()))) == cases + 1:
            break
    else:
        raise SystemExit(f"The run in force has {len(found)} certain pairs only.")
    Match.objects.filter(pk__in=found).update(state=MatchState.SUSPECTED, tier=REASONS[0], reasons=REASONS, score=1_000)
    client = Client()
    client.force_login(User.objects.get(username="preparer"))
    return Match(pk=found[0]).get_absolute_url(), client.cookies[settings.SESSION_COOKIE_NAME].value, found[:cases]


def _decide(first: str, cookie: str, keys: Sequence[str]) -> tuple[list[dict[str, float]], float]:
    """Press the keys one after the other, each on a case that was shown a moment ago.

    Given back are the parts of each press, and the milliseconds of CPU that the server took for one: what else the
    machine does makes the parts longer and leaves these nearly as they are.
    """
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from tests import services

    port = services._free_port()
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        if not any(address in line for line in server.stdout or ()):
            raise SystemExit("The server did not start.")
        with sync_playwright() as playwright:
            chromium = services.chromium().url
            browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
            context = browser.new_context(base_url=address, locale="zh-CN", viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(first, wait_until="networkidle")
            presses = []
            used = _cpu_seconds(server.pid)
            for key in keys:
                page.wait_for_timeout(MOMENT)
                page.keyboard.press(key)
                presses.append(page.evaluate("window.shown"))
            used = _cpu_seconds(server.pid) - used
            browser.close()
        return presses, used * 1000 / len(keys)
    finally:
        server.terminate()
        server.wait()


def _cpu_seconds(pid: int) -> float:
    """Of a process and all that it started."""
    place = Path(f"/proc/{pid}")
    fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    children = (place / "task" / str(pid) / "children").read_text(encoding="utf-8").split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") + sum(_cpu_seconds(int(one)) for one in children)


def _not_as_pressed(cases: Sequence[int], keys: str) -> int:
    from students.choices import MatchState
    from students.models import Match

    states = dict(Match.objects.filter(pk__in=cases).values_list("pk", "state"))
    expected = [MatchState.CONFIRMED, MatchState.CONFIRMED, MatchState.REJECTED, MatchState.REJECTED]
    return sum(states[pk] != expected[place % len(keys)] for place, pk in enumerate(cases))


def _print(presses: Sequence[dict[str, float]], used: float, load: Sequence[float]) -> None:
    print(
        f"{'milliseconds of ' + str(len(presses)) + ' key presses':<34}{'median':>8}{'p95':>8}{'least':>8}{'most':>8}"
    )
    for part, words in (
        ("whole", "key press → next case painted"),
        ("before", "  key press → request"),
        ("server", "  server: decision and next page"),
        ("transfer", "  transfer"),
        ("swap", "  browser: parse and swap"),
        ("paint", "  browser: style, layout and paint"),
    ):
        values = sorted(press[part] for press in presses)
        shown = median(values), values[len(values) * 95 // 100 - 1], values[0], values[-1]
        print(f"{words:<34}" + "".join(f"{value:>8.0f}" for value in shown))
    kilobytes = median(press["bytes"] for press in presses) / 1024
    after = os.getloadavg()
    print(f"the server's CPU for one press: {used:.0f} ms; a page of {kilobytes:.0f} KB")
    print(f"load of {os.cpu_count()} cores {load[0]:.1f} before, {after[0]:.1f} after")


if __name__ == "__main__":
    sys.exit(main())
