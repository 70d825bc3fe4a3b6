"""What a session that still runs has used so far, as the facts that a rating takes."""

from datetime import timedelta

from ev_contracts.common import ChargingPeriod, SessionFacts
from ev_contracts.sessions import EnergyDelivered


def facts_so_far(event: EnergyDelivered) -> SessionFacts:
    """As if it ended at this reading; energy just flowed, so charging is the kind of time that ran last."""
    turned_at = event.started_at + timedelta(seconds=event.parking_s)
    ended_at = turned_at + timedelta(seconds=event.charging_s)
    parked = ChargingPeriod(started_at=event.started_at, ended_at=turned_at, charging=False, energy_wh=0)
    charged = ChargingPeriod(started_at=turned_at, ended_at=ended_at, charging=True, energy_wh=event.energy_wh)
    return SessionFacts(
        session_id=event.session_id,
        started_at=event.started_at,
        ended_at=ended_at,
        energy_wh=event.energy_wh,
        meter_start_wh=event.register_wh - event.energy_wh,
        meter_stop_wh=event.register_wh,
        periods=(parked, charged) if event.parking_s else (charged,),
    )
