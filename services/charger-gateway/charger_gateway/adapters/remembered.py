"""What is remembered of many, up to a bound."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def remember(where: OrderedDict[K, V], name: K, value: V, *, at_most: int) -> None:
    """Set it; beyond the bound the longest untold is forgotten."""
    where[name] = value
    where.move_to_end(name)
    while len(where) > at_most:
        where.popitem(last=False)
