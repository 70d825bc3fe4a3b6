"""The commands that a station may be given: one record per action, and how each stands in the desk's event."""

import re
from functools import cache
from typing import TypeAlias, get_args

from ev_contracts.gateway import (
    AdjustPeriodicEventStream,
    CancelReservation,
    ChangeAvailability,
    ChangeTransactionTariff,
    ClearCache,
    ClearChargingProfile,
    ClearDerControl,
    ClearDisplayMessage,
    ClearTariffs,
    ClearVariableMonitoring,
    CommandRequested,
    DeleteCertificate,
    DeliverSignedCertificate,
    GetBaseReport,
    GetChargingProfiles,
    GetCompositeSchedule,
    GetDerControl,
    GetDiagnostics,
    GetDisplayMessages,
    GetInstalledCertificateIds,
    GetLocalListVersion,
    GetLog,
    GetMonitoringReport,
    GetPeriodicEventStreams,
    GetReport,
    GetTariffs,
    GetTransactionStatus,
    GetVariables,
    InstallCertificate,
    NotifyAllowedEnergyTransfer,
    NotifyWebPaymentStarted,
    PublishFirmware,
    RequestBatterySwap,
    RequestCustomerInformation,
    ReserveNow,
    ResetStation,
    SendAfrrSignal,
    SendLocalList,
    SendRawCall,
    SetChargingProfile,
    SetDefaultTariff,
    SetDerControl,
    SetDisplayMessage,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetNetworkProfile,
    SetVariableMonitoring,
    SetVariables,
    ShowRunningCost,
    StartTransactionRemotely,
    StopTransactionRemotely,
    TransferData,
    TriggerStationMessage,
    UnlockConnector,
    UnpublishFirmware,
    UpdateDynamicSchedule,
    UpdateFirmware,
    UsePriorityCharging,
)

StationAction: TypeAlias = (
    StartTransactionRemotely
    | StopTransactionRemotely
    | TriggerStationMessage
    | ResetStation
    | CancelReservation
    | DeliverSignedCertificate
    | ChangeAvailability
    | ClearCache
    | ClearChargingProfile
    | TransferData
    | DeleteCertificate
    | GetCompositeSchedule
    | GetInstalledCertificateIds
    | GetLocalListVersion
    | GetLog
    | GetDiagnostics
    | GetVariables
    | InstallCertificate
    | ReserveNow
    | SendLocalList
    | SetChargingProfile
    | SetVariables
    | UnlockConnector
    | UpdateFirmware
    | ClearDisplayMessage
    | ClearVariableMonitoring
    | ShowRunningCost
    | RequestCustomerInformation
    | GetBaseReport
    | GetChargingProfiles
    | GetDisplayMessages
    | GetMonitoringReport
    | GetReport
    | GetTransactionStatus
    | PublishFirmware
    | SetDisplayMessage
    | SetMonitoringBase
    | SetMonitoringLevel
    | SetNetworkProfile
    | SetVariableMonitoring
    | UnpublishFirmware
    | SendAfrrSignal
    | AdjustPeriodicEventStream
    | ChangeTransactionTariff
    | ClearDerControl
    | ClearTariffs
    | GetDerControl
    | GetPeriodicEventStreams
    | GetTariffs
    | NotifyAllowedEnergyTransfer
    | NotifyWebPaymentStarted
    | RequestBatterySwap
    | SetDerControl
    | SetDefaultTariff
    | UpdateDynamicSchedule
    | UsePriorityCharging
    | SendRawCall
)

RECORDS: dict[str, type[StationAction]] = {kind.__name__: kind for kind in get_args(StationAction)}
"""Every action's record by its name."""

# What the desk's event says flat too, as it did before commands stood in it whole.
_FLAT = (
    "evse_number",
    "connector_number",
    "id_token_sealed",
    "token_ref",
    "transaction_id",
    "message",
    "hard",
)
_FLAT_IN = frozenset({"StartTransactionRemotely", "StopTransactionRemotely", "TriggerStationMessage", "ResetStation"})


@cache
def field_of(action: str) -> str:
    """The field of CommandRequested that holds the action's record: `reset_station` of ResetStation."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), action).lower()


def requested(command: StationAction, *, job_id: str | None = None) -> CommandRequested:
    """The event of a command that stands."""
    action = type(command).__name__
    flat = _FLAT if action in _FLAT_IN else ()
    own = {name: getattr(command, name) for name in flat if name in type(command).model_fields}
    return CommandRequested(
        command_id=command.command_id,
        station_id=command.station_id,
        action=action,
        requested_by=command.requested_by,
        reason=command.reason,
        requested_at=command.at,
        expires_at=command.expires_at,
        job_id=job_id,
        **own,
        **{field_of(action): command},
    )


def asked_in(event: CommandRequested) -> StationAction | None:
    """The command as it was asked; None for an action of a later release."""
    if event.action not in RECORDS:
        return None
    asked = getattr(event, field_of(event.action))
    return asked if isinstance(asked, StationAction) else None
