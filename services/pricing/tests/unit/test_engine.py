"""A session is cut at every price by itself, in the local time of the site; what is cut costs what the whole costs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from priced import ENERGY, FLAT, component, version

from ev_contracts.common import (
    ChargingPeriod,
    DayOfWeek,
    IdleFee,
    MeterPoint,
    PriceComponent,
    PriceLimit,
    ReservationFacts,
    SessionFacts,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
    TaxIncluded,
    TaxRate,
)
from pricing.domain.rating import priced_session

AMSTERDAM = "Europe/Amsterdam"
FIVE_PM = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def element(*components: PriceComponent, **restrictions: Any) -> TariffElement:
    told = TariffRestrictions.model_validate(restrictions) if restrictions else None
    return TariffElement(components=components, restrictions=told)


def tariff(*elements: TariffElement, **more: Any) -> TariffVersion:
    return version().model_copy(update={"elements": elements, **more})


@dataclass(frozen=True)
class Step:
    """So many minutes, so many Wh, at what power; charging, or not."""

    minutes: int
    energy_wh: int
    charging: bool = True
    power_w: int | None = None
    current_a_tenths: int | None = None
    suspended_by: str | None = None


def session(start: datetime, *steps: Step, **more: Any) -> SessionFacts:
    at, energy_wh = start, 0
    periods, curve = [], []
    for step in steps:
        end = at + step.minutes * A_MINUTE
        periods.append(
            ChargingPeriod(
                started_at=at,
                ended_at=end,
                charging=step.charging,
                energy_wh=step.energy_wh,
                suspended_by=step.suspended_by,
            )
        )
        curve.append(
            MeterPoint(at=at, energy_wh=energy_wh, power_w=step.power_w, current_a_tenths=step.current_a_tenths)
        )
        at, energy_wh = end, energy_wh + step.energy_wh
    curve.append(MeterPoint(at=at, energy_wh=energy_wh))
    return SessionFacts(
        session_id="s", started_at=start, ended_at=at, energy_wh=energy_wh, meter_start_wh=0,
        meter_stop_wh=energy_wh, periods=tuple(periods), curve=tuple(curve), **more,
    )  # fmt: skip


def net(facts: SessionFacts, version_: TariffVersion, zone: str = AMSTERDAM) -> Fraction:
    found = priced_session(facts, version_, zone).excl_vat
    assert found is not None
    return found


DAY, EVENING = component("ENERGY", "0.20"), component("ENERGY", "0.50")
AN_HOUR = component("TIME", "1.00")


def test_energy_is_parted_where_the_price_changes_at_five() -> None:
    at_five = tariff(element(DAY, end_time="17:00"), element(EVENING))
    facts = session(FIVE_PM - 30 * A_MINUTE, Step(60, 9_000))
    assert net(facts, at_five) == Fraction("4.5") * Fraction("0.20") + Fraction("4.5") * Fraction("0.50")


def test_a_window_over_midnight_holds_on_both_sides_of_it() -> None:
    nightly = tariff(element(DAY, start_time="22:00", end_time="06:00"), element(EVENING))
    late = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # 21:00 in Amsterdam
    assert net(session(late, Step(600, 10_000)), nightly) == 8 * Fraction("0.20") + 2 * Fraction("0.50")


@pytest.mark.parametrize("end_of_day", ["00:00", "24:00"])
def test_midnight_ends_the_day(end_of_day: str) -> None:
    evening = tariff(element(AN_HOUR, start_time="20:00", end_time=end_of_day))
    start = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # 19:30 in Amsterdam
    assert net(session(start, Step(360, 0)), evening) == 4


def test_each_day_of_a_session_over_midnight_is_judged_by_itself() -> None:
    friday = tariff(element(AN_HOUR, day_of_week=[DayOfWeek.FRIDAY]))
    christmas = tariff(element(AN_HOUR, start_date="2026-11-21", end_date="2026-11-22"))
    start = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # Friday 22:00 in Amsterdam
    assert net(session(start, Step(300, 0)), friday) == 2
    assert net(session(start, Step(300, 0)), christmas) == 3


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        # The clock is put back: 02:00 to 03:00 comes twice.
        ("Europe/Amsterdam", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 2),
        ("America/New_York", datetime(2026, 11, 1, 4, 0, tzinfo=UTC), 1),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, 0, tzinfo=UTC), 1),
        # It is put forward: 02:00 to 03:00 does not come.
        ("Europe/Amsterdam", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 0),
        ("America/New_York", datetime(2026, 3, 8, 5, 0, tzinfo=UTC), 0),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 13, 30, tzinfo=UTC), Fraction(1, 2)),
    ],
)
def test_the_hour_from_two_to_three_lasts_as_long_as_the_clock_shows_it(
    zone: str, start: datetime, hours: Fraction
) -> None:
    """All begin at local midnight. New York repeats 01:00 to 02:00; Lord Howe moves by half an hour at 02:00."""
    facts = session(start, Step(360, 0))
    assert net(facts, tariff(element(AN_HOUR, start_time="02:00", end_time="03:00")), zone) == hours


def test_a_time_that_the_clock_skips_begins_where_it_lands() -> None:
    half_past_two = tariff(element(AN_HOUR, start_time="02:30", end_time="04:00"))
    start = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # local midnight before the clock is put forward
    assert net(session(start, Step(360, 0)), half_past_two) == 1


def test_tiers_of_energy_part_a_session_within_a_stretch() -> None:
    tiered = tariff(element(DAY, max_energy_wh=10_000), element(EVENING, min_energy_wh=10_000))
    assert net(session(FIVE_PM, Step(60, 15_000)), tiered) == 2 + Fraction("2.5")


def test_tiers_of_time_part_it_too() -> None:
    later = tariff(element(AN_HOUR, min_duration_s=5_400), element(component("TIME", "3.00"), max_duration_s=3_600))
    assert net(session(FIVE_PM, Step(150, 0)), later) == 3 + 1


@pytest.mark.parametrize(("power_w", "price"), [(None, "0.50"), (10_999, "0.20"), (11_000, "0.50")])
def test_power_that_nobody_told_is_the_mean(power_w: int | None, price: str) -> None:
    banded = tariff(element(DAY, max_power_w=11_000), element(EVENING, min_power_w=11_000))
    assert net(session(FIVE_PM, Step(60, 11_000, power_w=power_w)), banded) == 11 * Fraction(price)


@pytest.mark.parametrize(("tenths", "price"), [(319, "0.20"), (320, "0.50"), (None, "0")])
def test_a_bound_on_a_current_that_nobody_told_is_not_met(tenths: int | None, price: str) -> None:
    banded = tariff(element(DAY, max_current_ma=32_000), element(EVENING, min_current_ma=32_000))
    assert net(session(FIVE_PM, Step(60, 10_000, current_a_tenths=tenths)), banded) == 10 * Fraction(price)


def test_a_flat_fee_stands_once_where_its_element_first_holds() -> None:
    overstay = tariff(element(FLAT, min_duration_s=3_600), element(DAY))
    assert net(session(FIVE_PM, Step(59, 1_000)), overstay) == Fraction("0.2")
    assert net(session(FIVE_PM, Step(61, 1_000), Step(60, 0)), overstay) == Fraction("0.45")


RESERVED = tariff(
    element(FLAT, reservation="RESERVATION_EXPIRES"),
    element(component("TIME", "6.00", step_size=600), reservation="RESERVATION_EXPIRES"),
    element(component("TIME", "3.00", step_size=600), reservation="RESERVATION"),
    element(component("FLAT", "0.50"), DAY),
)


@pytest.mark.parametrize(("expired", "price"), [(False, "1.5"), (True, "3.25")])
def test_a_reservation_costs_beside_the_session_or_alone(*, expired: bool, price: str) -> None:
    held = ReservationFacts(reservation_id="r", started_at=FIVE_PM - 22 * A_MINUTE, ended_at=FIVE_PM, expired=expired)
    facts = session(FIVE_PM, reservation=held) if expired else session(FIVE_PM, Step(60, 5_000), reservation=held)
    used = 0 if expired else Fraction("0.50") + 1
    assert net(facts, RESERVED) == Fraction(price) + used


IDLE = IdleFee(price=Decimal("6.00"), grace_s=900, free_from="22:00", free_until="07:00", at_most=Decimal("10.00"))


@pytest.mark.parametrize(
    ("steps", "price"),
    [
        ((Step(60, 10_000), Step(15, 0, charging=False)), "0"),
        ((Step(60, 10_000), Step(45, 0, charging=False)), "3"),
        # Who charges again has the grace again.
        ((Step(30, 10_000), Step(20, 0, charging=False), Step(30, 1_000), Step(20, 0, charging=False)), "1"),
        # Free from 22:00 on; it began to idle at 18:00.
        ((Step(60, 10_000), Step(600, 0, charging=False)), "10"),
        ((Step(270, 10_000), Step(120, 0, charging=False)), "1.5"),
        ((Step(60, 10_000), Step(45, 0, charging=False, suspended_by="EVSE")), "0"),
        ((Step(60, 10_000), Step(45, 0, charging=False, suspended_by="EV")), "3"),
    ],
)
def test_an_idle_fee_has_a_grace_a_free_window_and_a_cap(steps: tuple[Step, ...], price: str) -> None:
    energy_wh = sum(step.energy_wh for step in steps)
    assert net(session(FIVE_PM, *steps), tariff(element(DAY), idle_fee=IDLE)) == (
        Fraction(energy_wh, 1_000) * Fraction("0.20") + Fraction(price)
    )


def test_both_views_of_tax_are_limited_each_by_itself() -> None:
    mixed = tariff(
        element(component("FLAT", "1.00", vat_permille=0), component("ENERGY", "1.00", vat_permille=200)),
        max_price=PriceLimit(excl_vat=Decimal("5.00"), incl_vat=Decimal("6.50")),
        min_price=PriceLimit(excl_vat=Decimal("2.00"), incl_vat=Decimal("3.00")),
    )
    views = [
        [priced.excl_vat, priced.incl_vat]
        for priced in (priced_session(session(FIVE_PM, Step(60, wh)), mixed, AMSTERDAM) for wh in (1_500, 4_500))
    ]
    assert views == [[Fraction("2.5"), Fraction(3)], [Fraction(5), Fraction("6.4")]]


def test_a_limit_in_one_view_moves_the_other_in_proportion() -> None:
    capped = tariff(element(component("ENERGY", "1.00", vat_permille=200)), max_price=PriceLimit(excl_vat=Decimal(5)))
    priced = priced_session(session(FIVE_PM, Step(60, 10_000)), capped, AMSTERDAM)
    assert (priced.excl_vat, priced.incl_vat) == (Fraction(5), Fraction(6))


def test_several_taxes_add_up_and_included_ones_are_taken_out() -> None:
    taxes = (TaxRate(name="GST", percent=Decimal(5)), TaxRate(name="QST", percent=Decimal("9.975")))
    taxed = component("ENERGY", "1.00", vat_permille=None).model_copy(update={"taxes": taxes})
    facts = session(FIVE_PM, Step(60, 1_000))
    excluded = priced_session(facts, tariff(element(taxed)), AMSTERDAM)
    included = priced_session(facts, tariff(element(taxed), tax_included=TaxIncluded.YES), AMSTERDAM)
    assert (excluded.excl_vat, excluded.incl_vat) == (Fraction(1), Fraction("1.14975"))
    assert (included.excl_vat, included.incl_vat) == (1 / Fraction("1.14975"), Fraction(1))


STEPS = st.lists(
    st.builds(
        Step,
        minutes=st.integers(1, 400),
        energy_wh=st.integers(0, 20_000),
        charging=st.booleans(),
        power_w=st.none() | st.integers(0, 30_000),
    ),
    min_size=1,
    max_size=4,
)
STARTS = st.integers(0, 60 * 24 * 400).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * A_MINUTE)
EVERYTHING = tariff(
    element(component("FLAT", "0.35"), start_time="08:00", end_time="23:00"),
    element(DAY, AN_HOUR, start_time="22:15", end_time="06:45"),
    element(EVENING, component("PARKING_TIME", "2.00"), day_of_week=[DayOfWeek.SATURDAY, DayOfWeek.SUNDAY]),
    element(component("ENERGY", "0.31"), min_energy_wh=7_777, max_power_w=12_000),
    element(ENERGY, component("TIME", "0.90"), max_duration_s=10_000),
    element(component("ENERGY", "0.11"), component("PARKING_TIME", "4.00")),
)


def cut_at(facts: SessionFacts, minute: int) -> SessionFacts:
    """The same, told in one period more."""
    at = facts.started_at + minute * A_MINUTE
    told: list[ChargingPeriod] = []
    for period in facts.periods:
        if period.started_at < at < period.ended_at:
            told += [period.model_copy(update={"ended_at": at, "energy_wh": 0})]
            told += [period.model_copy(update={"started_at": at})]
        else:
            told.append(period)
    return facts.model_copy(update={"periods": tuple(told)})


@given(STARTS, STEPS, st.integers(0, 1_600), st.sampled_from([AMSTERDAM, "America/New_York", "Asia/Kathmandu"]))
def test_a_cut_anywhere_changes_no_price(start: datetime, steps: list[Step], minute: int, zone: str) -> None:
    facts = session(start, *steps)
    assert net(cut_at(facts, minute), EVERYTHING, zone) == net(facts, EVERYTHING, zone)


@given(STARTS, STEPS, st.integers(0, 5_000))
def test_more_energy_costs_more_where_each_price_is_paid_for_more(
    start: datetime, steps: list[Step], more: int
) -> None:
    monotone = tariff(element(DAY, end_time="17:00"), element(EVENING), idle_fee=IDLE)
    fuller = [*steps[:-1], Step(steps[-1].minutes, steps[-1].energy_wh + more, charging=steps[-1].charging)]
    assert net(session(start, *fuller), monotone) >= net(session(start, *steps), monotone)


@given(STARTS, STEPS)
def test_what_is_limited_stays_within_and_taxes_are_the_difference(start: datetime, steps: list[Step]) -> None:
    limited = tariff(
        *EVERYTHING.elements,
        min_price=PriceLimit(excl_vat=Decimal(3), incl_vat=Decimal("3.63")),
        max_price=PriceLimit(excl_vat=Decimal(9), incl_vat=Decimal("10.89")),
    )
    priced = priced_session(session(start, *steps), limited, AMSTERDAM)
    assert priced.excl_vat is not None
    assert priced.incl_vat is not None
    assert 3 <= priced.excl_vat <= 9
    assert Fraction("3.63") <= priced.incl_vat <= Fraction("10.89")
    assert priced.incl_vat - priced.excl_vat == sum(line.vat for line in priced.lines) + (
        priced.moved.vat if priced.moved else 0
    )
