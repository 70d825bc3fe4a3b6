"""Raw OCPP for engineers and test tools: the payload in the station's own version, checked by that version's schema."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Body as JsonBody
from fastapi import Depends, FastAPI, Query, Response

from charger_gateway.adapters.http.edge import Body, Edge, IdempotencyKey, asked_of, send
from charger_gateway.adapters.http.typos import did_you_mean
from charger_gateway.adapters.ocpp.commands.raw_charging import charging_in
from charger_gateway.adapters.ocpp.commands.table import from_csms
from charger_gateway.adapters.ocpp.schemas import Violation, request_violation
from charger_gateway.domain.values import BadField
from chassis.auth import Caller
from chassis.http import Problem
from ev_contracts.gateway import SendRawCall


def add_routes(app: FastAPI, edge: Edge) -> None:
    """The one route of all raw calls."""
    may_raw = edge.guard.act("command-raw")

    @app.post("/v1/stations/{station_id}/commands/raw/{action}", tags=["commands"])
    async def raw(
        *,
        station_id: str,
        action: str,
        payload: Annotated[dict[str, Any], JsonBody()],
        caller: Annotated[Caller, Depends(may_raw)],
        idempotency_key: IdempotencyKey = None,
        reason: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
        expires_in_s: Annotated[int, Query(ge=1, le=3600)] = 60,
    ) -> Response:
        """Put an OCPP call on the wire as it is; the response's `payload` is the station's answer as it was."""
        body = Body(reason=reason, expires_in_s=expires_in_s)
        asked = asked_of(edge.station(station_id), caller, body, idempotency_key)
        version = edge.version_of(asked.key)
        if version is None:
            raise Problem(409, "station-not-connected", "which version's schema holds is known once it connects")
        _check(version, action, payload)
        sealed = edge.seal.hide(asked.command_id, payload)
        shared = asked.shared(edge)
        command = SendRawCall(
            **shared,
            **_charging(version, action, payload, shared),
            ocpp_version=version,
            ocpp_action=action,
            payload_sealed=sealed,
            request_id=payload.get("requestId"),
        )
        hashed = {"action": action, "payload": payload, **body.model_dump(mode="json")}
        return await send(edge, asked.with_hashed(hashed), command)


def _charging(version: str, action: str, payload: dict[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises Problem 400."""
    try:
        return charging_in(version, action, payload, shared)
    except BadField as error:
        raise _wrong(Violation(code="PropertyConstraintViolation", description=str(error))) from error


def _check(version: str, action: str, payload: dict[str, Any]) -> None:
    """Raises Problem 400 with OCPP's own error code and the place of what is wrong."""
    if action not in from_csms(version):
        hint = did_you_mean(action, from_csms(version))
        why = f"action: no call to a station in OCPP {version}{hint}"
        raise _wrong(Violation(code="NotImplemented", description=why))
    violation = request_violation(version, action, payload)
    if violation is not None:
        raise _wrong(violation)


def _wrong(violation: Violation) -> Problem:
    place, _, rule = violation.description.partition(": ")
    errors = ({"field": place, "message": rule, "code": violation.code},)
    return Problem(400, "ocpp-violation", f"{violation.code}: {violation.description}", errors=errors)
