"""How the ledger reacts: to stations and registry, to its own questions, to reservations, remote starts and prices."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, assert_never

from chassis.decider import EventContext, To
from ev_contracts.assets import ComponentFitted, ComponentKind, ComponentRemoved, ComponentSwapped, StationRetired
from ev_contracts.common import ConnectorState, MeterReading, Parties, Place, RelationKind, SessionTargets, SignedValue
from ev_contracts.gateway import (
    CommandRequested,
    ConnectorStatusChanged,
    MeterSampled,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from ev_contracts.pricing import RunningCostComputed
from ev_contracts.record import Record, trusted
from ev_contracts.sessions import (
    AddReadings,
    AttachReservation,
    ChangeChargingState,
    ChangeMeter,
    EndSession,
    KeepTargets,
    MeetSession,
    NoteCost,
    NoteSignedValue,
    ReservationUsed,
    ResolveContext,
    SessionContextWanted,
    SessionStarted,
    StartSession,
    Stopper,
    WithdrawStation,
)
from session_ledger.ports import Facts

ReadingEvent = TransactionStarted | TransactionUpdated | MeterSampled | TransactionEnded
TransactionEvent = TransactionStarted | TransactionUpdated | MeterSampled | TransactionEnded | ConnectorStatusChanged

_BEGINS_WITHIN = timedelta(minutes=15)
"""After a remote start has expired: time to plug in. What begins later is another session."""

_ADD_READINGS = trusted(AddReadings)
"""Of an event that was read, and so was held against its record already."""
_CHARGING = {"Charging": True, "SuspendedEV": False, "SuspendedEVSE": False, "EVConnected": False, "Idle": False}
_SUSPENDED_BY = {"SuspendedEV": "EV", "SuspendedEVSE": "EVSE"}
NO_TOKEN, ACCEPTED = "None", "Accepted"
"""What a message's token was answered; the first where it names none."""


def on_transaction(event: TransactionEvent, context: EventContext, facts: Facts) -> Sequence[To]:
    """The ledger's command for a station's word, with place and parties in force at that time."""
    if not isinstance(event, ConnectorStatusChanged) and any(each.signed_values for each in event.readings):
        # Before the message itself: an end must not close a session whose last record nobody has looked at.
        return [*_verdicts(event, context, facts), *on_transaction(_unsigned(event), context, facts)]
    match event:
        case TransactionStarted():
            command: Any = _start(event, context, facts)
        case TransactionUpdated():
            command = _update(event, context, facts)
        case MeterSampled():
            if event.session_id is None and event.transaction_id is None:
                return []  # the main meter, or a clock-aligned value outside any transaction
            command = _sample(event)
        case TransactionEnded():
            command = _end(event)
        case ConnectorStatusChanged():
            return _status(event, context)
        case _:
            assert_never(event)
    return [To(key=context.key, command=command)]


def _verdicts(event: ReadingEvent, context: EventContext, facts: Facts) -> Sequence[To]:
    if event.session_id is None and event.transaction_id is None:
        return []
    told = [(reading, signed) for reading in event.readings for signed in reading.signed_values]
    return [To(key=context.key, command=_verdict(event, reading, signed, context, facts)) for reading, signed in told]


def _verdict(
    event: ReadingEvent, reading: MeterReading, signed: SignedValue, context: EventContext, facts: Facts
) -> NoteSignedValue:
    verdict = facts.verdict(context.key, event.evse_number, reading.sampled_at, signed)
    return NoteSignedValue(
        at=event.received_at,
        station_id=event.station_id,
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        sampled_at=reading.sampled_at,
        encoding=signed.encoding,
        frame_ref=event.frame_ref,
        outcome=verdict.outcome,
        detail=verdict.detail,
        digest=verdict.digest,
        key_source=verdict.key_source,
        meter_serial=verdict.meter_serial,
        points=verdict.points,
    )


def _unsigned(event: ReadingEvent) -> ReadingEvent:
    """The gateway's fact keeps the records; the ledger's keep what was found of them."""
    bare = tuple(each.model_copy(update={"signed_values": ()}) for each in event.readings)
    return event.model_copy(update={"readings": bare})


