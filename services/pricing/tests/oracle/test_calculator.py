"""The second calculator is short, knows nothing of ours, and prices the specification's examples to the last digit."""

import ast
import json
import sys
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from calculator import Reservation, Segment, price

HERE = Path(__file__).parent
CASES = json.loads((HERE.parents[3] / "e2e/data/ocpi/tariff_cases.json").read_text(encoding="utf-8"), parse_float=str)[
    "cases"
]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def segments_of(session: dict[str, Any]) -> list[Segment]:
    """The case's charging periods; their hours are printed to six decimals, so the clock counts."""
    periods = session["charging_periods"]
    starts = [moment(each["start_date_time"]) for each in periods] + [moment(session["end_date_time"])]
    return [
        segment
        for (start, end), period in zip(pairwise(starts), periods, strict=True)
        if (
            segment := segment_of(
                start, end, {each["type"]: Fraction(str(each["volume"])) for each in period["dimensions"]}
            )
        )
    ]


def segment_of(start: datetime, end: datetime, volumes: dict[str, Fraction]) -> Segment | None:
    if "RESERVATION_TIME" in volumes:
        return None
    return Segment(
        start=start,
        end=end,
        runs=next((each for each in ("TIME", "PARKING_TIME") if each in volumes), ""),
        energy_wh=volumes.get("ENERGY", Fraction()) * 1_000,
        power_kw=(volumes["MIN_POWER"], volumes["MAX_POWER"]) if "MAX_POWER" in volumes else None,
        current_a=(volumes["MIN_CURRENT"], volumes["MAX_CURRENT"]) if "MAX_CURRENT" in volumes else None,
    )


def reservation_of(session: dict[str, Any]) -> Reservation | None:
    told = session["reservation"]
    return told and Reservation(moment(told["start_date_time"]), moment(told["end_date_time"]), told["expired"])


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_example_comes_out_to_the_last_digit(case: dict[str, Any]) -> None:
    session, expected = case["session"], case["expected"]
    excl, incl = price(case["tariff"], session["time_zone"], segments_of(session), reservation_of(session))
    assert round(excl * 10**6) == Fraction(expected["excl_vat"]) * 10**6
    if expected["incl_vat"] is not None:
        assert round(incl * 10**6) == Fraction(expected["incl_vat"]) * 10**6


def test_it_is_short_and_imports_nothing_but_the_standard_library() -> None:
    text = (HERE / "calculator.py").read_text(encoding="utf-8")
    trees = ast.walk(ast.parse(text))
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in trees
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert len(text.splitlines()) <= 200
    assert imported
    assert {str(each).partition(".")[0] for each in imported} <= sys.stdlib_module_names
