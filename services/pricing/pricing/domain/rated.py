"""When a closed session has a price in one relation, and how long one without a price is held and tried again.

Where the buyer's plan has allowances, the month's aggregate is asked first how much of them is left; until it answers
the rating is drawing. It answers exactly once to each drawing, so nothing waits for a deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from chassis.decider import Deadline, Decider, pause_before
from ev_contracts.common import Parties, Place, Rating, Relation, SessionFacts
from ev_contracts.pricing import (
    AllowanceWanted,
    ApplyAllowance,
    RateSession,
    RatingDeadlinePassed,
    RatingStands,
    RatingWanted,
    RerateSession,
    RerateWanted,
    SessionRated,
    SessionRerated,
    SessionUnratable,
)
from pricing.domain.drawing import another_drawing, concluded, first_drawing, next_drawing
from pricing.domain.entitlement import Entitlement
from pricing.domain.rating import Subject, rated
from pricing.domain.rerating import rerated
from pricing.domain.session_faults import FAULTS, fault_of_session

NO_BUYER = "no-buyer"
_FOR_A_PERSON = frozenset({NO_BUYER, *FAULTS})

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
    """Priced; the same session is never priced twice for the same relation, but what corrects it may change it."""

    rating: Rating
    revision: int = 0
    drawing: int = 0
    """How often it asked its plan's allowances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A price is known once the plan's allowances have answered; until then what was rated before stands."""

    wanted: AllowanceWanted
    before: Rated | None


RatingState = Unrated | Held | Rated | Drawing
Command = RateSession | RatingDeadlinePassed | RerateSession | ApplyAllowance
Event = SessionRated | SessionUnratable | RatingWanted | RerateWanted | SessionRerated | AllowanceWanted | RatingStands


def decide(command: Command, state: RatingState) -> Sequence[Event]:
    """What a closed session, or the time for another try, makes true. Never a refusal: nobody waits for it."""
    match command:
        case RateSession():
            return _rate(command, state)
        case RatingDeadlinePassed():
            return _try_again(command, state)
        case RerateSession():
            return _rerate(command, state)
        case ApplyAllowance():
            return _apply(command, state)
        case _:
            assert_never(command)


def _rate(command: RateSession, state: RatingState) -> Sequence[Event]:
    if isinstance(state, Rated | Drawing):
        return []
    relation, tariff = command.relation, command.tariff
    if relation.buyer_party_id is None and relation.buyer_ref is None:
        return _unratable(command, NO_BUYER, state)
    fault = fault_of_session(command.facts, command.place)
    if fault is not None:
        return _unratable(command, fault, state)
    if tariff is None:
        return _unratable(command, command.no_tariff_because or "no-tariff", state)
    terms = command.terms
    if terms is not None and terms.plan.allowances:
        return [first_drawing(command, tariff, terms)]
    rating = rated(
        Subject(command.rating_id, relation, command.facts, command.place.time_zone),
        tariff,
        None if terms is None else Entitlement.of(terms, command.facts.started_at),
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


def _rerate(command: RerateSession, state: RatingState) -> Sequence[Event]:
    if fault_of_session(command.facts, command.place) is not None:
        return []  # a price that stands is not exchanged for none
    match state:
        case Unrated():
            return []
        case Held():
            # What is held is rated by the facts of now, once it can be.
            return [] if state.facts == command.facts else [_still_unratable(command, state)]
        case Rated():
            return [_wanted(command, state.rating)] if command.tariff is None else _rerated(command, state)
        case Drawing():
            return [another_drawing(command, state.wanted)]
        case _:
            assert_never(state)


def _rerated(command: RerateSession, state: Rated) -> Sequence[Event]:
    by = state.rating.plan
    if command.tariff is None or by is None or not by.terms.plan.allowances:
        return rerated(command, state.rating, revision=state.revision + 1)
    return [next_drawing(command, command.tariff, by, drawing=state.drawing + 1)]


def _apply(command: ApplyAllowance, state: RatingState) -> Sequence[Event]:
    """An answer to a question that was asked anew meanwhile is no answer."""
    if not isinstance(state, Drawing) or state.wanted.drawing != command.drawing:
        return []
    if state.before is None:
        return concluded(command, state.wanted, None, revision=0)
    return concluded(command, state.wanted, state.before.rating, revision=state.before.revision + 1)


def _still_unratable(command: RerateSession, held: Held) -> SessionUnratable:
    return SessionUnratable(
        rating_id=held.rating_id,
        relation=held.relation,
        session_id=command.facts.session_id,
        reason=held.reason,
        at=command.at,
        facts=command.facts,
        place=command.place,
        parties=command.parties,
    )


def _wanted(command: RerateSession, rating: Rating) -> RerateWanted:
    """A session keeps the version by which it was rated, whatever is in force by now."""
    return RerateWanted(
        rating_id=command.rating_id,
        relation=rating.relation,
        tariff_id=rating.tariff_id,
        tariff_version=rating.tariff_version,
        cause=command.cause,
        correction_id=command.correction_id,
        facts=command.facts,
        place=command.place,
        parties=command.parties,
        at=command.at,
    )


def _try_again(command: RatingDeadlinePassed, state: RatingState) -> Sequence[RatingWanted]:
    match state:
        case Unrated() | Rated() | Drawing():
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
            return Rated(rating=event.rating, drawing=_drawing_of(state))
        case SessionRerated():
            return Rated(rating=event.rating, revision=event.revision, drawing=_drawing_of(state))
        case RerateWanted():
            return state
        case AllowanceWanted():
            return Drawing(wanted=event, before=_stands(state))
        case RatingStands():
            before = _stands(state)
            return state if before is None else replace(before, drawing=event.drawing)
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


def _drawing_of(state: RatingState) -> int:
    return state.wanted.drawing if isinstance(state, Drawing) else 0


def _stands(state: RatingState) -> Rated | None:
    """What is rated by now."""
    match state:
        case Rated():
            return state
        case Drawing():
            return state.before
        case Unrated() | Held():
            return None
        case _:
            assert_never(state)


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
    """A held rating is tried again, ever more rarely but for ever; what time does not mend waits for a person."""
    if not isinstance(state, Held) or state.reason in _FOR_A_PERSON:
        return []
    pause = pause_before(state.attempt, first=_FIRST_TRY, longest=_RAREST_TRY)
    return [Deadline(name="try-again", due_at=state.tried_at + pause)]


rating: Decider[Command, RatingState, Event] = Decider(
    initial=Unrated(), decide=decide, evolve=evolve, deadlines=deadlines
)
