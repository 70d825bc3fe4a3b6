"""A tariff that follows a price feed costs what the second calculator makes of it in OCPI's words.

OCPI knows no instants; in a place whose clock is UTC an interval is a date and two times of the day.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from calculator import price
from ours import ENGINE, Asked
from random_cases import throw
from random_sessions import RandomSession

from ev_contracts.common import FeedPrice, PricePoint
from pricing.domain.feed import resolved

HOW_MANY = 5_000 if os.environ.get("EV_LONG") == "1" else 300
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
pytestmark = pytest.mark.timeout(3_600)
A_DAY = timedelta(days=1)


def throw_feed(dice: Random) -> FeedPrice:
    return FeedPrice(
        feed_id="day-ahead",
        markup_percent=Decimal(dice.choice(("0", "12.5", "-5"))),
        addition=Decimal(dice.choice(("0", "0.05"))),
        at_least=Decimal("0.1") if dice.random() < 0.3 else None,
        at_most=Decimal("0.4") if dice.random() < 0.3 else None,
        fallback=Decimal("0.33"),
        vat_permille=dice.choice((None, 210)),
        step_size=dice.choice((1, 1, 500)),
    )


def throw_points(dice: Random, session: RandomSession, lasts: timedelta) -> Iterator[PricePoint]:
    """Most of the intervals in which the session runs."""
    begins, ends = session.segments[0].start, session.segments[-1].end
    at = begins.replace(minute=0, second=0, microsecond=0)
    while at < ends:
        if dice.random() < 0.8:
            yield PricePoint(starts_at=at, ends_at=at + lasts, price=Decimal(dice.randint(-200, 900)) / 1_000)
        at += lasts


def in_ocpi_s_words(by: FeedPrice, point: PricePoint | None) -> dict[str, Any]:
    """The element of an interval, or the fallback."""
    each = Fraction(by.fallback)
    restrictions: dict[str, Any] = {}
    if point is not None:
        each = Fraction(point.price) * (1 + Fraction(by.markup_percent) / 100) + Fraction(by.addition)
        each = each if by.at_most is None else min(each, Fraction(by.at_most))
        each = max(each, Fraction(by.at_least or 0))
        restrictions = {
            "start_date": day(point.starts_at),
            "end_date": day(point.starts_at + A_DAY),
            "start_time": f"{point.starts_at:%H:%M}",
            "end_time": f"{point.ends_at:%H:%M}",
        }
    part: dict[str, Any] = {"type": "ENERGY", "price": each, "step_size": by.step_size}
    part |= {} if by.vat_permille is None else {"vat": Fraction(by.vat_permille, 10)}
    return {"price_components": [part], "restrictions": restrictions}


def day(at: datetime) -> str:
    return at.date().isoformat()


def test_each_interval_has_its_own_price_and_silence_the_fallback(capsys: pytest.CaptureFixture[str]) -> None:
    dice, intervals = random.Random(SEED), 0
    for _ in range(HOW_MANY):
        case = throw(dice)
        case = replace(case, session=replace(case.session, zone="UTC", reservation=None))
        if not case.session.segments:
            continue
        by = throw_feed(dice)
        points = list(throw_points(dice, case.session, timedelta(minutes=dice.choice((15, 60)))))
        asked = Asked.of(case)
        version = resolved(asked.version.model_copy(update={"feed_price": by}), points)
        fed = [in_ocpi_s_words(by, each) for each in [*points, None]]
        tariff = case.tariff | {"elements": [*fed, *case.tariff["elements"]]}
        told = ENGINE.price(Asked(version=version, facts=asked.facts, zone="UTC"))
        assert told == price(tariff, "UTC", case.session.segments), f"seed {SEED}: {by} {points} {case}"
        intervals += len(points)
    with capsys.disabled():
        print(f"\n{intervals} intervals of feeds, seed {SEED}: no disagreement")
