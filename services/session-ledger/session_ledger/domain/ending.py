"""How a session is said to end: by its station's word, or by a deadline where nothing was heard any more."""

from collections.abc import Sequence

from ev_contracts.sessions import SessionDeadlinePassed, SessionEnded
from session_ledger.domain.account import ends_of
from session_ledger.domain.closing import close_if_due, suspect
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.messages import assumed_end, context_wanted
from session_ledger.domain.metering import Doubt
from session_ledger.domain.registers import begin_of, metered
from session_ledger.domain.station import (
    ClosingRules,
    End,
    Open,
    Session,
    Start,
    Station,
    end_order,
    is_context_missing,
    span_of,
)
from session_ledger.domain.telling import Telling


def is_better(new: End, known: End) -> bool:
    """Whether an end replaces the one known: any of the station the ledger's own, one that names its session one that
    was matched to it, else the later the earlier.
    """
    if known.assumed or (known.message_id is None) != (new.message_id is None):
        return known.assumed or new.message_id is None
    return end_order(new) > end_order(known)


def tell_end(telling: Telling, session_id: str, end: End, *, offline: bool) -> None:
    """Says the end of a session whose start is known."""
    session = telling.session(session_id)
    start = session.start
    if start is None:
        return
    telling.say(
        SessionEnded(
            assumed=end.assumed,
            message_id=end.message_id,
            stopper=end.stopper,
            session_id=session_id,
            station_id=session.station_id,
            evse_number=start.evse_number,
            connector_number=start.connector_number,
            ended_at=end.ended_at,
            meter_stop_wh=end.meter_stop_wh,
            energy_wh=_energy_wh(telling.station, session, start, end),
            reason=end.reason,
            offline=offline,
            place=session.place,
            parties=session.parties,
            seq_no=end.seq_no,
            received_at=end.heard_at,
        )
    )


def _energy_wh(station: Station, session: Session, start: Start, end: End) -> int:
    """What the session has come to by this end; where no rule explains it, the difference of its registers."""
    found = metered(ends_of(span_of(station, session, start, end)))
    if not isinstance(found, Doubt):
        return found.energy_wh
    begin_wh, last = (
        begin_of(start.meter_start_wh, session.evidence.imported),
        session.evidence.imported.last(end.ended_at),
    )
    stop_wh = end.meter_stop_wh if end.meter_stop_wh is not None or last is None else last.register_wh
    return 0 if begin_wh is None or stop_wh is None else max(0, stop_wh - begin_wh)


def pass_deadline(command: SessionDeadlinePassed, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """What it makes true that nothing more was heard."""
    kind, _, session_id = command.name.partition("/")
    session = station.sessions.get(session_id)
    telling = Telling(station)
    if session is None or not isinstance(session.verdict, Open):
        return []
    if session.start is None:
        telling.say(suspect(session, Doubt(cause="start-missing", detail="its start was never heard"), command.at))
    elif kind == "context" and is_context_missing(session):
        telling.say(context_wanted(session, session.start, command.at))
    elif kind == "silence" and session.end is None:
        tell_end(telling, session_id, assumed_end(station, session, session.start, command.at), offline=False)
    close_if_due(telling, session_id, rules, command.at)
    return telling.events
