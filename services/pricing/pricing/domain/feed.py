"""Prices of a feed (day-ahead, intraday), interval by interval; and a tariff that follows one, for a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.common import (
    FeedPrice,
    PriceComponent,
    PricePoint,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
)
from ev_contracts.pricing import PricePointPublished, PricePointSnapshot, PublishPricePoints
from pricing.domain.currencies import is_currency
from pricing.domain.money import decimal_of

INTERVALS = (timedelta(minutes=15), timedelta(minutes=60))
KEPT = timedelta(days=45)
"""As long as a late session may still ask for a price."""
_MOST = Decimal(1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What it said, in the order of its words; of no issuer before its first."""

    feed_id: str = ""
    issuer_party_id: str | None = None
    currency: str | None = None
    points: tuple[PricePoint, ...] = ()

    def by_start(self) -> Mapping[datetime, PricePoint]:
        """Its intervals."""
        return {point.starts_at: point for point in self.points}


def decide(command: PublishPricePoints, state: Feed) -> Sequence[PricePointPublished] | Refused:
    """Each interval that is new or has another price by now; what has begun stands."""
    fault = _fault_of(command, state)
    if fault is not None:
        return fault
    known = state.by_start()
    return [
        PricePointPublished(
            feed_id=command.feed_id,
            issuer_party_id=command.issuer_party_id,
            currency=command.currency,
            point=point,
            published_at=command.at,
        )
        for point in command.points
        if known.get(point.starts_at) != point
    ]


def _fault_of(command: PublishPricePoints, state: Feed) -> Refused | None:
    if not is_currency(command.currency):
        return Refused(reason="currency-unknown", detail=f"/currency: {command.currency}")
    if state.issuer_party_id not in {None, command.issuer_party_id}:
        return Refused(reason="feed-of-another-issuer")
    if state.currency not in {None, command.currency}:
        return Refused(reason="currency-changed")
    known = state.by_start()
    found = (_point_fault(command, known, place) for place in range(len(command.points)))
    return next((fault for fault in found if fault is not None), None)


def _point_fault(command: PublishPricePoints, known: Mapping[datetime, PricePoint], place: int) -> Refused | None:
    point, here = command.points[place], f"/points/{place}"
    lasts = point.ends_at - point.starts_at
    if lasts not in INTERVALS:
        return Refused(reason="interval-odd", detail=f"{here}: 15 or 60 minutes")
    # Aware times since the epoch: an interval begins where its like begins.
    if point.starts_at.timestamp() % lasts.total_seconds():
        return Refused(reason="interval-odd", detail=f"{here}/starts_at: not at a whole interval")
    if abs(point.price) >= _MOST:
        return Refused(reason="price-out-of-range", detail=f"{here}/price: {point.price}")
    if point.starts_at <= command.at and known.get(point.starts_at) != point:
        return Refused(reason="interval-begun", detail=f"{here}/starts_at: what has begun keeps its price")
    earlier = command.points[:place]
    if any(each.starts_at < point.ends_at and point.starts_at < each.ends_at for each in earlier):
        return Refused(reason="intervals-overlap", detail=here)
    return None


def evolve(state: Feed, event: PricePointPublished) -> Feed:
    """What is too old to be asked for is forgotten; the log keeps it."""
    oldest = event.published_at - KEPT
    told = event.point
    points = (each for each in state.points if each.starts_at >= oldest and each.starts_at != told.starts_at)
    return Feed(
        feed_id=event.feed_id,
        issuer_party_id=event.issuer_party_id,
        currency=event.currency,
        points=(*points, told),
    )


def snapshots(before: Feed, after: Feed) -> Sequence[Snapshot]:
    """Each interval under a key of its own; what is forgotten is taken back."""
    old, new = before.by_start(), after.by_start()
    changed = [point for start, point in new.items() if old.get(start) != point]
    told = [
        Snapshot(
            topic="pricing.price-feed.snapshot.v1",
            key=f"@{point.starts_at:%Y-%m-%dT%H:%MZ}",
            record=PricePointSnapshot(feed_id=after.feed_id, currency=after.currency or "", point=point),
        )
        for point in changed
    ]
    gone = [
        Snapshot(topic="pricing.price-feed.snapshot.v1", key=f"@{start:%Y-%m-%dT%H:%MZ}", record=None)
        for start in old
        if start not in new
    ]
    return [*told, *gone]


feed: Decider[PublishPricePoints, Feed, PricePointPublished] = Decider(
    initial=Feed(), decide=decide, evolve=evolve, snapshots=snapshots
)


def resolved(version: TariffVersion, points: Sequence[PricePoint]) -> TariffVersion:
    """The version with an element an interval, and the fallback besides: what a session is rated by.

    Intervals are instants, so they are what they are on the day the clock is put back too.
    """
    by = version.feed_price
    if by is None:
        return version
    fed = tuple(_element(by, point) for point in sorted(points, key=lambda each: each.starts_at))
    rest = version.elements or ((TariffElement(components=version.components),) if version.components else ())
    fallback = TariffElement(components=(energy_of(by, by.fallback),))
    return version.model_copy(update={"elements": (*fed, fallback, *rest), "components": (), "feed_price": None})


def _element(by: FeedPrice, point: PricePoint) -> TariffElement:
    within = TariffRestrictions(holds_from_at=point.starts_at, holds_until_at=point.ends_at)
    return TariffElement(components=(energy_of(by, price_of(by, point.price)),), restrictions=within)


def price_of(by: FeedPrice, told: Decimal) -> Decimal:
    """With markup and addition, between floor and cap, and never below zero."""
    price = Fraction(told) * (100 + Fraction(by.markup_percent)) / 100 + Fraction(by.addition)
    if by.at_most is not None:
        price = min(price, Fraction(by.at_most))
    return decimal_of(max(price, Fraction(by.at_least or 0)))


def energy_of(by: FeedPrice, price: Decimal) -> PriceComponent:
    """A price of energy as this tariff taxes and steps it."""
    return PriceComponent(
        type=TariffComponentType.ENERGY,
        price=price,
        vat_permille=by.vat_permille,
        taxes=by.taxes,
        step_size=by.step_size,
    )
