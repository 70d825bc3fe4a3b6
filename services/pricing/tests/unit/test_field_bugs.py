"""What others read differently or got wrong about tariffs: each thread with the session it speaks of, priced.

Of one thread no text could be found (ocpi#493): there the words of the list that names it stand.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from priced import component
from test_audience import book, chosen
from test_charging_periods import as_ocpi, rated
from test_engine import AMSTERDAM, FIVE_PM, Step, element, net, session, tariff

from ev_contracts.common import IdleFee, PriceLimit
from pricing.domain.audience import ANYBODY, Buyer
from pricing.domain.engine.contract import tariff_of
from pricing.domain.engine.price import price
from pricing.domain.nearest import nearest_ocpi
from pricing.domain.ocpi.periods import session_of_periods
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version
from pricing.domain.rating import priced_session

EIGHT_PM = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # 20:00 in Amsterdam
HOURLY = component("TIME", "2.00", step_size=900)


def test_a_price_by_the_clock_prices_only_the_energy_of_its_time() -> None:
    """tandemdrive/ocpi-tariffs#57: 10 kWh at 1 until nine and 10 kWh at 10 after are 110; the tool said 20."""
    by = tariff(element(component("ENERGY", "1"), end_time="21:00"), element(component("ENERGY", "10")))
    assert net(session(EIGHT_PM, Step(60, 10_000), Step(60, 10_000)), by) == 110


def test_a_time_fee_with_a_least_duration_prices_the_time_after_it() -> None:
    """tandemdrive/ocpi-tariffs#66: after three hours at 2 an hour, the last of four hours costs; the tool said none."""
    rest = (component("FLAT", "0.50"), component("ENERGY", "0.25"))
    by = tariff(element(HOURLY, min_duration_s=10_800), element(*rest))
    assert net(session(FIVE_PM, Step(240, 20_000)), by) == 2 + Fraction("0.50") + 5


@pytest.mark.parametrize(("power_w", "price"), [(40_000, "5.00"), (11_000, "2.50")])
def test_a_least_power_is_judged_by_the_power(power_w: int, price: str) -> None:
    """tandemdrive/ocpi-tariffs#77: a restriction by power was ignored."""
    by = tariff(element(component("ENERGY", "0.50"), min_power_w=32_000), element(component("ENERGY", "0.25")))
    assert net(session(FIVE_PM, Step(60, 10_000, power_w=power_w)), by) == Fraction(price)


@pytest.mark.parametrize(("minutes", "priced_s"), [(2, 0), (4, 60), (5, 120), (9, 120)])
def test_a_duration_counts_from_the_start_and_its_end_is_no_part_of_it(minutes: int, priced_s: int) -> None:
    """ocpi/ocpi#530: from the third minute to the fifth, of a session of any length."""
    by = tariff(element(component("TIME", "36.00"), min_duration_s=180, max_duration_s=300))
    assert net(session(FIVE_PM, Step(minutes, 1_000)), by) == Fraction(36 * priced_s, 3600)


def test_a_least_price_is_paid_by_a_session_that_came_to_less() -> None:
    """ocpi/ocpi#54: a minimum fee per session, in both views of tax."""
    least = PriceLimit(excl_vat=Decimal("2.00"), incl_vat=Decimal("2.42"))
    by = tariff(element(component("ENERGY", "0.20")), min_price=least)
    assert net(session(FIVE_PM, Step(10, 1_000)), by) == 2
    assert net(session(FIVE_PM, Step(60, 20_000)), by) == 4


def test_a_grace_begins_when_the_vehicle_stops_taking_energy() -> None:
    """ocpi/ocpi#368: min_duration counts from the start of the session; a grace is a fact of the idle fee."""
    fee = IdleFee(price=Decimal("6.00"), grace_s=900)
    by = tariff(element(component("ENERGY", "0.20")), idle_fee=fee)
    charged = Step(120, 10_000)
    assert net(session(FIVE_PM, charged, Step(15, 0, charging=False, suspended_by="EV")), by) == 2
    assert net(session(FIVE_PM, charged, Step(45, 0, charging=False, suspended_by="EV")), by) == 2 + 3


def test_an_element_without_restrictions_is_the_fallback_of_its_dimension_alone() -> None:
    """ocpi/ocpi#402: of each dimension the first element that holds; the others stay open to those that follow."""
    by = tariff(
        element(component("ENERGY", "1"), end_time="17:00"),
        element(component("ENERGY", "2"), component("FLAT", "3")),
        element(component("ENERGY", "4"), component("FLAT", "5"), component("TIME", "6")),
    )
    early, late = FIVE_PM - timedelta(minutes=60), FIVE_PM
    assert net(session(early, Step(60, 1_000)), by) == 1 + 3 + 6
    assert net(session(late, Step(60, 1_000)), by) == 2 + 3 + 6


