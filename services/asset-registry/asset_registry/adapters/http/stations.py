"""Routes of stations: one, many at once, their credentials, and the end."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from asset_registry.adapters.http.bodies import CredentialBody, RetirementBody, StationBody, StationId
from asset_registry.adapters.http.edge import ELSEWHERE, Edge, known_station
from asset_registry.adapters.http.registration import Registered, Wrong, register
from asset_registry.adapters.http.station_rows import FieldError, Row, UnreadableFileError, rows_of_csv, rows_of_list
from chassis.auth import Caller
from chassis.http import Asked, Asking, InTenant, Pending, Problem, Rejected, answer, tell, wrong_fields
from ev_contracts.assets import RetireStation, RevokeCredential, RotateCredential

_ROWS_AT_ONCE = 64


def add_station_routes(app: FastAPI, edge: Edge) -> None:
    """Register one or many, and read one."""
    manages = edge.guard.act("manage-assets")

    @app.post("/v1/stations", status_code=201, tags=["stations"])
    async def register_station(
        body: StationBody, asked: Asking, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        result: dict[str, Any] = {"tenant": tenant, "station_id": body.station_id}
        registration = await register(edge, asked, tenant=tenant, body=body)
        match registration:
            case Wrong():
                raise wrong_fields(registration.fields)
            case Registered():
                result |= {} if registration.secret is None else {"secret": registration.secret}
                return answer(edge.desk, caller.principal.subject, registration.outcome, result, elsewhere=ELSEWHERE)
            case Rejected() | Pending():
                return answer(edge.desk, caller.principal.subject, registration, result, elsewhere=ELSEWHERE)

    @app.post("/v1/stations:batch", tags=["stations"], openapi_extra=_BATCH_BODY)
    async def register_stations(
        request: Request, asked: Asking, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        rows = _rows(request.headers.get("content-type", ""), await request.body())
        gate = asyncio.Semaphore(_ROWS_AT_ONCE)

        async def take(row: Row) -> dict[str, Any]:
            async with gate:
                return await _register_row(edge, asked, tenant=tenant, row=row)

        results = await asyncio.gather(*(take(row) for row in rows))
        counts = {status: sum(each["status"] == status for each in results) for status in _STATUSES}
        return {"tenant": tenant, "counts": counts, "results": results}

    @app.get("/v1/stations/{station_id}", tags=["stations"])
    async def read_station(
        station_id: StationId, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> dict[str, Any]:
        return known_station(edge, caller.tenant(tenant), station_id)


def add_credential_routes(app: FastAPI, edge: Edge) -> None:
    """Set another credential, or take station and credential out."""
    manages = edge.guard.act("manage-assets")

    @app.post("/v1/stations/{station_id}/credential", status_code=201, tags=["stations"])
    async def rotate_credential(
        station_id: StationId,
        body: CredentialBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(manages)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        known_station(edge, tenant, station_id)
        made = edge.secrets.make(tenant=tenant, station_id=station_id, request_key=asked.key_or_new())
        digest = edge.secrets.digest(body.secret or made)
        command = RotateCredential(
            at=edge.clock.now(),
            station_id=station_id,
            tenant=tenant,
            secret_hmac=digest,
            security_profile=body.security_profile or 0,
        )
        outcome = await tell(edge.desk, asked, entity="assets.credential", key=f"_/{station_id}", command=command)
        told = {"station_id": station_id} if body.secret else {"station_id": station_id, "secret": made}
        return answer(edge.desk, caller.principal.subject, outcome, told, elsewhere=ELSEWHERE)

    @app.delete("/v1/stations/{station_id}/credential", status_code=201, tags=["stations"])
    async def revoke_credential(
        station_id: StationId, asked: Asking, caller: Annotated[Caller, Depends(manages)], tenant: InTenant = None
    ) -> Response:
        """Locks the identity at once, a station that is connected too, until another credential is set."""
        tenant = caller.tenant(tenant)
        known_station(edge, tenant, station_id)
        command = RevokeCredential(at=edge.clock.now(), station_id=station_id, tenant=tenant)
        outcome = await tell(edge.desk, asked, entity="assets.credential", key=f"_/{station_id}", command=command)
        return answer(edge.desk, caller.principal.subject, outcome, {"station_id": station_id}, elsewhere=ELSEWHERE)

    @app.post("/v1/stations/{station_id}/retirement", status_code=201, tags=["stations"])
    async def retire_station(
        station_id: StationId,
        body: RetirementBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(manages)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        known_station(edge, tenant, station_id)
        revoke = RevokeCredential(at=edge.clock.now(), station_id=station_id, tenant=tenant)
        revoked = await tell(edge.desk, asked, entity="assets.credential", key=f"_/{station_id}", command=revoke)
        if isinstance(revoked, Pending | Rejected):
            return answer(edge.desk, caller.principal.subject, revoked, {}, elsewhere=ELSEWHERE)
        retire = RetireStation(at=edge.clock.now(), station_id=station_id, reason=body.reason)
        key = f"{tenant}/{station_id}"
        outcome = await tell(edge.desk, asked, entity="assets.station", key=key, command=retire, table=edge.stations)
        return answer(edge.desk, caller.principal.subject, outcome, {"station_id": station_id}, elsewhere=ELSEWHERE)


def _rows(content_type: str, body: bytes) -> list[Row]:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "text/csv":
            return rows_of_csv(body.decode("utf-8-sig"))
        if kind == "application/json":
            return rows_of_list(json.loads(body))
    except json.JSONDecodeError as error:
        raise Problem(400, "invalid-json", str(error)) from error
    except (UnreadableFileError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(422, "invalid-request", str(error)) from error
    raise Problem(415, "unsupported-media-type", "application/json or text/csv")


_STATUSES = ("registered", "unchanged", "pending", "refused", "invalid")


async def _register_row(edge: Edge, asked: Asked, *, tenant: str, row: Row) -> dict[str, Any]:
    """What became of one row: one of the statuses, with the secret where one was made, or with what is wrong."""
    told: dict[str, Any] = {"row": row.row, "station_id": row.station_id}
    if not isinstance(row.station, StationBody):
        return {**told, "status": "invalid", "errors": [asdict(fault) for fault in row.station]}
    registration = await register(edge, asked, tenant=tenant, body=row.station)
    match registration:
        case Wrong():
            faults = [FieldError(field=field, problem=problem) for field, problem in registration.fields.items()]
            return {**told, "status": "invalid", "errors": [asdict(fault) for fault in faults]}
        case Rejected():
            return {**told, "status": "refused", "reason": registration.reason, "detail": registration.detail}
        case Pending():
            return {**told, "status": "pending"}
        case Registered():
            secret = {} if registration.secret is None else {"secret": registration.secret}
            return {**told, "status": "registered" if registration.outcome.events else "unchanged", **secret}


_BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A list of stations, or a CSV file with a header line and one line per connector.",
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/StationBody"}}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}
