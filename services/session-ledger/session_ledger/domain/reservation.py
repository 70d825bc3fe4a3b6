"""When a site's EVSEs are held for a driver, and what becomes of it: used by his session, expired, or given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from chassis.decider import Deadline, Decider, Refused
from ev_contracts.common import ReservationFacts
from ev_contracts.sessions import (
    CancelReservation,
    MakeReservation,
    MeetSession,
    ReservationCancelled,
    ReservationDeadlinePassed,
    ReservationExpired,
    ReservationMade,
    ReservationUsed,
)

LONGEST = timedelta(hours=24)
AHEAD_AT_MOST = timedelta(days=90)
OVER_AT_MOST = 50
"""Of so many that are over the ids are remembered, so that a repeat is known."""

Command = MakeReservation | CancelReservation | MeetSession | ReservationDeadlinePassed
Event = ReservationMade | ReservationUsed | ReservationExpired | ReservationCancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The aggregate: what is held, and which reservations are over and how."""

    held: Mapping[str, ReservationMade] = field(default_factory=dict)
    over: Mapping[str, str] = field(default_factory=dict)


def decide(command: Command, site: Site) -> Sequence[Event] | Refused:
    """Only people are refused; a session that meets no reservation is nothing to tell."""
    match command:
        case MakeReservation():
            return _make(command, site)
        case CancelReservation():
            return _cancel(command, site)
        case MeetSession():
            return _meet(command, site)
        case ReservationDeadlinePassed():
            return _expire(command, site)
        case _:
            assert_never(command)


def _make(command: MakeReservation, site: Site) -> Sequence[Event] | Refused:
    made = ReservationMade(
        reservation_id=command.reservation_id,
        site_id=command.site_id,
        station_id=command.station_id,
        evse_number=command.evse_number,
        token_ref=command.token_ref,
        starts_at=command.starts_at,
        expires_at=command.expires_at,
        made_at=command.at,
        by=command.by,
    )
    known = site.held.get(command.reservation_id)
    if known is not None or command.reservation_id in site.over:
        is_repeat = known is not None and known.model_copy(update={"made_at": command.at}) == made
        return [] if is_repeat else Refused(reason="reservation-id-used")
    return _wrong_window(made) or _conflict(made, command.evses_on_site, site) or [made]


def _wrong_window(made: ReservationMade) -> Refused | None:
    begins_at = max(made.starts_at, made.made_at)
    if not begins_at < made.expires_at <= begins_at + LONGEST or made.starts_at > made.made_at + AHEAD_AT_MOST:
        return Refused(reason="window-impossible", detail=f"{made.starts_at} to {made.expires_at}")
    return None


def _conflict(made: ReservationMade, evses_on_site: int, site: Site) -> Refused | None:
    """One EVSE is held for one, one token holds one, and no more are held at once than the site has."""
    meanwhile = [each for each in site.held.values() if _overlap(each, made)]
    if any(each.token_ref == made.token_ref for each in meanwhile):
        return Refused(reason="token-holds-another")
    if made.evse_number is not None and any(_evse(each) == _evse(made) for each in meanwhile):
        return Refused(reason="evse-is-held")
    # Whoever overlaps this one may not overlap each other: counted so, the site is at times full too early, never late.
    return Refused(reason="site-is-full") if len(meanwhile) >= evses_on_site else None


def _overlap(one: ReservationMade, other: ReservationMade) -> bool:
    return one.starts_at < other.expires_at and other.starts_at < one.expires_at


def _evse(made: ReservationMade) -> tuple[str | None, int | None]:
    return made.station_id, made.evse_number


def _cancel(command: CancelReservation, site: Site) -> Sequence[Event] | Refused:
    if command.reservation_id not in site.held:
        how = site.over.get(command.reservation_id)
        return [] if how == "cancelled" else Refused(reason="reservation-over" if how else "reservation-unknown")
    return [
        ReservationCancelled(
            reservation_id=command.reservation_id,
            site_id=command.site_id,
            by=command.by,
            reason=command.reason,
            cancelled_at=command.at,
        )
    ]


def _meet(command: MeetSession, site: Site) -> Sequence[Event]:
    fitting = [each for each in site.held.values() if _fits(each, command)]
    if not fitting:
        return []
    # One that names the EVSE is meant before one for any on the site; of two, the one that began first.
    used = min(fitting, key=lambda each: (each.evse_number is None, each.starts_at, each.reservation_id))
    facts = _facts(used, command.started_at, expired=False)
    return [
        ReservationUsed(
            reservation_id=used.reservation_id,
            site_id=command.site_id,
            session_id=command.session_id,
            station_id=command.station_id,
            facts=facts,
            used_at=command.started_at,
        )
    ]


def _fits(made: ReservationMade, session: MeetSession) -> bool:
    is_here = made.evse_number is None or _evse(made) == (session.station_id, session.evse_number)
    is_now = made.starts_at <= session.started_at <= made.expires_at
    return is_here and is_now and made.token_ref == session.token_ref


def _expire(command: ReservationDeadlinePassed, site: Site) -> Sequence[Event]:
    made = site.held.get(command.name.partition("/")[2])
    if made is None or command.at < made.expires_at:
        return []
    return [
        ReservationExpired(
            reservation_id=made.reservation_id,
            site_id=made.site_id,
            token_ref=made.token_ref,
            facts=_facts(made, made.expires_at, expired=True),
            expired_at=made.expires_at,
        )
    ]


def _facts(made: ReservationMade, ended_at: datetime, *, expired: bool) -> ReservationFacts:
    started_at = max(made.starts_at, made.made_at)
    return ReservationFacts(
        reservation_id=made.reservation_id,
        started_at=min(started_at, ended_at),
        ended_at=ended_at,
        expired=expired,
    )


def evolve(site: Site, event: Event) -> Site:
    """The site after one more event."""
    match event:
        case ReservationMade():
            return replace(site, held={**site.held, event.reservation_id: event})
        case ReservationUsed():
            return _without(site, event.reservation_id, "used")
        case ReservationExpired():
            return _without(site, event.reservation_id, "expired")
        case ReservationCancelled():
            return _without(site, event.reservation_id, "cancelled")
        case _:
            assert_never(event)


def _without(site: Site, reservation_id: str, how: str) -> Site:
    held = {name: each for name, each in site.held.items() if name != reservation_id}
    over = dict(list({**site.over, reservation_id: how}.items())[-OVER_AT_MOST:])
    return replace(site, held=held, over=over)


def deadlines(site: Site) -> Sequence[Deadline]:
    """When each of them runs out."""
    return [Deadline(name=f"expiry/{name}", due_at=each.expires_at) for name, each in site.held.items()]


reservation = Decider(initial=Site(), decide=decide, evolve=evolve, deadlines=deadlines)
