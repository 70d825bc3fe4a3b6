"""What each event makes of a station's memory; the one way in which it changes."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from ev_contracts.sessions import (
    EnergyDelivered,
    SessionClosed,
    SessionContextResolved,
    SessionContextWanted,
    SessionCorrected,
    SessionEnded,
    SessionEvidenceKept,
    SessionMarkedSuspect,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
    UnmatchedMessageRecorded,
)
from session_ledger.domain.evidence import (
    Evidence,
    Sample,
    Told,
    with_readings,
    with_sample,
    with_seq,
    with_told,
    without_repeats,
)
from session_ledger.domain.station import (
    END_TOLD_AGAIN,
    End,
    Final,
    Session,
    Start,
    Station,
    Suspect,
    connector_key,
    preferred,
    with_closed_id,
    without_old,
)

SessionEvent = (
    SessionStarted
    | SessionContextResolved
    | EnergyDelivered
    | SuspensionStarted
    | SuspensionEnded
    | SessionEnded
    | SessionClosed
    | SessionCorrected
    | SessionMarkedSuspect
    | UnmatchedMessageRecorded
    | SessionEvidenceKept
    | SessionContextWanted
)


# States are folded anew when this file or their shape changes; whoever changes what evidence.py keeps, touch this too.
def evolve(station: Station, event: SessionEvent) -> Station:  # noqa: C901, PLR0911 - one line an event
    """The station after one more event."""
    match event:
        case SessionStarted():
            return _started(station, event)
        case EnergyDelivered():
            return _delivered(station, event)
        case SuspensionStarted() | SuspensionEnded():
            return _suspension(station, event, charging=isinstance(event, SuspensionEnded))
        case SessionEvidenceKept():
            return _evidence(station, event)
        case SessionEnded():
            return _ended(station, event)
        case SessionContextResolved():
            return _with(station, event.session_id, place=event.place, parties=event.parties)
        case SessionContextWanted():
            return _with(station, event.session_id, asked=event.attempt, asked_at=event.wanted_at)
        case SessionClosed():
            return _closed(station, event)
        case SessionCorrected():
            return _corrected(station, event)
        case SessionMarkedSuspect():
            return _suspected(station, event)
        case UnmatchedMessageRecorded():
            return station
        case _:
            assert_never(event)


def _suspected(station: Station, event: SessionMarkedSuspect) -> Station:
    if event.session_id not in station.sessions:
        return station  # it is closed and billed; the doubt is for a person to settle
    return _with(station, event.session_id, verdict=Suspect(cause=event.cause))


def _with(station: Station, session_id: str, **changes: object) -> Station:
    session = replace(station.sessions[session_id], **changes)  # type: ignore[arg-type]  # replace checks the names
    return replace(station, sessions={**station.sessions, session_id: session})


def _heard(session: Session, received_at: datetime | None) -> datetime:
    return session.heard_at if received_at is None else max(session.heard_at, received_at)


def _noted(session: Session, evidence: Evidence, seq_no: int | None) -> Evidence:
    """The evidence with the message's number, and without states that can no longer matter."""
    evidence = with_seq(evidence, seq_no)
    if seq_no is None or not evidence.told or session.start is None:
        return evidence
    return replace(evidence, told=without_repeats(evidence.told, evidence.seen, session.start.seq_no))


def _started(station: Station, event: SessionStarted) -> Station:
    start = Start(
        ocpp_version=event.ocpp_version,
        evse_number=event.evse_number,
        connector_number=event.connector_number,
        started_at=event.started_at,
        meter_start_wh=event.meter_start_wh,
        token_ref=event.token_ref,
        token_status=event.token_status,
        seq_no=event.seq_no,
        charging=event.charging is not False,
    )
    heard_at = event.received_at or event.started_at
    held = station.sessions.get(event.session_id) or Session(
        session_id=event.session_id, station_id=event.station_id, transaction_id=event.transaction_id, heard_at=heard_at
    )
    session = replace(
        held,
        start=start,
        heard_at=max(held.heard_at, heard_at),
        place=event.place or held.place,
        parties=preferred(event.parties, held.parties),
        evidence=with_seq(held.evidence, event.seq_no),
    )
    session = replace(session, evidence=_noted(session, session.evidence, event.seq_no))
    return replace(station, sessions={**station.sessions, event.session_id: session})


