"""One route for each action that the operator of a station may ask of it; the body is the canonical command."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from charger_gateway.adapters.http.bodies import Hiding, body_of, record_of
from charger_gateway.adapters.http.edge import Body, Edge, IdempotencyKey, asked_of, send
from charger_gateway.adapters.http.typos import did_you_mean
from charger_gateway.adapters.ocpp.commands import ACTIONS
from charger_gateway.domain.actions import RECORDS, field_of
from chassis.auth import Caller, Principal
from chassis.http import Problem
from ev_contracts.record import Record

_SHORT = {"TriggerStationMessage": "trigger", "ResetStation": "reset"}
_BY_SESSION = ("start", "stop")
_ELSEWHERE = frozenset({"StartTransactionRemotely", "StopTransactionRemotely", "SendRawCall"})


def slug_of(action: str) -> str:
    """The last part of a command's address: `set-charging-profile`."""
    return _SHORT.get(action) or field_of(action).replace("_", "-")


def add_routes(app: FastAPI, edge: Edge) -> None:
    """Every action but those whose caller is judged by the session, and raw calls; what is none is said to be none."""
    may_command = edge.guard.act("command-station")
    slugs = [*_BY_SESSION, *(slug_of(action) for action in RECORDS if action not in _ELSEWHERE)]
    for action, kind in RECORDS.items():
        if action not in _ELSEWHERE:
            _add(app, edge, kind, may_command)

    @app.post("/v1/stations/{station_id}/commands/{command}", include_in_schema=False)
    async def unknown(
        station_id: str, command: str, _principal: Annotated[Principal, Depends(edge.guard.anyone())]
    ) -> Response:
        edge.station(station_id)
        raise Problem(404, "no-such-command", f"no command {command[:64]}{did_you_mean(command, slugs)}")


def _add(app: FastAPI, edge: Edge, kind: type[Record], may_command: Any) -> None:
    async def command(
        station_id: str,
        body: Body,
        caller: Annotated[Caller, Depends(may_command)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        asked = asked_of(edge.station(station_id), caller, body, idempotency_key)

        def hide(value: Any) -> bytes:
            return edge.seal.hide(asked.command_id, value)

        hiding = Hiding(hide=hide, token_of=edge.token_of)
        return await send(edge, asked, record_of(kind, body, hiding, **asked.shared(edge)))

    name = kind.__name__
    command.__annotations__["body"] = body_of(kind)
    command.__name__ = field_of(name)
    app.post(
        f"/v1/stations/{{station_id}}/commands/{slug_of(name)}",
        tags=["commands"],
        summary=kind.__doc__,
        description=_where(name),
    )(command)


def _where(action: str) -> str:
    said = ACTIONS[action]
    versions = [f"{version}: {said.action(version)}" for version in ("1.6", "2.0.1", "2.1") if said.action(version)]
    return f"OCPP {', '.join(versions)}. To a station of another version it is refused as inexpressible."
