"""Which tables the parts of a service rely on."""

from collections.abc import Iterator, Sequence
from typing import Any

from chassis.runner.parts import Entity, HttpEdge, Part, Policy, Task, Transform
from chassis.tables import Table


def tables_of(parts: Sequence[Part]) -> Iterator[Table[Any]]:
    """All of them; some more than once."""
    for part in parts:
        match part:
            case Policy(facts=facts) | Transform(facts=facts) | Entity(direct=Policy(facts=facts)):
                yield from tables_in(facts)
            case HttpEdge(tables=tables) | Task(tables=tables):
                yield from tables
            case _:
                pass


def tables_in(facts: Any) -> Iterator[Table[Any]]:
    """The tables among the attributes of a facts value, or the value itself."""
    if isinstance(facts, Table):
        yield facts
        return
    names = getattr(type(facts), "__slots__", ()) or vars(facts or _NoFacts())
    for name in names:
        value = getattr(facts, name, None)
        if isinstance(value, Table):
            yield value


class _NoFacts:
    """The facts of a part that needs none."""
