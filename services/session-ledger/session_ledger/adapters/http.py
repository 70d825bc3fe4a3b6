"""The ledger's API for people: the work queue, and what they settle in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from chassis.auth import Caller, Guard
from chassis.clock import Clock
from chassis.http import Asking, CommandDesk, InTenant, answer, create_app, refuse_if, tell, wrong_fields
from chassis.tables import Table
from chassis.telemetry import Metrics
from ev_contracts.common import Parties, Place
from ev_contracts.sessions import (
    CorrectSession,
    DisputeSession,
    ReleaseSession,
    ResolveDispute,
    ReviewItem,
    SettleMessage,
)
from session_ledger.adapters.facts import ACCEPTED
from session_ledger.ports import Facts

ENTITY = "sessions.session"
UNKNOWN = frozenset({"session-unknown", "message-unknown"})

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
StationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:*-]{0,47}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Wh = Annotated[int, Field(ge=0, le=10**12)]

_ITEMS_AT_MOST = 200


class Body(BaseModel):
    """An unknown field is a mistake of the caller, and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonBody(Body):
    """Where, and why: an act of a person without a reason is refused."""

    station_id: StationId
    reason: Reason = ""


class CorrectionBody(ReasonBody):
    """What is left out stays as it is; the energy, if left out, is the difference of the registers.

    Where nobody knows where a session stood, or who paid, the connector and the token may be said with its begin.
    """

    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    meter_start_wh: Wh | None = None
    meter_stop_wh: Wh | None = None
    energy_wh: Wh | None = None
    evse_number: Annotated[int, Field(ge=1, le=999)] | None = None
    connector_number: Annotated[int, Field(ge=1, le=99)] | None = None
    token_ref: Id | None = None


class SettlementBody(ReasonBody):
    """The session that a message belongs to; none: it belongs to nobody."""

    session_id: Id | None = None


