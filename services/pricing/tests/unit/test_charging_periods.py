"""A CDR's charging periods are cut where prices change; who prices the CDR anew comes to the same."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from priced import FLAT, component, version
from test_engine import AMSTERDAM, EVERYTHING, FIVE_PM, IDLE, RESERVED, STARTS, STEPS, Step, element, session, tariff

from ev_contracts.common import (
    PeriodKind,
    PricedPeriod,
    PriceLimit,
    Rating,
    Relation,
    RelationKind,
    ReservationFacts,
    SessionFacts,
    TariffElement,
    TariffVersion,
)
from pricing.domain.engine.contract import tariff_of
from pricing.domain.engine.price import price
from pricing.domain.nearest import nearest_ocpi
from pricing.domain.ocpi.periods import session_of_periods
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version
from pricing.domain.rating import rate

RELATION = Relation(kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt")
DAY, EVENING = component("ENERGY", "0.20"), component("ENERGY", "0.50")


def rated(facts: SessionFacts, by: TariffVersion) -> Rating:
    return rate(rating_id="r", relation=RELATION, tariff=by, facts=facts, time_zone=AMSTERDAM)


def told(periods: tuple[PricedPeriod, ...]) -> list[tuple[datetime, str, Decimal]]:
    return [(each.started_at, each.kind.value, each.energy_wh) for each in periods]


def test_a_session_over_a_price_change_is_two_periods() -> None:
    at_five = tariff(element(DAY, end_time="17:00"), element(EVENING))
    facts = session(FIVE_PM - timedelta(minutes=30), Step(20, 3_000), Step(40, 6_000))
    assert told(rated(facts, at_five).periods) == [
        (FIVE_PM - timedelta(minutes=30), "TIME", Decimal(4_500)),
        (FIVE_PM, "TIME", Decimal(4_500)),
    ]


def test_the_grace_of_an_idle_fee_is_a_period_of_its_own() -> None:
    facts = session(FIVE_PM, Step(60, 9_000), Step(45, 0, charging=False))
    periods = rated(facts, tariff(element(DAY), idle_fee=IDLE)).periods
    assert [(each.kind, (each.ended_at - each.started_at).total_seconds()) for each in periods] == [
        (PeriodKind.TIME, 3_600), (PeriodKind.PARKING_TIME, 900), (PeriodKind.PARKING_TIME, 1_800),
    ]  # fmt: skip


def test_a_reservation_comes_first_and_ends_where_it_ended() -> None:
    early = FIVE_PM - timedelta(minutes=30)
    held = ReservationFacts(reservation_id="r", started_at=early, ended_at=FIVE_PM, expired=False)
    periods = rated(session(FIVE_PM, Step(60, 5_000), reservation=held), RESERVED).periods
    assert [(each.kind.value, each.started_at, each.ended_at) for each in periods] == [
        ("RESERVATION_TIME", early, FIVE_PM), ("TIME", FIVE_PM, FIVE_PM + timedelta(minutes=60)),
    ]  # fmt: skip


def test_what_restricts_nothing_tells_none() -> None:
    assert rated(session(FIVE_PM, Step(60, 5_000)), version(DAY, FLAT)).periods == ()


def as_ocpi(facts: SessionFacts, periods: tuple[PricedPeriod, ...]) -> dict[str, Any]:
    return {
        "start_date_time": told_at(facts.started_at),
        "end_date_time": told_at(facts.ended_at),
        "charging_periods": [
            {
                "start_date_time": told_at(each.started_at),
                "dimensions": [
                    {"type": "ENERGY", "volume": float(each.energy_wh / 1_000)},
                    {"type": each.kind.value, "volume": (each.ended_at - each.started_at) / timedelta(hours=1)},
                    *(
                        {"type": name, "volume": value / 1_000}
                        for name, value in (("MIN_POWER", each.min_power_w), ("MAX_POWER", each.max_power_w))
                        if value is not None
                    ),
                ],
            }
            for each in periods
        ],
    }


def told_at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(STARTS, STEPS)
def test_who_prices_the_charging_periods_anew_comes_to_the_same(start: datetime, steps: list[Step]) -> None:
    facts = session(start, *steps)
    rating = rated(facts, EVERYTHING)
    document = parse(json.dumps(as_ocpi(facts, rating.periods)))
    again = price(tariff_of(EVERYTHING), session_of_periods(document, Version.V221, AMSTERDAM))
    assert again.excl_vat is not None
    # Energy may cross a bound between two milliseconds, and is printed with few digits.
    assert abs(again.excl_vat - Fraction(rating.total_excl_vat.amount)) < Fraction(1, 1_000)


def test_the_nearest_that_ocpi_can_say_names_what_it_cannot() -> None:
    nearest = nearest_ocpi(tariff(element(DAY), idle_fee=IDLE))
    assert nearest is not None
    parking = nearest.elements[0]
    assert (parking.components[0].type.value, parking.components[0].price) == ("PARKING_TIME", Decimal("6.00"))
    assert parking.restrictions is not None
    assert (parking.restrictions.start_time, parking.restrictions.end_time) == ("07:00", "22:00")
    assert nearest.differences == (
        "parking: the first 15 min of each idle spell are free", "parking: 10 at most in a session",
    )  # fmt: skip
    assert nearest_ocpi(version(DAY)) is None


def test_a_limit_that_is_told_with_taxes_alone_is_named_too() -> None:
    limited = version(DAY).model_copy(update={"max_price": PriceLimit(incl_vat=Decimal("12.50"))})
    nearest = nearest_ocpi(limited)
    assert nearest is not None
    assert nearest.elements == (TariffElement(components=(DAY,)),)
    assert nearest.differences == ("max_price: 12.5 with taxes, which OCPI tells beside a limit without them only",)
    both = PriceLimit(excl_vat=Decimal(10), incl_vat=Decimal("12.50"))
    assert nearest_ocpi(limited.model_copy(update={"max_price": both})) is None
