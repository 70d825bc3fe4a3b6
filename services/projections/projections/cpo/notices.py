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
    StationCertificateRevoked,
    StationCostReported,
    StationPasswordTaken,
    UnknownPlaceNamed,
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
    | StationCertificateRevoked
    | StationCostReported
    | StationPasswordTaken
    | UnknownPlaceNamed
)


def told_at(event: Notice) -> datetime:
    """When it was so, by the station's own clock where the message says it."""
    if isinstance(event, ForeignCertificateRefused):
        return event.refused_at
    if isinstance(event, StationPasswordTaken):
        return event.taken_at
    if isinstance(event, StationCertificateRevoked):
        return event.revoked_at
    return event.occurred_at if isinstance(event, _Dated) else event.received_at