def on_session(event: object, context: EventContext, facts: Facts) -> Sequence[To]:
    """Answers a session that wants its context, if by now somebody knows more."""
    if not isinstance(event, SessionContextWanted):
        return []
    place = facts.place(context.tenant, event.station_id, event.evse_number, event.connector_number)
    parties = facts.parties(context.tenant, event.station_id, event.token_ref, event.token_status, event.started_at)
    if place is None and parties is None:
        return []
    command = ResolveContext(
        at=event.wanted_at, session_id=event.session_id, station_id=event.station_id, place=place, parties=parties
    )
    return [To(key=context.key, command=command)]


def on_session_begun(event: object, context: EventContext, _facts: Facts) -> Sequence[To]:
    """Tells the site's reservations of a session that began there with a token."""
    if not isinstance(event, SessionStarted) or event.place is None or event.token_ref is None:
        return []
    command = MeetSession(
        at=event.received_at or event.started_at,
        site_id=event.place.site_id,
        session_id=event.session_id,
        station_id=event.station_id,
        evse_number=event.evse_number,
        token_ref=event.token_ref,
        started_at=event.started_at,
        group_id=event.parties and event.parties.group_id,
    )
    return [To(key=f"{context.tenant}/{event.place.site_id}", command=command)]


def on_reservation(event: object, context: EventContext, _facts: Facts) -> Sequence[To]:
    """Tells a session which reservation it used."""
    if not isinstance(event, ReservationUsed):
        return []
    command = AttachReservation(
        at=event.used_at, session_id=event.session_id, station_id=event.station_id, reservation=event.facts
    )
    return [To(key=f"{context.tenant}/{event.station_id}", command=command)]


def on_remote_start(event: object, context: EventContext, _facts: Facts) -> Sequence[To]:
    """Keeps the targets and the preference that come with a remote start for the session that it will begin."""
    asked = event.start_transaction_remotely if isinstance(event, CommandRequested) else None
    if asked is None or (asked.targets is None and asked.profile_type is None):
        return []
    command = KeepTargets(
        at=asked.at,
        command_id=asked.command_id,
        station_id=asked.station_id,
        evse_number=asked.evse_number,
        token_ref=asked.token_ref,
        targets=asked.targets or SessionTargets(),
        profile_type=asked.profile_type,
        by=asked.requested_by,
        reason=asked.reason,
        expires_at=asked.expires_at + _BEGINS_WITHIN,
    )
    return [To(key=context.key, command=command)]


def on_cost(event: object, context: EventContext, facts: Facts) -> Sequence[To]:
    """Tells a session what it costs whoever pays, once that is as much as its target, or in another currency."""
    found = facts.target(event.session_id) if isinstance(event, RunningCostComputed) else None
    if not isinstance(event, RunningCostComputed) or found is None:
        return []
    key, aim = found
    if aim.targets.cost is None or aim.reached is not None or event.relation.kind is not aim.payer:
        return []
    is_trade = aim.payer is RelationKind.CPO_TO_EMSP
    cost = event.total_excl_vat if is_trade else event.total_incl_vat
    if cost.currency == aim.targets.currency and cost.amount < aim.targets.cost:
        return []
    command = NoteCost(
        at=context.time,
        session_id=event.session_id,
        station_id=event.station_id,
        relation_kind=event.relation.kind,
        cost=cost.amount,
        currency=cost.currency,
        measured_at=event.measured_at,
    )
    return [To(key=key, command=command)]


def on_asset(event: object, context: EventContext, _facts: Facts) -> Sequence[To]:
    """Tells a station's sessions of a meter that was changed, and that the station has left."""
    match event:
        case StationRetired():
            command: Any = WithdrawStation(
                at=event.retired_at, station_id=event.station_id, withdrawn_at=event.retired_at
            )
        case ComponentFitted() | ComponentRemoved() | ComponentSwapped():
            # A meter of the station as a whole is the grid's, and stands behind no connector's register.
            if event.component.kind is not ComponentKind.METER or not event.evse_number:
                return []
            command = _meter_change(event)
        case _:
            return []
    return [To(key=context.key, command=command)]


