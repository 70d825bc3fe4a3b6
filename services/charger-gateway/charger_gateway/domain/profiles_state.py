"""What the desk remembers of the profiles and limits that stand at a station, whoever set them, and how it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from charger_gateway.domain.actions import StationAction
from charger_gateway.domain.ids import remote_start_number
from ev_contracts.gateway import (
    ChargingProfile,
    ClearChargingProfile,
    OutsideLimit,
    RemoteProfileBound,
    SendRawCall,
    SetChargingProfile,
    StartTransactionRemotely,
)

MOST_PROFILES = 64
"""Charging profiles that are known to stand at a station; the eldest are forgotten first."""
MOST_LIMITS = 64
"""Of others, likewise."""

ProfileCommand: TypeAlias = SetChargingProfile | ClearChargingProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """What a command does to the profiles of its station once it is taken."""

    command: ProfileCommand
    remote_start_number: int | None = None
    """Of a remote start that carries the profile, until its session is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProfile:
    """A charging profile that the station took; 0 is the whole station."""

    evse_number: int
    profile: ChargingProfile
    remote_start_number: int | None = None
    """It waits for the session of that remote start."""


def charging_of(asked: StationAction | None) -> Charging | None:
    """None for a command that leaves the profiles as they are."""
    match asked:
        case SetChargingProfile() | ClearChargingProfile():
            return Charging(command=asked)
        case StartTransactionRemotely() if asked.charging_profile is not None:
            return Charging(command=_set_by(asked), remote_start_number=remote_start_number(asked.command_id))
        case SendRawCall():
            command = asked.set_charging_profile or asked.clear_charging_profile
            return None if command is None else Charging(command=command, remote_start_number=asked.remote_start_number)
        case _:
            return None


def _set_by(asked: StartTransactionRemotely) -> SetChargingProfile:
    assert asked.charging_profile is not None
    return SetChargingProfile(
        at=asked.at,
        command_id=asked.command_id,
        station_id=asked.station_id,
        requested_by=asked.requested_by,
        expires_at=asked.expires_at,
        evse_number=asked.evse_number or 0,
        charging_profile=asked.charging_profile,
    )


def with_taken(held: tuple[HeldProfile, ...], taken: Charging) -> tuple[HeldProfile, ...]:
    """After the station took it."""
    match taken.command:
        case SetChargingProfile(charging_profile=profile, evse_number=evse_number):
            others = tuple(one for one in held if one.profile.id != profile.id)
            new = HeldProfile(evse_number=evse_number, profile=profile, remote_start_number=taken.remote_start_number)
            return (*others, new)[-MOST_PROFILES:]
        case ClearChargingProfile():
            return tuple(one for one in held if not _is_cleared(one, taken.command))
        case _:
            assert_never(taken.command)


def _is_cleared(one: HeldProfile, clear: ClearChargingProfile) -> bool:
    if clear.charging_profile_id is not None:
        return one.profile.id == clear.charging_profile_id
    asked = (clear.evse_number, clear.charging_profile_purpose, clear.stack_level)
    stands = (one.evse_number, one.profile.charging_profile_purpose, one.profile.stack_level)
    return all(wanted is None or wanted == is_so for wanted, is_so in zip(asked, stands, strict=True))


def with_bound(held: tuple[HeldProfile, ...], event: RemoteProfileBound) -> tuple[HeldProfile, ...]:
    """A remote start's profile is its session's from now on."""
    return tuple(_bound(one, event) if one.profile.id == event.profile_id else one for one in held)


def _bound(one: HeldProfile, event: RemoteProfileBound) -> HeldProfile:
    profile = one.profile.model_copy(update={"transaction_id": event.transaction_id})
    return replace(one, profile=profile, remote_start_number=None)


def limits_with(limits: Sequence[OutsideLimit], new: OutsideLimit) -> tuple[OutsideLimit, ...]:
    """One of a source at a place takes the place of its last."""
    others = [one for one in limits if (one.evse_number, one.source) != (new.evse_number, new.source)]
    return (*others, new)[-MOST_LIMITS:]


def limits_without(limits: Sequence[OutsideLimit], source: str, evse_number: int | None) -> tuple[OutsideLimit, ...]:
    """Without those of a source: at one EVSE where it is named, else all."""
    return tuple(one for one in limits if one.source != source or evse_number not in {None, one.evse_number})
