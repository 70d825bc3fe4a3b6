"""OCPI's own form, charging periods in JSON, costs to the last digit what the second calculator says.

The calculator splits the session as OCPI bids its sender to; powers are such that every split has a finite decimal.
"""

import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from calculator import Segment, pieces
from random_cases import Case, throw
from random_tariffs import Json

from pricing.domain.ocpi.cases import read_case
from pricing.domain.ocpi.cdrs import check_cdr
from pricing.domain.ocpi.reading import parse
from pricing.domain.ocpi.tariffs import Version

HOW_MANY = 20_000 if os.environ.get("EV_LONG") == "1" else 1_500
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
pytestmark = pytest.mark.timeout(3_600)
WH_PER_S = [Fraction(each, 10) for each in (0, 1, 2, 5, 10, 20, 50, 100)]
US = timedelta(microseconds=1)


def throw_even(dice: Random) -> Case:
    """A case in which energy flows so that it reaches any whole Wh at a finite decimal of a second."""
    case = throw(dice)
    segments = [even(dice, each, is_measured=case.session.is_measured) for each in case.session.segments]
    return replace(case, session=replace(case.session, segments=segments))


def even(dice: Random, segment: Segment, *, is_measured: bool) -> Segment:
    rate = dice.choice(WH_PER_S) if segment.runs == "TIME" else Fraction()
    mean_kw = rate * 3_600 / 1_000
    return replace(
        segment,
        energy_wh=rate * ((segment.end - segment.start) // US) / 1_000_000,
        power_kw=segment.power_kw if is_measured else (mean_kw, mean_kw),
    )


def periods(case: Case, segments: Sequence[Segment], *, reserved: bool) -> Iterator[Json]:
    conditions = [
        each.get("restrictions", {})
        for each in case.tariff["elements"]
        if ("reservation" in each.get("restrictions", {})) == reserved
    ]
    at = Fraction()
    for piece in pieces(conditions, ZoneInfo(case.session.zone), segments):
        hours, *others = [name for name in piece.ran if name not in {"FLAT", "ENERGY"}]
        assert others == []
        dimensions = [{"type": "RESERVATION_TIME" if reserved else hours, "volume": number(piece.ran[hours] / 3_600)}]
        if not reserved:
            dimensions.append({"type": "ENERGY", "volume": number(piece.ran["ENERGY"] / 1_000)})
            dimensions += flow("POWER", piece.facts["power_kw"] if case.session.is_measured else None)
            dimensions += flow("CURRENT", piece.facts["current_a"])
        yield {"start_date_time": told(segments[0].start, at), "dimensions": dimensions}
        at += piece.ran[hours]


def flow(name: str, least_and_most: tuple[Fraction, Fraction] | None) -> list[Json]:
    if least_and_most is None:
        return []
    return [
        {"type": f"{edge}_{name}", "volume": number(each)}
        for edge, each in zip(("MIN", "MAX"), least_and_most, strict=True)
    ]


def told(start: datetime, after_s: Fraction = Fraction()) -> str:
    at_us = after_s * 1_000_000
    assert at_us.denominator == 1
    return f"{(start + int(at_us) * US).replace(tzinfo=None).isoformat()}Z"


def number(value: Fraction | str) -> float:
    """Its shortest decimal is the one meant: fifteen digits hold it."""
    return float(value)


def case_text(case: Case) -> str:
    session, held = case.session, case.session.reservation
    reserved = [Segment(start=held.start, end=held.end, runs="TIME")] if held else []
    whole = [*reserved, *session.segments]
    return json.dumps(
        {
            "id": "random",
            "ocpi_versions": ["2.3.0" if "tax_included" in case.tariff else "2.2.1"],
            "tariff": numbers(case.tariff),
            "session": {
                "time_zone": session.zone,
                "start_date_time": told(whole[0].start),
                "end_date_time": told(whole[-1].end),
                "reservation": held
                and {"start_date_time": told(held.start), "end_date_time": told(held.end), "expired": held.expired},
                "charging_periods": [
                    *(periods(case, reserved, reserved=True) if reserved else ()),
                    *(periods(case, session.segments, reserved=False) if session.segments else ()),
                ],
            },
            "expected": {},
        }
    )


def numbers(value: Any, name: str = "") -> Any:
    """The tariff with numbers where the dice left their texts and fractions."""
    if isinstance(value, dict):
        return {each: numbers(inner, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    is_amount = name in {"price", "vat", "excl_vat", "incl_vat"} or isinstance(value, Fraction)
    return number(value) if is_amount else value


def test_charging_periods_cost_what_the_second_calculator_says(capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    for _ in range(HOW_MANY):
        case = throw_even(dice)
        text = case_text(case)
        priced = read_case(parse(text)).priced
        views = [
            (got, want)
            for got, want in zip((priced.excl_vat, priced.incl_vat), case.price, strict=True)
            if got is not None
        ]
        assert [got for got, _ in views] == [want for _, want in views], text
    with capsys.disabled():
        print(f"\n{HOW_MANY} random sessions as charging periods, seed {SEED}: no disagreement")


@pytest.mark.parametrize("off", [Decimal(), Decimal("0.01")])
def test_a_cdr_is_checked_to_the_cent(off: Decimal) -> None:
    dice = random.Random(SEED)
    for _ in range(HOW_MANY // 10):
        case = throw_even(dice)
        case = replace(case, tariff={name: each for name, each in case.tariff.items() if name != "tax_included"})
        told, held = json.loads(case_text(case)), case.session.reservation
        excl, incl = (Decimal(round(each * 10_000)) / 10_000 for each in case.price)
        total = {"excl_vat": excl, "incl_vat": incl + off}
        text = json.dumps({**told["session"], "tariffs": [told["tariff"]], "total_cost": total}, default=float)
        expired = None if held is None else held.expired
        checked = check_cdr(parse(text), None, Version.V221, case.session.zone, expired=expired)
        differing = [each.place for each in checked.differences]
        assert differing == (["/total_cost/incl_vat"] if off else []), f"seed {SEED}: {text}"