def test_time_and_flat_fees_are_in_every_price_and_not_only_energy() -> None:
    """citrineos-core#944 and #761, sap-labs-france/ev-server#4208: a live cost of energy alone, a CDR without a price.

    That the last cost shown is the final price holds for any session: `test_running.py`.
    """
    by = tariff(element(component("FLAT", "1.00"), component("ENERGY", "0.30"), component("TIME", "1.20")))
    priced = priced_session(session(FIVE_PM, Step(60, 10_000)), by, AMSTERDAM)
    assert priced.excl_vat == 1 + 3 + Fraction("1.20")


def test_a_fee_that_begins_hours_after_the_charge_is_in_the_tariff_from_the_start() -> None:
    """ocpi/ocpi#543: "four hours after the charging stopped" was to come by another tariff, sent with the CDR.

    Ours is a fact of the one tariff: a partner sees its parking price before, and what OCPI cannot say of it in words.
    """
    by = tariff(element(component("ENERGY", "0.20")), idle_fee=IdleFee(price=Decimal("3.00"), grace_s=4 * 3_600))
    idle = Step(5 * 60, 0, charging=False, suspended_by="EV")
    for charged in (60, 300):
        assert net(session(FIVE_PM, Step(charged, 10_000), idle), by) == 2 + 3
    told = nearest_ocpi(by)
    assert told is not None
    assert told.elements[0].components[0].type.value == "PARKING_TIME"
    assert told.differences == ("parking: the first 240 min of each idle spell are free",)


def test_a_most_is_paid_and_a_direct_payment_has_a_price_of_its_own() -> None:
    """ocpi/ocpi#167: at most 50 however long the vehicle stands, and 0.25 more for whoever pays by card."""
    fifty = PriceLimit(excl_vat=Decimal(50), incl_vat=Decimal("60.50"))
    hourly = component("PARKING_TIME", "6.00")
    account = tariff(element(hourly), max_price=fifty)
    card = tariff(element(hourly, component("FLAT", "0.25")), max_price=fifty)
    stands, stays = (session(FIVE_PM, Step(hours * 60, 0, charging=False)) for hours in (2, 48))
    assert [net(stands, each) for each in (account, card)] == [12, 12 + Fraction("0.25")]
    assert [net(stays, each) for each in (account, card)] == [50, 50]
    assert [chosen(book("public", "ad-hoc"), each) for each in (ANYBODY, Buyer(is_ad_hoc=True))] == ["public", "ad-hoc"]


@pytest.mark.parametrize(("minutes", "price_"), [(60, 1), (90, 2), (120, 3), (180, 6), (181, Fraction("6.05"))])
def test_a_price_that_rises_with_duration_prices_only_what_came_while_it_held(minutes: int, price_: Fraction) -> None:
    """ocpi/ocpi PR #561: of three hours at 1, 2 and 3 an hour some billed all of them at the last price."""
    by = tariff(
        element(component("TIME", "1.00"), max_duration_s=3_600),
        element(component("TIME", "2.00"), min_duration_s=3_600, max_duration_s=7_200),
        element(component("TIME", "3.00"), min_duration_s=7_200),
    )
    assert net(session(FIVE_PM, Step(minutes, 1_000)), by) == price_


@pytest.mark.parametrize(
    ("charged", "parked", "price_"),
    [
        (21, 16, Fraction(21, 60) + 2 * Fraction(20, 60)),  # mod_cdrs: 16 parked minutes are 20; not 37 in all 40
        (21, 20, Fraction(21, 60) + 2 * Fraction(20, 60)),
        (21, 0, Fraction(30, 60)),  # no parking follows: now the charging is rounded up
        (10, 2, Fraction(10, 60) + 2 * Fraction(10, 60)),
    ],
)
def test_of_charging_and_parking_the_parking_alone_is_rounded_up(charged: int, parked: int, price_: Fraction) -> None:
    """ocpi/ocpi#396: two examples seemed to round the sum of both, against the rule of the same text."""
    by = tariff(
        element(component("TIME", "1.00", step_size=600), component("PARKING_TIME", "2.00", step_size=600)),
    )
    steps = [Step(charged, 1_000), *([Step(parked, 0, charging=False)] if parked else [])]
    assert net(session(FIVE_PM, *steps), by) == price_


def test_a_partner_who_reads_the_tariff_and_the_periods_comes_to_the_seller_s_price() -> None:
    """ocpi/ocpi#493, of the tariffs that all parties shall read the same way: what we say suffices to price it anew."""
    by = tariff(
        element(component("ENERGY", "0.20"), component("PARKING_TIME", "3.00", step_size=300), end_time="17:00"),
        element(component("ENERGY", "0.50", step_size=500), component("PARKING_TIME", "6.00", step_size=900)),
        element(component("FLAT", "1.00")),
    )
    parked = Step(11, 0, charging=False)
    facts = session(FIVE_PM - timedelta(minutes=30), Step(45, 9_100), parked, Step(20, 2_200), parked)
    document = parse(json.dumps(as_ocpi(facts, rated(facts, by).periods)))
    theirs = price(tariff_of(by), session_of_periods(document, Version.V221, AMSTERDAM))
    ours = priced_session(facts, by, AMSTERDAM)
    assert theirs.excl_vat is not None
    assert round(theirs.excl_vat, 8) == ours.excl_vat == Fraction("7.93")
