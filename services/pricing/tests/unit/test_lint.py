"""The lint finds what is questionable in a tariff, says where, and leaves a sound one alone."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ev_contracts.common import IdleFee
from pricing.domain.engine.contract import idle_of
from pricing.domain.engine.tariff import Limit, Tariff
from pricing.domain.lint import Finding, lint
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version, read_tariff

ENERGY = {"type": "ENERGY", "price": 0.35, "step_size": 1, "vat": 21}
TIME = {"type": "TIME", "price": 1.2, "step_size": 60}
PARKING = {"type": "PARKING_TIME", "price": 2.4, "step_size": 60}
FLAT = {"type": "FLAT", "price": 0.5, "step_size": 1}
FREE = {"type": "FLAT", "price": 0, "step_size": 1}


def tariff(*elements: dict[str, Any], **fields: Any) -> Tariff:
    return read_tariff(parse(json.dumps({"currency": "EUR", "elements": elements, **fields})), Version.V221)


def element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": components} | ({"restrictions": restrictions} if restrictions else {})


def found(of: Tariff, power_kw: int | None = None) -> list[tuple[str, str]]:
    return [(each.rule, each.place) for each in lint(of, power_w=None if power_kw is None else power_kw * 1_000)]


def test_a_sound_tariff_has_no_finding() -> None:
    by_day = element(ENERGY, start_time="07:00", end_time="23:00")
    idle = element(PARKING, min_duration=14_400)
    sound = tariff(by_day, idle, element(ENERGY | {"price": 0.2}, PARKING | {"price": 0}), element(FLAT))
    assert lint(sound, power_w=22_000) == []


def test_a_free_tariff_that_says_so_has_no_finding() -> None:
    assert lint(tariff(element(FREE))) == []


@pytest.mark.parametrize(
    ("restrictions", "name"),
    [
        ({"min_kwh": 20, "max_kwh": 20}, "max_kwh"),
        ({"max_kwh": 0}, "max_kwh"),
        ({"min_power": 50, "max_power": 22}, "max_power"),
        ({"min_current": 32, "max_current": 16}, "max_current"),
        ({"min_duration": 3_600, "max_duration": 1_800}, "max_duration"),
        ({"start_date": "2026-12-24", "end_date": "2026-12-24"}, "end_date"),
        ({"start_time": "17:00", "end_time": "17:00"}, "end_time"),
        ({"start_date": "2026-12-24", "end_date": "2026-12-26", "day_of_week": ["MONDAY"]}, "day_of_week"),
    ],
)
def test_restrictions_that_never_hold_are_found(restrictions: dict[str, Any], name: str) -> None:
    contradicting = tariff(element(ENERGY, **restrictions), element(ENERGY))
    assert found(contradicting) == [("restriction-never-holds", f"/elements/0/restrictions/{name}")]


@pytest.mark.parametrize(
    "restrictions",
    [
        {"min_kwh": 20, "max_kwh": 20.001},
        {"min_power": 22, "max_power": 50},
        {"start_date": "2026-12-24", "end_date": "2026-12-25"},
        {"start_time": "22:00", "end_time": "06:00"},
        {"start_time": "00:00", "end_time": "00:00"},
        {"start_date": "2026-12-24", "end_date": "2026-12-26", "day_of_week": ["FRIDAY"]},
    ],
)
def test_restrictions_that_sometimes_hold_are_left_alone(restrictions: dict[str, Any]) -> None:
    assert "restriction-never-holds" not in dict(found(tariff(element(ENERGY, **restrictions), element(ENERGY))))


def test_a_reservation_has_no_energy_and_no_power() -> None:
    reserving = tariff(
        element(FLAT, ENERGY, reservation="RESERVATION"),
        element(TIME, reservation="RESERVATION_EXPIRES", min_power=11),
        element(ENERGY),
    )
    assert found(reserving) == [
        ("reservation-prices-use", "/elements/0/price_components/1"),
        ("reservation-prices-use", "/elements/1/restrictions"),
    ]


def test_a_fee_and_a_time_for_a_reservation_are_left_alone() -> None:
    assert found(tariff(element(FLAT, TIME, reservation="RESERVATION", end_time="20:00"), element(ENERGY))) == []


def test_an_hour_without_any_price_is_found_and_named() -> None:
    [session, energy] = lint(tariff(element(ENERGY, start_time="06:00", end_time="00:00"), element(PARKING)))
    assert session == Finding(
        rule="session-without-price",
        place="/elements",
        message="nothing is priced from 00:00 to 06:00; a FLAT of 0.00 says that it is free",
    )
    assert (energy.rule, energy.place) == ("dimension-gap", "/elements/0/price_components/0")


@pytest.mark.parametrize(
    ("restrictions", "words"),
    [
        ({"max_kwh": 30}, "from 30 kWh"),
        ({"min_kwh": 5}, "from 0 to 5 kWh"),
        ({"day_of_week": ["SATURDAY", "SUNDAY"]}, "on Monday"),
        ({"end_date": "2026-12-31"}, "from 2026-12-31"),
        ({"max_duration": 7_200}, "from 120 min"),
        ({"min_power": 11}, "from 0 to 11 kW"),
        ({"max_current": 32}, "from 32 A"),
    ],
)
def test_a_gap_is_told_in_words(restrictions: dict[str, Any], words: str) -> None:
    gap = next(each for each in lint(tariff(element(ENERGY, **restrictions))) if each.rule == "dimension-gap")
    assert words in gap.message


def test_a_fee_of_some_moments_is_no_gap() -> None:
    assert found(tariff(element(FLAT, day_of_week=["SATURDAY"]), element(ENERGY))) == []


def test_a_wrap_over_midnight_and_its_complement_leave_no_gap() -> None:
    night, day = (
        element(ENERGY, start_time="22:00", end_time="06:00"),
        element(ENERGY, start_time="06:00", end_time="22:00"),
    )
    assert found(tariff(night, day)) == []


def test_several_elements_together_may_leave_nothing_open() -> None:
    low, high = element(ENERGY, max_kwh=20), element(ENERGY, min_kwh=20, max_power=50)
    assert found(tariff(low, high, element(ENERGY, min_power=50))) == []
    assert ("dimension-gap", "/elements/2/price_components/0") in found(
        tariff(low, high, element(ENERGY, min_power=51))
    )


def test_a_component_behind_one_that_always_holds_is_never_used() -> None:
    assert found(tariff(element(ENERGY), element(ENERGY, FLAT, start_time="17:00"))) == [
        ("component-unreachable", "/elements/1/price_components/0")
    ]


def test_a_component_behind_two_that_share_all_moments_is_never_used() -> None:
    night, day = (
        element(ENERGY, start_time="22:00", end_time="06:00"),
        element(ENERGY, start_time="06:00", end_time="22:00"),
    )
    assert found(tariff(night, day, element(ENERGY, min_kwh=20))) == [
        ("component-unreachable", "/elements/2/price_components/0")
    ]


def test_parking_that_asks_for_power_is_never_used() -> None:
    assert found(tariff(element(PARKING, min_power=11), element(ENERGY, PARKING))) == [
        ("component-unreachable", "/elements/0/price_components/0")
    ]


@pytest.mark.parametrize(
    ("component", "finding"),
    [
        (ENERGY | {"price": 35}, ("price-odd", "/elements/0/price_components/0/price")),
        (ENERGY | {"vat": 42}, ("tax-odd", "/elements/0/price_components/0/vat")),
        (ENERGY | {"step_size": 50_000}, ("step-odd", "/elements/0/price_components/0/step_size")),
        (FLAT | {"price": 500}, ("price-odd", "/elements/0/price_components/0/price")),
        (TIME | {"step_size": 86_400}, ("step-odd", "/elements/0/price_components/0/step_size")),
    ],
)
def test_values_that_are_hardly_meant_are_found(component: dict[str, Any], finding: tuple[str, str]) -> None:
    assert finding in found(tariff(element(component), element(FREE)))


def test_a_currency_of_other_worth_is_not_judged_by_the_euro() -> None:
    assert found(tariff(element(ENERGY | {"price": 35}), currency="JPY")) == []


def test_a_power_of_a_power_station_is_found() -> None:
    assert ("restriction-odd", "/elements/0/restrictions") in found(
        tariff(element(ENERGY, min_power=11_000), element(ENERGY))
    )


@pytest.mark.parametrize(
    ("limits", "place"),
    [
        ({"min_price": {"excl_vat": 10}, "max_price": {"excl_vat": 5}}, "/min_price/excl_vat"),
        (
            {"min_price": {"excl_vat": 1, "incl_vat": 12}, "max_price": {"excl_vat": 9, "incl_vat": 11}},
            "/min_price/incl_vat",
        ),
        ({"min_price": {"excl_vat": 1, "incl_vat": 0.5}}, "/min_price/incl_vat"),
        ({"max_price": {"excl_vat": 10, "incl_vat": 9}}, "/max_price/incl_vat"),
    ],
)
def test_limits_that_contradict_each_other_are_found(limits: dict[str, Any], place: str) -> None:
    assert found(tariff(element(ENERGY), **limits)) == [("limit-odd", place)]


def test_limits_in_order_are_left_alone() -> None:
    limits = {"min_price": {"excl_vat": 1, "incl_vat": 1.21}, "max_price": {"excl_vat": 1}}
    assert found(tariff(element(ENERGY), **limits)) == []


OLD = tariff(element(ENERGY), end_date_time="2026-12-01T00:00:00Z")


def test_two_tariffs_that_are_valid_at_once_are_found() -> None:
    [overlap] = lint(tariff(element(ENERGY), start_date_time="2026-11-30T00:00:00Z"), others=[OLD])
    assert (overlap.rule, overlap.place) == ("validity-overlaps", "/start_date_time")
    assert "from 2026-11-30 00:00 UTC until 2026-12-01 00:00 UTC" in overlap.message


def test_a_tariff_that_follows_another_is_left_alone() -> None:
    assert lint(tariff(element(ENERGY), start_date_time="2026-12-01T00:00:00Z"), others=[OLD]) == []


def test_a_validity_that_ends_before_it_begins_is_found() -> None:
    backwards = tariff(element(ENERGY), start_date_time="2026-12-02T00:00:00Z", end_date_time="2026-12-01T00:00:00Z")
    assert found(backwards) == [("validity-empty", "/end_date_time")]


def test_below_50_kw_prices_stand_per_kwh_per_minute_per_session() -> None:
    assert found(tariff(element(ENERGY, TIME, PARKING, FLAT)), power_kw=22) == []
    assert found(tariff(element(FLAT, ENERGY)), power_kw=22) == [("afir-order", "/elements/0/price_components/1")]
    assert found(tariff(element(TIME), element(ENERGY)), power_kw=22) == [
        ("afir-order", "/elements/1/price_components/0")
    ]
    assert found(tariff(element(FLAT, ENERGY))) == []


def test_from_50_kw_on_there_is_a_price_per_kwh_and_at_most_a_fee_for_long_occupancy() -> None:
    assert found(tariff(element(ENERGY, PARKING)), power_kw=50) == []
    assert found(tariff(element(TIME, min_duration=3_600), element(ENERGY, TIME | {"price": 0})), power_kw=50) == []
    assert found(tariff(element(ENERGY, FLAT, TIME)), power_kw=50) == [
        ("afir-per-kwh", "/elements/0/price_components/1"),
        ("afir-per-kwh", "/elements/0/price_components/2"),
    ]
    assert found(tariff(element(PARKING), element(FREE)), power_kw=350) == [("afir-per-kwh", "/elements")]
    assert found(tariff(element(ENERGY, FLAT)), power_kw=49) == []


def test_afir_says_nothing_on_reservations() -> None:
    reserving = tariff(element(FLAT, TIME, reservation="RESERVATION"), element(ENERGY))
    assert (found(reserving, power_kw=22), found(reserving, power_kw=150)) == ([], [])


def test_a_tariff_that_nobody_can_follow_is_called_that() -> None:
    tangled = [
        element(
            ENERGY,
            min_kwh=number,
            min_power=100 - number,
            min_duration=60 * ((number * 7) % 50 + 1),
            min_current=(number * 11) % 50 + 1,
        )
        for number in range(1, 60)
    ]
    assert ("too-complex", "/elements") in found(tariff(*tangled, element(ENERGY)))


def with_idle_fee(of: Tariff, **changes: Any) -> Tariff:
    fee = {"price": Decimal(6), "grace_s": 900, **changes}
    return replace(of, idle=idle_of(IdleFee(**fee)))


def test_an_idle_fee_with_a_grace_leaves_room_for_a_price_of_parking() -> None:
    assert found(with_idle_fee(tariff(element(ENERGY, PARKING)))) == []
    assert found(with_idle_fee(tariff(element(ENERGY, PARKING)), grace_s=0)) == [
        ("component-unreachable", "/elements/0/price_components/1")
    ]


def test_an_idle_fee_says_itself_what_of_parking_is_free() -> None:
    assert found(with_idle_fee(tariff(element(ENERGY)), free_from="22:00", free_until="06:00")) == []


def test_an_idle_fee_of_a_fortune_is_found_and_is_an_occupancy_fee_to_afir() -> None:
    dear = with_idle_fee(tariff(element(ENERGY, PARKING)), price=Decimal(600))
    assert found(dear, power_kw=150) == [("price-odd", "/idle_fee/price")]


def test_a_reservation_s_second_price_is_never_used() -> None:
    twice = [element(TIME, reservation="RESERVATION"), element(TIME, FLAT, reservation="RESERVATION")]
    assert found(tariff(*twice, element(ENERGY))) == [("component-unreachable", "/elements/1/price_components/0")]
    late = element(TIME, reservation="RESERVATION_EXPIRES")
    assert found(tariff(twice[0], late, element(ENERGY))) == []


def test_a_price_below_nothing_pays_the_driver() -> None:
    sound = tariff(element(ENERGY))
    paying = [replace(each, price_e8=-1) for each in sound.elements[0].components]
    below = replace(sound, elements=(replace(sound.elements[0], components=tuple(paying)),))
    assert found(below) == [("price-odd", "/elements/0/price_components/0/price")]
    assert found(replace(sound, min_price=Limit(excl_vat_e8=-1))) == [("limit-odd", "/min_price/excl_vat")]
