"""Prices by the clock on the wall: on days on which it moves, both ways in three zones; at midnight, 00:00 or 24:00."""

import json
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from calculator import Segment
from calculator import price as second_price
from ours import facts_of
from random_sessions import RandomSession

from pricing.domain.engine.price import price
from pricing.domain.engine.splitting import session_of
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version, read_tariff


def costs(tariff: dict[str, Any], zone: str, start: str, end: str, energy_wh: int = 0) -> Fraction:
    """The engine's price without VAT of an even charge, on which the second calculator has to agree."""
    charge = Segment(start=moment(start), end=moment(end), runs="TIME", energy_wh=Fraction(energy_wh))
    session = RandomSession(zone=zone, segments=[charge], reservation=None, is_measured=False)
    read = read_tariff(parse(json.dumps(tariff)), Version.V221)
    priced = price(read, session_of(facts_of(session), read, zone))
    assert (priced.excl_vat, priced.incl_vat) == second_price(tariff, zone, [charge])
    assert priced.excl_vat is not None
    return priced.excl_vat


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def hourly(*spans: tuple[str, str, int]) -> dict[str, Any]:
    """So much an hour from a time of the day to another."""
    return {
        "currency": "EUR",
        "elements": [
            {
                "price_components": [{"type": "TIME", "price": each, "step_size": 1}],
                "restrictions": {"start_time": start, "end_time": end},
            }
            for start, end, each in spans
        ],
    }


EARLY_MORNING = hourly(("00:00", "02:00", 1), ("02:00", "03:00", 10), ("03:00", "12:00", 100))


@pytest.mark.parametrize(
    ("zone", "start", "end", "worth"),
    [
        # Forward: the hour from 02:00 to 03:00 is never shown; half an hour before it, one after it.
        ("Europe/Amsterdam", "2026-03-29T00:30Z", "2026-03-29T02:00Z", "100.5"),
        ("America/New_York", "2026-03-08T06:30Z", "2026-03-08T08:00Z", "100.5"),
        # Back: an hour is shown twice, in Amsterdam from two to three, in New York from one to two.
        ("Europe/Amsterdam", "2026-10-24T23:30Z", "2026-10-25T02:30Z", "70.5"),
        ("America/New_York", "2026-11-01T05:30Z", "2026-11-01T08:30Z", "61.5"),
        # Lord Howe moves by half an hour at two: forward to 02:30, back to 01:30.
        ("Australia/Lord_Howe", "2026-10-03T15:00Z", "2026-10-03T16:30Z", "55.5"),
        ("Australia/Lord_Howe", "2026-04-04T14:30Z", "2026-04-04T17:00Z", "61"),
    ],
)
def test_on_a_day_on_which_the_clock_moves_its_hours_count_as_shown(
    zone: str, start: str, end: str, worth: str
) -> None:
    assert costs(EARLY_MORNING, zone, start, end) == Fraction(worth)


@pytest.mark.parametrize(
    ("zone", "day_before", "hours"),
    [
        ("Europe/Amsterdam", "2026-03-28T23:00Z", 23),
        ("Europe/Amsterdam", "2026-10-24T22:00Z", 25),
        ("America/New_York", "2026-03-08T05:00Z", 23),
        ("America/New_York", "2026-11-01T04:00Z", 25),
        ("Australia/Lord_Howe", "2026-10-03T13:30Z", 23.5),
        ("Australia/Lord_Howe", "2026-04-04T13:00Z", 24.5),
    ],
)
def test_a_sunday_on_which_the_clock_moves_is_all_of_that_sunday(zone: str, day_before: str, hours: float) -> None:
    sunday = {
        "currency": "EUR",
        "elements": [
            {
                "price_components": [{"type": "TIME", "price": 1, "step_size": 1}],
                "restrictions": {"day_of_week": ["SUNDAY"]},
            }
        ],
    }
    begin = moment(day_before)
    assert costs(sunday, zone, f"{begin:%Y-%m-%dT00:00Z}", f"{begin:%Y-%m-}{begin.day + 2:02}T12:00Z") == Fraction(
        str(hours)
    )


@pytest.mark.parametrize("end", ["00:00", "24:00"])
def test_midnight_ends_the_day_however_it_is_written(end: str) -> None:
    evening = hourly(("22:00", end, 1), ("00:00", "06:00", 10))
    assert costs(evening, "Europe/Amsterdam", "2026-01-17T20:30Z", "2026-01-18T00:00Z") == 12


@pytest.mark.parametrize("end", ["00:00", "24:00"])
def test_from_midnight_to_midnight_is_the_whole_day(end: str) -> None:
    assert costs(hourly(("00:00", end, 1)), "America/New_York", "2026-01-17T20:30Z", "2026-01-18T20:30Z") == 24


@pytest.mark.parametrize(
    ("start", "end", "worth"),
    [
        ("2026-01-17T20:00Z", "2026-01-17T21:00Z", 0),  # until 22:00, when it begins
        ("2026-01-17T21:00Z", "2026-01-17T22:00Z", 1),  # from 22:00 on the second
        ("2026-01-17T22:00Z", "2026-01-17T23:00Z", 1),  # until midnight
        ("2026-01-17T23:00Z", "2026-01-18T05:00Z", 6),  # from midnight until six
        ("2026-01-18T05:00Z", "2026-01-18T06:00Z", 0),  # from six, when it has ended
        ("2026-01-17T20:59:59Z", "2026-01-17T21:00:01Z", Fraction(1, 3_600)),
    ],
)
def test_a_span_over_midnight_begins_and_ends_to_the_second(start: str, end: str, worth: Fraction) -> None:
    assert costs(hourly(("22:00", "06:00", 1)), "Europe/Amsterdam", start, end) == worth


def test_a_night_of_fridays_is_two_pieces_of_friday() -> None:
    night = hourly(("22:00", "06:00", 1))
    night["elements"][0]["restrictions"]["day_of_week"] = ["FRIDAY"]
    # From Thursday noon to Saturday noon: Friday from midnight to six, and from ten to midnight.
    assert costs(night, "Europe/Amsterdam", "2026-01-15T11:00Z", "2026-01-17T11:00Z") == 8


def test_a_last_day_is_excluded_and_a_first_one_included_at_local_midnight() -> None:
    season = hourly(("00:00", "00:00", 1))
    season["elements"][0]["restrictions"] = {"start_date": "2026-12-24", "end_date": "2026-12-26"}
    assert costs(season, "America/New_York", "2026-12-23T00:00Z", "2026-12-28T00:00Z") == 48
    assert costs(season, "America/New_York", "2026-12-24T04:00Z", "2026-12-24T06:00Z") == 1


def test_energy_before_and_after_midnight_is_split_evenly_by_time() -> None:
    by_day = {
        "currency": "EUR",
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": price_, "step_size": 1}],
                "restrictions": {"day_of_week": [day]},
            }
            for day, price_ in (("SATURDAY", 1), ("SUNDAY", 2))
        ],
    }
    assert costs(by_day, "Europe/Amsterdam", "2026-01-17T22:00Z", "2026-01-18T01:00Z", energy_wh=9_000) == 3 + 12
