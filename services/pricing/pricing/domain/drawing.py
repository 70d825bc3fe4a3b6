"""A rating that waits for its plan's allowances: what it asks for, and the price once it knows what it was granted."""

from collections.abc import Sequence

from ev_contracts.common import PlanApplied, PlanTerms, Rating, TariffVersion
from ev_contracts.pricing import (
    AllowanceWanted,
    ApplyAllowance,
    RateSession,
    RatingStands,
    RerateSession,
    SessionRated,
    SessionRerated,
)
from pricing.domain.entitlement import Entitlement, month_of
from pricing.domain.rating import Subject, asked_of, rated
from pricing.domain.rerating import changed


def first_drawing(command: RateSession, tariff: TariffVersion, terms: PlanTerms) -> AllowanceWanted:
    """Of a session that has no price yet."""
    month = month_of(terms.plan, command.facts.started_at)
    return _drawing(command, tariff, terms, month=month, drawing=1)


def next_drawing(command: RerateSession, tariff: TariffVersion, by: PlanApplied, *, drawing: int) -> AllowanceWanted:
    """Of a session that had a price, by other facts or another tariff; plan and month stay those of its first."""
    return _drawing(command, tariff, by.terms, month=by.month, drawing=drawing)


def another_drawing(command: RerateSession, waiting: AllowanceWanted) -> AllowanceWanted:
    """In place of one that is not answered yet."""
    tariff = command.tariff or waiting.tariff
    return _drawing(command, tariff, waiting.terms, month=waiting.month, drawing=waiting.drawing + 1)


def _drawing(
    command: RateSession | RerateSession, tariff: TariffVersion, terms: PlanTerms, *, month: str, drawing: int
) -> AllowanceWanted:
    corrects = command if isinstance(command, RerateSession) else None
    return AllowanceWanted(
        rating_id=command.rating_id,
        drawing=drawing,
        relation=command.relation,
        terms=terms,
        month=month,
        asked=tuple(asked_of(command.facts, tariff, command.place.time_zone, terms.plan)),
        facts=command.facts,
        place=command.place,
        parties=command.parties,
        tariff=tariff,
        cause=None if corrects is None else corrects.cause,
        correction_id=None if corrects is None else corrects.correction_id,
        at=command.at,
    )


def concluded(
    command: ApplyAllowance, wanted: AllowanceWanted, before: Rating | None, *, revision: int
) -> Sequence[SessionRated | SessionRerated | RatingStands]:
    """The price less what was granted; the first of a session, another than before, or the same."""
    now = rated(
        Subject(wanted.rating_id, wanted.relation, wanted.facts, wanted.place.time_zone),
        wanted.tariff,
        Entitlement(terms=wanted.terms, month=wanted.month, draws=command.draws),
    )
    told = {"facts": wanted.facts, "place": wanted.place, "parties": wanted.parties}
    if before is None:
        return [SessionRated(rating=now, rated_at=command.at, **told)]
    if wanted.cause is None or wanted.correction_id is None:
        raise ValueError(f"{wanted.rating_id} had a price, and nothing says what corrects it")
    anew = RerateSession(
        at=command.at,
        rating_id=wanted.rating_id,
        relation=wanted.relation,
        cause=wanted.cause,
        correction_id=wanted.correction_id,
        tariff=wanted.tariff,
        **told,
    )
    found = changed(anew, before, now, revision=revision)
    return found or [RatingStands(rating_id=wanted.rating_id, drawing=command.drawing, at=command.at)]
