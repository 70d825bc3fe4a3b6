"""A feed tells intervals that are to come; a tariff that follows one prices each by its own, and says so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from priced import FLAT, NOON, PLACE, assign, version
from test_engine import AMSTERDAM, Step, element, net, session, tariff
from test_rated import TO_PROVIDER

from chassis.decider import Refused
from chassis.testing import Scenario
from ev_contracts.common import FeedPrice, PricePoint
from ev_contracts.pricing import (
    AssignmentSnapshot,
    PricePointPublished,
    PricePointSnapshot,
    PublishPricePoints,
    TariffSnapshot,
)
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.feed import KEPT, feed, price_of, resolved
from pricing.domain.nearest import nearest_ocpi
from pricing.domain.rating import priced_session, rule_of

ONE = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
QUARTER, AN_HOUR = timedelta(minutes=15), timedelta(minutes=60)


def point(start: datetime, price: str, lasts: timedelta = AN_HOUR) -> PricePoint:
    return PricePoint(starts_at=start, ends_at=start + lasts, price=Decimal(price))


def publish(*points: PricePoint, **changes: Any) -> PublishPricePoints:
    fields = {"at": NOON, "feed_id": "day-ahead", "issuer_party_id": "NL-VLT", "currency": "EUR", "points": points}
    return PublishPricePoints.model_validate({**fields, **changes})


def published(point_: PricePoint, at: datetime = NOON) -> PricePointPublished:
    return PricePointPublished(
        feed_id="day-ahead", issuer_party_id="NL-VLT", currency="EUR", point=point_, published_at=at
    )


FIRST, SECOND = point(ONE, "0.10"), point(ONE + AN_HOUR, "0.30")


def test_each_interval_is_told_once_and_anew_where_its_price_is_another() -> None:
    scenario = Scenario(feed).given().when(publish(FIRST, SECOND)).then(published(FIRST), published(SECOND))
    scenario.when(publish(FIRST, SECOND)).then_nothing()
    dearer = point(ONE, "0.11")
    scenario.when(publish(dearer, SECOND)).then(published(dearer))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (publish(FIRST, currency="EUX"), "currency-unknown"),
        (publish(FIRST, currency="CHF"), "currency-changed"),
        (publish(FIRST, issuer_party_id="NL-EMO"), "feed-of-another-issuer"),
        (publish(point(ONE, "0.1", timedelta(minutes=30))), "interval-odd"),
        (publish(point(ONE + QUARTER, "0.1")), "interval-odd"),
        (publish(point(ONE, "1000")), "price-out-of-range"),
        (publish(point(NOON, "0.1")), "interval-begun"),
        (publish(point(ONE + AN_HOUR, "0.1", QUARTER), SECOND), "intervals-overlap"),
    ],
)
def test_what_no_feed_can_say_is_refused(command: PublishPricePoints, reason: str) -> None:
    state = Scenario(feed).given(published(FIRST)).state
    refused = feed.decide(command, state)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_what_nobody_can_ask_for_any_more_is_taken_back() -> None:
    before = Scenario(feed).given(published(FIRST)).state
    later = ONE + KEPT + 2 * AN_HOUR
    after = Scenario(feed).given(published(FIRST), published(point(later, "0.2"), later)).state
    assert [(each.key, each.record is None) for each in feed.snapshots(before, after)] == [
        (f"@{later:%Y-%m-%dT%H:%MZ}", False),
        ("@2026-11-20T13:00Z", True),
    ]


BY = FeedPrice(
    feed_id="day-ahead", markup_percent=Decimal(10), addition=Decimal("0.05"), at_least=Decimal("0.08"),
    at_most=Decimal("0.40"), fallback=Decimal("0.35"), vat_permille=210,
)  # fmt: skip


@pytest.mark.parametrize(("told", "price"), [("0.10", "0.16"), ("-0.50", "0.08"), ("0.90", "0.40"), ("0", "0.08")])
def test_a_price_is_marked_up_and_kept_between_floor_and_cap(told: str, price: str) -> None:
    assert price_of(BY, Decimal(told)) == Decimal(price)


def test_a_session_pays_each_interval_its_price_and_the_fallback_where_none_is_told() -> None:
    following = resolved(tariff(element(FLAT), feed_price=BY), [SECOND, FIRST])
    facts = session(ONE + 2 * QUARTER, Step(120, 4_000))  # half an hour at 0.16, an hour at 0.38, half at 0.35
    assert net(facts, following) == Fraction("0.25") + Fraction("0.16") + 2 * Fraction("0.38") + Fraction("0.35")
    lines = [rule_of(line) for line in priced_session(facts, following, AMSTERDAM).lines]
    assert "0.16 per kWh, from 2026-11-20 13:00 UTC until 14:00 UTC: 1000 Wh" in lines


def test_the_hour_that_comes_twice_has_two_prices() -> None:
    back = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Amsterdam, and an hour later again
    plain = BY.model_copy(update={"markup_percent": Decimal(0), "addition": Decimal(0)})
    following = resolved(tariff(feed_price=plain), [point(back, "0.10"), point(back + AN_HOUR, "0.20")])
    assert net(session(back, Step(120, 2_000)), following) == Fraction("0.10") + Fraction("0.20")


def test_where_nobody_knows_the_feed_its_fallback_holds() -> None:
    assert net(session(ONE, Step(60, 1_000)), tariff(feed_price=BY)) == Fraction("0.35")


def test_the_book_hands_out_a_tariff_with_the_prices_of_the_session() -> None:
    book = SnapshotTariffs()
    by_feed = version().model_copy(update={"feed_price": BY})
    book.versions.put("volt/wholesale@1", TariffSnapshot(tariff=by_feed, name="Spot"))
    book.assignments.put("volt/wholesale#all", AssignmentSnapshot(**assign().model_dump(exclude={"at"})))
    for each in (FIRST, SECOND):
        snapshot = PricePointSnapshot(feed_id="day-ahead", currency="EUR", point=each)
        book.points.put(f"volt/day-ahead@{each.starts_at:%Y-%m-%dT%H:%MZ}", snapshot)
    whole = book.in_force(TO_PROVIDER, place=PLACE, at=NOON)
    first = book.in_force(TO_PROVIDER, place=PLACE, at=NOON, until=ONE + QUARTER)
    late = book.version(TO_PROVIDER, tariff_id="wholesale", number=1, at=ONE + AN_HOUR, until=ONE + 5 * AN_HOUR)
    counts = [len(each.elements) if each else 0 for each in (whole, first, late)]
    assert counts == [3, 2, 2]


def test_a_partner_is_told_the_fallback_and_that_the_price_follows_a_feed() -> None:
    nearest = nearest_ocpi(tariff(feed_price=BY))
    assert nearest is not None
    assert [each.components[0].price for each in nearest.elements] == [Decimal("0.35")]
    assert "day-ahead" in nearest.differences[0]
