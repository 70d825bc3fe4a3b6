"""What the ledger's events say of a session to those who are parties to it: service provider and driver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import SiteOpened
from ev_contracts.common import Parties, Place, Rating
from ev_contracts.pricing import RunningCostComputed
from ev_contracts.record import Record
from ev_contracts.sessions import (
    EnergyDelivered,
    SessionClosed,
    SessionContextResolved,
    SessionCorrected,
    SessionEnded,
    SessionStarted,
)
from projections.writing import row, where


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """Columns of a session's row; `started_at` only where the event says it."""

    session_id: str
    started_at: datetime | None
    parties: Parties
    values: Mapping[str, object]


def charged(event: Record, ctx: EventContext) -> Charged | None:
    """None where the event names no parties, so that nobody but the operator may hear of it."""
    match event:
        case SessionStarted(parties=Parties() as parties, place=place):
            values = event.model_dump(include={"started_at", "evse_number", "connector_number", "token_ref"})
            return _of(ctx, event.session_id, event.started_at, parties, {**values, **_at(place), "status": "charging"})
        case EnergyDelivered(parties=Parties() as parties, place=place):
            named = {"started_at", "energy_wh", "power_w", "soc_percent", "measured_at", "charging_s", "parking_s"}
            values = event.model_dump(include=named)
            return _of(ctx, event.session_id, event.started_at, parties, {**values, **_at(place)})
        case SessionEnded(parties=Parties() as parties, place=place):
            values = {**event.model_dump(include={"ended_at", "energy_wh"}), "end_reason": event.reason}
            return _of(ctx, event.session_id, None, parties, {**values, **_at(place), "status": "ended"})
        case SessionClosed(facts=facts) | SessionCorrected(facts=facts):
            values = facts.model_dump(
                include={"started_at", "ended_at", "energy_wh", "meter_start_wh", "meter_stop_wh"}
            )
            values = {**values, **_at(event.place), "status": "closed"}
            return _of(ctx, facts.session_id, facts.started_at, event.parties, values)
        case SessionContextResolved(parties=Parties() as parties, place=place):
            return _of(ctx, event.session_id, None, parties, _at(place))
        case _:
            return None


def _of(
    ctx: EventContext, session_id: str, started_at: datetime | None, parties: Parties, values: Mapping[str, object]
) -> Charged:
    known = {
        "cpo_tenant": ctx.tenant,
        "cpo_party_id": parties.cpo_party_id,
        "commercial_model": parties.commercial_model.value,
        "driver_ref": parties.driver_ref,
        "token_ref": parties.token_ref,
    }
    return Charged(session_id=session_id, started_at=started_at, parties=parties, values={**known, **values})


def _at(place: Place | None) -> Mapping[str, object]:
    return where(place) if place is None else {**where(place), "station_id": place.station_id}


def rows_of(owner: Mapping[str, object], found: Charged, ctx: EventContext) -> Sequence[Write]:
    """The session's row and its line in the month, under whoever `owner` names."""
    session = row("sessions", ctx, {**owner, "session_id": found.session_id}, found.values)
    if found.started_at is None:
        return (session,)
    key = {
        **owner,
        "month": f"{found.started_at:%Y-%m}",
        "started_at": found.started_at,
        "session_id": found.session_id,
    }
    return (session, row("sessions_by_month", ctx, key, {"listed": True}))


def site_row(event: SiteOpened, ctx: EventContext) -> Write:
    """What anybody may know of a site: where it is and what it is called."""
    named = {"name", "address", "city", "postal_code", "country", "time_zone", "latitude", "longitude"}
    return row("sites", ctx, {"tenant": ctx.tenant, "site_id": event.site_id}, event.model_dump(include=named))


def running(event: RunningCostComputed) -> Mapping[str, object]:
    """Columns of a running cost; rounded in the currency's minor unit."""
    return {
        "running_excl_minor": event.total_excl_vat.rounded_minor,
        "running_incl_minor": event.total_incl_vat.rounded_minor,
        "running_currency": event.total_incl_vat.currency,
        "running_at": event.measured_at,
    }


def final(rating: Rating, prefix: str) -> Mapping[str, object]:
    """Columns of a final rating, `prefix` before each."""
    return {
        f"{prefix}_net_minor": rating.total_excl_vat.rounded_minor,
        f"{prefix}_vat_minor": rating.total_vat.rounded_minor,
        f"{prefix}_gross_minor": rating.total_incl_vat.rounded_minor,
        f"{prefix}_currency": rating.currency,
        f"{prefix}_tariff_id": rating.tariff_id,
        f"{prefix}_tariff_version": rating.tariff_version,
    }
