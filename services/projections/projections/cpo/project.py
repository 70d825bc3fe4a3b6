"""What each event makes true in the operator's read model. Pure; repeats and another order give the same rows."""

from collections.abc import Sequence
from datetime import datetime
from functools import singledispatch

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import SiteOpened, StationAccepted, StationRegistered, StationRetired, StationSuspended
from ev_contracts.billing import InvoiceIssued, NoteIssued
from ev_contracts.gateway import HeartbeatSeen
from ev_contracts.record import Record
from projections.cpo import network, sessions
from projections.documents import Document, amounts, kind, number_of
from projections.writing import as_json, row

SOURCES = (
    "assets.site.event.v1",
    "assets.station.event.v1",
    "gateway.connection.event.v1",
    "gateway.station.event.v1",
    "gateway.transaction.event.v1",
    "gateway.heartbeat.sample.v1",
    "gateway.event-stream.sample.v1",
    "gateway.desk.event.v1",
    "sessions.session.event.v1",
    "pricing.running-cost.sample.v1",
    "pricing.rating.event.v1",
    "billing.invoice.event.v1",
    "roaming.cdr.event.v1",
)

STREAMED = {
    "stations": ("tenant", "station_id"),
    "connectors": ("tenant", "station_id"),
    "commands": ("tenant", "command_id"),
    "sessions": ("tenant", "session_id"),
    "invoices": ("tenant", "invoice_number"),
}
"""Table -> the column that says who may hear of a change, and the one that says of what."""

_OF_A_SITE = {
    "name",
    "address",
    "city",
    "postal_code",
    "country",
    "latitude",
    "longitude",
    "time_zone",
    "feeder_id",
    "connection_id",
    "grid_limit_w",
    "opened_at",
}


def project(event: Record, ctx: EventContext) -> Sequence[Write]:
    """The rows as of this event."""
    if ctx.topic.startswith("gateway."):
        return network.project(event, ctx) if not isinstance(event, HeartbeatSeen) else _heartbeat(event, ctx)
    if ctx.topic.startswith(("sessions.", "pricing.", "roaming.")):
        return sessions.project(event, ctx)
    return _own(event, ctx)


@singledispatch
def _own(_event: Record, _ctx: EventContext) -> Sequence[Write]:
    return ()


@_own.register
def _site_opened(event: SiteOpened, ctx: EventContext) -> Sequence[Write]:
    values = event.model_dump(include=_OF_A_SITE)
    return (row("sites", ctx, {"tenant": ctx.tenant, "site_id": event.site_id}, values),)


@_own.register
def _station_registered(event: StationRegistered, ctx: EventContext) -> Sequence[Write]:
    values = event.model_dump(include={"site_id", "vendor", "model", "serial_number", "registered_at"})
    evses = f"[{','.join(as_json(evse) for evse in event.evses)}]"
    return (
        row("stations", ctx, {"tenant": ctx.tenant, "station_id": event.station_id}, {**values, "evses": evses}),
        network.told(event, ctx, object_id=event.station_id, at=event.registered_at),
    )


@_own.register
def _station_retired(event: StationRetired, ctx: EventContext) -> Sequence[Write]:
    key = {"tenant": ctx.tenant, "station_id": event.station_id}
    return (
        row("stations", ctx, key, {"retired_at": event.retired_at}),
        network.told(event, ctx, object_id=event.station_id, at=event.retired_at),
    )


@_own.register
def _station_accepted(event: StationAccepted, ctx: EventContext) -> Sequence[Write]:
    return (network.told(event, ctx, object_id=event.station_id, at=event.accepted_at),)


@_own.register
def _station_suspended(event: StationSuspended, ctx: EventContext) -> Sequence[Write]:
    return (network.told(event, ctx, object_id=event.station_id, at=event.suspended_at),)


def _heartbeat(event: HeartbeatSeen, ctx: EventContext) -> Sequence[Write]:
    key = {"tenant": ctx.tenant, "station_id": event.station_id}
    return (row("stations", ctx, key, {"heartbeat_at": event.seen_at}),)


@_own.register
def _invoice_issued(event: InvoiceIssued, ctx: EventContext) -> Sequence[Write]:
    # A provider's own invoice to its driver stands in the provider's tenant, where there is no such session row.
    key = {"tenant": event.tenant, "session_id": event.session_id}
    values = {"invoice_number": event.invoice_number, "invoiced_at": event.issued_at}
    return (*_issued(event, ctx), row("sessions", ctx, key, values))


@_own.register
def _note_issued(event: NoteIssued, ctx: EventContext) -> Sequence[Write]:
    key = {"tenant": event.tenant, "session_id": event.session_id}
    latest = row("sessions", ctx, key, {"note_number": event.note_number}, event.correction.revision)
    return (*_issued(event, ctx), latest)


def _issued(event: Document, ctx: EventContext) -> Sequence[Write]:
    buyer = {"buyer_party_id": event.buyer.party_id, "buyer_ref": event.buyer.ref, "buyer_name": event.buyer.legal_name}
    whole = {"tenant": event.tenant, "invoice_number": number_of(event)}
    by_month = {**whole, "month": month_of(event.issued_at), "issued_at": event.issued_at}
    return (
        row("invoices_by_month", ctx, by_month, {**amounts(event), **kind(event), **buyer}),
        row("invoices", ctx, whole, {"invoice": as_json(event)}),
    )


def month_of(at: datetime) -> str:
    """The bucket of a moment, in UTC."""
    return f"{at:%Y-%m}"
