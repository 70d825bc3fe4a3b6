"""How the desk reacts: to contacts, to words that follow an earlier command, to the registry, to sessions to stop."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from charger_gateway.domain.cost_display import known_by, reported
from chassis.decider import EventContext, To, derived_id
from ev_contracts.assets import DesiredVariable, StationAccepted, StationRegistered
from ev_contracts.gateway import (
    BatterySwapReported,
    CertificateSigningRequested,
    ChargingLimitChanged,
    ChargingLimitCleared,
    ChargingNeedsReported,
    ChargingScheduleReported,
    DeviceModelReported,
    DiagnosticsStatusChanged,
    FirmwarePublicationChanged,
    FirmwareStatusChanged,
    LevelCharging,
    LogStatusChanged,
    RenewChargingPlan,
    ReportCompleted,
    ReportContact,
    ReportCostDisplay,
    ReportOutsideLimit,
    ReportProgress,
    ReportRemoteStart,
    SetDesiredVariables,
    StationBooted,
    StationConnected,
    StopTransactionRemotely,
    TriggerStationMessage,
    TrustedRoot,
    VariableSetting,
)
from ev_contracts.sessions import SessionStarted, SessionStopWanted

REGISTRY = "registration"
"""Who asks, where the registry's word on a station makes the desk act."""
_BOOTS_WITHIN_S = 120


def on_connection(event: object, context: EventContext, facts: Callable[[], Sequence[TrustedRoot]]) -> Sequence[To]:
    """A contact, by the connection's epoch; with the operator's trust store of now, which the desk compares."""
    if not isinstance(event, StationConnected):
        return []
    contact = ReportContact(
        at=event.connected_at,
        station_id=event.station_id,
        epoch=context.offset,
        ocpp_version=event.ocpp_version,
        trusted_roots=tuple(facts()),
    )
    return [To(key=context.key, command=contact)]


def on_session(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """One stop for each time that the ledger wants one, which sees by the session's end whether it helped; and starts.

    A session that began by a remote start is told, for a profile may have come with that.
    """
    match event:
        case SessionStopWanted():
            return [To(key=context.key, command=_stop(event))]
        case SessionStarted() if event.remote_start_id is not None:
            start = ReportRemoteStart(
                at=event.started_at,
                station_id=event.station_id,
                transaction_id=event.transaction_id,
                remote_start_id=event.remote_start_id,
            )
            return [To(key=context.key, command=start)]
        case _:
            return []


def _stop(event: SessionStopWanted) -> StopTransactionRemotely:
    return StopTransactionRemotely(
        at=event.wanted_at,
        command_id=derived_id("stop", event.session_id, str(event.attempt)),
        station_id=event.station_id,
        requested_by=event.wanted_by,
        reason=event.because,
        expires_at=event.expires_at,
        transaction_id=event.transaction_id,
    )


def on_station_word(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """How something goes on that was asked for, what a vehicle was promised, and whether the station shows costs."""
    command = _word(event) or _levelled(event, context) or _limited(event) or _cost_display(event)
    return [] if command is None else [To(key=context.key, command=command)]


def _limited(event: object) -> ReportOutsideLimit | None:
    match event:
        case ChargingLimitChanged():
            schedules, cleared = event.schedules, False
        case ChargingLimitCleared():
            schedules, cleared = (), True
        case _:
            return None
    return ReportOutsideLimit(
        at=event.received_at,
        station_id=event.station_id,
        evse_number=event.evse_number,
        source=event.source,
        schedules=schedules,
        cleared=cleared,
    )


def _cost_display(event: object) -> ReportCostDisplay | None:
    if not isinstance(event, DeviceModelReported):
        return None
    return known_by(reported(event.variables), station_id=event.station_id, at=event.received_at)


def _levelled(event: object, context: EventContext) -> LevelCharging | RenewChargingPlan | None:
    command_id = derived_id("levelling", context.event_id)
    match event:
        case ChargingNeedsReported() if event.offer is not None and event.transaction_id is not None:
            return LevelCharging(
                at=event.received_at,
                command_id=command_id,
                station_id=event.station_id,
                evse_number=event.evse_number,
                transaction_id=event.transaction_id,
                offer=event.offer,
                departure_at=event.departure_at,
            )
        case ChargingScheduleReported(answer="Rejected"):
            return RenewChargingPlan(
                at=event.received_at,
                command_id=command_id,
                station_id=event.station_id,
                evse_number=event.evse_number,
            )
        case _:
            return None


_KINDS: Mapping[type, str] = {
    FirmwareStatusChanged: "firmware",
    LogStatusChanged: "log",
    FirmwarePublicationChanged: "publication",
}


def _word(event: object) -> ReportProgress | None:
    match event:
        case FirmwareStatusChanged() | LogStatusChanged() | FirmwarePublicationChanged():
            return _progress(event.station_id, event.received_at, _KINDS[type(event)], event.status, event.request_id)
        case DiagnosticsStatusChanged():
            return _progress(event.station_id, event.received_at, "diagnostics", event.status)
        case ReportCompleted():
            status = "Complete" if event.whole else "Incomplete"
            return _progress(event.station_id, event.received_at, "report", status, event.request_id)
        case CertificateSigningRequested():
            # Its own number is the certificate's, not the trigger's.
            status = "Requested" if event.accepted else "Rejected"
            return _progress(event.station_id, event.received_at, "signing", status)
        case BatterySwapReported():
            return _progress(event.station_id, event.received_at, "swap", event.event_type, event.request_id)
        case StationBooted():
            return _progress(event.station_id, event.booted_at, "boot", "Booted")
        case _:
            return None


def _progress(station_id: str, at: datetime, kind: str, status: str, request_id: int | None = None) -> ReportProgress:
    return ReportProgress(at=at, station_id=station_id, kind=kind, request_id=request_id, status=status)


def on_registry(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """A new station is given its desired state; one that was accepted is asked to boot, to be told so."""
    match event:
        case StationRegistered() if event.desired_variables:
            return [To(key=context.key, command=_desired(event))]
        case StationAccepted():
            return [To(key=context.key, command=_boot(event, context))]
        case _:
            return []


def _desired(event: StationRegistered) -> SetDesiredVariables:
    return SetDesiredVariables(
        at=event.registered_at,
        document_id=derived_id("registered", event.station_id, event.registered_at.isoformat()),
        station_id=event.station_id,
        requested_by=REGISTRY,
        reason=None if event.template_id is None else f"template {event.template_id}",
        variables=tuple(_setting(one) for one in event.desired_variables),
    )


def _setting(one: DesiredVariable) -> VariableSetting:
    return VariableSetting(**one.model_dump())


def _boot(event: StationAccepted, context: EventContext) -> TriggerStationMessage:
    return TriggerStationMessage(
        at=event.accepted_at,
        command_id=derived_id("accepted", event.station_id, context.event_id),
        station_id=event.station_id,
        requested_by=REGISTRY,
        reason=event.reason,
        expires_at=event.accepted_at + timedelta(seconds=_BOOTS_WITHIN_S),
        message="BootNotification",
    )
