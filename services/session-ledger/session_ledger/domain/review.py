"""What people may settle: a held session's figures, a closed one's, a dispute, a message that named no session.

Each act is an event with who and why (`SessionReviewed`, `MessageSettled`); what it makes true follows as the events
that everybody knows: `SessionClosed` for a session that was held, `SessionCorrected` for one that was closed.
"""

from collections.abc import Sequence
from datetime import datetime

from chassis.decider import Refused
from ev_contracts.sessions import (
    CorrectSession,
    DisputeSession,
    MessageSettled,
    RecallSession,
    ReleaseSession,
    ResolveDispute,
    SessionCorrected,
    SessionRecalled,
    SessionReviewed,
    SessionStarted,
    SettleMessage,
)
from session_ledger.domain.account import Figures, by_figures, restated
from session_ledger.domain.closing import tell_closed, tell_gaps
from session_ledger.domain.context import tell_context
from session_ledger.domain.finals import connector_key
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.registers import begin_of
from session_ledger.domain.station import Open, Session, Station, is_context_missing, preferred, span_of
from session_ledger.domain.telling import Telling

BY_PERSON = "by-person"
UNHEARD = "Unheard"
"""OCPP's version and the token's status of a start that a person told in the station's place."""

Review = CorrectSession | ReleaseSession | DisputeSession | ResolveDispute


def correct(command: CorrectSession, station: Station) -> Sequence[SessionEvent] | Refused:
    """Refused for figures that lack or make no sense, and for a session that is not remembered or still runs."""
    held, final = station.sessions.get(command.session_id), station.final.get(command.session_id)
    if held is not None:
        return _close(command, station, held, _figures_of(held, command))
    if final is None:
        return _unknown(command, station)
    facts = final.closed().facts
    figures = _complete(
        command,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
    )
    if isinstance(figures, Refused):
        return figures
    corrected = restated(facts, figures, rule=BY_PERSON)
    if corrected == facts and command.session_id not in station.questions:
        return []
    telling = _reviewed(command, station, "corrected")
    if corrected != facts:
        closed = final.closed()
        event = SessionCorrected(
            session_id=closed.session_id,
            station_id=closed.station_id,
            cause=BY_PERSON,
            corrected_at=command.at,
            facts=corrected,
            place=closed.place,
            parties=closed.parties,
        )
        telling.say(event)
        tell_gaps(telling, station, event, final.connector)
    return telling.events


def release(command: ReleaseSession, station: Station) -> Sequence[SessionEvent] | Refused:
    """A held session as it stands: its registers' difference, which must be known and not negative."""
    held = station.sessions.get(command.session_id)
    if held is None:
        return [] if command.session_id in station.final else _unknown(command, station)
    return _close(command, station, held, _figures_of(held, None))


def dispute(command: DisputeSession, station: Station) -> Sequence[SessionEvent] | Refused:
    """Kept in the work queue, and correctable, until it is resolved."""
    if command.session_id not in station.final:
        return _unknown(command, station)
    known = station.questions.get(command.session_id)
    return [] if known and known.cause == "disputed" else _reviewed(command, station, "disputed").events


def recall(command: RecallSession, station: Station) -> Sequence[SessionEvent] | Refused:
    """A closed session as the log has it, contested until it is resolved; nothing where it is remembered."""
    if command.session_id in station.sessions:
        return Refused(reason="session-runs", detail="it is not closed")
    if command.session_id in station.final:
        return []
    return [SessionRecalled(**command.model_dump(exclude={"at"}), recalled_at=command.at)]


def _unknown(command: Review, station: Station) -> Refused:
    if station.is_forgotten(command.session_id):
        text = "closed, and past correcting; whoever may read the log recalls it (session_ledger.history)"
        return Refused(reason="session-forgotten", detail=text)
    return Refused(reason="session-unknown", detail="neither held nor closed here")


def resolve(command: ResolveDispute, station: Station) -> Sequence[SessionEvent]:
    """Nothing where nothing is contested."""
    if command.session_id not in station.questions:
        return []
    return _reviewed(command, station, "dispute-resolved").events


def settle(command: SettleMessage, station: Station) -> MessageSettled | Refused | None:
    """What becomes of a parked message; None where it was settled so before."""
    if command.message_id in station.settled:
        same = station.settled[command.message_id] == command.session_id
        return None if same else Refused(reason="already-settled")
    if command.message_id not in station.unmatched:
        return Refused(reason="message-unknown")
    if command.session_id is not None and command.session_id not in {*station.sessions, *station.final}:
        return Refused(reason="session-unknown")
    return MessageSettled(
        message_id=command.message_id,
        station_id=command.station_id,
        session_id=command.session_id,
        rule="dismissed" if command.session_id is None else "assigned",
        by=command.by,
        reason=command.reason,
        settled_at=command.at,
    )


