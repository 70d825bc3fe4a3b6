"""When a site's EVSEs are held for a driver or his group, and what becomes of it: used, expired, or given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from chassis.decider import Deadline, Decider, Refused
from ev_contracts.common import ReservationFacts
from ev_contracts.sessions import (
    CancelReservation,
    HoldAnswered,
    MakeReservation,
    MeetSession,
    NoShowFound,
    NoteHold,
    ReservationBegan,
    ReservationCancelled,
    ReservationDeadlinePassed,
    ReservationExpired,
    ReservationMade,
    ReservationUsed,
)
from session_ledger.domain.placing import can_all_be_placed
from session_ledger.domain.station import CORRECTABLE_FOR

LONGEST = timedelta(hours=24)
AHEAD_AT_MOST = timedelta(days=90)
OVER_AT_MOST = 50
"""Of so many that are over the ids are remembered, so that a repeat is known."""

Command = MakeReservation | CancelReservation | MeetSession | ReservationDeadlinePassed | NoteHold
Event = (
    ReservationMade
    | ReservationBegan
    | HoldAnswered
    | ReservationUsed
    | ReservationExpired
    | ReservationCancelled
    | NoShowFound
)

STATION = "station"
"""Who gave a reservation up, where it was the station."""
IMPOSSIBLE = frozenset({"Faulted", "Occupied", "Unavailable"})
"""A station's answers by which the promised EVSE cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The aggregate: what is held, which reservations are over and how, and which ran out and nobody came."""

    held: Mapping[str, ReservationMade] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    """Those of the held ones that their station was told of."""
    over: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, ReservationMade] = field(default_factory=dict)
    """Those that ran out, as long as a session may be heard that began in time."""


def decide(command: Command, site: Site) -> Sequence[Event] | Refused:
    """Only people are refused; a session that meets no reservation is nothing to tell."""
    match command:
        case MakeReservation():
            return _make(command, site)
        case CancelReservation():
            return _cancel(command, site)
        case MeetSession():
            return _meet(command, site)
        case NoteHold():
            return note_hold(command, site)
        case ReservationDeadlinePassed():
            return _pass_deadline(command, site)
        case _:
            assert_never(command)


def _make(command: MakeReservation, site: Site) -> Sequence[Event] | Refused:
    told = {name: getattr(command, name) for name in ReservationMade.model_fields if name != "made_at"}
    made = ReservationMade(**told, made_at=command.at)
    known = site.held.get(command.reservation_id)
    if known is not None or command.reservation_id in site.over:
        is_repeat = known is not None and known.model_copy(update={"made_at": command.at}) == made
        return [] if is_repeat else Refused(reason="reservation-id-used")
    is_now = made.station_id is not None and made.starts_at <= made.made_at
    began = [begin(made, made.made_at)] if is_now else []
    return _wrong_window(made) or _conflict(made, site) or [made, *began]


def _wrong_window(made: ReservationMade) -> Refused | None:
    begins_at = max(made.starts_at, made.made_at)
    if not begins_at < made.expires_at <= begins_at + LONGEST or made.starts_at > made.made_at + AHEAD_AT_MOST:
        return Refused(reason="window-impossible", detail=f"{made.starts_at} to {made.expires_at}")
    return None


def _conflict(made: ReservationMade, site: Site) -> Refused | None:
    """One token holds one, and everybody whose time overlaps this one's finds an EVSE of his own."""
    meanwhile = [each for each in site.held.values() if _overlap(each, made)]
    if any(each.token_ref == made.token_ref for each in meanwhile):
        return Refused(reason="token-holds-another")
    if made.evse_number is not None and any(_evse(each) == _evse(made) for each in meanwhile):
        return Refused(reason="evse-is-held")
    # Whoever overlaps this one may not overlap each other: so the site is at times full too early, never late.
    wishes = [made.evses, *(_usable(each, made.evses) for each in meanwhile)]
    return None if can_all_be_placed(wishes) else Refused(reason="site-is-full")


def _usable(made: ReservationMade, all_known: Sequence[str]) -> Sequence[str]:
    """Where it may be used; one that was made before its EVSEs were told is for its own, or for any."""
    if made.evses or made.evse_number is None:
        return made.evses or all_known
    return (evse_name(made.station_id or "", made.evse_number),)


def evse_name(station_id: str, evse_number: int) -> str:
    """An EVSE's name within its site."""
    return f"{station_id}/{evse_number}"


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
            station_id=site.held[command.reservation_id].station_id if command.reservation_id in site.told else None,
        )
    ]


