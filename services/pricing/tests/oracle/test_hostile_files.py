"""Whatever stands in a file, `ev-price` ends with 0, 1 or 2 and a reason; files are broken at random, seed printed."""

import io
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pricing.cli.__main__ import main

CASES = json.loads((Path(__file__).parents[4] / "e2e/data/ocpi/tariff_cases.json").read_text(encoding="utf-8"))["cases"]
HOW_MANY = 20_000 if os.environ.get("EV_LONG") == "1" else 400
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
pytestmark = pytest.mark.timeout(3_600)
LITERALS = (
    *(
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1",
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "0.1",
        "1e-30",
        "9" * 40,
        "9" * 5_000,
    ),
    *(
        '""',
        '"x"',
        '"0.25"',
        '"00:00"',
        '"24:00"',
        '"99:99"',
        '"2024-02-30"',
        '"9999-12-31"',
        '"0001-01-01"',
        '"\\ud800"',
        '"\\u0000"',
    ),
    *('"2024-01-17T09:00:00Z"', '"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00Z"', '"2024-01-17T09:00:00+99:99"'),
    *(
        '"MONDAY"',
        '"ENERGY"',
        '"FLAT"',
        '"RESERVATION_EXPIRES"',
        '"EUR"',
        '"JPY"',
        '"Europe/Amsterdam"',
        '"Factory"',
        '"../../x"',
    ),
    *("[]", "{}", "[[]]", "[null]", '{"a": 1}', "[" * 400 + "]" * 400),
)
HOLE = "\u2603 the hole \u2603"


def broken(dice: Random, document: Any) -> str:
    """The document with one or two places made into something else, left out, or told twice."""
    text = document
    holes = []
    for _ in range(dice.choice((1, 1, 2))):
        text = json.loads(json.dumps(text))
        places = list(places_in(text))
        if not places:
            break
        inner, key = dice.choice(places)
        if dice.random() < 0.2:
            del inner[key]
        elif dice.random() < 0.1 and isinstance(inner, list):
            inner.insert(key, inner[key])
        else:
            inner[key] = HOLE
            holes.append(dice.choice(LITERALS))
    told = json.dumps(text)
    for each in holes:
        told = told.replace(json.dumps(HOLE), each, 1)
    return told.replace(json.dumps(HOLE), "null")


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from places_in(value[key])


def cdr_of(case: dict[str, Any]) -> dict[str, Any]:
    session = {name: case["session"][name] for name in ("start_date_time", "end_date_time", "charging_periods")}
    total = {"excl_vat": case["expected"]["excl_vat"], "incl_vat": case["expected"]["incl_vat"] or 0}
    return {"id": "c", "currency": "EUR", "tariffs": [case["tariff"]], "total_cost": total, **session}


def commands(dice: Random, folder: Path) -> Iterator[list[str]]:
    zone = ["--time-zone", "Europe/Amsterdam"]
    for number in range(HOW_MANY):
        case = dice.choice(CASES)
        verb, document = dice.choice(
            (
                (["cases"], {"cases": [case]}),
                (["cdr", "--version", dice.choice(("2.2.1", "2.3.0")), *zone], cdr_of(case)),
                (["explain", *zone], cdr_of(case)),
                (["lint", "--power-kw", "50"], case["tariff"]),
            )
        )
        path = folder / f"{number % 8}.json"
        path.write_text(broken(dice, document), encoding="utf-8")
        yield [*verb, *dice.choice(([], ["--json"])), str(path)]


def test_no_file_breaks_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statuses: Counter[tuple[str, int]] = Counter()
    with capsys.disabled():
        print(f"\n{HOW_MANY} broken files, seed {SEED}: ", end="")
    for command in commands(random.Random(SEED), tmp_path):
        out, err = io.StringIO(), io.StringIO()
        try:
            status = main(command, out=out, err=err)
        except Exception as error:
            error.add_note(
                f"seed {SEED}: ev-price {command[:-1]} of {Path(command[-1]).read_text(encoding='utf-8')[:3_000]}"
            )
            raise
        assert status in {0, 1, 2}
        assert status != 2 or out.getvalue() or err.getvalue()
        assert len(err.getvalue()) < 2_000
        statuses[command[0], status] += 1
    with capsys.disabled():
        print({f"{verb} {status}": count for (verb, status), count in sorted(statuses.items())})
