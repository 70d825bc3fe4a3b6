"""What a role's package gives to the composition root."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from chassis.auth import Condition
from chassis.runner.parts import Part
from chassis.runner.wiring import Wiring
from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from projections.answering import ReadDesk
from projections.live import Project


def _no_parts(_wiring: Wiring) -> Sequence[Part]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One read model: what it reads, how it folds it, how it answers.

    `streamed`: table -> the column that says who may hear of a change, and the one that says of what.
    """

    sources: tuple[str, ...]
    project: Project
    streamed: Mapping[str, tuple[str, str]]
    add_routes: Callable[[FastAPI, ReadDesk], None]
    tables: tuple[Table[PartySnapshot], ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    more_parts: Callable[[Wiring], Sequence[Part]] = _no_parts
