"""Where several of OCPI's rules meet in one session: each price reckoned by hand, and asked of both calculators."""

import json
from fractions import Fraction

import pytest
from calculator import price as second_price
from test_calculator import reservation_of, segments_of
from test_spec_examples import WEDNESDAY, Example, as_case, element, part

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.reading import parse


def held(minutes: float) -> tuple[float, dict[str, float]]:
    return minutes, {"RESERVATION_TIME": minutes / 60}


def charged(minutes: float, kwh: float = 0, **more: float) -> tuple[float, dict[str, float]]:
    return minutes, {"TIME": minutes / 60, **({"ENERGY": kwh} if kwh else {}), **more}


def parked(minutes: float, **more: float) -> tuple[float, dict[str, float]]:
    return minutes, {"PARKING_TIME": minutes / 60, **more}


def power(kw: float) -> dict[str, float]:
    return {"MIN_POWER": kw, "MAX_POWER": kw}


def current(amperes: float) -> dict[str, float]:
    return {"MIN_CURRENT": amperes, "MAX_CURRENT": amperes}


BY_TIERS = [
    element(part("ENERGY", 0.2, 1_000), max_kwh=2.3),
    element(part("ENERGY", 0.3, 700), max_kwh=3.4),
    element(part("ENERGY", 0.4, 500)),
]
EXPIRES = [
    element(part("TIME", 1, 60, 20), part("FLAT", 1, 1, 20), reservation="RESERVATION"),
    element(part("FLAT", 4, 1, 20), part("TIME", 3, 1_800, 20), reservation="RESERVATION_EXPIRES"),
    element(part("FLAT", 0.5, 1, 20)),
]
WEEKEND_NIGHT = element(part("TIME", 1), start_time="22:00", end_time="06:00", day_of_week=["FRIDAY", "SATURDAY"])
BY_POWER = [
    element(part("TIME", 1, 300), part("PARKING_TIME", 9, 300), min_power=20),
    element(part("TIME", 2, 300), part("PARKING_TIME", 3, 300), max_power=20),
]
BY_CURRENT = [element(part("ENERGY", 2, 10_000), max_current=20), element(part("ENERGY", 5, 10_000), min_current=20)]
BY_DAY = [
    element(part("FLAT", 1, 1, 10), part("ENERGY", 0.5, 1, 10), day_of_week=["SUNDAY"]),
    element(part("FLAT", 2, 1, 10), part("ENERGY", 1, 1, 10), day_of_week=["MONDAY"]),
]
UNTIL_SIX = [
    element(part("TIME", 2, 600)),
    element(part("PARKING_TIME", 4, 1_800), start_time="09:00", end_time="18:00"),
]
FREE_AT_FIRST = [element(part("PARKING_TIME", 6, 2_400), min_duration=7_200), element(part("ENERGY", 0.2))]
CAPPED = {"max_price": {"excl_vat": 5, "incl_vat": 6}}
AT_LEAST = {"min_price": {"excl_vat": 3, "incl_vat": 3.2}}