def _meet(command: MeetSession, site: Site) -> Sequence[Event]:
    fitting = [each for each in (*site.held.values(), *site.missed.values()) if _fits(each, command)]
    if not fitting:
        return []
    # The token's own is meant before its group's, the one with the fewest EVSEs before one for any, the first of two.
    used = min(fitting, key=lambda each: _distance(each, command))
    return [
        ReservationUsed(
            reservation_id=used.reservation_id,
            site_id=command.site_id,
            session_id=command.session_id,
            station_id=command.station_id,
            facts=_facts(used, command.started_at, expired=False),
            used_at=command.started_at,
            was_expired=used.reservation_id in site.missed,
        )
    ]


def _distance(made: ReservationMade, session: MeetSession) -> tuple[bool, bool, int, datetime, str]:
    is_anothers = made.token_ref != session.token_ref
    return is_anothers, made.evse_number is None, len(made.evses), made.starts_at, made.reservation_id


def _fits(made: ReservationMade, session: MeetSession) -> bool:
    here = evse_name(session.station_id, session.evse_number)
    is_now = made.starts_at <= session.started_at <= made.expires_at
    is_group = made.group_id is not None and made.group_id == session.group_id
    return here in _usable(made, (here,)) and is_now and (is_group or made.token_ref == session.token_ref)


def _pass_deadline(command: ReservationDeadlinePassed, site: Site) -> Sequence[Event]:
    kind, _, reservation_id = command.name.partition("/")
    if kind == "begin":
        made = site.held.get(reservation_id)
        return [] if made is None or reservation_id in site.told else [begin(made, command.at)]
    return _expire(command, site) if kind == "expiry" else _find_no_show(command, site)


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


def _find_no_show(command: ReservationDeadlinePassed, site: Site) -> Sequence[Event]:
    made = site.missed.get(command.name.partition("/")[2])
    if made is None:
        return []
    return [
        NoShowFound(
            reservation_id=made.reservation_id,
            site_id=made.site_id,
            token_ref=made.token_ref,
            facts=_facts(made, made.expires_at, expired=True),
            place=made.place,
            parties=made.parties,
            found_at=command.at,
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


def begin(made: ReservationMade, at: datetime) -> ReservationBegan:
    """What is told of a reservation whose station shall keep others away from now on."""
    return ReservationBegan(
        reservation_id=made.reservation_id,
        site_id=made.site_id,
        station_id=made.station_id or "",
        evse_number=made.evse_number,
        connector_type=made.connector_type,
        token_ref=made.token_ref,
        group_id=made.group_id,
        expires_at=made.expires_at,
        began_at=at,
    )


def note_hold(command: NoteHold, site: Site) -> Sequence[Event]:
    """A station that cannot keep the promise ends it; one that only knows no reservations leaves it to our books."""
    if command.reservation_id not in site.told:
        return []
    if command.answer in IMPOSSIBLE:
        return [
            ReservationCancelled(
                reservation_id=command.reservation_id,
                site_id=command.site_id,
                by=STATION,
                reason=command.answer,
                cancelled_at=command.at,
            )
        ]
    return [HoldAnswered(**command.model_dump(exclude={"at"}), answered_at=command.at)]


def evolve(site: Site, event: Event) -> Site:
    """The site after one more event."""
    match event:
        case ReservationMade():
            return replace(site, held={**site.held, event.reservation_id: event})
        case ReservationBegan():
            return replace(site, told=site.told | {event.reservation_id})
        case HoldAnswered():
            return site
        case ReservationUsed():
            return _without(site, event.reservation_id, "used")
        case ReservationExpired():
            missed = {**site.missed, event.reservation_id: site.held[event.reservation_id]}
            return replace(_without(site, event.reservation_id, "expired"), missed=missed)
        case NoShowFound():
            return _without(site, event.reservation_id, "expired")
        case ReservationCancelled():
            return _without(site, event.reservation_id, "cancelled")
        case _:
            assert_never(event)


def _without(site: Site, reservation_id: str, how: str) -> Site:
    held = {name: each for name, each in site.held.items() if name != reservation_id}
    missed = {name: each for name, each in site.missed.items() if name != reservation_id}
    over = dict(list({**site.over, reservation_id: how}.items())[-OVER_AT_MOST:])
    return replace(site, held=held, over=over, missed=missed, told=site.told - {reservation_id})


def deadlines(site: Site) -> Sequence[Deadline]:
    """When each begins at its station, when it runs out, and when it is sure that nobody came."""
    ends = [Deadline(name=f"expiry/{name}", due_at=each.expires_at) for name, each in site.held.items()]
    sure = [
        Deadline(name=f"no-show/{name}", due_at=each.expires_at + CORRECTABLE_FOR) for name, each in site.missed.items()
    ]
    begins = [
        Deadline(name=f"begin/{name}", due_at=each.starts_at)
        for name, each in site.held.items()
        if each.station_id is not None and name not in site.told
    ]
    return [*begins, *ends, *sure]


reservation = Decider(initial=Site(), decide=decide, evolve=evolve, deadlines=deadlines)
