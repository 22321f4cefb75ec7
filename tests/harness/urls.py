"""Every address of the resolver, flat."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One URL pattern: its full route, the name that `reverse` takes, and its view."""

    route: str
    name: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]
    kinds: tuple[str, ...]
    """The converter of each parameter: int, string, slug."""


def all_urls() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", ()))


def own_urls() -> list[Address]:
    """Without the admin, which guards itself, and without the static files of a debug run."""
    return [url for url in all_urls() if not url.name.startswith("admin:")]


def _walk(patterns: list[URLPattern | URLResolver], prefix: str, namespaces: tuple[str, ...]) -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, route, inner)
        else:
            name = ":".join([*namespaces, pattern.name or route])
            converters = pattern.pattern.converters
            kinds = tuple(type(kind).__name__.removesuffix("Converter").lower() for kind in converters.values())
            yield Address(route, name, pattern.callback, tuple(converters), kinds)