EXAMPLES = [
    # 2.3, 1.1 and 0.75 kWh are 4.15, by the last step 4.5: 0.46 + 0.33 + 1.1 x 0.4.
    Example(
        "three tiers, the last step",
        {"elements": BY_TIERS},
        WEDNESDAY,
        [charged(20, 2.3), charged(20, 1.1), charged(20, 0.75)],
        "1.23",
        "1.23",
    ),
    # Parked 7 and 8 minutes are 15, in twenties 20, at 6 an hour 2.00; 13 charged minutes at 3 stay 0.65.
    Example(
        "parking before and after",
        {"elements": [element(part("TIME", 3, 600, 20), part("PARKING_TIME", 6, 1_200, 10))]},
        WEDNESDAY,
        [parked(7), charged(13), parked(8)],
        "2.65",
        "2.98",
    ),
    # Expired after 40 minutes, in half hours 60: 4 + 3 of the kind that expires, and no minimum of a charging session.
    Example(
        "expired, of both kinds, below a minimum",
        {"elements": EXPIRES, "min_price": {"excl_vat": 50, "incl_vat": 60}},
        WEDNESDAY,
        [held(40)],
        "7",
        "8.4",
    ),
    # 2.75 is lifted to 3 without VAT; 3.30 with it is enough.
    Example(
        "a minimum in one view",
        {"elements": [element(part("ENERGY", 0.25, 1, 20))], **AT_LEAST},
        WEDNESDAY,
        [charged(60, 11)],
        "3",
        "3.3",
    ),
    # From Friday 23:00 to Saturday 02:00: each day is one of the two, and each hour one of the night.
    Example(
        "two nights in a row",
        {"elements": [WEEKEND_NIGHT, element(part("TIME", 4))]},
        "2024-01-19T22:00:00Z",
        [charged(60), charged(120)],
        "3",
        "3",
    ),
    # From Sunday 23:30: Sunday's fee alone, half the energy at each day's price.
    Example(
        "a fee by the day, over midnight",
        {"elements": BY_DAY},
        "2024-01-21T22:30:00Z",
        [charged(30, 2), charged(30, 2)],
        "4",
        "4.4",
    ),
    # 01:00 to 04:00 on the wall are two hours on 31 March: one before the clock is put forward to 03:00, one after.
    Example(
        "the change of price is the change of clock",
        {
            "elements": [
                element(part("TIME", 1, 900), end_time="03:00"),
                element(part("TIME", 2, 900), start_time="03:00"),
            ]
        },
        "2024-03-31T00:00:00Z",
        [charged(60), charged(60)],
        "3",
        "3",
    ),
    # Ten minutes each at 1 and 2 an hour; 7 parked minutes draw less than 20 kW and are 10, at 3.
    Example(
        "bands of power, and parking in one of them",
        {"elements": BY_POWER},
        WEDNESDAY,
        [charged(10, 5, **power(30)), charged(10, 1, **power(6)), parked(7, **power(0))],
        "1",
        "1",
    ),
    # ocpi/ocpi#494: 3, 3 and 3 kWh are 10; the surplus falls to the price that came back: 7 x 2 + 3 x 5.
    Example(
        "a price that comes back",
        {"elements": BY_CURRENT},
        WEDNESDAY,
        [charged(60, 3, **current(10)), charged(60, 3, **current(40)), charged(60, 3, **current(10))],
        "29",
        "29",
    ),
    # 20 paid minutes of parking are 30 by their own step, whatever is free after six; the charging stays 20.
    Example(
        "parking into the free evening",
        {"elements": UNTIL_SIX},
        "2024-01-17T16:20:00Z",
        [charged(20), parked(20), parked(60)],
        "8/3",
        "8/3",
    ),
    # The half hour of parking before the second hour is over is free; the one after it is 40 minutes: 4.
    Example(
        "parking is paid from the second hour on",
        {"elements": FREE_AT_FIRST},
        WEDNESDAY,
        [charged(90, 10), parked(30), parked(30)],
        "6",
        "6",
    ),
    # The first ten minutes are 14 by the step of seven; nothing after them has a price.
    Example(
        "a step into what has no price",
        {"elements": [element(part("TIME", 6, 420), max_duration=600)]},
        WEDNESDAY,
        [charged(10), charged(20)],
        "1.4",
        "1.4",
    ),
    # 3 for half an hour's reservation and 4 kWh are 7; at most 5 without VAT and 6 with it.
    Example(
        "a reservation below the cap",
        {
            "elements": [
                element(part("TIME", 6, 60, 20), reservation="RESERVATION"),
                element(part("ENERGY", 1, 1, 20)),
            ],
            **CAPPED,
        },
        WEDNESDAY,
        [held(30), charged(60, 4)],
        "5",
        "6",
    ),
    # A fee from eight o'clock on is paid when it strikes eight; 10.1 kWh are 11.
    Example(
        "a fee that begins later",
        {
            "elements": [
                element(part("FLAT", 3, 1, 20), start_time="08:00", end_time="20:00"),
                element(part("ENERGY", 0.4, 1_000, 20)),
            ]
        },
        "2024-01-17T06:50:00Z",
        [charged(10, 1.2), charged(50, 8.9)],
        "7.4",
        "8.88",
    ),
    # No VAT, 0 % and 25 % beside each other.
    Example(
        "three ways of saying VAT",
        {"elements": [element(part("FLAT", 1), part("ENERGY", 1, 1, 0), part("TIME", 1, 1, 25))]},
        WEDNESDAY,
        [charged(60, 1)],
        "3",
        "3.25",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.where for each in EXAMPLES])
def test_a_case_reckoned_by_hand_comes_out_of_both_calculators(example: Example) -> None:
    case = as_case(example)
    priced, session = read_case(parse(json.dumps(case))).priced, case["session"]
    second = second_price(case["tariff"], session["time_zone"], segments_of(session), reservation_of(session))
    assert (priced.excl_vat, priced.incl_vat) == second
    assert (priced.excl_vat, priced.incl_vat) == (Fraction(example.excl), Fraction(example.incl or "0"))
