"""When a session is final, when it is doubtful, and what a fact that comes later still changes."""

from collections.abc import Sequence
from datetime import datetime

from ev_contracts.common import MeterReading
from ev_contracts.sessions import SessionClosed, SessionCorrected, SessionMarkedSuspect
from session_ledger.domain.account import Doubt, account, amended, most_energy_wh
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.station import ClosingRules, End, Final, Open, Session, end_order, span_of
from session_ledger.domain.telling import Telling


def close_if_due(telling: Telling, session_id: str, rules: ClosingRules, at: datetime) -> None:
    """Says the session final, or doubtful, where a rule allows it and its context is known."""
    session = telling.session(session_id)
    rule = rules.met(session, at) if isinstance(session.verdict, Open) else None
    if rule is None or session.start is None or session.end is None or session.place is None or session.parties is None:
        return
    came_to = account(span_of(telling.station, session, session.start, session.end))
    if isinstance(came_to, Doubt):
        telling.say(suspect(session, came_to, at))
        return
    telling.say(
        SessionClosed(
            session_id=session_id,
            station_id=session.station_id,
            transaction_id=session.transaction_id,
            rule=rule,
            closed_at=at,
            end_reason=session.end.reason,
            facts=came_to,
            place=session.place,
            parties=session.parties,
        )
    )


def after_close(
    final: Final, *, at: datetime, cause: str, end: End | None = None, reading: MeterReading | None = None
) -> Sequence[SessionEvent]:
    """What a fact that came too late changes: a correction, a doubt, or nothing."""
    closed = SessionClosed.model_validate_json(final.told)
    facts = closed.facts
    ended_at, stop_wh = facts.ended_at, facts.meter_stop_wh
    if end is not None and end_order(end) > (ended_at, stop_wh if final.has_register else -1):
        ended_at, stop_wh = end.ended_at, stop_wh if end.meter_stop_wh is None else end.meter_stop_wh
    if reading is not None and not final.has_register and reading.sampled_at <= ended_at:
        stop_wh = max(stop_wh, reading.register_wh or 0)
    if (ended_at, stop_wh) == (facts.ended_at, facts.meter_stop_wh):
        return []
    if not 0 <= stop_wh - facts.meter_start_wh <= most_energy_wh(ended_at - facts.started_at):
        doubt = Doubt(cause="late-fact-implausible", detail=f"{facts.meter_start_wh} Wh to {stop_wh} Wh")
        return [suspect(closed, doubt, at)]
    return [
        SessionCorrected(
            session_id=closed.session_id,
            station_id=closed.station_id,
            cause=cause,
            corrected_at=at,
            facts=amended(facts, ended_at=ended_at, meter_stop_wh=stop_wh),
            place=closed.place,
            parties=closed.parties,
        )
    ]


def suspect(session: Session | SessionClosed, doubt: Doubt, at: datetime) -> SessionMarkedSuspect:
    return SessionMarkedSuspect(
        session_id=session.session_id,
        station_id=session.station_id,
        cause=doubt.cause,
        detail=doubt.detail,
        marked_at=at,
    )
