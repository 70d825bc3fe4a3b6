"""Events repeated and in any order give the same rows, in every read model."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.cassandra import Rows
from chassis.decider import EventContext
from ev_contracts.record import Record
from projections.cpo.project import project as cpo
from projections.driver.project import project as driver
from projections.dso.project import project as dso
from projections.emsp.project import project as emsp
from projections.live import Project
from projections.owner.project import project as owner
from projections.testing.model import contexts
from projections.testing.samples import STATION, Told
from projections.testing.story import CORRECTED, DISCONNECTED, STORY

EVENTS = contexts(
    (*STORY, *CORRECTED, Told(topic="gateway.connection.event.v1", key=f"volt/{STATION}", record=DISCONNECTED))
)
TABLES = (
    *(
        "sites",
        "stations",
        "connectors",
        "sessions",
        "sessions_by_month",
        "sessions_by_station",
        "readings",
        "timeline",
    ),
    *("commands", "invoices", "invoices_by_month", "receipts", "receipts_by_month", "contracts", "months"),
    *("statement_lines", "connections", "load"),
)
ORDERS = st.lists(st.sampled_from(range(len(EVENTS))), max_size=60).flatmap(
    lambda repeats: st.permutations([*range(len(EVENTS)), *repeats])
)


async def _rows(project: Project, events: Sequence[tuple[Record, EventContext]]) -> Mapping[str, object]:
    rows = Rows()
    for event, ctx in events:
        await rows.write(project(event, ctx))
    return {table: rows.rows(table) for table in TABLES if rows.rows(table)}


@pytest.mark.parametrize("project", [cpo, emsp, owner, dso, driver], ids=["cpo", "emsp", "owner", "dso", "driver"])
@settings(max_examples=settings().max_examples // 3)  # each tells the whole story
@given(order=ORDERS)
async def test_order_and_repeats_change_nothing(project: Project, order: Sequence[int]) -> None:
    straight = await _rows(project, EVENTS)
    assert straight
    assert await _rows(project, [EVENTS[index] for index in order]) == straight
