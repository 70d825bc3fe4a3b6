"""What a message says, as the events and values that keep it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ev_contracts.common import MeterReading
from ev_contracts.sessions import (
    AddReadings,
    ChangeChargingState,
    EndSession,
    SessionContextWanted,
    SessionEvidenceKept,
    StartSession,
)
from session_ledger.domain.evidence import register_of
from session_ledger.domain.finals import Final
from session_ledger.domain.rows import time_of
from session_ledger.domain.station import End, Session, Start, Station


def told_by_connector(command: ChangeChargingState) -> SessionEvidenceKept:
    return SessionEvidenceKept(
        station_id=command.station_id,
        evse_number=command.evse_number,
        connector_number=command.connector_number,
        received_at=command.at,
        occurred_at=command.occurred_at,
        charging=command.charging,
        suspended_by=None if command.charging else command.suspended_by,
        offline=False,
    )


def readings_to(end: End, readings: Iterable[MeterReading]) -> Sequence[MeterReading]:
    """The readings of a stop, and its own register as the last of them."""
    if end.meter_stop_wh is None:
        return tuple(readings)
    return (*readings, MeterReading(sampled_at=end.ended_at, register_wh=end.meter_stop_wh))


def end_of(command: EndSession) -> End:
    # A stop of -1 Wh is some stations' word for "unknown".
    known = command.meter_stop_wh is not None and command.meter_stop_wh >= 0
    return End(
        ended_at=command.ended_at,
        meter_stop_wh=command.meter_stop_wh if known else None,
        reason=command.reason,
        seq_no=command.seq_no,
        heard_at=command.at,
        message_id=command.message_id,
        stopper=command.stopper,
    )


def context_wanted(session: Session, start: Start, at: datetime) -> SessionContextWanted:
    return SessionContextWanted(
        session_id=session.session_id,
        station_id=session.station_id,
        evse_number=start.evse_number,
        connector_number=start.connector_number,
        token_ref=start.token_ref,
        token_status=start.token_status,
        started_at=start.started_at,
        attempt=session.asked + 1,
        wanted_at=at,
    )


def where(command: StartSession | AddReadings | EndSession) -> tuple[int | None, int | None, datetime]:
    """EVSE, connector and time of a message; 1.6's stop does not say where."""
    if isinstance(command, EndSession):
        return None, None, command.ended_at
    if isinstance(command, StartSession):
        return command.evse_number, command.connector_number, command.started_at
    return command.evse_number, command.connector_number, command.occurred_at


def evidence_of(
    command: StartSession | AddReadings | EndSession,
    session_id: str,
    readings: Iterable[MeterReading],
    *,
    charging: bool | None = None,
) -> SessionEvidenceKept:

    evse_number, connector_number, occurred_at = where(command)
    return SessionEvidenceKept(
        session_id=session_id,
        station_id=command.station_id,
        transaction_id=command.transaction_id,
        evse_number=evse_number or 0,
        connector_number=connector_number or 0,
        received_at=command.at,
        occurred_at=occurred_at,
        seq_no=command.seq_no,
        charging=charging,
        suspended_by=command.suspended_by if charging is False and isinstance(command, AddReadings) else None,
        offline=command.offline,
        readings=tuple(readings),
        stopper=command.stopper if isinstance(command, AddReadings) else None,
    )


def held_end(command: EndSession, session_id: str) -> SessionEvidenceKept:
    """An end whose start is still to come."""
    end = end_of(command)
    kept = evidence_of(command, session_id, readings_to(end, command.readings))
    told = {
        "ended_at": end.ended_at,
        "meter_stop_wh": end.meter_stop_wh,
        "end_reason": end.reason,
        "stopper": end.stopper,
    }
    return kept.model_copy(update=told)


def first_register(readings: Iterable[MeterReading]) -> int | None:
    """What the start's own readings say of the first register."""
    known = [each for each in readings if register_of(each) is not None]
    known.sort(key=lambda each: (each.context != "Transaction.Begin", each.sampled_at))
    return known[0].register_wh if known else None


def highest(readings: Iterable[MeterReading]) -> MeterReading | None:
    known = [each for each in readings if register_of(each) is not None]
    return max(known, key=lambda each: each.register_wh or 0, default=None)


def assumed_end(station: Station, session: Session, start: Start, at: datetime) -> End:
    """The end of a session whose stop nobody heard: its last sign of life, before its connector was taken again."""
    has_left = station.withdrawn_at is not None and station.withdrawn_at <= at
    told = [each.at for each in station.told_of(session)]
    rows = (*session.evidence.imported.registers.kept[-1:], *session.evidence.imported.powers.kept[-1:])
    last = max((*told, *(time_of(row[0]) for row in rows), start.started_at))
    taken_at = station.taken_again_at(session)
    ended_at = last if taken_at is None else min(last, taken_at)
    reason = "StationRetired" if has_left and taken_at is None else "NoStopHeard"
    return End(ended_at=ended_at, meter_stop_wh=None, reason=reason, seq_no=None, heard_at=at, assumed=True)


def matched_end(final: Final) -> End | None:
    """The end of a closed session, where it is that of a message which named no session."""
    if final.message_id is None:
        return None
    closed = final.closed()
    return End(
        ended_at=closed.facts.ended_at,
        meter_stop_wh=closed.facts.meter_stop_wh,
        reason=closed.end_reason,
        seq_no=None,
        heard_at=closed.closed_at,
        message_id=final.message_id,
    )
