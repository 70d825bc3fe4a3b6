"""The prices that OCPI's text prints beside those in the given set, from both calculators; and where it misprints."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from calculator import price as second_price
from test_calculator import reservation_of, segments_of

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.cdrs import check_cdr
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version


def part(kind: str, price: float, step: int = 1, vat: float | None = None) -> dict[str, Any]:
    return {"type": kind, "price": price, "step_size": step} | ({} if vat is None else {"vat": vat})


def element(*parts: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(parts)} | ({"restrictions": restrictions} if restrictions else {})


class Example(NamedTuple):
    """Where the text stands, its tariff, when it begins, minutes and volumes by period, and both prices it prints."""

    where: str
    tariff: dict[str, Any]
    begins: str
    periods: Sequence[tuple[float, Mapping[str, float]]]
    excl: str
    incl: str | None


START_AND_KWH = element(part("FLAT", 0.5, vat=20), part("ENERGY", 0.25, vat=10))
FEE_AND_HOURS = [
    element(part("FLAT", 2, vat=20), part("TIME", 5, 300, 20), reservation="RESERVATION"),
    START_AND_KWH,
]
TWO_HOURLIES = [
    element(part("TIME", 6, 600, 20), reservation="RESERVATION_EXPIRES"),
    element(part("TIME", 3, 600, 20), reservation="RESERVATION"),
    START_AND_KWH,
]
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
COMPLEX = [
    element(part("FLAT", 2.5, vat=15)),
    element(part("TIME", 1, 900, 20), max_current=32),
    element(part("TIME", 2, 600, 20), min_current=32, day_of_week=WEEKDAYS),
    element(part("TIME", 1.25, 600, 20), min_current=32, day_of_week=["SATURDAY", "SUNDAY"]),
    element(part("PARKING_TIME", 5, 300, 10), start_time="09:00", end_time="18:00", day_of_week=WEEKDAYS),
    element(part("PARKING_TIME", 6, 300, 10), start_time="10:00", end_time="17:00", day_of_week=["SATURDAY"]),
]
SWITCHING = [
    element(part("TIME", 1.2, 1_800), part("PARKING_TIME", 1, 900), start_time="00:00", end_time="17:00"),
    element(part("TIME", 2.4, 900), part("PARKING_TIME", 1, 900), start_time="17:00", end_time="20:00"),
    element(part("TIME", 2.4, 900), start_time="20:00", end_time="00:00"),
]
MARKET = [
    element(part("ENERGY", 0, vat=20), max_duration=1_800),
    element(part("ENERGY", 0.25, vat=20), max_duration=3_600),
    element(part("ENERGY", 0.4, vat=20)),
]
AT_FIVE = [element(part("TIME", 5, 600), end_time="17:00"), element(part("TIME", 7, 600), start_time="17:00")]
MOST = {"max_price": {"excl_vat": 10, "incl_vat": 11}}
TWENTY_KWH = (120, {"ENERGY": 20, "TIME": 2})
HELD_13, HELD_22, HELD_90 = ((each, {"RESERVATION_TIME": each / 60}) for each in (13, 22, 90))
WEDNESDAY, SATURDAY = "2024-01-17T09:00:00Z", "2024-01-20T12:30:00Z"

EXAMPLES = [
    Example("reservation, fee and hours", {"elements": FEE_AND_HOURS}, WEDNESDAY, [HELD_13, TWENTY_KWH], "8.75", "10"),
    Example("expire time, used", {"elements": TWO_HOURLIES}, WEDNESDAY, [HELD_22, TWENTY_KWH], "7", "7.9"),
    Example("expire time, expired", {"elements": TWO_HOURLIES}, WEDNESDAY, [HELD_90], "9", "10.8"),
    Example(
        # The text prints 12.28 and 13.861: it reckons 114 minutes at 1.20 an hour, where its own tariff says 1.25.
        "complex, Saturday at half past one, as its tariff says",
        {"elements": COMPLEX},
        SATURDAY,
        [(114, {"TIME": 1.9, "MIN_CURRENT": 43, "MAX_CURRENT": 43}), (71, {"PARKING_TIME": 1.183333})],
        "12.375",
        "13.975",
    ),
    Example(
        "start fee, energy and parking",
        {
            "elements": [
                element(part("FLAT", 0.5, vat=20), part("ENERGY", 0.25, vat=10), part("PARKING_TIME", 2, 900, 20))
            ]
        },
        WEDNESDAY,
        [TWENTY_KWH, (40, {"PARKING_TIME": 0.666667})],
        "7",
        "7.9",
    ),
    Example(
        "most not reached",
        {"elements": [START_AND_KWH], **MOST},
        WEDNESDAY,
        [(120, {"ENERGY": 30, "TIME": 2})],
        "8",
        "8.85",
    ),
    Example(
        "alternative text; 4.997 is printed as 5.00",
        {"elements": [element(part("TIME", 1.9, 300, 5.2))]},
        WEDNESDAY,
        [(150, {"TIME": 2.5})],
        "4.75",
        "4.997",
    ),
    Example(
        "switching, second",
        {"elements": SWITCHING},
        "2024-01-17T15:35:00Z",
        [(25, {"TIME": 0.416667}), (10, {"TIME": 0.166667})],
        "1.3",
        "1.3",
    ),
    Example(
        "max_duration",
        {"elements": MARKET},
        WEDNESDAY,
        [(30, {"ENERGY": 5, "TIME": 0.5}), (10, {"ENERGY": 1.2, "TIME": 0.166667})],
        "0.3",
        "0.36",
    ),
    Example(
        "step of 500 Wh",
        {"elements": [element(part("ENERGY", 0.25, 500))]},
        WEDNESDAY,
        [(1, {"ENERGY": 0.1152, "TIME": 0.016667})],
        "0.125",
        None,
    ),
    Example(
        "8 minutes parked are 10",
        {"elements": [element(part("PARKING_TIME", 6, 300))]},
        WEDNESDAY,
        [(8, {"PARKING_TIME": 0.133333})],
        "1",
        None,
    ),
    Example(
        "28 minutes over five o'clock are 30",
        {"elements": AT_FIVE},
        "2024-01-17T15:54:00Z",
        [(6, {"TIME": 0.1}), (22, {"TIME": 0.366667})],
        "3.3",
        None,
    ),
    Example(
        "free of charge, with a step of 0",
        {"elements": [element(part("FLAT", 0, 0))]},
        WEDNESDAY,
        [TWENTY_KWH],
        "0",
        "0",
    ),
]


def as_case(example: Example) -> dict[str, Any]:
    at = datetime.fromisoformat(example.begins)
    periods, held = [], None
    for minutes, volumes in example.periods:
        ends = at + timedelta(minutes=minutes)
        if "RESERVATION_TIME" in volumes:
            held = {"start_date_time": told(at), "end_date_time": told(ends), "expired": len(example.periods) == 1}
        dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
        periods.append({"start_date_time": told(at), "dimensions": dimensions})
        at = ends
    session: dict[str, Any] = {"time_zone": "Europe/Amsterdam", "reservation": held, "charging_periods": periods}
    session |= {"start_date_time": example.begins, "end_date_time": told(at)}
    return {"id": example.where, "tariff": {"currency": "EUR", **example.tariff}, "session": session, "expected": {}}


def told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.where for each in EXAMPLES])
def test_a_printed_price_comes_out_of_both_calculators(example: Example) -> None:
    case = as_case(example)
    priced, session = read_case(parse(json.dumps(case))).priced, case["session"]
    second = second_price(case["tariff"], session["time_zone"], segments_of(session), reservation_of(session))
    assert (priced.excl_vat, priced.incl_vat) == second
    assert priced.excl_vat == Fraction(example.excl)
    assert example.incl is None or priced.incl_vat == Fraction(example.incl)


def test_where_taxes_are_included_and_none_is_named_only_the_sum_with_them_is_told() -> None:
    hourly = {"tax_included": "YES", "elements": [element(part("TIME", 2.1))]}
    case = as_case(Example("North American, inclusive", hourly, WEDNESDAY, [(150, {"TIME": 2.5})], "", None))
    priced = read_case(parse(json.dumps({**case, "ocpi_versions": ["2.3.0"]}))).priced
    assert (priced.excl_vat, priced.incl_vat) == (None, Fraction("5.25"))


def test_a_reservation_is_no_part_of_a_cdr_s_total_time() -> None:
    # OCPI: total_time is of the charging session, and what of it is not total_parking_time was charging.
    case = as_case(EXAMPLES[1])
    cdr = case["session"] | {"tariffs": [case["tariff"]], "total_cost": {"excl_vat": 7}, "total_time": 2}
    checked = check_cdr(parse(json.dumps(cdr)), None, Version.V221, "Europe/Amsterdam")
    assert (checked.totals["total_time"], checked.differences) == (2, [])
