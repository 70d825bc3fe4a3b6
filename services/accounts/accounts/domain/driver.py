"""When a driver has an account; who it is, no record says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused
from ev_contracts.accounts import DriverRegistered, RegisterDriver


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The driver has an account with one service provider."""

    driver: DriverRegistered


DriverState = Unknown | Registered


def decide(command: RegisterDriver, state: DriverState) -> Sequence[DriverRegistered] | Refused:
    """What registering a driver makes true."""
    registered = DriverRegistered(**command.model_dump(exclude={"at"}), registered_at=command.at)
    match state:
        case Unknown():
            return [registered]
        case Registered():
            same = registered.model_copy(update={"registered_at": state.driver.registered_at}) == state.driver
            return [] if same else Refused(reason="driver-differs")
        case _:
            assert_never(state)


def evolve(_state: DriverState, event: DriverRegistered) -> DriverState:
    """The driver after one more event."""
    return Registered(driver=event)


driver: Decider[RegisterDriver, DriverState, DriverRegistered] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve
)
