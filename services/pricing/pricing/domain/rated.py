"""When a closed session has a price in one relation, and how long one without a price is held and tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from chassis.decider import Deadline, Decider
from ev_contracts.common import Parties, Place, Relation, SessionFacts
from ev_contracts.pricing import RateSession, RatingDeadlinePassed, RatingWanted, SessionRated, SessionUnratable
from pricing.domain.rating import rate

NO_BUYER = "no-buyer"

_FIRST_TRY = timedelta(seconds=60)
_RAREST_TRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrated:
    """Nothing is asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """No price can be found so far; everything that another try needs is kept."""

    rating_id: str
    relation: Relation
    facts: SessionFacts
    place: Place
    parties: Parties
    reason: str
    attempt: int
    tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Priced; the same session is never priced twice for the same relation."""

    rating_id: str


RatingState = Unrated | Held | Rated
Command = RateSession | RatingDeadlinePassed
Event = SessionRated | SessionUnratable | RatingWanted


def decide(command: Command, state: RatingState) -> Sequence[Event]:
    """What a closed session, or the time for another try, makes true. Never a refusal: nobody waits for it."""
    match command:
        case RateSession():
            return _rate(command, state)
        case RatingDeadlinePassed():
            return _try_again(command, state)
        case _:
            assert_never(command)


def _rate(command: RateSession, state: RatingState) -> Sequence[SessionRated | SessionUnratable]:
    if isinstance(state, Rated):
        return []
    relation, tariff = command.relation, command.tariff
    if relation.buyer_party_id is None and relation.buyer_ref is None:
        return _unratable(command, NO_BUYER, state)
    if tariff is None:
        return _unratable(command, command.no_tariff_because or "no-tariff", state)
    rating = rate(
        rating_id=command.rating_id,
        relation=relation,
        tariff=tariff,
        facts=command.facts,
        time_zone=command.place.time_zone,
    )
    return [
        SessionRated(
            rating=rating, facts=command.facts, place=command.place, parties=command.parties, rated_at=command.at
        )
    ]


def _unratable(command: RateSession, reason: str, state: RatingState) -> Sequence[SessionUnratable]:
    if isinstance(state, Held) and state.reason == reason:
        return []
    return [
        SessionUnratable(
            rating_id=command.rating_id,
            relation=command.relation,
            session_id=command.facts.session_id,
            reason=reason,
            at=command.at,
            facts=command.facts,
            place=command.place,
            parties=command.parties,
        )
    ]


def _try_again(command: RatingDeadlinePassed, state: RatingState) -> Sequence[RatingWanted]:
    match state:
        case Unrated() | Rated():
            return []
        case Held():
            return [
                RatingWanted(
                    rating_id=state.rating_id,
                    relation=state.relation,
                    facts=state.facts,
                    place=state.place,
                    parties=state.parties,
                    attempt=state.attempt + 1,
                    at=command.at,
                )
            ]
        case _:
            assert_never(state)


def evolve(state: RatingState, event: Event) -> RatingState:
    """The rating after one more event."""
    match event:
        case SessionRated():
            return Rated(rating_id=event.rating.rating_id)
        case SessionUnratable():
            return _held(state, event)
        case RatingWanted():
            return Held(
                rating_id=event.rating_id,
                relation=event.relation,
                facts=event.facts,
                place=event.place,
                parties=event.parties,
                reason=state.reason if isinstance(state, Held) else "",
                attempt=event.attempt,
                tried_at=event.at,
            )
        case _:
            assert_never(event)


def _held(state: RatingState, event: SessionUnratable) -> RatingState:
    if event.facts is None or event.place is None or event.parties is None:
        return state
    return Held(
        rating_id=event.rating_id,
        relation=event.relation,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
        reason=event.reason,
        attempt=state.attempt if isinstance(state, Held) else 0,
        tried_at=event.at,
    )


def deadlines(state: RatingState) -> Sequence[Deadline]:
    """A held rating is tried again, ever more rarely but for ever; a session without a buyer waits for a person."""
    if not isinstance(state, Held) or state.reason == NO_BUYER:
        return []
    pause = min(_FIRST_TRY * 2 ** min(state.attempt, 16), _RAREST_TRY)
    return [Deadline(name="try-again", due_at=state.tried_at + pause)]


rating: Decider[Command, RatingState, Event] = Decider(
    initial=Unrated(), decide=decide, evolve=evolve, deadlines=deadlines
)
