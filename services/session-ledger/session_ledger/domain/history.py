"""What each event makes of a station's memory; the one way in which it changes."""

from dataclasses import replace
from datetime import datetime

from chassis.values import changed
from ev_contracts.sessions import (
    ChargingPreferenceSet,
    EnergyDelivered,
    ForeignStopFound,
    GapFilled,
    GapFound,
    MessageSettled,
    MeterChanged,
    ReservationAttached,
    SessionClosed,
    SessionContextResolved,
    SessionContextWanted,
    SessionCorrected,
    SessionEnded,
    SessionEvidenceKept,
    SessionMarkedSuspect,
    SessionRecalled,
    SessionReviewed,
    SessionStarted,
    SignedValueVerified,
    StationWithdrawn,
    Stopper,
    SuspensionEnded,
    SuspensionStarted,
    UnmatchedMessageRecorded,
)
from session_ledger.domain.aims import AimEvent, aimed, arrived, without_session
from session_ledger.domain.evidence import (
    Evidence,
    Sample,
    Told,
    with_readings,
    with_register,
    with_seq,
    with_told,
    without_repeats,
)
from session_ledger.domain.finals import (
    connector_key,
    corrected,
    export_key,
    export_link_of,
    final_of,
    link_of,
    recalled,
)
from session_ledger.domain.meters import exchange_of, with_exchange
from session_ledger.domain.rows import ms_of
from session_ledger.domain.signatures import with_verified
from session_ledger.domain.station import (
    End,
    Open,
    Session,
    Start,
    Station,
    Suspect,
    preferred,
    with_closed_id,
    with_gap,
    with_hole,
    with_part,
    with_question,
    with_settled,
    with_unmatched,
    without,
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
    | GapFound
    | GapFilled
    | MessageSettled
    | SessionReviewed
    | ReservationAttached
    | ForeignStopFound
    | SignedValueVerified
    | AimEvent
    | ChargingPreferenceSet
    | SessionRecalled
    | MeterChanged
    | StationWithdrawn
)


# States are folded anew when this file or their shape changes; whoever changes what evidence.py keeps, touch this too.
def evolve(station: Station, event: SessionEvent) -> Station:  # noqa: C901, PLR0911, PLR0912 - one line an event
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
            return with_unmatched(station, event)
        case MessageSettled():
            return with_settled(station, event.message_id, event.session_id)
        case SessionReviewed() | SessionRecalled():
            return _reviewed(station, event)
        case ForeignStopFound():
            return with_question(station, event.session_id, _foreign(event))
        case ReservationAttached() | ChargingPreferenceSet():
            return _arranged(station, event)
        case GapFound() | GapFilled():
            return _gap(station, event)
        case MeterChanged() | StationWithdrawn():
            return _of_the_registry(station, event)
        case SignedValueVerified():
            return replace(station, signed=with_verified(station.signed, event))
        case _:
            return replace(station, aims=aimed(station.aims, event))


def _of_the_registry(station: Station, event: MeterChanged | StationWithdrawn) -> Station:
    if isinstance(event, StationWithdrawn):
        return replace(station, withdrawn_at=event.withdrawn_at)
    place = connector_key(event.evse_number, event.connector_number)
    known = with_exchange(station.meters.get(place, ()), exchange_of(event))
    return replace(station, meters={**station.meters, place: known})


def _arranged(station: Station, event: ReservationAttached | ChargingPreferenceSet) -> Station:
    """What was arranged for a session before it began."""
    if isinstance(event, ReservationAttached):
        return _with(station, event.session_id, reservation=event.reservation)
    preferring = _with(station, event.session_id, profile_type=event.profile_type)
    return replace(preferring, aims=arrived(station.aims, event.command_id))


def _gap(station: Station, event: GapFound | GapFilled) -> Station:
    if isinstance(event, GapFilled):
        return replace(station, gaps=without(station.gaps, event.gap_id))
    return with_hole(with_gap(station, event), event)


def _suspected(station: Station, event: SessionMarkedSuspect) -> Station:
    doubt = Suspect(cause=event.cause, detail=event.detail, since=event.marked_at)
    if event.session_id in station.sessions:
        return _with(station, event.session_id, verdict=doubt)
    # It is closed and perhaps billed: the doubt is for a person to settle.
    return with_question(station, event.session_id, doubt)


def _foreign(event: ForeignStopFound) -> Suspect:
    by = event.stopper
    detail = f"{by.token_ref or 'an unknown token'} ({by.token_status})"
    return Suspect(cause="foreign-stop", detail=detail, since=event.found_at)


def _reviewed(station: Station, event: SessionReviewed | SessionRecalled) -> Station:
    if isinstance(event, SessionRecalled):
        question = Suspect(cause="recalled", detail=event.reason, since=event.recalled_at)
        finals = {**station.final, event.session_id: recalled(event)}
        return with_question(replace(station, final=finals), event.session_id, question)
    if event.act == "disputed":
        question = Suspect(cause="disputed", detail=event.reason, since=event.reviewed_at)
        return with_question(station, event.session_id, question)
    return with_question(station, event.session_id, None)


