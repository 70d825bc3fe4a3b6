"""What became of a command, and a station's frames."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response
from fastapi.responses import JSONResponse

from charger_gateway.adapters.http.edge import Edge
from charger_gateway.adapters.http.shown import shown
from chassis.auth import Caller, Principal
from chassis.http import Problem

_RAW = "SendRawCall"


def add_routes(app: FastAPI, edge: Edge) -> None:
    """A command by its id; the latest frames."""

    @app.get("/v1/stations/{station_id}/commands/{command_id}", tags=["commands"])
    async def command(
        station_id: str, command_id: str, principal: Annotated[Principal, Depends(edge.guard.anyone())]
    ) -> Response:
        """Whoever asked for it, and the operators of the station, may see it; a raw call only engineers."""
        station = edge.station(station_id)
        view = await edge.command(station, command_id)
        if view is None:
            raise Problem(404, "not-found")
        act = "command-raw" if view.action == _RAW else "command-station"
        operator = edge.guard.authority.may(principal, act, {"tenant": station.tenant})
        if not (operator or view.requested_by == principal.subject):
            raise Problem(404, "not-found")
        return JSONResponse(shown(view, edge.seal))

    @app.get("/v1/stations/{station_id}/frames", tags=["frames"])
    async def frames(
        station_id: str,
        caller: Annotated[Caller, Depends(edge.guard.act("read-frames"))],
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """The latest frames as they were on the wire; a bounded look back, not an archive."""
        caller.require(tenant=edge.station(station_id).tenant)
        try:
            found = await edge.tails.frames(station_id, limit)
        except TimeoutError as error:
            raise Problem(503, "log-too-slow", headers={"Retry-After": "5"}) from error
        return JSONResponse(
            {
                "frames": [
                    {
                        "frame_ref": frame.frame_ref,
                        "epoch": frame.epoch,
                        "from_station": frame.inbound,
                        "at": frame.at.isoformat(),
                        "text": frame.text,
                    }
                    for frame in found
                ]
            }
        )
