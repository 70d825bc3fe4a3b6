"""The grid operator's read-model API: feeders granted to him, never a session, a token or a price."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from starlette.responses import StreamingResponse

from chassis.auth import Caller
from chassis.http import Problem
from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from projections.answering import Json, ReadDesk, plain
from projections.dso import queries
from projections.dso.grants import feeders_of

Day = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="In UTC; today when left out.")]


def routes_over(parties: Table[PartySnapshot]) -> Callable[[FastAPI, ReadDesk], None]:
    """All routes of the role, over the grants of this table."""

    def add_routes(app: FastAPI, desk: ReadDesk) -> None:
        reads = desk.guard.act("read-grid")

        def tenants_for(caller: Caller, feeder_id: str) -> frozenset[str]:
            caller.require(grant=feeder_id)
            return feeders_of(parties, caller.principal.party_id).get(feeder_id, frozenset())

        @app.get("/v1/feeders", tags=["grid"])
        async def list_feeders(caller: Annotated[Caller, Depends(reads)]) -> Json:
            items = [
                {"feeder_id": feeder, "connections": await queries.connections_of(desk.reader, feeder, tenants)}
                for feeder, tenants in sorted(feeders_of(parties, caller.principal.party_id).items())
            ]
            return desk.answer(items=items)

        @app.get("/v1/feeders/{feeder_id}", tags=["grid"])
        async def read_feeder(feeder_id: str, caller: Annotated[Caller, Depends(reads)], day: Day = None) -> Json:
            tenants = tenants_for(caller, feeder_id)
            asked = day or f"{desk.clock.now():%Y-%m-%d}"
            rows = await queries.load_of(desk.reader, feeder_id, asked, tenants)
            return desk.answer(
                feeder_id=feeder_id,
                day=asked,
                connections=await queries.connections_of(desk.reader, feeder_id, tenants),
                windows=queries.summed(rows),
                by_connection=[plain(row, without=("feeder_id", "tenant", "day")) for row in rows],
            )

        @app.get("/v1/stream/feeders", tags=["live"])
        async def stream_feeders(caller: Annotated[Caller, Depends(reads)]) -> StreamingResponse:
            feeders = frozenset(feeders_of(parties, caller.principal.party_id))
            if not feeders:
                raise Problem(404, "not-found")
            return desk.stream(feeders)

    return add_routes
