"""A no-show as a session: nothing but its reservation, over when that ran out."""

from ev_contracts.common import ReservationFacts, SessionFacts


def no_show_facts(session_id: str, held: ReservationFacts) -> SessionFacts:
    """What is rated, and quoted, of a reservation that nobody used."""
    return SessionFacts(
        session_id=session_id,
        started_at=held.ended_at,
        ended_at=held.ended_at,
        energy_wh=0,
        meter_start_wh=0,
        meter_stop_wh=0,
        reservation=held,
    )
