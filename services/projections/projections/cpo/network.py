"""What the gateway's events make true of stations, connectors and commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch

from chassis.cassandra import Upsert, Write
from chassis.decider import EventContext
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    ConnectorStatusChanged,
    FaultReported,
    StationBooted,
    StationConnected,
    StationDisconnected,
)
from ev_contracts.record import Record
from projections.cpo.notices import Notice, told_at
from projections.writing import as_json, row


def told(event: Record, ctx: EventContext, *, object_id: str, at: datetime) -> Upsert:
    """A line of the object's timeline."""
    key = {"tenant": ctx.tenant, "object_id": object_id, "at": at, "event_id": ctx.event_id}
    return row("timeline", ctx, key, {"type": type(event).__name__, "facts": as_json(event)})


def _station(
    event: Record,
    ctx: EventContext,
    *,
    station_id: str,
    at: datetime,
    values: Mapping[str, object],
    version: int | None = None,
) -> Sequence[Write]:
    key = {"tenant": ctx.tenant, "station_id": station_id}
    return (row("stations", ctx, key, values, version), told(event, ctx, object_id=station_id, at=at))


@singledispatch
def project(_event: Record, _ctx: EventContext) -> Sequence[Write]:
    """The rows as of an event of the gateway; what this role does not show makes none."""
    return ()


@project.register
def _connected(event: StationConnected, ctx: EventContext) -> Sequence[Write]:
    values = {"connected_epoch": ctx.offset, "connected_at": event.connected_at, "ocpp_version": event.ocpp_version}
    return _station(event, ctx, station_id=event.station_id, at=event.connected_at, values=values)


@project.register
def _disconnected(event: StationDisconnected, ctx: EventContext) -> Sequence[Write]:
    values = {
        "disconnected_epoch": event.epoch,
        "disconnected_at": event.disconnected_at,
        "disconnect_reason": event.reason,
    }
    # The highest epoch wins: the end of a displaced connection may be told after the end of the one that displaced it.
    return _station(
        event, ctx, station_id=event.station_id, at=event.disconnected_at, values=values, version=event.epoch
    )


@project.register
def _lost(event: ConnectionLost, ctx: EventContext) -> Sequence[Write]:
    values = {"lost_epoch": event.epoch, "lost_at": event.lost_at}
    return _station(event, ctx, station_id=event.station_id, at=event.lost_at, values=values, version=event.epoch)


@project.register
def _booted(event: StationBooted, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {
        "booted_at": event.booted_at,
        "boot_vendor": event.vendor,
        "boot_model": event.model,
        "firmware_version": event.firmware_version,
        "boot_reason": event.reason,
    }
    return _station(event, ctx, station_id=event.station_id, at=event.booted_at, values=values)


def _connector_key(event: ConnectorStatusChanged | FaultReported, ctx: EventContext) -> dict[str, object]:
    return {
        "tenant": ctx.tenant,
        "station_id": event.station_id,
        "evse_number": event.evse_number,
        "connector_number": event.connector_number,
    }


@project.register
def _status_changed(event: ConnectorStatusChanged, ctx: EventContext) -> Sequence[Write]:
    values = {"state": event.state.value, "state_at": event.occurred_at}
    return (
        row("connectors", ctx, _connector_key(event, ctx), {**values}),
        told(event, ctx, object_id=event.station_id, at=event.occurred_at),
    )


@project.register
def _fault_reported(event: FaultReported, ctx: EventContext) -> Sequence[Write]:
    values = {
        "fault_code": event.error_code,
        "fault_vendor_code": event.vendor_error_code,
        "fault_detail": event.info,
        "fault_at": event.occurred_at,
    }
    return (
        row("connectors", ctx, _connector_key(event, ctx), {**values}),
        told(event, ctx, object_id=event.station_id, at=event.occurred_at),
    )


@project.register
def _noticed(event: Notice, ctx: EventContext) -> Sequence[Write]:
    return (told(event, ctx, object_id=event.station_id, at=told_at(event)),)


_Command = CommandRequested | CommandSent | CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable


def _command(event: _Command, ctx: EventContext, at: datetime, values: dict[str, object]) -> Sequence[Write]:
    key = {"tenant": ctx.tenant, "station_id": event.station_id, "command_id": event.command_id}
    return (row("commands", ctx, key, values), told(event, ctx, object_id=event.station_id, at=at))


@project.register
def _requested(event: CommandRequested, ctx: EventContext) -> Sequence[Write]:
    values = event.model_dump(include={"action", "requested_by", "reason", "requested_at", "expires_at"})
    return _command(event, ctx, event.requested_at, {**values, "outcome": "requested"})


@project.register
def _sent(event: CommandSent, ctx: EventContext) -> Sequence[Write]:
    return _command(event, ctx, event.sent_at, {"sent_at": event.sent_at, "outcome": "sent"})


@project.register
def _succeeded(event: CommandSucceeded, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {"outcome": "succeeded", "answer": event.answer, "outcome_at": event.answered_at}
    return _command(event, ctx, event.answered_at, values)


@project.register
def _refused(event: CommandRefused, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {"outcome": "refused", "answer": event.answer, "detail": event.detail}
    return _command(event, ctx, event.answered_at, {**values, "outcome_at": event.answered_at})


@project.register
def _timed_out(event: CommandTimedOut, ctx: EventContext) -> Sequence[Write]:
    return _command(event, ctx, event.timed_out_at, {"outcome": "timed-out", "outcome_at": event.timed_out_at})


@project.register
def _undeliverable(event: CommandUndeliverable, ctx: EventContext) -> Sequence[Write]:
    values: dict[str, object] = {"outcome": "undeliverable", "detail": event.why, "outcome_at": event.at}
    return _command(event, ctx, event.at, values)