def _reviewed(command: Review, station: Station, act: str) -> Telling:
    telling = Telling(station)
    telling.say(
        SessionReviewed(
            session_id=command.session_id,
            station_id=command.station_id,
            act=act,
            by=command.by,
            reason=command.reason,
            reviewed_at=command.at,
        )
    )
    return telling


def _figures_of(session: Session, command: CorrectSession | None) -> Figures | Refused:
    """A held session's figures as the station told them, where the person does not say otherwise."""
    start, end = session.start, session.end
    if isinstance(session.verdict, Open) and (end is None or not is_context_missing(session)):
        return Refused(reason="session-runs", detail="it is neither held nor closed")
    last = session.evidence.imported.last(None if end is None else end.ended_at)
    told_stop_wh = None if end is None else end.meter_stop_wh
    return _complete(
        command,
        started_at=None if start is None else start.started_at,
        ended_at=None if end is None else end.ended_at,
        meter_start_wh=None if start is None else begin_of(start.meter_start_wh, session.evidence.imported),
        meter_stop_wh=told_stop_wh if told_stop_wh is not None or last is None else last.register_wh,
    )


def _complete(
    command: CorrectSession | None,
    *,
    started_at: datetime | None,
    ended_at: datetime | None,
    meter_start_wh: int | None,
    meter_stop_wh: int | None,
) -> Figures | Refused:
    if command is not None:
        started_at, ended_at = command.started_at or started_at, command.ended_at or ended_at
        meter_start_wh = meter_start_wh if command.meter_start_wh is None else command.meter_start_wh
        meter_stop_wh = meter_stop_wh if command.meter_stop_wh is None else command.meter_stop_wh
    if started_at is None or ended_at is None or meter_start_wh is None or meter_stop_wh is None:
        return Refused(reason="figures-missing", detail="times and registers must be known or given")
    told_wh = None if command is None else command.energy_wh
    energy_wh = meter_stop_wh - meter_start_wh if told_wh is None else told_wh
    if ended_at < started_at or min(energy_wh, meter_start_wh, meter_stop_wh) < 0:
        return Refused(reason="figures-impossible", detail=f"{energy_wh} Wh, {started_at} to {ended_at}")
    return Figures(
        started_at=started_at,
        ended_at=ended_at,
        meter_start_wh=meter_start_wh,
        meter_stop_wh=meter_stop_wh,
        energy_wh=energy_wh,
    )


def _close(
    command: CorrectSession | ReleaseSession, station: Station, session: Session, figures: Figures | Refused
) -> Sequence[SessionEvent] | Refused:
    if isinstance(figures, Refused):
        return figures
    telling = _reviewed(command, station, "corrected" if isinstance(command, CorrectSession) else "released")
    if isinstance(command, CorrectSession):
        _tell_begun(telling, session, command, figures)
    session = telling.session(session.session_id)
    if session.start is None or session.end is None or is_context_missing(session):
        return Refused(reason="context-unknown", detail="its start, its place or its parties are not known")
    facts = by_figures(span_of(station, session, session.start, session.end), figures, rule=BY_PERSON)
    closed = tell_closed(telling, session, facts, rule=BY_PERSON, at=command.at)
    if closed is not None:
        tell_gaps(telling, station, closed, connector_key(session.start.evse_number, session.start.connector_number))
    return telling.events


def _tell_begun(telling: Telling, session: Session, command: CorrectSession, figures: Figures) -> None:
    """Says where and for whom a session began, where only the person knows; when, where its start was never heard."""
    place, parties = session.place or command.place, preferred(session.parties, command.parties)
    if session.start is not None:
        tell_context(telling, session.session_id, place, parties, command.at)
    elif place is not None:
        telling.say(
            SessionStarted(
                session_id=session.session_id,
                station_id=session.station_id,
                transaction_id=session.transaction_id,
                ocpp_version=UNHEARD,
                evse_number=place.evse_number,
                connector_number=place.connector_number,
                started_at=figures.started_at,
                meter_start_wh=figures.meter_start_wh,
                token_ref=None if parties is None else parties.token_ref,
                token_status=UNHEARD,
                offline=True,
                place=place,
                parties=parties,
                received_at=command.at,
            )
        )
