"""A session that is still to come, as the facts that a rating takes."""

from datetime import datetime, timedelta

from ev_contracts.common import ChargingPeriod, SessionFacts


def expected_facts(at: datetime, *, energy_wh: int, charging_s: int, parking_s: int) -> SessionFacts:
    """From `at`: it charges first, evenly, and parks afterwards."""
    full_at = at + timedelta(seconds=charging_s)
    ended_at = full_at + timedelta(seconds=parking_s)
    charged = ChargingPeriod(started_at=at, ended_at=full_at, charging=True, energy_wh=energy_wh)
    parked = ChargingPeriod(started_at=full_at, ended_at=ended_at, charging=False, energy_wh=0)
    return SessionFacts(
        session_id="quote",
        started_at=at,
        ended_at=ended_at,
        energy_wh=energy_wh,
        meter_start_wh=0,
        meter_stop_wh=energy_wh,
        periods=(charged, parked) if parking_s else (charged,),
    )
