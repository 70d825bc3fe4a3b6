"""What stations say of themselves beside energy: no row of its own changes, the station's timeline shows it."""

from datetime import datetime
from typing import TypeAlias

from ev_contracts.gateway import (
    BatterySwapReported,
    CertificateChainStatusRequested,
    CertificateSigningRequested,
    CertificateStatusRequested,
    ChargingLimitChanged,
    ChargingLimitCleared,
    ChargingNeedsReported,
    ChargingProfilesReported,
    ChargingScheduleReported,
    ContractCertificateJudged,
    ContractCertificateRequested,
    CustomerInformationReported,
    DerAlarmReported,
    DerControlsReported,
    DerControlSwitched,
    DeviceModelReported,
    DiagnosticsStatusChanged,
    DisplayMessagesReported,
    DynamicSchedulePulled,
    EventStreamClosed,
    EventStreamOpened,
    EventStreamSampled,
    FirmwarePublicationChanged,
    FirmwareStatusChanged,
    ForeignCertificateRefused,
    LogStatusChanged,
    MessageQuarantined,
    MonitoringEventReported,
    MonitorsReported,
    PriorityChargingSwitched,
    ReportCompleted,
    ReservationEndedAtStation,
    SecurityEventReported,
    SettlementReported,
    StationPasswordTaken,
    VatNumberValidationRequested,
)

_Dated: TypeAlias = SecurityEventReported | DerAlarmReported | DerControlSwitched
_Reported: TypeAlias = (
    ChargingNeedsReported
    | ChargingProfilesReported
    | ChargingScheduleReported
    | CustomerInformationReported
    | DerControlsReported
    | DeviceModelReported
    | DisplayMessagesReported
    | MonitoringEventReported
    | MonitorsReported
    | ReportCompleted
)
_Asked: TypeAlias = (
    CertificateChainStatusRequested
    | CertificateSigningRequested
    | CertificateStatusRequested
    | ContractCertificateRequested
    | DynamicSchedulePulled
    | VatNumberValidationRequested
)
Notice: TypeAlias = (
    _Dated
    | _Reported
    | _Asked
    | BatterySwapReported
    | ChargingLimitChanged
    | ChargingLimitCleared
    | ContractCertificateJudged
    | DiagnosticsStatusChanged
    | EventStreamClosed
    | EventStreamOpened
    | EventStreamSampled
    | FirmwarePublicationChanged
    | FirmwareStatusChanged
    | ForeignCertificateRefused
    | LogStatusChanged
    | MessageQuarantined
    | PriorityChargingSwitched
    | ReservationEndedAtStation
    | SettlementReported
    | StationPasswordTaken
)


def told_at(event: Notice) -> datetime:
    """When it was so, by the station's own clock where the message says it."""
    match event:
        case ForeignCertificateRefused():
            return event.refused_at
        case StationPasswordTaken():
            return event.taken_at
        case SecurityEventReported() | DerAlarmReported() | DerControlSwitched():
            return event.occurred_at
        case _:
            return event.received_at
