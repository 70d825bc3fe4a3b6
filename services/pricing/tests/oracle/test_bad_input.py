"""What makes no sense is refused at the edge, with the reason and the place; each number of a case is tried in turn."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.reading import BadInput, parse

CASE: dict[str, Any] = {
    "id": "all-that-can-be-said",
    "ocpi_versions": ["2.2.1"],
    "tariff": {
        "currency": "EUR",
        "min_price": {"excl_vat": 0.5, "incl_vat": 0.6},
        "max_price": {"excl_vat": 50, "incl_vat": 60},
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": 0.25, "step_size": 100, "vat": 20},
                    {"type": "TIME", "price": 1.2, "step_size": 60},
                ],
                "restrictions": {
                    "start_time": "08:00",
                    "end_time": "20:00",
                    "start_date": "2024-01-01",
                    "end_date": "2025-01-01",
                    "day_of_week": ["WEDNESDAY"],
                    "min_kwh": 1,
                    "max_kwh": 50,
                    "min_current": 6,
                    "max_current": 96,
                    "min_power": 1.4,
                    "max_power": 22,
                    "min_duration": 60,
                    "max_duration": 7200,
                },
            },
            {"price_components": [{"type": "FLAT", "price": 1}], "restrictions": {"reservation": "RESERVATION"}},
        ],
    },
    "session": {
        "time_zone": "Europe/Amsterdam",
        "start_date_time": "2024-01-17T09:00:00Z",
        "end_date_time": "2024-01-17T11:00:00Z",
        "reservation": {
            "start_date_time": "2024-01-17T08:45:00Z",
            "end_date_time": "2024-01-17T09:00:00Z",
            "expired": False,
        },
        "charging_periods": [
            {
                "start_date_time": "2024-01-17T09:00:00Z",
                "dimensions": [
                    {"type": "TIME", "volume": 2},
                    {"type": "ENERGY", "volume": 20.45},
                    {"type": "MAX_POWER", "volume": 11},
                    {"type": "MAX_CURRENT", "volume": 16},
                ],
            }
        ],
    },
    "expected": {"excl_vat": 5, "incl_vat": 6},
}
MARK = "here"
MAY_BE_NEGATIVE = {"/session/charging_periods/0/dimensions/1/volume", "/expected/excl_vat", "/expected/incl_vat"}
"""Energy that flowed back, and what was then expected."""
HOSTILE = {
    "beyond all floats": "1e999",
    "below all floats": "1e-999",
    "no number": "NaN",
    "infinite": "Infinity",
    "infinitely negative": "-Infinity",
    "forty digits": "1234567890123456789012345678901234567890",
    "forty digits behind the point": "0.1234567890123456789012345678901234567890",
    "five thousand digits": "9" * 5_000,
    "a text": '"0.25"',
    "true": "true",
    "a list": "[0.25]",
}


def numbers_in(value: object, place: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from numbers_in(each, f"{place}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from numbers_in(each, f"{place}/{number}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


def with_in(place: str, literal: str) -> str:
    """The case as text, with the literal where the number stands."""
    case = json.loads(json.dumps(CASE))
    *way, last = place.split("/")[1:]
    inner = case
    for each in way:
        inner = inner[int(each) if isinstance(inner, list) else each]
    inner[int(last) if isinstance(inner, list) else last] = MARK
    return json.dumps(case).replace(f'"{MARK}"', literal)


def refused(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_case(parse(text))
    assert caught.value.reason
    return caught.value


NUMBERS = list(numbers_in(CASE))


def test_as_it_stands_the_case_makes_sense() -> None:
    assert read_case(parse(json.dumps(CASE))).id == "all-that-can-be-said"
    assert len(NUMBERS) == 24


@pytest.mark.parametrize("place", NUMBERS)
@pytest.mark.parametrize("literal", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_number_is_refused_where_it_stands(place: str, literal: str) -> None:
    fault = refused(with_in(place, literal))
    assert fault.pointer == place
    assert len(str(fault)) < 500


@pytest.mark.parametrize("place", [each for each in NUMBERS if each not in MAY_BE_NEGATIVE])
def test_a_negative_number_is_refused_where_it_stands(place: str) -> None:
    assert refused(with_in(place, "-0.5")).pointer == place


@pytest.mark.parametrize(
    ("place", "literal"),
    [
        ("/tariff/elements/0/price_components/0/step_size", "0"),
        ("/tariff/elements/0/price_components/0/step_size", "1.5"),
        ("/tariff/elements/0/price_components/0/vat", "101"),
        ("/tariff/elements/0/price_components/0/price", "null"),
        ("/tariff/elements/0/restrictions/min_duration", "60.5"),
    ],
)
def test_a_number_that_cannot_stand_there_is_refused(place: str, literal: str) -> None:
    assert refused(with_in(place, literal)).pointer == place


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ('"currency": "EUR"', '"currency": "EURO"', "/tariff/currency"),
        ('"type": "ENERGY", "price"', '"type": "ENRGY", "price"', "/tariff/elements/0/price_components/0/type"),
        ('"08:00"', '"8:00"', "/tariff/elements/0/restrictions/start_time"),
        ('"20:00"', '"25:00"', "/tariff/elements/0/restrictions/end_time"),
        ('"2025-01-01"', '"2025-02-30"', "/tariff/elements/0/restrictions/end_date"),
        ('["WEDNESDAY"]', '["WODENSDAY"]', "/tariff/elements/0/restrictions/day_of_week/0"),
        ('"RESERVATION"', '"RESERVED"', "/tariff/elements/1/restrictions/reservation"),
        ('"Europe/Amsterdam"', '"Europe/Atlantis"', "/session/time_zone"),
        ('"Europe/Amsterdam"', '"../../etc/passwd"', "/session/time_zone"),
        ('"2024-01-17T11:00:00Z"', '"2024-01-17T08:00:00Z"', "/session/end_date_time"),
        ('"2024-01-17T11:00:00Z"', '"2024-01-17 11:00"', "/session/end_date_time"),
        ('"2024-01-17T11:00:00Z"', '"2024-13-17T11:00:00Z"', "/session/end_date_time"),
        ('"expired": false', '"expired": 0', "/session/reservation/expired"),
        ('"MAX_POWER"', '"MOST_POWER"', "/session/charging_periods/0/dimensions/2/type"),
        ('"MAX_POWER"', '"ENERGY"', "/session/charging_periods/0/dimensions/2/type"),
        (
            '"price_components": [{"type": "FLAT", "price": 1}]',
            '"price_components": []',
            "/tariff/elements/1/price_components",
        ),
        ('"charging_periods": [{', '"charging_periods": 7, "no": [{', "/session/charging_periods"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(right: str, wrong: str, place: str) -> None:
    text = json.dumps(CASE)
    assert text.count(right) == 1
    assert refused(text.replace(right, wrong)).pointer == place


def test_a_session_without_any_period_is_no_fault_and_pays_its_start() -> None:
    # OCPI: Session.charging_periods is 0 or more. The edge once broke on it, with no place and no reason.
    session = {**CASE["session"], "reservation": None, "charging_periods": []}
    elements = [{"price_components": [{"type": "FLAT", "price": 1}]}]
    case = {**CASE, "session": session, "tariff": {"currency": "EUR", "elements": elements}}
    assert read_case(parse(json.dumps(case))).priced.excl_vat == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"cases"', "[" * 100_000, '{"id": "a", "id": "b"}', "\ud800"])
def test_what_is_no_case_at_all_is_refused(text: str) -> None:
    refused(text)
