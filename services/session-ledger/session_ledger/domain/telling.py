"""How a decision tells what changed: one event after the other, each seen by the next."""

from collections.abc import Iterable
from datetime import datetime

from chassis.decider import Folded
from ev_contracts.common import MeterReading
from ev_contracts.record import trusted
from ev_contracts.sessions import AddReadings, ChangeChargingState, EnergyDelivered, SuspensionEnded, SuspensionStarted
from session_ledger.domain.account import seconds_by_kind, stretches
from session_ledger.domain.evidence import Told, is_gapless, register_of, tells_export, with_readings, with_seq
from session_ledger.domain.finals import connector_key
from session_ledger.domain.history import SessionEvent, evolve
from session_ledger.domain.metering import Change, Doubt, Ends, Point, is_reachable
from session_ledger.domain.meters import changes_at, within
from session_ledger.domain.registers import begin_of, is_placeholder, metered
from session_ledger.domain.rows import ms_of
from session_ledger.domain.station import Session, Start, Station

_ENERGY_DELIVERED = trusted(EnergyDelivered)
"""The one event of each reading, made of the figures of records that were read."""


class Telling:
    """The events of one decision so far, and the station as they leave it."""

    def __init__(self, station: Station) -> None:
        self.events: Folded[SessionEvent, Station] = Folded(station)

    @property
    def station(self) -> Station:
        """As the events so far leave it."""
        return self.events.state

    def say(self, event: SessionEvent) -> None:
        """One more thing is true."""
        self.events.append(event)
        self.events.state = evolve(self.events.state, event)

    def session(self, session_id: str) -> Session:
        """The session as it stands now."""
        return self.station.sessions[session_id]


def tell_charging(telling: Telling, session: Session, command: AddReadings | ChangeChargingState) -> bool | None:
    """Says a change of the charging state; a state that changes nothing now but may matter later is given back."""
    new = told_by(command)
    if new is None or session.start is None:
        return None
    told = telling.station.told_of(session)
    if new in told:
        return None
    before = [each for each in told if each.at <= command.occurred_at]
    if new.kind != (before[-1].kind if before else (session.start.charging, None)):
        if len(before) == len(told):
            telling.say(_suspension(session, command, new.seq_no))
            return None
        return command.charging
    seen = with_seq(session.evidence, new.seq_no).seen
    return None if is_gapless(seen, session.start.seq_no, new.seq_no) else command.charging


def told_by(command: AddReadings | ChangeChargingState) -> Told | None:
    """The charging state that a message tells, if it does."""
    if command.charging is None:
        return None
    seq_no = command.seq_no if isinstance(command, AddReadings) else None
    by = None if command.charging else command.suspended_by
    return Told(at=command.occurred_at, charging=command.charging, seq_no=seq_no, suspended_by=by)


def _suspension(
    session: Session, command: AddReadings | ChangeChargingState, seq_no: int | None
) -> SuspensionStarted | SuspensionEnded:
    at, received_at = command.occurred_at, command.at
    names = {"session_id": session.session_id, "station_id": command.station_id}
    if command.charging:
        return SuspensionEnded(**names, at=at, seq_no=seq_no, received_at=received_at)
    by = command.suspended_by
    return SuspensionStarted(**names, suspended_by=by, at=at, seq_no=seq_no, received_at=received_at)


def tell_readings(
    telling: Telling, session_id: str, readings: Iterable[MeterReading], seq_no: int | None, heard_at: datetime
) -> list[MeterReading]:
    """Says each register that is later than all before; gives back those that are late and still add evidence."""
    late = []
    for reading in sorted(readings, key=lambda each: each.sampled_at):
        session = telling.session(session_id)
        if with_readings(session.evidence, [reading]) is session.evidence:
            continue
        delivered = None if session.end else _delivered(telling.station, session, reading, seq_no, heard_at)
        if delivered is None or _says_more(session, reading):
            late.append(reading)
        if delivered is not None:
            telling.say(delivered)
    return late


def _says_more(session: Session, reading: MeterReading) -> bool:
    """Whether a reading tells what EnergyDelivered does not."""
    is_begin = reading.context == "Transaction.Begin" and session.evidence.imported.begin is None
    return is_begin or reading.interval_wh is not None or tells_export(reading)


