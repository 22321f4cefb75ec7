"""Several people at the same moment."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from common.moves import Refused


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment, each in a thread with a connection of its own; what each one got or was told."""
    results: list[Any] = [None] * len(acts)
    together = threading.Barrier(len(acts))

    def work(place: int, act: Callable[[], Any]) -> None:
        try:
            together.wait(timeout=30)
            results[place] = act()
        except Refused as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
