"""Faults put into the product on purpose: a line of a function is written otherwise, as a slip of the hand would."""

import inspect
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Seed:
    """`place` is "module:function" or "module:Class.method"; `right` has to stand in it exactly once."""

    name: str
    place: str
    right: str
    wrong: str


@contextmanager
def sown(seed: Seed) -> Iterator[None]:
    """The product with this fault, for everybody who holds the function already."""
    module_name, path = seed.place.split(":")
    found = module = import_module(module_name)
    for part in path.split("."):
        found = getattr(found, part)
    function = inspect.unwrap(found)
    source = re.sub(r"\A(@.*\n)+", "", textwrap.dedent(inspect.getsource(function)))
    if source.count(seed.right) != 1:
        raise LookupError(f"{seed.place} has {source.count(seed.right)} times {seed.right!r}: sow it anew.")
    names = dict(vars(module))
    exec(compile(source.replace(seed.right, seed.wrong), inspect.getfile(function), "exec"), names)  # noqa: S102
    sound = function.__code__
    function.__code__ = names[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = sound