def _delivered(
    station: Station, session: Session, reading: MeterReading, seq_no: int | None, heard_at: datetime
) -> EnergyDelivered | None:
    start, register_wh = session.start, register_of(reading)
    begin_wh = None if start is None else begin_of(start.meter_start_wh, session.evidence.imported)
    if start is None or begin_wh is None or register_wh is None:
        return None
    energy_wh = _taken_wh(station, session, start, (ms_of(start.started_at), begin_wh), reading)
    if energy_wh is None:
        return None
    told = station.told_of(session)
    parts = stretches(start.started_at, reading.sampled_at, charging=start.charging, told=told)
    charging_s, parking_s = seconds_by_kind(parts)
    return _ENERGY_DELIVERED(
        session_id=session.session_id,
        station_id=session.station_id,
        evse_number=start.evse_number,
        connector_number=start.connector_number,
        measured_at=reading.sampled_at,
        register_wh=register_wh,
        energy_wh=energy_wh,
        energy_export_wh=_export_wh(session, start, reading),
        power_w=reading.power_w,
        current_sum_a_tenths=reading.current_sum_a_tenths,
        soc_percent=reading.soc_percent,
        started_at=start.started_at,
        charging_s=charging_s,
        parking_s=parking_s,
        place=session.place,
        parties=session.parties,
        profile_type=session.profile_type,
        seq_no=seq_no,
        received_at=heard_at,
    )


def _taken_wh(station: Station, session: Session, start: Start, begin: Point, reading: MeterReading) -> int | None:
    """The energy up to a reading later than all that were told; None where it falls, or would be passed over."""
    register_wh = register_of(reading) or 0
    shown = (ms_of(session.shown.at), session.shown.register_wh) if session.shown else begin
    now = (ms_of(reading.sampled_at), register_wh)
    if now[0] <= shown[0]:
        return None
    meters = changes_at(station.meters, connector_key(start.evse_number, start.connector_number))
    changes = within(meters, start.started_at, reading.sampled_at)
    if changes:
        shown_at = session.shown.at if session.shown else start.started_at
        is_falling = register_wh < shown[1] and not within(changes, shown_at, reading.sampled_at)
        return None if is_falling else _over(changes, session, reading, register_wh)
    was_wh = session.shown_wh if session.shown else 0
    # Where what was told is the register less its begin, and nothing is odd, the next one is likewise.
    is_plain = was_wh == shown[1] - begin[1] and shown[1] <= register_wh and is_reachable(shown, now)
    if is_plain and not is_placeholder(begin, session.evidence.imported, now):
        return register_wh - begin[1]
    energy_wh = _believed(session, start, reading, register_wh)
    return None if energy_wh is None or energy_wh < was_wh else energy_wh


def _over(changes: tuple[Change, ...], session: Session, reading: MeterReading, register_wh: int) -> int | None:
    """The energy up to this reading, where the meter was changed before it; None where no rule explains it yet."""
    if session.start is None:
        return None
    found = metered(
        Ends(
            started_at=session.start.started_at,
            ended_at=reading.sampled_at,
            begin_wh=session.start.meter_start_wh,
            stop_wh=register_wh,
            flow=session.evidence.imported,
            changes=changes,
        )
    )
    return None if isinstance(found, Doubt) else found.energy_wh


def _believed(session: Session, start: Start, reading: MeterReading, register_wh: int) -> int | None:
    """The energy up to a reading that is odd by itself, as it would be billed; None where it would be passed over.

    A driver must not be shown, nor a budget be ended by, what the session's end will not count.
    """
    flow = with_readings(session.evidence, [reading]).imported
    begin_wh = start.meter_start_wh
    found = metered(
        Ends(started_at=start.started_at, ended_at=reading.sampled_at, begin_wh=begin_wh, stop_wh=None, flow=flow)
    )
    return None if isinstance(found, Doubt) or found.stop_wh != register_wh else found.energy_wh


def _export_wh(session: Session, start: Start, reading: MeterReading) -> int | None:
    """What the vehicle has given back up to this reading; None where no meter tells of it, or no rule explains it."""
    flow = with_readings(session.evidence, [reading]).exported if tells_export(reading) else session.evidence.exported
    if not flow.is_told:
        return None
    ends = Ends(started_at=start.started_at, ended_at=reading.sampled_at, begin_wh=None, stop_wh=None, flow=flow)
    found = metered(ends)
    return None if isinstance(found, Doubt) else found.energy_wh