def _meter_change(event: ComponentFitted | ComponentRemoved | ComponentSwapped) -> ChangeMeter:
    told: dict[str, Any] = event.model_dump(include={"station_id", "evse_number", "connector_number"})
    fitted = event.model_dump(include={"register_wh", "export_register_wh"})
    match event:
        case ComponentFitted():
            told |= {**fitted, "fitted_at": event.fitted_at}
        case ComponentRemoved():
            told |= {
                "removed_at": event.removed_at,
                "removed_register_wh": event.register_wh,
                "removed_export_register_wh": event.export_register_wh,
            }
        case ComponentSwapped():
            removed = event.model_dump(include={"removed_register_wh", "removed_export_register_wh"})
            told |= {**fitted, **removed, "removed_at": event.swapped_at, "fitted_at": event.swapped_at}
        case _:
            assert_never(event)
    return ChangeMeter(at=event.told_at, **told)


def _stamped(
    event: TransactionStarted | TransactionUpdated, context: EventContext, facts: Facts, at: datetime
) -> dict[str, Place | Parties | None]:
    place = facts.place(context.tenant, event.station_id, event.evse_number, event.connector_number)
    parties = facts.parties(context.tenant, event.station_id, event.token_ref, event.token_status, at)
    return {"place": place, "parties": parties}


def _same(event: Record, command: type[Record], *without: str) -> dict[str, Any]:
    """The fields that the event and the command share, by name."""
    told = event.__dict__
    return {name: told[name] for name in _shared(type(event), command, without)}


@lru_cache(64)
def _shared(event: type[Record], command: type[Record], without: tuple[str, ...]) -> frozenset[str]:
    """Worked out once for the few pairs that there are."""
    return frozenset(event.model_fields) & frozenset(command.model_fields) - frozenset(without)


def _start(event: TransactionStarted, context: EventContext, facts: Facts) -> StartSession:
    stamped = _stamped(event, context, facts, event.started_at)
    return StartSession(at=event.received_at, **_same(event, StartSession), **stamped)


def _update(event: TransactionUpdated, context: EventContext, facts: Facts) -> AddReadings:
    # The token that stops a session says nothing of who pays; and without a token there is nothing new to say.
    names_payer = event.token_ref is not None and event.trigger_reason != "StopAuthorized"
    state = event.charging_state or ""
    return _ADD_READINGS(
        at=event.received_at,
        charging=_CHARGING.get(state),
        suspended_by=_SUSPENDED_BY.get(state),
        stopper=_stopper(event) if event.trigger_reason == "StopAuthorized" else None,
        **_same(event, AddReadings),
        **(_stamped(event, context, facts, event.occurred_at) if names_payer else {}),
    )


def _sample(event: MeterSampled) -> AddReadings:
    occurred_at = max((each.sampled_at for each in event.readings), default=event.received_at)
    return _ADD_READINGS(at=event.received_at, occurred_at=occurred_at, offline=False, **_same(event, AddReadings))


def _end(event: TransactionEnded) -> EndSession:
    return EndSession(at=event.received_at, stopper=_stopper(event), **_same(event, EndSession))


def _stopper(event: TransactionUpdated | TransactionEnded) -> Stopper | None:
    # Accepted without a token is a station whose owner lets everybody charge (OCPP 2.0.1 C02).
    if event.token_status == NO_TOKEN or (event.token_ref is None and event.token_status == ACCEPTED):
        return None
    return Stopper(
        token_ref=event.token_ref,
        token_status=event.token_status,
        group_id=event.token_group_id,
        is_master_pass=event.token_is_master_pass,
    )


def _status(event: ConnectorStatusChanged, context: EventContext) -> Sequence[To]:
    told = {
        ConnectorState.CHARGING: (True, None),
        ConnectorState.SUSPENDED_EV: (False, "EV"),
        ConnectorState.SUSPENDED_EVSE: (False, "EVSE"),
    }.get(event.state)
    if told is None:
        return []
    charging, suspended_by = told
    command = ChangeChargingState(
        at=event.received_at,
        charging=charging,
        suspended_by=suspended_by,
        **_same(event, ChangeChargingState, "charging"),
    )
    return [To(key=context.key, command=command)]
