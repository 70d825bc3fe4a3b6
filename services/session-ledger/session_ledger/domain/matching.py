"""Which session a message belongs to that names none: found by connector, time and meter, or parked; never guessed.

A station that never heard our answer to its start says transaction -1 for the rest (OCPP 1.6 errata 3.18), and some
name ids that nobody gave. Exactly one session must fit: it runs at that time, on that connector where the message says
one, and the message's register goes on from what is known of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chassis.decider import derived_id
from ev_contracts.common import MeterReading
from ev_contracts.sessions import AddReadings, EndSession, MessageSettled, UnmatchedMessageRecorded
from session_ledger.domain.evidence import register_of
from session_ledger.domain.finals import connector_key
from session_ledger.domain.messages import where
from session_ledger.domain.metering import most_energy_wh
from session_ledger.domain.registers import begin_of
from session_ledger.domain.station import End, Session, Station
from session_ledger.domain.telling import Telling

READINGS_KEPT = 25


def session_of(telling: Telling, command: AddReadings | EndSession) -> str | None:
    """The session a message speaks of; where it names none that is known, the one that fits, or None: it is parked."""
    station = telling.station
    known = station.find(command.session_id, command.transaction_id)
    if known is not None:
        return known
    message = recorded(command)
    message_id = message.message_id or ""
    if message_id in station.unmatched or message_id in station.settled:
        return station.settled.get(message_id)
    fitting = _fitting(station, message)
    if len(fitting) != 1:
        because = "many-sessions" if fitting else "no-session"
        telling.say(message.model_copy(update={"because": because}))
        return None
    telling.say(_settled(message, fitting[0], command.at))
    return fitting[0]


def rejoined(telling: Telling, session_id: str) -> Iterator[AddReadings | EndSession]:
    """The parked messages that fit this session and no other, in order of time; each is said to be settled."""
    parked = sorted(telling.station.unmatched.values(), key=lambda each: (each.occurred_at, each.message_id or ""))
    for message in parked:
        if _fitting(telling.station, message) == [session_id]:
            telling.say(_settled(message, session_id, message.received_at or message.occurred_at))
            yield command_of(message)


def parked_again(telling: Telling, station_id: str, end: End) -> str | None:
    """A stop that was matched to a session which has now told its own: it is parked, or goes where else it fits."""
    message = UnmatchedMessageRecorded(
        message_id=end.message_id,
        station_id=station_id,
        transaction_id="-1",
        kind="end",
        because="no-session",
        meter_wh=end.meter_stop_wh,
        occurred_at=end.ended_at,
        received_at=end.heard_at,
        end_reason=end.reason,
        stopper=end.stopper,
    )
    telling.say(message)
    fitting = _fitting(telling.station, message)
    if len(fitting) != 1:
        return None
    telling.say(_settled(message, fitting[0], end.heard_at))
    return fitting[0]


def overtaken(station: Station) -> list[Session]:
    """The open sessions whose matched stop cannot be theirs: another had begun on their connector by then."""
    ended = [each for each in station.sessions.values() if each.end is not None and each.end.message_id is not None]
    return [each for each in ended if each.end is not None and _is_taken(station, each, each.end.ended_at)]


def is_displaced(matched: End, own: End) -> bool:
    """Whether a session's own word shows that a stop which was matched to it is another's."""
    is_same = (matched.ended_at, matched.meter_stop_wh) == (own.ended_at, own.meter_stop_wh)
    return matched.message_id is not None and own.message_id is None and not is_same


def named(station: Station, command: EndSession) -> EndSession:
    """A stop that names no session of this station bears the id of its message from here on."""
    if station.find(command.session_id, command.transaction_id) is not None:
        return command
    return command.model_copy(update={"message_id": recorded(command).message_id})


def _settled(message: UnmatchedMessageRecorded, session_id: str, at: datetime) -> MessageSettled:
    return MessageSettled(
        message_id=message.message_id or "",
        station_id=message.station_id,
        session_id=session_id,
        rule="connector-time-meter",
        settled_at=at,
    )


def recorded(command: AddReadings | EndSession) -> UnmatchedMessageRecorded:
    """The message as it is kept for review."""
    evse_number, connector_number, occurred_at = where(command)
    is_end = isinstance(command, EndSession)
    registers = [wh for each in command.readings if (wh := register_of(each)) is not None]
    meter_wh = command.meter_stop_wh if isinstance(command, EndSession) else max(registers, default=None)
    kind = "end" if is_end else "readings"
    place = f"{command.transaction_id}/{kind}/{evse_number}/{connector_number}"
    return UnmatchedMessageRecorded(
        message_id=derived_id("message", command.station_id, place, occurred_at.isoformat(), str(meter_wh)),
        station_id=command.station_id,
        transaction_id=command.transaction_id,
        kind=kind,
        evse_number=evse_number,
        connector_number=connector_number,
        meter_wh=meter_wh,
        occurred_at=occurred_at,
        received_at=command.at,
        offline=command.offline,
        end_reason=command.reason if isinstance(command, EndSession) else None,
        stopper=command.stopper,
        readings=_first_and_last(command.readings),
    )


def _first_and_last(readings: Sequence[MeterReading]) -> tuple[MeterReading, ...]:
    if len(readings) <= 2 * READINGS_KEPT:
        return tuple(readings)
    return (*readings[:READINGS_KEPT], *readings[-READINGS_KEPT:])


def command_of(message: UnmatchedMessageRecorded) -> AddReadings | EndSession:
    """The message as it came."""
    at = message.received_at or message.occurred_at
    if message.kind == "end":
        return EndSession(
            at=at,
            station_id=message.station_id,
            transaction_id=message.transaction_id or "-1",
            ended_at=message.occurred_at,
            meter_stop_wh=message.meter_wh,
            reason=message.end_reason or "",
            offline=message.offline,
            readings=message.readings,
            message_id=message.message_id,
            stopper=message.stopper,
        )
    return AddReadings(
        at=at,
        station_id=message.station_id,
        transaction_id=message.transaction_id,
        evse_number=message.evse_number or 0,
        connector_number=message.connector_number or 0,
        occurred_at=message.occurred_at,
        offline=message.offline,
        readings=message.readings,
        stopper=message.stopper,
    )


def _fitting(station: Station, message: UnmatchedMessageRecorded) -> list[str]:
    """The sessions that the message may belong to."""
    if message.meter_wh is None or message.meter_wh < 0:
        return []
    running = [
        each for _, each in sorted(station.sessions.items()) if not _is_taken(station, each, message.occurred_at)
    ]
    return [each.session_id for each in running if _fits(each, message, message.meter_wh)]


def _is_taken(station: Station, session: Session, at: datetime) -> bool:
    """Whether another session had begun on the connector by then: this one was over."""
    taken_at = station.taken_again_at(session)
    return taken_at is not None and taken_at <= at


def _fits(session: Session, message: UnmatchedMessageRecorded, meter_wh: int) -> bool:
    start, at = session.start, message.occurred_at
    if start is None or start.started_at > at or (session.end is not None and not session.end.assumed):
        return False
    told = message.evse_number, message.connector_number
    here = connector_key(start.evse_number, start.connector_number)
    if None not in told and connector_key(told[0] or 0, told[1] or 0) != here:
        return False
    begin_wh, last = begin_of(start.meter_start_wh, session.evidence.imported), session.evidence.imported.last(at)
    known_at, known_wh = (start.started_at, begin_wh) if last is None else (last.at, last.register_wh)
    return known_wh is not None and 0 <= meter_wh - known_wh <= most_energy_wh(at - known_at)