def _with(station: Station, session_id: str, **changes: object) -> Station:
    session = changed(station.sessions[session_id], **changes)
    return changed(station, sessions={**station.sessions, session_id: session})


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
        verdict=Open(),
        lag_ms=_lag(held, event.received_at, event.started_at, event.offline),
    )
    session = replace(session, evidence=_noted(session, session.evidence, event.seq_no))
    return replace(station, sessions={**station.sessions, event.session_id: session})


def _delivered(station: Station, event: EnergyDelivered) -> Station:
    session = station.sessions[event.session_id]
    sample = Sample(at=event.measured_at, register_wh=event.register_wh)
    row = (ms_of(sample.at), sample.register_wh, event.power_w, event.current_sum_a_tenths)
    evidence = changed(session.evidence, imported=with_register(session.evidence.imported, row))
    evidence = _noted(session, evidence, event.seq_no)
    heard_at = _heard(session, event.received_at)
    return _with(
        station, event.session_id, evidence=evidence, shown=sample, shown_wh=event.energy_wh, heard_at=heard_at
    )


def _suspension(station: Station, event: SuspensionStarted | SuspensionEnded, *, charging: bool) -> Station:
    session = station.sessions[event.session_id]
    by = None if isinstance(event, SuspensionEnded) else event.suspended_by
    told = Told(at=event.at, charging=charging, seq_no=event.seq_no, suspended_by=by)
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
        told = Told(at=event.occurred_at, charging=event.charging, seq_no=event.seq_no, suspended_by=event.suspended_by)
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
        stopped=_stopped(held, event),
    )
    return replace(station, sessions={**station.sessions, event.session_id: session})


def _stopped(held: Session, event: SessionEvidenceKept) -> tuple[datetime, Stopper] | None:
    """Of two tokens the later one stopped it, whichever was heard first."""
    if event.stopper is None or event.ended_at is not None:
        return held.stopped
    stopped = event.occurred_at, event.stopper
    return stopped if held.stopped is None or stopped[0] > held.stopped[0] else held.stopped


def _held_end(event: SessionEvidenceKept) -> End | None:
    if event.ended_at is None:
        return None
    return End(
        ended_at=event.ended_at,
        meter_stop_wh=event.meter_stop_wh,
        reason=event.end_reason or "",
        seq_no=event.seq_no,
        heard_at=event.received_at,
        stopper=event.stopper,
    )


def _ended(station: Station, event: SessionEnded) -> Station:
    session = station.sessions[event.session_id]
    end = End(
        ended_at=event.ended_at,
        meter_stop_wh=event.meter_stop_wh,
        reason=event.reason,
        seq_no=event.seq_no,
        heard_at=event.received_at or event.ended_at,
        assumed=event.assumed,
        message_id=event.message_id,
        stopper=event.stopper,
    )
    evidence = _noted(session, session.evidence, event.seq_no)
    # A held session with another end waits, as any other, before it is judged again.
    changes = {"end": end, "verdict": Open(), "evidence": evidence, "heard_at": _heard(session, event.received_at)}
    lag_ms = session.lag_ms if event.assumed else _lag(session, event.received_at, event.ended_at, event.offline)
    return _with(station, event.session_id, lag_ms=lag_ms, **changes)


def _lag(session: Session, received_at: datetime | None, occurred_at: datetime, offline: bool) -> int | None:  # noqa: FBT001
    """The least delay so far; what was queued says nothing of the clock."""
    if offline or received_at is None:
        return session.lag_ms
    lag_ms = ms_of(received_at) - ms_of(occurred_at)
    return lag_ms if session.lag_ms is None else min(session.lag_ms, lag_ms)


def _closed(station: Station, event: SessionClosed) -> Station:
    end = station.sessions[event.session_id].end
    sessions = {name: each for name, each in station.sessions.items() if name != event.session_id}
    stop_wh = None if end is None else end.meter_stop_wh
    is_own = end is None or not (end.assumed or end.message_id)
    final = final_of(event, stop_wh=stop_wh, end_is_assumed=not is_own)
    final = replace(final, message_id=None if end is None else end.message_id)
    ids = with_closed_id(station, event.session_id, event.closed_at)
    aims = without_session(station.aims, event.session_id)
    finals = {**station.final, event.session_id: final}
    after = replace(station, sessions=sessions, final=finals, closed=ids, aims=aims)
    return _with_parts(without_old(after, event.closed_at), final.connector, event)


def _with_parts(station: Station, connector: str, event: SessionClosed | SessionCorrected) -> Station:
    """The session's parts of both registers of its connector."""
    return with_part(with_part(station, connector, link_of(event)), export_key(connector), export_link_of(event))


def _corrected(station: Station, event: SessionCorrected) -> Station:
    final = corrected(station.final[event.session_id], event)
    after = replace(station, final={**station.final, event.session_id: final})
    return _with_parts(after, final.connector, event)
