"""The ledger's API for reservations: an EVSE, a station or a site is held for a token and its group, or given up."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from pydantic import AwareDatetime, Field, StringConstraints

from chassis.auth import Caller
from chassis.decider import derived_id
from chassis.http import Asking, InTenant, Problem, answer, refuse_if, tell
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.common import Parties, Place
from ev_contracts.sessions import CancelReservation, MakeReservation
from session_ledger.adapters.facts import ACCEPTED, EvsesOnSite, SnapshotFacts
from session_ledger.adapters.http import Body, Edge, Id, Reason, StationId
from session_ledger.domain.reservation import evse_name

RESERVATION = "sessions.reservation"

SiteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
ConnectorType = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,64}$")]


class ReservationBody(Body):
    """Without an EVSE any of the station, without a station any on the site; without a begin from now on."""

    site_id: SiteId
    station_id: StationId | None = None
    evse_number: Annotated[int, Field(ge=1, le=999)] | None = None
    connector_type: Annotated[ConnectorType | None, Field(description="OCPI's word: IEC_62196_T2_COMBO.")] = None
    token_ref: Id
    starts_at: AwareDatetime | None = None
    expires_at: AwareDatetime


class CancellationBody(Body):
    """Where, and why."""

    site_id: SiteId
    reason: Reason


def add_reservations(app: FastAPI, edge: Edge, facts: SnapshotFacts) -> None:
    """Making and giving up; each names its act."""
    reserves = edge.guard.act("reserve")

    @app.post("/v1/reservations", status_code=201, tags=["reservations"])
    async def make_reservation(
        body: ReservationBody, asked: Asking, caller: Annotated[Caller, Depends(reserves)], tenant: InTenant = None
    ) -> Response:
        tenant, by = caller.tenant(tenant), caller.principal.subject
        here = facts.evses_on(tenant, body.site_id)
        if not here:
            raise Problem(404, "not-found")
        refuse_if(_wrong_place(body, here))
        evses = sorted(_usable(body, here))
        refuse_if({} if evses else {"connector_type": "no such connector there"})
        reservation_id = derived_id("reservation", tenant, body.site_id, by, asked.key_or_new())
        command = MakeReservation(
            at=edge.clock.now(),
            reservation_id=reservation_id,
            evses_on_site=sum(len(each) for each in here.values()),
            evses=tuple(evse_name(*each) for each in evses),
            by=by,
            **body.model_dump(exclude={"starts_at"}),
            **_stamped(edge, facts, tenant, body, evses[0]),
        )
        key, told = f"{tenant}/{body.site_id}", body.model_dump(mode="json")
        outcome = await tell(edge.desk, asked, entity=RESERVATION, key=key, command=command, body=told)
        return answer(edge.desk, by, outcome, {"tenant": tenant, "reservation_id": reservation_id})

    @app.post("/v1/reservations/{reservation_id}/cancellation", status_code=201, tags=["reservations"])
    async def cancel_reservation(
        reservation_id: Id,
        body: CancellationBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(reserves)],
        tenant: InTenant = None,
    ) -> Response:
        tenant, by = caller.tenant(tenant), caller.principal.subject
        told = body.model_dump()
        command = CancelReservation(at=edge.clock.now(), reservation_id=reservation_id, by=by, **told)
        outcome = await tell(edge.desk, asked, entity=RESERVATION, key=f"{tenant}/{body.site_id}", command=command)
        names = {"tenant": tenant, "reservation_id": reservation_id}
        return answer(edge.desk, by, outcome, names, elsewhere={"reservation-unknown"})


def _wrong_place(body: ReservationBody, here: EvsesOnSite) -> Mapping[str, str]:
    """What is wrong with where: an EVSE is one of a station, and that stands on the site."""
    if body.station_id is None:
        return {} if body.evse_number is None else {"station_id": "whose EVSE?"}
    if body.station_id not in here:
        return {"station_id": "no such station on this site"}
    if body.evse_number is not None and body.evse_number not in here[body.station_id]:
        return {"evse_number": "no such EVSE on this site"}
    return {}


def _usable(body: ReservationBody, here: EvsesOnSite) -> Iterator[tuple[str, int]]:
    """Station and number of each EVSE that the driver may use."""
    for station_id, evses in here.items():
        for number, kinds in evses.items():
            is_meant = body.station_id in {None, station_id} and body.evse_number in {None, number}
            if is_meant and body.connector_type in {None, *kinds}:
                yield station_id, number


def _stamped(
    edge: Edge, facts: SnapshotFacts, tenant: str, body: ReservationBody, evse: tuple[str, int]
) -> Mapping[str, Any]:
    """Its begin, the token's group, and what a no-show is priced by. Raises Problem 422 for a token that may not."""
    station_id, number = evse
    starts_at = body.starts_at or edge.clock.now()
    token = facts.tokens.find(body.token_ref)
    place = facts.place(tenant, station_id, number, 1)
    parties = facts.parties(tenant, station_id, body.token_ref, ACCEPTED, starts_at)
    refuse_if(_wrong_token(token, place, parties))
    return {"starts_at": starts_at, "group_id": token and token.group_id, "place": place, "parties": parties}


def _wrong_token(token: TokenSnapshot | None, place: Place | None, parties: Parties | None) -> Mapping[str, str]:
    if token is None or token.status is not TokenStatus.VALID:
        return {"token_ref": "no such token, or it is not valid"}
    if token.is_master_pass or place is None or parties is None:
        return {"token_ref": "may start no session there"}
    return {}