def _delivered(station: Station, event: EnergyDelivered) -> Station:
    session = station.sessions[event.session_id]
    sample = Sample(at=event.measured_at, register_wh=event.register_wh)
    evidence = _noted(session, with_sample(session.evidence, sample), event.seq_no)
    return _with(
        station, event.session_id, evidence=evidence, shown=sample, heard_at=_heard(session, event.received_at)
    )


def _suspension(station: Station, event: SuspensionStarted | SuspensionEnded, *, charging: bool) -> Station:
    session = station.sessions[event.session_id]
    told = Told(at=event.at, charging=charging, seq_no=event.seq_no)
    if event.seq_no is None and session.start is not None:
        # 1.6 tells it of the connector; another session there may turn out to be the one that was meant.
        key = connector_key(session.start.evse_number, session.start.connector_number)
        return replace(station, told={**station.told, key: with_told(station.told.get(key, ()), told)})
    evidence = replace(session.evidence, told=with_told(session.evidence.told, told))
    evidence = _noted(session, evidence, event.seq_no)
    return _with(station, event.session_id, evidence=evidence, heard_at=_heard(session, event.received_at))


def _evidence(station: Station, event: SessionEvidenceKept) -> Station:
    told = None
    if event.charging is not None:
        told = Told(at=event.occurred_at, charging=event.charging, seq_no=event.seq_no)
    if event.session_id is None:
        key = connector_key(event.evse_number, event.connector_number)
        known = station.told.get(key, ())
        return replace(station, told={**station.told, key: known if told is None else with_told(known, told)})
    held = station.sessions.get(event.session_id) or Session(
        session_id=event.session_id,
        station_id=event.station_id,
        transaction_id=event.transaction_id or "",
        heard_at=event.received_at,
    )
    evidence = with_readings(held.evidence, event.readings)
    if told is not None:
        evidence = replace(evidence, told=with_told(evidence.told, told))
    session = replace(
        held,
        evidence=_noted(held, evidence, event.seq_no),
        heard_at=_heard(held, event.received_at),
        end=_held_end(event) or held.end,
    )
    return replace(station, sessions={**station.sessions, event.session_id: session})


def _held_end(event: SessionEvidenceKept) -> End | None:
    if event.ended_at is None:
        return None
    return End(
        ended_at=event.ended_at,
        meter_stop_wh=event.meter_stop_wh,
        reason=event.end_reason or "",
        seq_no=event.seq_no,
        heard_at=event.received_at,
    )


def _ended(station: Station, event: SessionEnded) -> Station:
    session = station.sessions[event.session_id]
    end = End(
        ended_at=event.ended_at,
        meter_stop_wh=event.meter_stop_wh,
        reason=event.reason,
        seq_no=event.seq_no,
        heard_at=event.received_at or event.ended_at,
    )
    evidence = _noted(session, session.evidence, event.seq_no)
    return _with(station, event.session_id, end=end, evidence=evidence, heard_at=_heard(session, event.received_at))


def _closed(station: Station, event: SessionClosed) -> Station:
    end = station.sessions[event.session_id].end
    sessions = {name: each for name, each in station.sessions.items() if name != event.session_id}
    final = Final(
        transaction_id=event.transaction_id,
        connector=connector_key(event.place.evse_number, event.place.connector_number),
        started_at=event.facts.started_at,
        ended_at=event.facts.ended_at,
        closed_at=event.closed_at,
        has_register=end is not None and end.meter_stop_wh is not None,
        told=event.model_dump_json(),
    )
    ids = with_closed_id(station, event.session_id, event.closed_at)
    after = replace(station, sessions=sessions, final={**station.final, event.session_id: final}, closed=ids)
    return without_old(after, event.closed_at)


def _corrected(station: Station, event: SessionCorrected) -> Station:
    final = station.final[event.session_id]
    told = SessionClosed.model_validate_json(final.told).model_copy(update={"facts": event.facts})
    corrected = replace(
        final,
        ended_at=event.facts.ended_at,
        has_register=final.has_register or event.cause == END_TOLD_AGAIN,
        told=told.model_dump_json(),
    )
    return replace(station, final={**station.final, event.session_id: corrected})
