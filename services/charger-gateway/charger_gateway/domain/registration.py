"""What a station was told at its boot, and what it may say and be asked until the next (OCPP 2.0.1, B01 to B03)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from charger_gateway.domain.values import Payload
from ev_contracts.assets import RegistrationState

BOOT = "BootNotification"

_STARTS_AND_STOPS = frozenset(
    {"RemoteStartTransaction", "RemoteStopTransaction", "RequestStartTransaction", "RequestStopTransaction"}
)
_REPORTS = frozenset({"GetBaseReport", "GetReport"})
_TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
_OTHERWISE_SAID = {
    "FirmwareStatusNotification": frozenset({"FirmwareStatusNotification", "SignedFirmwareStatusNotification"}),
    # 2.1 prefers to tell a connector's state as an event.
    "StatusNotification": frozenset({"StatusNotification", "NotifyEvent"}),
}


class BootStatus(StrEnum):
    """OCPP's own words, the same in all versions."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


def status_of(registration: RegistrationState) -> BootStatus:
    """What a boot is answered; a state that this build does not know yet is not one in which a station may work."""
    match registration:
        case RegistrationState.ACCEPTED:
            return BootStatus.ACCEPTED
        case RegistrationState.AWAITING_SET_UP | RegistrationState.UNKNOWN:
            return BootStatus.PENDING
        case RegistrationState.SUSPENDED:
            return BootStatus.REJECTED
        case _:
            assert_never(registration)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootIntervals:
    """Seconds until the next heartbeat, or the next boot of a station that is not accepted."""

    accepted_s: int
    pending_s: int = 60
    rejected_s: int = 300

    def after(self, status: BootStatus) -> int:
        """The interval that goes with an answer."""
        match status:
            case BootStatus.ACCEPTED:
                return self.accepted_s
            case BootStatus.PENDING:
                return self.pending_s
            case BootStatus.REJECTED:
                return self.rejected_s
            case _:
                assert_never(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a station stands on its connection: as the registry had it when it came, then as its boot was answered."""

    status: BootStatus
    triggered: frozenset[str] = frozenset()
    """What it may say because it was asked to, until its next boot."""

    def may_say(self, action: str) -> bool:
        """Whether its call is served; else it is a SecurityError."""
        return self.status is BootStatus.ACCEPTED or action == BOOT or action in self.triggered

    def may_be_asked(self, action: str) -> bool:
        """A pending station is set up and starts nothing; to a rejected one nothing is sent (B03.FR.03)."""
        match self.status:
            case BootStatus.ACCEPTED:
                return True
            case BootStatus.PENDING:
                return action not in _STARTS_AND_STOPS
            case BootStatus.REJECTED:
                return False
            case _:
                assert_never(self.status)

    def after_asking(self, action: str, payload: Payload) -> "Standing":
        """What is triggered may be said (B02.FR.09)."""
        if self.status is not BootStatus.PENDING:
            return self
        return replace(self, triggered=self.triggered | _said_after(action, payload))


def _said_after(action: str, payload: Payload) -> frozenset[str]:
    if action in _REPORTS:
        return frozenset({"NotifyReport"})
    if action not in _TRIGGERS:
        return frozenset()
    wanted = str(payload["requestedMessage"])
    if wanted.startswith("Sign"):
        return frozenset({"SignCertificate"})
    return _OTHERWISE_SAID.get(wanted, frozenset({wanted}))
