"""Our own idle fee, with grace, window and cap, costs what the second calculator makes of it in OCPI's words.

OCPI knows no grace, so the session is cut where each grace ends, and what lies behind is marked by a current that an
element in front of all others asks for; the cap is laid on what that element alone adds.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from calculator import Range, Segment, price
from ours import ENGINE, Asked
from random_cases import Case, throw

from ev_contracts.common import IdleFee

HOW_MANY = 20_000 if os.environ.get("EV_LONG") == "1" else 1_000
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
pytestmark = pytest.mark.timeout(3_600)
MARK: Range = (Fraction(999), Fraction(999))
NOTHING: Range = (Fraction(), Fraction())


def throw_fee(dice: Random) -> IdleFee:
    has_window = dice.random() < 0.4
    return IdleFee(
        price=Decimal(dice.choice(("0.5", "6", "12.34"))),
        step_size=dice.choice((1, 1, 60, 900)),
        vat_permille=dice.choice((None, 0, 210)),
        grace_s=dice.choice((0, 1, 300, 900, 7_200)),
        free_from=dice.choice(("22:00", "00:00", "12:30")) if has_window else None,
        free_until=dice.choice(("06:00", "07:15")) if has_window else None,
        at_most=Decimal(dice.choice(("0.5", "5", "40"))) if dice.random() < 0.4 else None,
    )


def throw_without_current(dice: Random) -> Case:
    """A case that no limit and no current decides, for these two are needed otherwise here."""
    case = throw(dice)
    elements = [
        {
            **element,
            "restrictions": {
                name: each for name, each in element.get("restrictions", {}).items() if "current" not in name
            },
        }
        for element in case.tariff["elements"]
    ]
    tariff = {name: each for name, each in case.tariff.items() if name not in {"min_price", "max_price"}}
    return replace(case, tariff=tariff | {"elements": elements})


def marked(segments: Sequence[Segment], grace: timedelta) -> Iterator[Segment]:
    """Cut where each spell of idleness has lasted as long as the grace; what is behind bears the mark."""
    since = None
    for each in segments:
        if each.runs != "PARKING_TIME":
            since = None
            yield replace(each, current_a=NOTHING)
            continue
        since = since or each.start
        ends = min(max(since + grace, each.start), each.end)
        if each.start < ends:
            yield replace(each, end=ends, current_a=NOTHING)
        if ends < each.end:
            yield replace(each, start=ends, current_a=MARK)


def in_ocpi_s_words(fee: IdleFee, price_: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "PARKING_TIME", "price": price_, "step_size": fee.step_size}
    part |= {} if fee.vat_permille is None else {"vat": Fraction(fee.vat_permille, 10)}
    hours = {"start_time": fee.free_until, "end_time": fee.free_from} if fee.free_from else {}
    return {"price_components": [part], "restrictions": hours | {"min_current": 999}}


def expected(case: Case, fee: IdleFee) -> Range:
    session = case.session
    segments = list(marked(session.segments, timedelta(seconds=fee.grace_s)))
    with_fee, without = (
        price(
            case.tariff | {"elements": [in_ocpi_s_words(fee, each), *case.tariff["elements"]]},
            session.zone,
            segments,
            session.reservation,
        )
        for each in (str(fee.price), "0")
    )
    fees = with_fee[0] - without[0], with_fee[1] - without[1]
    stated = fees[1 if case.tariff.get("tax_included") == "YES" else 0]
    share = min(Fraction(1), Fraction(fee.at_most) / stated) if fee.at_most is not None and stated else Fraction(1)
    return without[0] + share * fees[0], without[1] + share * fees[1]


def test_an_idle_fee_costs_what_ocpi_would_say_if_it_could(capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    moved = capped = 0
    for _ in range(HOW_MANY):
        case, fee = throw_without_current(dice), throw_fee(dice)
        asked = Asked.of(case)
        version = asked.version.model_copy(update={"idle_fee": fee})
        told = ENGINE.price(Asked(version=version, facts=asked.facts, zone=asked.zone))
        assert told == expected(case, fee), f"seed {SEED}: {fee} {case}"
        moved += told != case.price
        capped += told != expected(case, fee.model_copy(update={"at_most": None}))
    with capsys.disabled():
        print(
            f"\n{HOW_MANY} idle fees, seed {SEED}: no disagreement; {moved} moved the price, {capped} reached their cap"
        )
    assert min(moved, capped) > HOW_MANY / 20
