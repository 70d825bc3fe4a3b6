"""What quantities cost: OCPI's worked examples, and what holds for every price."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ev_contracts.common import ChargingPeriod, PriceComponent, SessionFacts, TariffComponentType, TariffVersion
from pricing.domain.engine import Priced, Quantities, price, quantities_of
from pricing.domain.money import money, shares, to_decimal, to_minor

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ENERGY, TIME, PARKING, FLAT = (TariffComponentType(each) for each in ("ENERGY", "TIME", "PARKING_TIME", "FLAT"))


def component(kind: TariffComponentType, amount: str, step: int = 1, vat: int | None = None) -> PriceComponent:
    return PriceComponent(type=kind, price=Decimal(amount), vat_permille=vat, step_size=step)


def tariff(*components: PriceComponent, currency: str = "EUR") -> TariffVersion:
    return TariffVersion(
        tariff_id="t",
        version=1,
        issuer_party_id="NL-VLT",
        currency=currency,
        components=components,
        valid_from=NOON,
        content_hash="",
    )


def used(wh: int = 0, charging_s: int = 0, parking_s: int = 0) -> Quantities:
    return Quantities(energy_wh=wh, charging_s=charging_s, parking_s=parking_s, ends_parked=parking_s > 0)


EXAMPLES = [
    # OCPI's worked examples of one element: components, what was used, excluding and including VAT
    ("simple energy", (component(ENERGY, "0.25", 1, 100),), used(20_000, 7200), "5", "5.5"),
    ("start fee", (component(FLAT, "0.5", 1, 200), component(ENERGY, "0.25", 1, 100)), used(20_000), "5.5", "6.1"),
    ("simple time", (component(TIME, "2", 60, 100),), used(0, 9000), "5", "5.5"),
    (
        "time, then parking",
        (component(TIME, "3", 60, 100), component(PARKING, "5", 300, 200)),
        used(0, 9000, 2520),
        "11.25",
        "12.75",
    ),
    (
        "steps of 100 Wh",
        (component(FLAT, "0.5", 1, 200), component(ENERGY, "0.25", 100, 100)),
        used(20_450),
        "5.625",
        "6.2375",
    ),
    ("steps of 25 Wh", (component(ENERGY, "0.25", 25),), used(116), "0.03125", "0.03125"),
    ("steps of 5 minutes", (component(TIME, "2", 300),), used(0, 360), "1/3", "1/3"),
    (
        "only the parking is stepped",
        (component(TIME, "1", 300), component(PARKING, "2", 300)),
        used(0, 1260, 420),
        "41/60",
        "41/60",
    ),
    (
        "steps of 10 minutes, parking last",
        (component(TIME, "1", 600), component(PARKING, "2", 600)),
        used(0, 1260, 958),
        "61/60",
        "61/60",
    ),
]


@pytest.mark.parametrize(("_name", "components", "quantities", "excl", "incl"), EXAMPLES)
def test_the_worked_examples_come_out_exactly(
    _name: str, components: tuple[PriceComponent, ...], quantities: Quantities, excl: str, incl: str
) -> None:
    priced = price(tariff(*components), quantities)
    assert priced.excl_vat.amount == to_decimal(Fraction(excl))
    assert priced.incl_vat.amount == to_decimal(Fraction(incl))


def test_a_dimension_without_a_component_is_free() -> None:
    assert price(tariff(component(TIME, "2")), used(wh=20_000)).incl_vat.rounded_minor == 0


def test_a_tariff_without_components_costs_nothing() -> None:
    assert price(tariff(), used(wh=20_000, charging_s=60)) == Priced(
        lines=(), excl_vat=money(Fraction(), "EUR"), vat=money(Fraction(), "EUR"), incl_vat=money(Fraction(), "EUR")
    )


def test_each_line_says_its_rule() -> None:
    priced = price(tariff(component(ENERGY, "0.2500", 100)), used(wh=20_450))
    assert priced.lines[0].rule == "ENERGY: 20450 Wh, rounded up to 20500 Wh by steps of 100 at 0.25 per kWh"


def test_seconds_are_summed_before_they_are_cut() -> None:
    halves = tuple(
        ChargingPeriod(
            started_at=NOON + timedelta(milliseconds=1500 * n),
            ended_at=NOON + timedelta(milliseconds=1500 * (n + 1)),
            charging=n != 2,
            energy_wh=0,
        )
        for n in range(3)
    )
    facts = SessionFacts(
        session_id="s",
        started_at=NOON,
        ended_at=NOON,
        energy_wh=7,
        meter_start_wh=0,
        meter_stop_wh=7,
        periods=halves,
    )
    assert quantities_of(facts) == Quantities(energy_wh=7, charging_s=3, parking_s=1, ends_parked=True)


COMPONENTS = st.lists(
    st.builds(
        component,
        st.sampled_from([ENERGY, TIME, PARKING, FLAT]),
        st.decimals("0", "99", places=4).map(str),
        st.integers(1, 900),
        st.none() | st.sampled_from([0, 90, 210]),
    ),
    max_size=4,
    unique_by=lambda each: each.type,
)
USED = st.builds(used, st.integers(0, 100_000), st.integers(0, 100_000), st.integers(0, 100_000))


@given(COMPONENTS, USED, st.sampled_from(["EUR", "JPY", "TND"]))
def test_rounded_lines_sum_to_the_totals_and_net_and_vat_to_gross(
    components: list[PriceComponent], quantities: Quantities, currency: str
) -> None:
    priced = price(tariff(*components, currency=currency), quantities)
    assert sum(line.excl_vat.rounded_minor for line in priced.lines) == priced.excl_vat.rounded_minor
    assert sum(line.vat.rounded_minor for line in priced.lines) == priced.vat.rounded_minor
    assert priced.excl_vat.rounded_minor + priced.vat.rounded_minor == priced.incl_vat.rounded_minor


@given(COMPONENTS, USED, st.integers(1, 5_000))
def test_more_energy_never_costs_less(components: list[PriceComponent], quantities: Quantities, more: int) -> None:
    dearer = Quantities(
        energy_wh=quantities.energy_wh + more,
        charging_s=quantities.charging_s,
        parking_s=quantities.parking_s,
        ends_parked=quantities.ends_parked,
    )
    bought = tariff(*components)
    assert price(bought, dearer).incl_vat.amount >= price(bought, quantities).incl_vat.amount


@given(st.lists(st.fractions(0, 100), min_size=1, max_size=6))
def test_shares_sum_to_the_total_and_stay_within_a_unit(parts: list[Fraction]) -> None:
    total = to_minor(sum(parts, Fraction()), "EUR")
    shared = shares(parts, total, "EUR")
    assert sum(shared) == total
    assert all(abs(given_ - part * 100) < 1 for given_, part in zip(shared, parts, strict=True))


def test_halves_round_to_the_even_cent() -> None:
    assert [to_minor(Fraction(cents, 1000), "EUR") for cents in (125, 135, 145)] == [12, 14, 14]
    assert money(Fraction(1, 3), "EUR").amount == Decimal("0.33333333")
