"""A plan for a vehicle that tells its needs (ISO 15118): all that it and its connector can take, until it leaves.

A plain policy in place of a planner. What is offered is within the vehicle's needs and the connector's limits; what is
sent is also within the limits that others set and the profiles that stand, both as the desk knows them from the log. A
vehicle that its connector cannot serve is offered nothing. Discharging and dynamic control (2.1) are not planned.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import count

from charger_gateway.domain.desk_state import Desk, DeskEvent
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.profiles_state import HeldProfile, limits_with, limits_without
from charger_gateway.domain.running import Running
from ev_contracts.assets import Connector
from ev_contracts.gateway import (
    ChargingNeedsReported,
    ChargingOffer,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    LevelCharging,
    OutsideLimit,
    OutsideLimitsChanged,
    RemoteProfileBound,
    RenewChargingPlan,
    ReportOutsideLimit,
    ReportRemoteStart,
    SetChargingProfile,
    StationSchedule,
)

ACTOR = "load-levelling"
"""Who asked, in the commands that nobody asked for."""
ANSWER_S = 60
"""A station waits so long for the profile that it was promised (K15.FR.08)."""
_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}
_DIRECT = frozenset({"DC", "DC_extended", "DC_core", "DC_combo_core", "DC_unique"})
_FIRST_ID = 15_118_000
"""Of the profiles of this policy: one per EVSE, so that a new plan takes the place of the one before (K01.FR.05)."""
_TENTH = Decimal("0.1")


def offer_of(needs: ChargingNeedsReported, plugs: Sequence[Connector]) -> ChargingOffer | None:
    """The most of a plan; None where there is nothing to plan."""
    if needs.control_mode == "DynamicControl" or not plugs or needs.max_current_a is None:
        return None
    if needs.departure_at is not None and needs.departure_at <= needs.received_at:
        return None
    if needs.energy_transfer in _DIRECT:
        return _direct(needs, plugs)
    phases = _PHASES.get(needs.energy_transfer)
    return None if phases is None else _alternating(needs, plugs, phases)


def _alternating(needs: ChargingNeedsReported, plugs: Sequence[Connector], phases: int) -> ChargingOffer | None:
    limit_a = min(needs.max_current_a or Decimal(0), *(Decimal(plug.max_amperage_a) for plug in plugs))
    volts = max(plug.max_voltage_v for plug in plugs)
    if any(plug.dc for plug in plugs) or limit_a <= 0 or limit_a < (needs.min_current_a or 0):
        return None
    return ChargingOffer(limit_a=_down(limit_a), w_per_a=Decimal(volts * phases), phases=phases)


def _direct(needs: ChargingNeedsReported, plugs: Sequence[Connector]) -> ChargingOffer | None:
    if not all(plug.dc for plug in plugs) or needs.max_voltage_v is None or needs.max_current_a is None:
        return None
    powers = [needs.max_current_a * needs.max_voltage_v, *(Decimal(plug.max_power_w) for plug in plugs)]
    if needs.max_power_w is not None:
        powers.append(needs.max_power_w)
    limit_a = min(needs.max_current_a, *(Decimal(plug.max_amperage_a) for plug in plugs))
    if limit_a <= 0 or min(powers) <= 0:
        return None
    volts = max(plug.max_voltage_v for plug in plugs)
    return ChargingOffer(limit_a=_down(limit_a), limit_w=_down(min(powers)), w_per_a=Decimal(volts))


def within(offer: ChargingOffer, limits: Sequence[StationSchedule]) -> ChargingOffer:
    """The offer within limits from outside: the lowest of each, for as long as they stand (K02.FR.01)."""
    for limit in limits:
        known = [one.limit for one in limit.periods if one.limit is not None]
        if known and limit.unit == "A":
            # What is said in amperes holds at any voltage, so the plan is made in them too.
            offer = offer.model_copy(update={"limit_a": min(offer.limit_a, _down(min(known))), "limit_w": None})
        elif known:
            offer = _below(offer, min(known))
    return offer


def _below(offer: ChargingOffer, watts: Decimal) -> ChargingOffer:
    limit_w = None if offer.limit_w is None else min(offer.limit_w, watts)
    return offer.model_copy(update={"limit_a": min(offer.limit_a, _down(watts / offer.w_per_a)), "limit_w": limit_w})


def profile_for(command: LevelCharging | RenewChargingPlan, desk: Desk) -> SetChargingProfile | None:
    """What the station is sent; None where there is no plan that could be sent anew."""
    if isinstance(command, LevelCharging):
        return _set(command, _plan(command, desk))
    own = [profile for profile in _standing(desk) if profile.id == _FIRST_ID + command.evse_number]
    return _set(command, own[-1]) if own else None


def _standing(desk: Desk) -> Iterator[ChargingProfile]:
    yield from (held.profile for held in desk.profiles)
    # A vehicle may choose before the desk has heard that its station took the profile.
    yield from (
        one.charging.command.charging_profile
        for one in desk.open_commands
        if one.charging is not None and isinstance(one.charging.command, SetChargingProfile)
    )


def limit_reported(command: ReportOutsideLimit, desk: Desk) -> Sequence[DeskEvent]:
    """A limit of others stands until its source clears it; nothing where that changes nothing."""
    if command.cleared:
        limits = limits_without(desk.outside_limits, command.source, command.evse_number)
    else:
        new = OutsideLimit(evse_number=command.evse_number or 0, source=command.source, schedules=command.schedules)
        limits = limits_with(desk.outside_limits, new)
    if limits == desk.outside_limits:
        return []
    return [OutsideLimitsChanged(station_id=command.station_id, limits=limits, at=command.at)]


def start_reported(command: ReportRemoteStart, desk: Desk) -> Sequence[DeskEvent]:
    """The profile that came with a remote start counts for the session that began by it."""
    named = command.remote_start_id
    numbers = {remote_start_number(named), int(named) if named.isdecimal() else None}
    return [
        RemoteProfileBound(
            station_id=command.station_id,
            profile_id=held.profile.id,
            transaction_id=command.transaction_id,
            at=command.at,
        )
        for held in desk.profiles
        if held.remote_start_number is not None and held.remote_start_number in numbers
    ]


def _plan(command: LevelCharging, desk: Desk) -> ChargingProfile:
    """One limit from now until the vehicle leaves."""
    outside = [one for one in desk.outside_limits if one.evse_number in {0, command.evse_number}]
    offer = within(command.offer, [schedule for limit in outside for schedule in limit.schedules])
    unit, limit = _limit(offer, tuple(_caps(command, desk)))
    departure = command.departure_at
    schedule = ChargingSchedule(
        id=1,
        starts_at=command.at,
        duration_s=None if departure is None else (departure - command.at) // timedelta(seconds=1),
        charging_rate_unit=unit,
        charging_schedule_period=(
            ChargingSchedulePeriod(start_period_s=0, limit=_down(limit), number_phases=command.offer.phases),
        ),
    )
    return ChargingProfile(
        id=_FIRST_ID + command.evse_number,
        stack_level=_free_level(command, desk),
        charging_profile_purpose="TxProfile",
        charging_profile_kind="Absolute",
        transaction_id=command.transaction_id,
        charging_schedule=(schedule,),
    )


def _free_level(command: LevelCharging, desk: Desk) -> int:
    """The lowest that no other profile of the session has; it is no higher limit for being above one (K01.FR.39)."""
    taken = {
        held.profile.stack_level
        for held in desk.profiles
        if held.profile.transaction_id == command.transaction_id and _counts(held, command)
    }
    return next(level for level in count() if level not in taken)


def _limit(offer: ChargingOffer, caps: Sequence[tuple[str, Decimal]]) -> tuple[str, Decimal]:
    if offer.limit_w is not None and all(unit == "W" for unit, _ in caps):
        return "W", min([offer.limit_w, *(cap for _, cap in caps)])
    # By the highest voltage, so that what was said in watts is never passed.
    return "A", min([offer.limit_a, *(cap if unit == "A" else cap / offer.w_per_a for unit, cap in caps)])


def _set(command: LevelCharging | RenewChargingPlan, profile: ChargingProfile) -> SetChargingProfile:
    return SetChargingProfile(
        at=command.at,
        command_id=command.command_id,
        station_id=command.station_id,
        requested_by=ACTOR,
        expires_at=command.at + timedelta(seconds=ANSWER_S),
        evse_number=command.evse_number,
        charging_profile=profile,
    )


def _caps(command: LevelCharging, desk: Desk) -> Iterator[tuple[str, Decimal]]:
    """The lowest limit of each schedule that stands: a profile of the session would else put a default one aside."""
    for held in desk.profiles:
        if _counts(held, command):
            for schedule in held.profile.charging_schedule:
                limits = [one.limit for one in schedule.charging_schedule_period if one.limit is not None]
                if limits:
                    yield schedule.charging_rate_unit, min(limits)


def _counts(held: HeldProfile, command: LevelCharging) -> bool:
    profile = held.profile
    if held.remote_start_number is not None:
        return False  # its session is not known yet
    if held.evse_number not in {0, command.evse_number} or profile.id == _FIRST_ID + command.evse_number:
        return False
    if profile.valid_until is not None and profile.valid_until <= command.at:
        return False
    return profile.charging_profile_purpose != "TxProfile" or profile.transaction_id == command.transaction_id


def collides(command: SetChargingProfile, desk: Desk) -> bool:
    """Whether another stands at the same level for the same purpose, place, session and time (K01.FR.06, K01.FR.39)."""
    new = command.charging_profile
    return any(
        held.evse_number == command.evse_number and held.profile.id != new.id and _meet(held.profile, new)
        for held in desk.profiles
        if held.remote_start_number is None
    )


def _meet(one: ChargingProfile, other: ChargingProfile) -> bool:
    def rank(profile: ChargingProfile) -> tuple[int, str, str | None]:
        return profile.stack_level, profile.charging_profile_purpose, profile.transaction_id

    def is_before(first: ChargingProfile, then: ChargingProfile) -> bool:
        ends, begins = first.valid_until, then.valid_from
        return ends is not None and begins is not None and ends <= begins

    return rank(one) == rank(other) and not is_before(one, other) and not is_before(other, one)


def exceeds(chosen: StationSchedule, base_at: datetime, running: Running | None, plugs: Sequence[Connector]) -> bool:
    """Whether a vehicle's own schedule goes beyond its profile, or beyond its connector where no profile is known."""
    for period in chosen.periods:
        at = base_at + timedelta(seconds=period.start_s)
        if period.limit is None:
            continue
        ceilings = _ceilings(chosen.unit, at, running, plugs)
        if any(period.limit > ceiling for ceiling in ceilings):
            return True
    return False


def _ceilings(unit: str, at: datetime, running: Running | None, plugs: Sequence[Connector]) -> Iterator[Decimal]:
    for plug in plugs:
        yield Decimal(plug.max_amperage_a if unit == "A" else plug.max_power_w)
    for schedule in () if running is None else running.schedules:
        if schedule.unit == unit:
            yield from _limit_at(schedule, at)


def _limit_at(schedule: StationSchedule, at: datetime) -> Sequence[Decimal]:
    limits = [one.limit for one in schedule.periods if one.limit is not None]
    if schedule.starts_at is None or not limits:
        # It counts from when power began to flow, which the profile does not say: no more than its highest limit.
        return [max(limits)] if limits else []
    passed = [
        one.limit
        for one in schedule.periods
        if one.limit is not None and schedule.starts_at + timedelta(seconds=one.start_s) <= at
    ]
    return [passed[-1] if passed else limits[0]]


def _down(value: Decimal) -> Decimal:
    return value.quantize(_TENTH, rounding=ROUND_DOWN)
