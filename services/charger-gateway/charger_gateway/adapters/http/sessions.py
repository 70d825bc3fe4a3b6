"""Starting and stopping a session: whose it is decides who may."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from pydantic import Field, StrictInt, StrictStr, create_model

from charger_gateway.adapters.http.bodies import ClearToken, Hiding, TokenType, clear_model, record_of
from charger_gateway.adapters.http.edge import Asked, Body, Edge, IdempotencyKey, asked_of, resource_of, send
from chassis.auth import Caller
from ev_contracts.gateway import ChargingProfile, StartTransactionRemotely, StopTransactionRemotely


class Start(Body):
    """Start a session for a token."""

    id_token: Annotated[StrictStr, Field(min_length=1, max_length=36)]
    token_type: TokenType = "Central"  # noqa: S105 - a kind of token
    group_id_token: ClearToken | None = None
    evse_number: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    charging_profile: Any = None


class Stop(Body):
    """Stop the station's transaction of that id (as sessions show it)."""

    transaction_id: Annotated[StrictStr, Field(min_length=1, max_length=36)]


_PROFILE: Any = clear_model(ChargingProfile) | None
_START: type[Start] = create_model(
    "Start",
    __base__=Start,
    __doc__=Start.__doc__,
    charging_profile=(_PROFILE, None),
)


def add_routes(app: FastAPI, edge: Edge) -> None:
    """Start and stop."""
    starts = edge.guard.act("start-session")
    stops = edge.guard.act("stop-session")

    async def start(
        station_id: str, body: Start, caller: Annotated[Caller, Depends(starts)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = edge.stations.token(edge.token_key_of(body.id_token))
        asked = asked_of(station, caller, body, idempotency_key, token)
        return await send(edge, asked, _start(edge, asked, body, None if token is None else token.token_ref))

    start.__annotations__["body"] = _START
    app.post("/v1/stations/{station_id}/commands/start", tags=["commands"])(start)

    @app.post("/v1/stations/{station_id}/commands/stop", tags=["commands"])
    async def stop(
        station_id: str, body: Stop, caller: Annotated[Caller, Depends(stops)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        station = edge.station(station_id)
        token = None
        if not caller.may(**resource_of(station, body)):
            # Whose session it is decides, and only the log knows whose it is.
            token_ref = await edge.tails.token_of(f"{station.tenant}/{station_id}", body.transaction_id)
            token = None if token_ref is None else edge.stations.token_by_ref(token_ref)
        asked = asked_of(station, caller, body, idempotency_key, token)
        command = StopTransactionRemotely(**asked.shared(edge), transaction_id=body.transaction_id)
        return await send(edge, asked, command)


def _start(edge: Edge, asked: Asked, body: Start, token_ref: str | None) -> StartTransactionRemotely:
    def hide(value: Any) -> bytes:
        return edge.seal.hide(asked.command_id, value)

    hiding = Hiding(hide=hide, token_ref_of=edge.token_ref_of)
    group, profile = body.group_id_token, body.charging_profile
    return StartTransactionRemotely(
        **asked.shared(edge),
        evse_number=body.evse_number,
        id_token_sealed=hide({"uid": body.id_token, "type": body.token_type}),
        token_ref=token_ref,
        group_id_token_sealed=None if group is None else hide(group.model_dump()),
        charging_profile=None if profile is None else record_of(ChargingProfile, profile, hiding),
    )
