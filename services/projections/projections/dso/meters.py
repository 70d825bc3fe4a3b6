"""Which events of the ledger say what a grid connection's meters counted. Pure."""

from collections.abc import Sequence
from datetime import datetime

from chassis.decider import EventContext, To
from ev_contracts.common import Place, SessionFacts
from ev_contracts.projections import ConnectionMetered
from ev_contracts.record import Record
from ev_contracts.sessions import EnergyDelivered, SessionClosed, SessionCorrected, SessionStarted
from projections.dso.loads import WINDOW_S


def metered(event: Record, ctx: EventContext, _facts: object) -> Sequence[To]:
    """The reading under its connection's key; what has no place is nobody's load yet."""
    match event:
        case SessionStarted(place=Place() as place):
            return _at(
                ctx,
                place,
                event.session_id,
                energy_wh=0,
                register_wh=event.meter_start_wh or 0,
                measured_at=event.started_at,
            )
        case EnergyDelivered(place=Place() as place):
            return _at(
                ctx,
                place,
                event.session_id,
                energy_wh=event.energy_wh,
                register_wh=event.register_wh,
                measured_at=event.measured_at,
            )
        case SessionClosed(facts=facts, place=place) | SessionCorrected(facts=facts, place=place):
            return _whole(ctx, place, facts)
        case _:
            return ()


def ends_of_windows(found: Sequence[tuple[Record, EventContext]]) -> Sequence[tuple[Record, EventContext]]:
    """Of a session's readings in one window only the first and the last change a load; whatever is no reading stays."""
    last = {_window(event): number for number, (event, _) in enumerate(found)}
    kept, seen = [], set()
    for number, read in enumerate(found):
        window = _window(read[0])
        if window is None or window not in seen or number == last[window]:
            kept.append(read)
        seen.add(window)
    return kept


def _window(event: Record) -> tuple[str, int] | None:
    if not isinstance(event, EnergyDelivered):
        return None
    return event.session_id, int(event.measured_at.timestamp()) // WINDOW_S


def _whole(ctx: EventContext, place: Place, facts: SessionFacts) -> Sequence[To]:
    """Both ends of a session, as they stand after all is known."""
    sid, start_wh, stop_wh = facts.session_id, facts.meter_start_wh, facts.meter_stop_wh
    return (
        *_at(ctx, place, sid, energy_wh=0, register_wh=start_wh, measured_at=facts.started_at),
        *_at(ctx, place, sid, energy_wh=facts.energy_wh, register_wh=stop_wh, measured_at=facts.ended_at),
    )


def _at(
    ctx: EventContext, place: Place, session_id: str, *, energy_wh: int, register_wh: int, measured_at: datetime
) -> Sequence[To]:
    command = ConnectionMetered(
        connection_id=place.connection_id,
        feeder_id=place.feeder_id,
        tenant=ctx.tenant,
        evse_id=place.evse_id,
        session_id=session_id,
        energy_wh=energy_wh,
        register_wh=register_wh,
        measured_at=measured_at,
    )
    return (To(key=f"{ctx.tenant}/{place.connection_id}", command=command),)
