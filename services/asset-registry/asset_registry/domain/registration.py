"""Whether a registered station may do its work: it awaits its set-up, is accepted, or is suspended."""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from ev_contracts.assets import (
    AcceptStation,
    CompleteSetUp,
    RegistrationState,
    StationAccepted,
    StationSuspended,
    SuspendStation,
)

RegistrationCommand: TypeAlias = AcceptStation | SuspendStation | CompleteSetUp
RegistrationEvent: TypeAlias = StationAccepted | StationSuspended

_SET_UP = "stands as desired"


def change(command: RegistrationCommand, standing: RegistrationState) -> Sequence[RegistrationEvent]:
    """What a word on a station's registration makes true; what holds already is nothing."""
    match command:
        case AcceptStation():
            return [] if standing is RegistrationState.ACCEPTED else [_accepted(command, command.reason)]
        case SuspendStation():
            suspended = StationSuspended(station_id=command.station_id, reason=command.reason, suspended_at=command.at)
            return [] if standing is RegistrationState.SUSPENDED else [suspended]
        case CompleteSetUp():
            # A set-up that ends must not lift a suspension.
            return [_accepted(command, _SET_UP)] if standing is RegistrationState.AWAITING_SET_UP else []
        case _:
            assert_never(command)


def _accepted(command: AcceptStation | CompleteSetUp, reason: str) -> StationAccepted:
    return StationAccepted(station_id=command.station_id, reason=reason, accepted_at=command.at)


def registration_after(event: RegistrationEvent) -> RegistrationState:
    """How the station stands after the event."""
    match event:
        case StationAccepted():
            return RegistrationState.ACCEPTED
        case StationSuspended():
            return RegistrationState.SUSPENDED
        case _:
            assert_never(event)
