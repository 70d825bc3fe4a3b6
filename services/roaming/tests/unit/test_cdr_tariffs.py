"""A CDR tells tariffs, periods and costs by OCPI's words, and in its remark what those cannot say."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from samples import FACTS, NOON, ONE, RATING, TARIFF
from test_cdr import CDR_FACTS, REQUESTED

from ev_contracts.common import (
    DayOfWeek,
    LineScope,
    PeriodKind,
    PricedPeriod,
    PriceLimit,
    RatedLine,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
)
from roaming.domain.cdr_json import cdr_of
from roaming.domain.cdr_tariff import tariff_object

EVERYTHING = TariffRestrictions(
    start_time="22:00", end_time="24:00", start_date="2026-12-24", end_date="2026-12-27",
    day_of_week=(DayOfWeek.MONDAY,), min_energy_wh=10_500, max_energy_wh=20_000, min_current_ma=16_000,
    max_current_ma=32_000, min_power_w=11_000, max_power_w=22_000, min_duration_s=60, max_duration_s=120,
    reservation="RESERVATION",
)  # fmt: skip
HALF_PAST = NOON + timedelta(minutes=30)


def line(kind: TariffComponentType, cents: int, scope: LineScope) -> RatedLine:
    money = RATING.lines[0].excl_vat.model_copy(update={"rounded_minor": cents})
    none = money.model_copy(update={"rounded_minor": 0})
    return RATING.lines[0].model_copy(update={"type": kind, "excl_vat": money, "vat": none, "scope": scope})


def test_every_restriction_and_both_limits_have_ocpis_words() -> None:
    tariff = TARIFF.model_copy(
        update={
            "components": (),
            "elements": (TariffElement(components=TARIFF.components[:1], restrictions=EVERYTHING),),
            "min_price": PriceLimit(excl_vat=Decimal("0.50"), incl_vat=Decimal("0.55")),
            "max_price": PriceLimit(excl_vat=Decimal(10)),
            "valid_until": ONE,
        }
    )
    shown = tariff_object(tariff)
    assert shown["elements"] == [
        {
            "price_components": [{"type": "ENERGY", "price": Decimal("0.4"), "vat": Decimal(21), "step_size": 1}],
            "restrictions": {
                "start_time": "22:00", "end_time": "00:00", "start_date": "2026-12-24", "end_date": "2026-12-27",
                "day_of_week": ["MONDAY"], "min_kwh": Decimal("10.5"), "max_kwh": 20, "min_current": 16,
                "max_current": 32, "min_power": 11, "max_power": 22, "min_duration": 60, "max_duration": 120,
                "reservation": "RESERVATION",
            },
        }
    ]  # fmt: skip
    assert (shown["min_price"], shown["max_price"]) == (
        {"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.55")}, {"excl_vat": 10},
    )  # fmt: skip
    assert shown["end_date_time"] == "2026-11-20T13:00:00Z"


def test_a_tariff_of_a_charging_preference_says_so_and_one_for_everybody_has_no_type() -> None:
    assert "type" not in tariff_object(TARIFF)
    cheap = TARIFF.model_copy(update={"tariff_type": "PROFILE_CHEAP"})
    assert tariff_object(cheap)["type"] == "PROFILE_CHEAP"


def test_what_ocpi_cannot_say_stands_in_the_remark() -> None:
    nearest = (TariffElement(components=TARIFF.components[1:]),)
    facts = replace(CDR_FACTS, nearest=nearest, differences=("the first 15 min are free", "10 at most"))
    shown = cdr_of(REQUESTED, facts)
    assert shown["remark"] == "the first 15 min are free; 10 at most"
    assert "PARKING_TIME" in repr(shown["tariffs"])
    assert "ENERGY" not in repr(shown["tariffs"])
    assert "remark" not in cdr_of(REQUESTED, CDR_FACTS)


def test_the_periods_are_those_of_the_rating_and_lose_nothing() -> None:
    early = NOON - timedelta(minutes=10)
    third = Decimal("2800.33333333")
    periods = (
        PricedPeriod(started_at=early, ended_at=NOON, kind=PeriodKind.RESERVATION_TIME, energy_wh=Decimal()),
        PricedPeriod(started_at=NOON, ended_at=HALF_PAST, kind=PeriodKind.TIME, energy_wh=third, min_power_w=5_000),
        PricedPeriod(started_at=HALF_PAST, ended_at=ONE, kind=PeriodKind.PARKING_TIME, energy_wh=8_400 - third),
    )
    request = REQUESTED.model_copy(update={"rating": RATING.model_copy(update={"periods": periods})})
    shown = cdr_of(request, CDR_FACTS)
    assert (shown["start_date_time"], shown["total_time"]) == ("2026-11-20T11:50:00Z", 1)
    assert shown["total_parking_time"] == Decimal("0.5")
    told = shown["charging_periods"]
    assert isinstance(told, list)
    dimensions = [each["dimensions"] for each in told]
    assert dimensions == [
        [{"type": "RESERVATION_TIME", "volume": Decimal("0.1667")}],
        [
            {"type": "ENERGY", "volume": Decimal("2.8003")}, {"type": "TIME", "volume": Decimal("0.5")},
            {"type": "MIN_POWER", "volume": 5},
        ],
        [{"type": "ENERGY", "volume": Decimal("5.5997")}, {"type": "PARKING_TIME", "volume": Decimal("0.5")}],
    ]  # fmt: skip


def test_a_limit_moves_the_total_alone_and_a_reservation_has_a_cost_of_its_own() -> None:
    lines = (
        line(TariffComponentType.FLAT, 50, LineScope.SESSION),
        line(TariffComponentType.FLAT, -20, LineScope.PRICE_LIMIT),
        line(TariffComponentType.FLAT, 30, LineScope.RESERVATION),
        line(TariffComponentType.TIME, 40, LineScope.RESERVATION),
    )
    request = REQUESTED.model_copy(update={"rating": RATING.model_copy(update={"lines": lines})})
    shown = cdr_of(request, CDR_FACTS)
    assert shown["total_fixed_cost"] == {"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.5")}
    assert shown["total_reservation_cost"] == {"excl_vat": Decimal("0.7"), "incl_vat": Decimal("0.7")}
    assert FACTS.energy_wh == 8_400
