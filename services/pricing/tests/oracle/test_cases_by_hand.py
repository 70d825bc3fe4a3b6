"""What OCPI describes and shows no worked example of, each with an answer reckoned by hand; from both calculators."""

import json
from fractions import Fraction
from typing import Any

import pytest
from calculator import price as second_price
from test_calculator import reservation_of, segments_of
from test_spec_examples import WEDNESDAY, WEEKDAYS, Example, as_case, element, part

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.reading import parse

HOUR = {"TIME": 1}
KWH = {"ENERGY": 1, "TIME": 1}
NIGHT = element(part("TIME", 1), start_time="22:00", end_time="06:00", day_of_week=["FRIDAY"])
DAY = element(part("TIME", 4))
TIERS = [
    element(part("ENERGY", 0.5, vat=20), max_kwh=10),
    element(part("ENERGY", 0.3, 1_000, 20), min_kwh=10, max_kwh=20),
    element(part("ENERGY", 0.2, 1_000, 20), min_kwh=20),
]
HOLIDAY = [element(part("FLAT", 9), start_date="2024-12-24", end_date="2024-12-26"), element(part("FLAT", 2))]
BANDS = [
    element(part("TIME", 1), max_power=11),
    element(part("TIME", 2), min_power=11, max_power=50),
    element(part("TIME", 5), min_power=50),
]
PARKED = [element(part("PARKING_TIME", 6, 600), min_duration=3_600)]
SUMMED = [element(part("ENERGY", 0.3), max_current=32), element(part("ENERGY", 0.6))]
TWO_RATES = element(part("ENERGY", 1, vat=20), part("TIME", 1, vat=10))


def limited(name: str, excl: float, incl: float) -> dict[str, Any]:
    return {"elements": [TWO_RATES], name: {"excl_vat": excl, "incl_vat": incl}}


def power(kw: float) -> dict[str, float]:
    return {"TIME": 1, "ENERGY": kw, "MIN_POWER": kw, "MAX_POWER": kw}


def current(amperes: float) -> dict[str, float]:
    return {"TIME": 1, "ENERGY": 10, "MIN_CURRENT": amperes, "MAX_CURRENT": amperes}


