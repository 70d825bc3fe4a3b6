"""Taking a station's certificate back, where the local station CA signed it."""

from typing import Annotated

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from charger_gateway.adapters.http.edge import Edge
from charger_gateway.adapters.trust.revocations import NotIssued
from chassis.auth import Caller
from chassis.http import Problem
from chassis.log import LogError


class Revocation(BaseModel):
    """The certificate (PEM), as it was delivered to the station."""

    model_config = ConfigDict(extra="forbid")

    certificate: Annotated[StrictStr, Field(min_length=1, max_length=10_000)]
    reason: Annotated[StrictStr, Field(min_length=1, max_length=500)]


def add_routes(app: FastAPI, edge: Edge) -> None:
    """The one route of it."""

    @app.post("/v1/stations/{station_id}/revoked-certificates", tags=["certificates"])
    async def revoke(
        station_id: str, body: Revocation, caller: Annotated[Caller, Depends(edge.guard.act("command-station"))]
    ) -> Response:
        """Worth nothing within half a minute, at every replica: a connection that was opened with it is closed."""
        station = edge.station(station_id)
        principal = caller.require(tenant=station.tenant, reason=body.reason)
        if edge.revocations is None:
            raise Problem(409, "no-local-ca", "certificates of another CA are revoked there")
        try:
            revoked = await edge.revocations.revoke(
                station, body.certificate, requested_by=principal.subject, reason=body.reason
            )
        except NotIssued as error:
            message = "none that the station CA signed for this station"
            raise Problem(422, "invalid-request", errors=({"field": "certificate", "message": message},)) from error
        except LogError as error:
            raise Problem(503, "log-unavailable", headers={"Retry-After": "5"}) from error
        return JSONResponse({"serial_number": revoked.serial_number, "revoked_at": revoked.revoked_at.isoformat()})
