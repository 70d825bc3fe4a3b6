"""The route by which a person accepts a station or suspends it; a set-up that is done accepts it by itself."""

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Response

from asset_registry.adapters.http.bodies import Body, StationId, Text
from asset_registry.adapters.http.edge import ELSEWHERE, Edge
from chassis.auth import Caller
from chassis.http import Asking, InTenant, answer, tell
from ev_contracts.assets import AcceptStation, SuspendStation


class RegistrationBody(Body):
    """Whether the station may do its work from its next boot on, and why."""

    state: Literal["accepted", "suspended"]
    reason: Text


def add_registration_routes(app: FastAPI, edge: Edge) -> None:
    """Accept or suspend."""
    manages = edge.guard.act("manage-assets")

    @app.post("/v1/stations/{station_id}/registration", tags=["stations"])
    async def change_registration(
        station_id: StationId,
        body: RegistrationBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(manages)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        command_of = AcceptStation if body.state == "accepted" else SuspendStation
        command = command_of(at=edge.clock.now(), station_id=station_id, reason=body.reason)
        key = f"{tenant}/{station_id}"
        outcome = await tell(edge.desk, asked, entity="assets.station", key=key, command=command, table=edge.stations)
        told = {"station_id": station_id, "registration": body.state}
        return answer(edge.desk, caller.principal.subject, outcome, told, elsewhere=ELSEWHERE)
