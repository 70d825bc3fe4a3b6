"""What others know of a session: where it stands, who its parties are, which reservation it used."""

from collections.abc import Sequence
from datetime import datetime

from ev_contracts.common import Parties, Place
from ev_contracts.sessions import AttachReservation, ReservationAttached, ResolveContext, SessionContextResolved
from session_ledger.domain.closing import close_if_due, reserve
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.station import ClosingRules, Station, preferred
from session_ledger.domain.telling import Telling


def attach(command: AttachReservation, station: Station) -> Sequence[SessionEvent]:
    """A session that is closed already is corrected."""
    telling, session = Telling(station), station.sessions.get(command.session_id)
    if session is not None and session.reservation is None:
        told = command.model_dump(include={"session_id", "station_id"})
        telling.say(ReservationAttached(**told, reservation=command.reservation, attached_at=command.at))
    elif command.session_id in station.final:
        reserve(telling, command)
    return telling.events


def resolve_context(command: ResolveContext, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """Place and parties, as the registry and the accounts know them by now."""
    if command.session_id not in station.sessions:
        return []
    telling = Telling(station)
    tell_context(telling, command.session_id, command.place, command.parties, command.at)
    close_if_due(telling, command.session_id, rules, command.at)
    return telling.events


def tell_context(telling: Telling, session_id: str, place: Place | None, parties: Parties | None, at: datetime) -> None:
    """Says what is better known than before."""
    session = telling.session(session_id)
    better_place = session.place or place
    better_parties = preferred(session.parties, parties)
    if (better_place, better_parties) != (session.place, session.parties):
        telling.say(
            SessionContextResolved(
                session_id=session_id,
                station_id=session.station_id,
                place=better_place,
                parties=better_parties,
                resolved_at=at,
            )
        )