EXAMPLES = [
    # 10 x 0.5 + 10 x 0.3 + 5.4 x 0.2 = 9.08; the last step of 1 kWh lifts 25.4 to 26, and 0.6 more cost 0.2 each.
    Example(
        "tiers by kWh, the last one's step over all of it",
        {"elements": TIERS},
        WEDNESDAY,
        [(60, {"ENERGY": 10, "TIME": 1}), (60, {"ENERGY": 10, "TIME": 1}), (60, {"ENERGY": 5.4, "TIME": 1})],
        "9.2",
        "11.04",
    ),
    # 10 kWh to the very bound: the tier that begins there has priced nothing, and its step rounds nothing.
    Example("up to a tier's bound", {"elements": TIERS}, WEDNESDAY, [(60, {"ENERGY": 10, "TIME": 1})], "5", "6"),
    # Friday 19 January 2024, 23:00 in Amsterdam: an hour until midnight at 1, then Saturday, whose night is no Friday.
    Example(
        "a Friday's night ends for it at midnight, each day being judged by itself",
        {"elements": [NIGHT, DAY]},
        "2024-01-19T22:00:00Z",
        [(60, HOUR), (60, HOUR)],
        "5",
        "5",
    ),
    # Friday 05:00: the same element's morning hours are of that Friday.
    Example("a Friday's small hours", {"elements": [NIGHT, DAY]}, "2024-01-19T04:00:00Z", [(60, HOUR)], "1", "1"),
    # 25 December 23:30 in Amsterdam is still a holiday, 26 December 00:30 is none though it is 25 December in UTC.
    Example("the end date is out", {"elements": HOLIDAY}, "2024-12-25T23:30:00Z", [(60, KWH)], "2", "2"),
    Example("and the day before is in", {"elements": HOLIDAY}, "2024-12-25T22:30:00Z", [(30, {"TIME": 0.5})], "9", "9"),
    # Bounds: below 11 the first, 11 itself the second, 50 itself the third: 1 + 2 + 2 + 5.
    Example(
        "bands of power",
        {"elements": BANDS},
        WEDNESDAY,
        [(60, power(10.999)), (60, power(11)), (60, power(49)), (60, power(50))],
        "10",
        "10",
    ),
    # Parking from minute 60 on: 25 minutes, in tens 30; the 20 before are free and take no part in the step.
    Example(
        "parking is free within the first hour",
        {"elements": PARKED},
        WEDNESDAY,
        [(40, {"TIME": 0.666667}), (20, {"PARKING_TIME": 0.333333}), (25, {"PARKING_TIME": 0.416667})],
        "3",
        "3",
    ),
    # Three phases of 16 A are 48 A: the sum counts.
    Example("current is a sum", {"elements": SUMMED}, WEDNESDAY, [(60, current(48)), (60, current(31))], "9", "9"),
    # 10 kWh taken and 4 given back at one price; no step rounds what flows back.
    Example(
        "energy that flows back",
        {"elements": [element(part("ENERGY", 0.5, vat=20))]},
        WEDNESDAY,
        [(60, {"ENERGY": 10, "TIME": 1}), (60, {"ENERGY": -4, "TIME": 1})],
        "3",
        "3.6",
    ),
    # 1 + 1 = 2 without, 1.2 + 1.1 = 2.3 with VAT. Each view has its own least: 2 is enough, 2.3 is lifted to 3.
    Example("the least is reached in one view", limited("min_price", 1.5, 3), WEDNESDAY, [(60, KWH)], "2", "3"),
    Example("the most is passed in one view", limited("max_price", 5, 2.1), WEDNESDAY, [(60, KWH)], "2", "2.1"),
    # 31 March 2024, Amsterdam: 01:30 to 03:30 by the clock is one hour. At 02:00 it is 03:00: half an hour of each.
    Example(
        "the clock is put forward over the change of price",
        {"elements": [element(part("TIME", 2), end_time="02:30"), element(part("TIME", 6), start_time="02:30")]},
        "2024-03-31T00:30:00Z",
        [(30, {"TIME": 0.5}), (30, {"TIME": 0.5})],
        "4",
        "4",
    ),
    # 27 October 2024, Amsterdam: 02:00 to 03:00 runs twice, and twice it costs 2.
    Example(
        "the clock is put back and an hour runs twice",
        {"elements": [element(part("TIME", 2), start_time="02:00", end_time="03:00"), element(part("TIME", 6))]},
        "2024-10-27T00:00:00Z",
        [(60, HOUR), (60, HOUR), (60, HOUR)],
        "10",
        "10",
    ),
    # The version of the start holds to the end.
    Example(
        "a session outlasts its tariff",
        {"elements": [element(part("TIME", 3))], "end_date_time": "2024-01-17T10:00:00Z"},
        WEDNESDAY,
        [(60, HOUR), (60, HOUR)],
        "6",
        "6",
    ),
    # A dimension that the first element does not price is priced by the next one that does.
    Example(
        "dimensions of different elements",
        {"elements": [element(part("ENERGY", 0.4), day_of_week=WEEKDAYS), element(part("ENERGY", 9), part("TIME", 1))]},
        WEDNESDAY,
        [(60, KWH)],
        "1.4",
        "1.4",
    ),
    # A maximum of nothing makes all free, the start fee too.
    Example(
        "a most of nothing",
        {"elements": [element(part("FLAT", 1, vat=20))], "max_price": {"excl_vat": 0, "incl_vat": 0}},
        WEDNESDAY,
        [(60, KWH)],
        "0",
        "0",
    ),
    # Charging twice with parking between: 40 minutes charged in steps of 30 are 60, 10 parked minutes stay 10.
    Example(
        "charging comes last",
        {"elements": [element(part("TIME", 2, 1_800), part("PARKING_TIME", 6, 1_800))]},
        WEDNESDAY,
        [(20, {"TIME": 0.333333}), (10, {"PARKING_TIME": 0.166667}), (20, {"TIME": 0.333333})],
        "3",
        "3",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.where for each in EXAMPLES])
def test_a_case_reckoned_by_hand_comes_out_of_both_calculators(example: Example) -> None:
    case = as_case(example)
    priced, session = read_case(parse(json.dumps(case))).priced, case["session"]
    second = second_price(case["tariff"], session["time_zone"], segments_of(session), reservation_of(session))
    assert (priced.excl_vat, priced.incl_vat) == second
    assert (priced.excl_vat, priced.incl_vat) == (Fraction(example.excl), Fraction(example.incl or "0"))


@pytest.mark.parametrize(
    ("included", "excl", "incl"),
    # 12 kWh at 0.6 are 7.2: with 20 % inside it is 6 without; outside 8.64 with; where no tax applies both are 7.2.
    [("YES", "6", "7.2"), ("NO", "7.2", "8.64"), ("N/A", "7.2", "7.2")],
)
def test_a_price_of_2_3_0_says_whether_taxes_are_in_it(included: str, excl: str, incl: str) -> None:
    tariff = {"tax_included": included, "elements": [element(part("ENERGY", 0.6, vat=20))]}
    case = as_case(Example(included, tariff, WEDNESDAY, [(60, {"ENERGY": 12, "TIME": 1})], excl, incl))
    priced = read_case(parse(json.dumps({**case, "ocpi_versions": ["2.3.0"]}))).priced
    assert (priced.excl_vat, priced.incl_vat) == (Fraction(excl), Fraction(incl))


def test_limits_of_2_3_0_have_names_of_their_own() -> None:
    tariff = {"elements": [TWO_RATES], "min_price": {"before_taxes": 1.5, "after_taxes": 3}, "tax_included": "NO"}
    case = as_case(Example("limits of 2.3.0", tariff, WEDNESDAY, [(60, KWH)], "2", "3"))
    priced = read_case(parse(json.dumps({**case, "ocpi_versions": ["2.3.0"]}))).priced
    assert (priced.excl_vat, priced.incl_vat) == (Fraction(2), Fraction(3))
