"""When a session is final, when it is doubtful, and what a fact that comes later still changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.decider import derived_id
from ev_contracts.common import MeterReading, SessionFacts
from ev_contracts.sessions import (
    AttachReservation,
    GapFilled,
    GapFound,
    SessionClosed,
    SessionCorrected,
    SessionMarkedSuspect,
)
from session_ledger.domain.account import account, amended
from session_ledger.domain.authority import foreign_stop, stop_authority
from session_ledger.domain.chain import LINKS_AT_MOST, Between, gaps_of, with_link
from session_ledger.domain.evidence import register_of
from session_ledger.domain.finals import (
    Final,
    connector_key,
    connector_numbers,
    connector_of,
    export_key,
    export_link_of,
    is_export_key,
    link_of,
)
from session_ledger.domain.metering import Doubt, Hole, most_energy_wh
from session_ledger.domain.meters import changes_at
from session_ledger.domain.rows import ms_of, time_of
from session_ledger.domain.signatures import signed_doubt
from session_ledger.domain.station import (
    ClosingRules,
    End,
    Session,
    Station,
    Suspect,
    end_order,
    is_context_missing,
    span_of,
)
from session_ledger.domain.telling import Telling

Gaps = Mapping[str, Between]

CLOCK_AHEAD_MS = 30 * 60 * 1_000
"""A message told longer than this before it happened by its own time: the clock is wrong, and with it the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A fact that came after the close: another end, or a reading."""

    at: datetime
    cause: str
    end: End | None = None
    reading: MeterReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Whose register changed, when it was found, and the station as it was before."""

    before: Station
    station_id: str
    connector: str
    at: datetime


def close_if_due(telling: Telling, session_id: str, rules: ClosingRules, at: datetime) -> None:
    """Says the session final, or doubtful, where a rule allows it and its context is known.

    A doubtful session is judged again by each fact that comes for it.
    """
    session = telling.session(session_id)
    rule = rules.met(session, at)
    if rule is None or session.start is None or session.end is None or is_context_missing(session):
        return
    came_to = _clock_doubt(session) or account(span_of(telling.station, session, session.start, session.end))
    if not isinstance(came_to, Doubt):
        came_to = signed_doubt(telling.station.signed.get(session_id), came_to.facts) or came_to
    if isinstance(came_to, Doubt):
        if not (isinstance(session.verdict, Suspect) and session.verdict.cause == came_to.cause):
            telling.say(suspect(session, came_to, at))
        return
    before = telling.station
    closed = tell_closed(telling, session, came_to.facts, rule=rule, at=at)
    if closed is None:
        return
    connector = connector_key(session.start.evse_number, session.start.connector_number)
    tell_holes(telling, closed, connector, came_to.metered.holes)
    tell_holes(telling, closed, export_key(connector), () if came_to.exported is None else came_to.exported.holes)
    tell_gaps(telling, before, closed, connector)


def tell_closed(
    telling: Telling, session: Session, facts: SessionFacts, *, rule: str, at: datetime
) -> SessionClosed | None:
    """Says a session final with these facts, and whose stop it was; None where its context is unknown."""
    if session.place is None or session.parties is None:
        return None
    told = {
        "reservation": session.reservation,
        "profile_type": session.profile_type,
        "stop_authority": stop_authority(session),
    }
    closed = SessionClosed(
        session_id=session.session_id,
        station_id=session.station_id,
        transaction_id=session.transaction_id,
        rule=rule,
        closed_at=at,
        end_reason="" if session.end is None else session.end.reason,
        facts=facts.model_copy(update=told),
        place=session.place,
        parties=session.parties,
        clock_offset_s=None if session.lag_ms is None else session.lag_ms // 1_000,
    )
    telling.say(closed)
    foreign = foreign_stop(session, at)
    if foreign is not None:
        telling.say(foreign)
    return closed


def _clock_doubt(session: Session) -> Doubt | None:
    if session.lag_ms is None or session.lag_ms >= -CLOCK_AHEAD_MS:
        return None
    return Doubt(cause="clock-ahead", detail=f"{-session.lag_ms // 1_000} s ahead of ours")


def tell_gaps(telling: Telling, before: Station, event: SessionClosed | SessionCorrected, connector: str) -> None:
    """Says which gaps of the connector's registers are filled by this session, and which are found beside it."""
    _tell_gaps_of(telling, before, event, connector)
    _tell_gaps_of(telling, before, event, export_key(connector))


def _tell_gaps_of(telling: Telling, before: Station, event: SessionClosed | SessionCorrected, connector: str) -> None:
    link = export_link_of(event) if is_export_key(connector) else link_of(event)
    links = before.chains.get(connector, ())
    if link is None:
        return
    joined = with_link(links, link)
    if len(joined) > LINKS_AT_MOST and joined[0] is link:
        return  # older than all that is remembered: what came right after it is not known any more
    at = event.closed_at if isinstance(event, SessionClosed) else event.corrected_at
    changes = changes_at(before.meters, connector)
    was, now = gaps_of(links, changes), gaps_of(joined, changes)
    seen = Seen(before=before, station_id=event.station_id, connector=connector, at=at)
    tell_gap_changes(telling, seen, was, now, session_id=event.session_id)


