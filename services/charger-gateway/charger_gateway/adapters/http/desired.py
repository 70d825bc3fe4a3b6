"""How a station's variables shall stand, and how they stand: one document, whatever version the station speaks."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import Field, create_model

from charger_gateway.adapters.http.bodies import Hiding, clear_model, record_of
from charger_gateway.adapters.http.edge import DESK, Body, Edge, IdempotencyKey, asked_of
from charger_gateway.adapters.http.roots import TrustStoreWish, roots_of
from charger_gateway.adapters.http.shown_roots import roots_shown, roots_state
from charger_gateway.adapters.ocpp.commands.variables import is_secret
from charger_gateway.domain.desired import MOST_VARIABLES
from charger_gateway.domain.desk_state import DeskEvent
from chassis.auth import Caller
from chassis.http import Accepted, Pending, Problem, body_hash
from ev_contracts.gateway import (
    DesiredRoots,
    DesiredStateHeld,
    DesiredVariablesSet,
    DriftFound,
    DriftRemains,
    DriftRepaired,
    SetDesiredVariables,
    VariableSetting,
)

_PATH = "/v1/stations/{station_id}/desired-variables"


class Desire(Body):
    """The whole document: what is not in it is left as it is."""

    variables: tuple[Any, ...] = ()
    trust_store: TrustStoreWish | None = None


_VARIABLES: Any = Annotated[tuple[clear_model(VariableSetting), ...], Field(max_length=MOST_VARIABLES)]  # type: ignore[misc]  # made
_DESIRE: type[Desire] = create_model("Desire", __base__=Desire, __doc__=Desire.__doc__, variables=(_VARIABLES, ...))


def add_routes(app: FastAPI, edge: Edge) -> None:
    """Put and get the document."""
    may_command = edge.guard.act("command-station")

    async def put(
        station_id: str,
        body: Desire,
        caller: Annotated[Caller, Depends(may_command)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        asked = asked_of(edge.station(station_id), caller, body, idempotency_key)
        outcome = await edge.desk.client.ask(
            entity=DESK,
            key=asked.key,
            command=SetDesiredVariables(
                at=edge.clock.now(),
                document_id=asked.command_id,
                station_id=station_id,
                requested_by=asked.principal.subject,
                reason=body.reason,
                variables=_settings(body),
                roots=_roots(edge, body.trust_store),
                ocpp_version=edge.version_of(asked.key),
            ),
            idempotency_key=asked.idempotency_key,
            body_hash=body_hash(["desired", body.model_dump(mode="json")]),
        )
        if not isinstance(outcome, Accepted | Pending):
            return edge.desk.respond(outcome, caller=asked.principal.subject)
        link = _PATH.format(station_id=station_id)
        return JSONResponse({"document_id": asked.command_id, "link": link}, 202, {"Location": link})

    put.__annotations__["body"] = _DESIRE
    app.put(_PATH, tags=["desired state"], summary=Desire.__doc__, status_code=202)(put)

    @app.get(_PATH, tags=["desired state"])
    async def get(station_id: str, caller: Annotated[Caller, Depends(may_command)]) -> Response:
        """The document, and how the station stood when it was last asked."""
        station = edge.station(station_id)
        caller.require(tenant=station.tenant)
        found = shown(await edge.desk_events(station, since=DesiredVariablesSet))
        if found is None:
            raise Problem(404, "not-found")
        return JSONResponse(found)


def _settings(body: Desire) -> tuple[VariableSetting, ...]:
    """Raises Problem 422 for a secret: a station never tells it back, so nobody could see that it drifted."""
    for one in body.variables:
        if is_secret(one.variable):
            message = "secrets are rotated, not desired"
            raise Problem(422, "invalid-request", errors=({"field": one.variable, "message": message},))
    hiding = Hiding(hide=_never, token_of=lambda _uid: None)
    return tuple(record_of(VariableSetting, one, hiding) for one in body.variables)


def _roots(edge: Edge, wish: TrustStoreWish | None) -> DesiredRoots | None:
    """Raises Problem 409, 503."""
    if wish is None:
        return None
    found = roots_of(edge, lambda: wish.certificate_types, delete_retired=wish.delete_retired)
    return DesiredRoots(
        certificate_types=wish.certificate_types, delete_retired=wish.delete_retired, trusted_roots=found
    )


def _never(_value: Any) -> bytes:
    return b""


def shown(events: Sequence[DeskEvent]) -> dict[str, Any] | None:
    """The newest document with its state: unchecked, held, drifted, repaired or remaining."""
    found: dict[str, Any] | None = None
    for event in events:
        if isinstance(event, DesiredVariablesSet):
            found = _document(event)
        elif found is not None:
            found = found | _state(event)
            if found["roots"] is not None:
                found["roots"] = found["roots"] | roots_state(event)
    return found


def _document(event: DesiredVariablesSet) -> dict[str, Any]:
    return {
        "document_id": event.document_id,
        "station_id": event.station_id,
        "requested_by": event.requested_by,
        "reason": event.reason,
        "set_at": event.at.isoformat(),
        "variables": [one.model_dump(exclude_none=True, exclude={"value_sealed"}) for one in event.variables],
        "state": "unchecked",
        "drifts": [],
        "why": None,
        "checked_at": None,
        "roots": None if event.roots is None else roots_shown(event.roots),
    }


def _state(event: DeskEvent) -> dict[str, Any]:
    match event:
        case DesiredStateHeld():
            return {"state": "held", "drifts": [], "why": None, "checked_at": event.at.isoformat()}
        case DriftFound():
            drifts = [one.model_dump(exclude_none=True) for one in event.drifts]
            return {"state": "drifted", "drifts": drifts, "why": None, "checked_at": event.at.isoformat()}
        case DriftRepaired():
            return {"state": "repaired", "why": event.answer, "checked_at": event.at.isoformat()}
        case DriftRemains():
            return {"state": "remaining", "why": event.why, "checked_at": event.at.isoformat()}
        case _:
            return {}
