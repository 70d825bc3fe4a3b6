"""A station's film, or a transaction's, as engineers see it: frames, events, commands and decisions on one timeline."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response
from fastapi.responses import JSONResponse

from charger_gateway.adapters.film import Scene, around
from charger_gateway.adapters.http.edge import Edge
from chassis.auth import Caller
from chassis.http import Problem

MOST_FRAMES = 5_000


def add_routes(app: FastAPI, edge: Edge) -> None:
    """The one route of it."""

    @app.get("/v1/stations/{station_id}/film", tags=["frames"])
    async def film(
        station_id: str,
        caller: Annotated[Caller, Depends(edge.guard.act("read-frames"))],
        transaction_id: Annotated[str | None, Query(min_length=1, max_length=36)] = None,
        limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
    ) -> Response:
        """The newest of it, oldest first; with a transaction, that and what surrounds it. What `make replay` reads."""
        station = edge.station(station_id)
        caller.require(tenant=station.tenant)
        try:
            frames = await edge.tails.frames(station_id, MOST_FRAMES)
            scenes = await edge.film.scenes(f"{station.tenant}/{station_id}", frames)
        except TimeoutError as error:
            raise Problem(503, "log-too-slow", headers={"Retry-After": "5"}) from error
        wanted = scenes if transaction_id is None else around(scenes, transaction_id)
        return JSONResponse({"station_id": station_id, "film": [_shown(one) for one in wanted[-limit:]]})


def _shown(scene: Scene) -> dict[str, object]:
    return {"at": scene.at.isoformat(), "kind": scene.kind, "name": scene.name, "body": scene.body}
