"""What the events of ledger, pricing and roaming make true of the operator's sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.common import RelationKind
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated, SessionUnratable
from ev_contracts.record import Record
from ev_contracts.roaming import CdrRejected, CdrSendRequested, CdrSent
from ev_contracts.sessions import (
    EnergyDelivered,
    SessionClosed,
    SessionContextResolved,
    SessionCorrected,
    SessionEnded,
    SessionMarkedSuspect,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from projections.cpo.network import told
from projections.writing import row, where, who

_OF_THE_START = {
    "station_id",
    "transaction_id",
    "ocpp_version",
    "evse_number",
    "connector_number",
    "started_at",
    "meter_start_wh",
    "token_ref",
    "token_status",
    "remote_start_id",
}
_OURS = {RelationKind.CPO_TO_EMSP, RelationKind.CPO_TO_DRIVER}


def _session(ctx: EventContext, session_id: str, values: Mapping[str, object]) -> Write:
    return row("sessions", ctx, {"tenant": ctx.tenant, "session_id": session_id}, values)


@singledispatch
def project(_event: Record, _ctx: EventContext) -> Sequence[Write]:
    """The rows as of an event about a session; what this role does not show makes none."""
    return ()


@project.register
def _started(event: SessionStarted, ctx: EventContext) -> Sequence[Write]:
    place = {"tenant": ctx.tenant, "started_at": event.started_at, "session_id": event.session_id}
    values = event.model_dump(include=_OF_THE_START)
    return (
        _session(ctx, event.session_id, {**values, **where(event.place), **who(event.parties), "status": "charging"}),
        row(
            "sessions_by_month", ctx, {**place, "month": f"{event.started_at:%Y-%m}"}, {"station_id": event.station_id}
        ),
        row("sessions_by_station", ctx, {**place, "station_id": event.station_id}, {"evse_number": event.evse_number}),
        told(event, ctx, object_id=event.session_id, at=event.started_at),
    )


@project.register
def _energy_delivered(event: EnergyDelivered, ctx: EventContext) -> Sequence[Write]:
    values = event.model_dump(include={"energy_wh", "power_w", "soc_percent", "measured_at", "charging_s", "parking_s"})
    reading = event.model_dump(include={"register_wh", "energy_wh", "power_w", "soc_percent"})
    key = {"tenant": ctx.tenant, "session_id": event.session_id, "measured_at": event.measured_at}
    return (
        _session(ctx, event.session_id, {**values, **where(event.place), **who(event.parties)}),
        row("readings", ctx, key, reading),
    )


def _moved(
    event: Record, ctx: EventContext, session_id: str, at: datetime, values: Mapping[str, object]
) -> Sequence[Write]:
    return (_session(ctx, session_id, values), told(event, ctx, object_id=session_id, at=at))


@project.register
def _suspended(event: SuspensionStarted, ctx: EventContext) -> Sequence[Write]:
    return _moved(event, ctx, event.session_id, event.at, {"status": "suspended", "suspended_by": event.suspended_by})


@project.register
def _resumed(event: SuspensionEnded, ctx: EventContext) -> Sequence[Write]:
    return _moved(event, ctx, event.session_id, event.at, {"status": "charging", "suspended_by": None})


@project.register
def _ended(event: SessionEnded, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {
        "status": "ended",
        "ended_at": event.ended_at,
        "end_reason": event.reason,
        "energy_wh": event.energy_wh,
        "meter_stop_wh": event.meter_stop_wh,
        "power_w": None,
    }
    return _moved(event, ctx, event.session_id, event.ended_at, {**values, **where(event.place), **who(event.parties)})


def _final(event: SessionClosed | SessionCorrected) -> Mapping[str, object]:
    facts = event.facts.model_dump(include={"started_at", "ended_at", "energy_wh", "meter_start_wh", "meter_stop_wh"})
    return {**facts, **where(event.place), **who(event.parties), "status": "closed"}


@project.register
def _closed(event: SessionClosed, ctx: EventContext) -> Sequence[Write]:
    values = {**_final(event), "closed_at": event.closed_at, "close_rule": event.rule, "end_reason": event.end_reason}
    return _moved(event, ctx, event.session_id, event.closed_at, values)


@project.register
def _corrected(event: SessionCorrected, ctx: EventContext) -> Sequence[Write]:
    return _moved(event, ctx, event.session_id, event.corrected_at, _final(event))


@project.register
def _suspect(event: SessionMarkedSuspect, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {"status": "suspect", "suspect_cause": event.cause, "suspect_detail": event.detail}
    return _moved(event, ctx, event.session_id, event.marked_at, values)


@project.register
def _context_resolved(event: SessionContextResolved, ctx: EventContext) -> Sequence[Write]:
    values = {**where(event.place), **who(event.parties)}
    return _moved(event, ctx, event.session_id, event.resolved_at, values) if values else ()


@project.register
def _running_cost(event: RunningCostComputed, ctx: EventContext) -> Sequence[Write]:
    if event.relation.kind not in _OURS:
        return ()
    values: dict[str, object] = {
        "running_excl_minor": event.total_excl_vat.rounded_minor,
        "running_incl_minor": event.total_incl_vat.rounded_minor,
        "running_currency": event.total_incl_vat.currency,
        "running_at": event.measured_at,
        "running_energy_wh": event.energy_wh,
    }
    return (_session(ctx, event.session_id, values),)


@project.register
def _rated(event: SessionRated, ctx: EventContext) -> Sequence[Write]:
    return _priced(event, ctx, event.rated_at)


@project.register
def _rerated(event: SessionRerated, ctx: EventContext) -> Sequence[Write]:
    return _priced(event, ctx, event.rerated_at)


def _priced(event: SessionRated | SessionRerated, ctx: EventContext, at: datetime) -> Sequence[Write]:
    rating = event.rating
    if rating.relation.kind not in _OURS:
        return ()
    values: dict[str, object] = {
        "rating_id": rating.rating_id,
        "relation": rating.relation.kind.value,
        "tariff_id": rating.tariff_id,
        "tariff_version": rating.tariff_version,
        "currency": rating.currency,
        "net_minor": rating.total_excl_vat.rounded_minor,
        "vat_minor": rating.total_vat.rounded_minor,
        "gross_minor": rating.total_incl_vat.rounded_minor,
        "rated_at": at,
        "unratable_reason": None,
    }
    return _moved(event, ctx, event.facts.session_id, at, values)


@project.register
def _unratable(event: SessionUnratable, ctx: EventContext) -> Sequence[Write]:
    if event.relation.kind not in _OURS:
        return ()
    values: dict[str, object] = {"unratable_reason": event.reason, "unratable_at": event.at}
    return _moved(event, ctx, event.session_id, event.at, values)


def _cdr(
    event: CdrSendRequested | CdrSent | CdrRejected, ctx: EventContext, status: str, at: datetime
) -> Sequence[Write]:
    values: dict[str, object] = {"cdr_id": event.cdr_id, "cdr_partner_id": event.partner_id}
    return _moved(event, ctx, event.session_id, at, {**values, "cdr_status": status, "cdr_at": at})


@project.register
def _cdr_requested(event: CdrSendRequested, ctx: EventContext) -> Sequence[Write]:
    return _cdr(event, ctx, "requested", event.requested_at)


@project.register
def _cdr_sent(event: CdrSent, ctx: EventContext) -> Sequence[Write]:
    return _cdr(event, ctx, "sent", event.sent_at)


@project.register
def _cdr_rejected(event: CdrRejected, ctx: EventContext) -> Sequence[Write]:
    return _cdr(event, ctx, "rejected", event.rejected_at)