def tell_gap_changes(telling: Telling, seen: Seen, was: Gaps, now: Gaps, *, session_id: str | None = None) -> None:
    """Says which gaps are none any more, and which are new."""
    for gap in (was[name] for name in was if name not in now):
        telling.say(
            GapFilled(
                gap_id=_gap_id(seen.station_id, seen.connector, gap.name),
                station_id=seen.station_id,
                energy_wh=gap.energy_wh,
                session_id=session_id,
                filled_at=seen.at,
            )
        )
    for gap in (now[name] for name in now if name not in was):
        telling.say(_gap(seen, gap))


def _gap(seen: Seen, gap: Between) -> GapFound:
    evse_number, connector_number = connector_numbers(seen.connector)
    is_held = seen.before.has_suspect(connector_of(seen.connector), gap.before.stop_at, gap.after.begin_at)
    return GapFound(
        gap_id=_gap_id(seen.station_id, seen.connector, gap.name),
        station_id=seen.station_id,
        evse_number=evse_number,
        connector_number=connector_number,
        cause=_named("session-held" if is_held else gap.cause, seen.connector),
        from_session_id=gap.before.session_id,
        to_session_id=gap.after.session_id,
        from_at=gap.before.stop_at,
        from_wh=gap.before.stop_wh,
        to_at=gap.after.begin_at,
        to_wh=gap.after.begin_wh,
        energy_wh=gap.energy_wh,
        found_at=seen.at,
    )


def _named(cause: str, register: str) -> str:
    return f"export-{cause}" if is_export_key(register) else cause


def tell_holes(
    telling: Telling, event: SessionClosed | SessionCorrected, connector: str, holes: Sequence[Hole]
) -> None:
    """Says the gaps within a session: nobody knows what flowed between their two readings, and nobody is billed."""
    evse_number, connector_number = connector_numbers(connector)
    at = event.closed_at if isinstance(event, SessionClosed) else event.corrected_at
    for hole in holes:
        telling.say(
            GapFound(
                gap_id=_gap_id(event.station_id, connector, f"{event.session_id}/{hole.from_wh}/{hole.to_wh}"),
                station_id=event.station_id,
                evse_number=evse_number,
                connector_number=connector_number,
                cause=_named(hole.cause, connector),
                from_session_id=event.session_id,
                to_session_id=event.session_id,
                from_at=time_of(hole.from_ms),
                from_wh=hole.from_wh,
                to_at=time_of(hole.to_ms),
                to_wh=hole.to_wh,
                energy_wh=0,
                found_at=at,
            )
        )


def _gap_id(station_id: str, connector: str, name: str) -> str:
    return derived_id("gap", station_id, connector, name)


def after_close(telling: Telling, session_id: str, late: Late) -> None:
    """Says what a fact that came too late changes: a correction, a doubt, or nothing."""
    station = telling.station
    final = station.final[session_id]
    closed = final.closed()
    facts = closed.facts
    ended_at, stop_wh = _later_end(final, facts, late)
    if (ended_at, stop_wh) == (facts.ended_at, facts.meter_stop_wh):
        return
    energy_wh = facts.energy_wh + stop_wh - facts.meter_stop_wh
    if ended_at < facts.started_at or not 0 <= energy_wh <= most_energy_wh(ended_at - facts.started_at):
        doubt = Doubt(cause="late-fact-implausible", detail=f"{facts.meter_start_wh} Wh to {stop_wh} Wh")
        known = station.questions.get(session_id)
        if known is None or known.detail != doubt.detail:
            telling.say(suspect(closed, doubt, late.at))
        return
    told = SessionCorrected(
        session_id=closed.session_id,
        station_id=closed.station_id,
        cause=late.cause,
        corrected_at=late.at,
        facts=amended(facts, ended_at=ended_at, meter_stop_wh=stop_wh),
        place=closed.place,
        parties=closed.parties,
    )
    telling.say(told)
    tell_gaps(telling, station, told, final.connector)


def reserve(telling: Telling, command: AttachReservation) -> None:
    """Says that a closed session rests on a reservation, once."""
    closed = telling.station.final[command.session_id].closed()
    if closed.facts.reservation is not None:
        return
    telling.say(
        SessionCorrected(
            session_id=closed.session_id,
            station_id=closed.station_id,
            cause="reservation-attached",
            corrected_at=command.at,
            facts=closed.facts.model_copy(update={"reservation": command.reservation}),
            place=closed.place,
            parties=closed.parties,
        )
    )


def _later_end(final: Final, facts: SessionFacts, late: Late) -> tuple[datetime, int]:
    """End and register as they stand with this fact."""
    ended_at, stop_wh = facts.ended_at, facts.meter_stop_wh
    end, reading = late.end, late.reading
    if end is not None and (final.end_is_assumed or end_order(end) > (ended_at, stop_wh if final.has_register else -1)):
        ended_at, stop_wh = end.ended_at, stop_wh if not end.meter_stop_wh else end.meter_stop_wh
    register_wh = None if reading is None else register_of(reading)
    # What stood before the register fell, or on another meter, is no figure that it can have ended with.
    since_ms = max((hole.to_ms for hole in final.holes), default=0)
    is_last = reading is not None and since_ms <= ms_of(reading.sampled_at) and reading.sampled_at <= ended_at
    if register_wh is not None and is_last and not final.has_register:
        stop_wh = max(stop_wh, register_wh)
    return ended_at, stop_wh


def suspect(session: Session | SessionClosed, doubt: Doubt, at: datetime) -> SessionMarkedSuspect:
    return SessionMarkedSuspect(
        session_id=session.session_id,
        station_id=session.station_id,
        cause=doubt.cause,
        detail=doubt.detail,
        marked_at=at,
    )