class ReviewTable(Table[ReviewItem]):
    """The work queue, and the energy that no session accounts for as a metric, by cause."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__("sessions.review.snapshot.v1")
        self._metrics = metrics

    def on_change(self, _key: str, old: ReviewItem | None, new: ReviewItem | None) -> None:
        """The sum follows each gap that is found or filled."""
        for item, sign in ((old, -1), (new, 1)):
            if item is not None and item.kind == "gap":
                self._metrics.add("unaccounted", sign * (item.energy_wh or 0), item.cause)

    def of(self, tenant: str) -> list[ReviewItem]:
        """A tenant's items, the oldest first."""
        found = [item for key, item in self.items() if key.startswith(f"{tenant}/")]
        return sorted(found, key=lambda each: (each.raised_at, each.item_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the routes work with."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    review: ReviewTable
    facts: Facts


def ledger_app(edge: Edge) -> FastAPI:
    """All routes; each names its act."""
    app = create_app("session-ledger")
    _add_queue(app, edge)
    _add_sessions(app, edge)
    _add_messages(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app


def _add_queue(app: FastAPI, edge: Edge) -> None:
    reads = edge.guard.act("review-sessions")

    @app.get("/v1/review", tags=["review"])
    async def review(
        caller: Annotated[Caller, Depends(reads)],
        tenant: InTenant = None,
        kind: Annotated[str | None, Query(pattern=r"^(session|message|gap|dispute|stop)$")] = None,
        station_id: Annotated[StationId | None, Query()] = None,
        since: Annotated[AwareDatetime | None, Query(description="only what came after this")] = None,
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        found = [each for each in edge.review.of(tenant) if _is_asked(each, kind, station_id, since)]
        told = [each.model_dump(mode="json") for each in found[:_ITEMS_AT_MOST]]
        unaccounted_wh = sum(each.energy_wh or 0 for each in found if each.kind == "gap")
        return {"tenant": tenant, "items": told, "more": len(found) - len(told), "unaccounted_wh": unaccounted_wh}


def _is_asked(item: ReviewItem, kind: str | None, station_id: str | None, since: datetime | None) -> bool:
    return (
        kind in {None, item.kind}
        and station_id in {None, item.station_id}
        and (since is None or item.raised_at > since)
    )


def _add_sessions(app: FastAPI, edge: Edge) -> None:
    corrects = edge.guard.act("correct-session")

    @app.post("/v1/sessions/{session_id}/correction", status_code=201, tags=["sessions"])
    async def correct_session(
        session_id: Id,
        body: CorrectionBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(corrects)],
        tenant: InTenant = None,
    ) -> Response:
        tenant, by = _who(body, caller, tenant)
        told = CorrectSession(
            at=edge.clock.now(),
            session_id=session_id,
            by=by,
            **body.model_dump(exclude={"evse_number", "connector_number", "token_ref"}),
            **_context(edge.facts, tenant, body),
        )
        key, said = f"{tenant}/{body.station_id}", {**body.model_dump(mode="json"), "session_id": session_id}
        outcome = await tell(edge.desk, asked, entity=ENTITY, key=key, command=told, body=said)
        return answer(edge.desk, by, outcome, {"tenant": tenant, "session_id": session_id}, elsewhere=UNKNOWN)

    _add_plain(app, edge, path="release", command=ReleaseSession, acts=corrects)
    _add_plain(app, edge, path="dispute", command=DisputeSession, acts=corrects)
    _add_plain(app, edge, path="dispute/resolution", command=ResolveDispute, acts=corrects)


def _context(facts: Facts, tenant: str, body: CorrectionBody) -> Mapping[str, Place | Parties | None]:
    """Place and parties as they were in force when it began. Raises Problem 422 for what does not exist."""
    if body.evse_number is None and body.token_ref is None:
        refuse_if({} if body.connector_number is None else {"evse_number": "whose connector?"})
        return {}
    if body.started_at is None:
        raise wrong_fields({"started_at": "say when it began: place and payer are those of then"})
    place = facts.place(tenant, body.station_id, body.evse_number or 0, body.connector_number or 1)
    parties = facts.parties(tenant, body.station_id, body.token_ref, ACCEPTED, body.started_at)
    if place is None:
        raise wrong_fields({"station_id": "no such station, or its site is not known"})
    if parties is None:
        raise wrong_fields({"token_ref": "no such token, or it could not charge there then"})
    return {"place": None if body.evse_number is None else place, "parties": parties}


def _add_plain(app: FastAPI, edge: Edge, *, path: str, command: Callable[..., Any], acts: Any) -> None:
    @app.post(f"/v1/sessions/{{session_id}}/{path}", status_code=201, tags=["sessions"], name=path)
    async def settle_session(
        session_id: Id,
        body: ReasonBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(acts)],
        tenant: InTenant = None,
    ) -> Response:
        return await _put(edge, command, body, asked, caller, tenant, session_id=session_id)


def _add_messages(app: FastAPI, edge: Edge) -> None:
    corrects = edge.guard.act("correct-session")

    @app.post("/v1/messages/{message_id}/settlement", status_code=201, tags=["messages"])
    async def settle_message(
        message_id: Id,
        body: SettlementBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(corrects)],
        tenant: InTenant = None,
    ) -> Response:
        return await _put(edge, SettleMessage, body, asked, caller, tenant, message_id=message_id)


async def _put(  # noqa: PLR0917 - what every route has
    edge: Edge,
    command: Callable[..., Any],
    body: ReasonBody,
    asked: Any,
    caller: Caller,
    tenant: str | None,
    **names: str,
) -> Response:
    """One command of a person, whose name stays with it. Raises Problem: 404, 409, 422 without a reason."""
    tenant, by = _who(body, caller, tenant)
    told = command(at=edge.clock.now(), by=by, **body.model_dump(), **names)
    outcome = await tell(edge.desk, asked, entity=ENTITY, key=f"{tenant}/{body.station_id}", command=told)
    return answer(edge.desk, by, outcome, {"tenant": tenant, **names}, elsewhere=UNKNOWN)


def _who(body: ReasonBody, caller: Caller, tenant: str | None) -> tuple[str, str]:
    """In whose books, and who: an act with a reason. Raises Problem."""
    if tenant is None and len(caller.principal.tenants) == 1:
        (tenant,) = caller.principal.tenants
    by = caller.require(tenant=tenant, reason=body.reason).subject
    return str(tenant), by
