"""What others read differently or got wrong about tariffs: each thread with the session it speaks of, priced."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from priced import component
from test_engine import AMSTERDAM, FIVE_PM, Step, element, net, session, tariff

from ev_contracts.common import IdleFee, PriceLimit
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
