"""What a session costs otherwise, and the difference: by corrected facts, or by a corrected tariff."""

from collections.abc import Sequence

from ev_contracts.common import Money, Rating
from ev_contracts.pricing import RerateSession, SessionRerated
from pricing.domain.entitlement import Entitlement
from pricing.domain.rating import Subject, rated


def rerated(command: RerateSession, before: Rating, *, revision: int) -> Sequence[SessionRerated]:
    """By the tariff that the command brings, and by the plan that it was rated by, if that has no allowances."""
    if command.tariff is None:
        return []
    by = before.plan
    now = rated(
        Subject(command.rating_id, before.relation, command.facts, command.place.time_zone),
        command.tariff,
        None if by is None else Entitlement(terms=by.terms, month=by.month, draws=by.draws),
    )
    return changed(command, before, now, revision=revision)


def changed(command: RerateSession, before: Rating, now: Rating, *, revision: int) -> Sequence[SessionRerated]:
    """Nothing where the same is to be paid; so doing it again adds nothing."""
    if now.currency != before.currency or _to_pay(now) == _to_pay(before):
        return []
    event = SessionRerated(
        rating=now,
        revision=revision,
        cause=command.cause,
        correction_id=command.correction_id,
        previous_tariff_version=before.tariff_version,
        difference_excl_vat=less(now.total_excl_vat, before.total_excl_vat),
        difference_vat=less(now.total_vat, before.total_vat),
        difference_incl_vat=less(now.total_incl_vat, before.total_incl_vat),
        facts=command.facts,
        place=command.place,
        parties=command.parties,
        rerated_at=command.at,
    )
    return [event]


def _to_pay(rating: Rating) -> tuple[int, int]:
    return rating.total_excl_vat.rounded_minor, rating.total_incl_vat.rounded_minor


def less(one: Money, other: Money) -> Money:
    """The difference, exact and as posted; of one currency."""
    return Money(
        amount=one.amount - other.amount,
        rounded_minor=one.rounded_minor - other.rounded_minor,
        currency=one.currency,
    )
