"""A session that is still to come, as the facts that a rating takes: as long as is said, or as a vehicle would take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ev_contracts.common import ChargingPeriod, MeterPoint, ReservationFacts, SessionFacts
from pricing.domain.no_show import no_show_facts

QUOTE = "quote"
"""Names what is no session yet, nor a reservation."""
_FULL_POWER_BELOW = 80
_LAST_PERCENT_SHARE = 20
"""Percent of the full power that is left at a full battery; in between it falls in a line."""
_MS_PER_WH_W = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """What is known of it; without its battery it takes the full power all the while."""

    power_w: int
    battery_wh: int | None = None
    soc_percent: int = 20


def expected_facts(at: datetime, *, energy_wh: int, charging_s: int, parking_s: int) -> SessionFacts:
    """From `at`: it charges first, evenly, and parks afterwards."""
    return _facts(at, at + timedelta(seconds=charging_s), parking_s, energy_wh, ())


def estimated_facts(at: datetime, *, energy_wh: int, parking_s: int, vehicle: Vehicle) -> SessionFacts:
    """Likewise, by a vehicle's curve: full power up to 80 %, falling to a fifth of it at 100 %; no more than fits."""
    points = [MeterPoint(at=at, energy_wh=0, power_w=_power_w(vehicle, vehicle.soc_percent))]
    for taken_wh, power_w in _steps(energy_wh, vehicle):
        last = points[-1]
        lasts = timedelta(milliseconds=-(-(taken_wh * _MS_PER_WH_W) // (last.power_w or 1)))
        points.append(MeterPoint(at=last.at + lasts, energy_wh=last.energy_wh + taken_wh, power_w=power_w))
    points[-1] = points[-1].model_copy(update={"power_w": 0})
    return _facts(at, points[-1].at, parking_s, points[-1].energy_wh, points)


def with_reservation(facts: SessionFacts, reserved_from: datetime) -> SessionFacts:
    """The same after a reservation, which is used, and over, when the session starts."""
    return facts.model_copy(update={"reservation": _held(reserved_from, facts.started_at, expired=False)})


def unused_facts(reserved_from: datetime, expires_at: datetime) -> SessionFacts:
    """A reservation that runs out, and no session."""
    return no_show_facts(QUOTE, _held(reserved_from, expires_at, expired=True))


def _held(started_at: datetime, ended_at: datetime, *, expired: bool) -> ReservationFacts:
    return ReservationFacts(reservation_id=QUOTE, started_at=started_at, ended_at=ended_at, expired=expired)


def _steps(energy_wh: int, vehicle: Vehicle) -> Iterator[tuple[int, int]]:
    """Energy by energy, each with the power that follows it; a step a percent of the battery."""
    if vehicle.battery_wh is None:
        yield energy_wh, vehicle.power_w
        return
    left = min(energy_wh, vehicle.battery_wh * (100 - vehicle.soc_percent) // 100)
    percent = vehicle.soc_percent
    while left > 0:
        taken = min(left, max(1, vehicle.battery_wh // 100))
        left -= taken
        percent = min(100, percent + 1)
        yield taken, _power_w(vehicle, percent)


def _power_w(vehicle: Vehicle, percent: int) -> int:
    above = max(0, percent - _FULL_POWER_BELOW)
    share = 100 - above * (100 - _LAST_PERCENT_SHARE) // (100 - _FULL_POWER_BELOW)
    return vehicle.power_w * share // 100


def _facts(
    at: datetime, full_at: datetime, parking_s: int, energy_wh: int, curve: Sequence[MeterPoint]
) -> SessionFacts:
    ended_at = full_at + timedelta(seconds=parking_s)
    charged = ChargingPeriod(started_at=at, ended_at=full_at, charging=True, energy_wh=energy_wh)
    parked = ChargingPeriod(started_at=full_at, ended_at=ended_at, charging=False, energy_wh=0)
    return SessionFacts(
        session_id=QUOTE,
        started_at=at,
        ended_at=ended_at,
        energy_wh=energy_wh,
        meter_start_wh=0,
        meter_stop_wh=energy_wh,
        periods=(charged, parked) if parking_s else (charged,),
        curve=tuple(curve),
    )
