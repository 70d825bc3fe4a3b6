"""The OCPI worked examples come out exactly, wherever their tariff is one that this product can hold so far."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ev_contracts.common import PriceComponent, TariffComponentType
from pricing.domain.rating import Quantities, price

CASES = json.loads((Path(__file__).parents[4] / "e2e/data/ocpi/tariff_cases.json").read_text(encoding="utf-8"))["cases"]
TOLERANCE = Fraction(1, 10_000)


def is_holdable(case: dict[str, Any]) -> bool:
    """Restrictions, price limits and reservations come with the tariff work that follows."""
    tariff = case["tariff"]
    simple = len(tariff["elements"]) == 1 and "restrictions" not in tariff["elements"][0]
    return simple and "min_price" not in tariff and "max_price" not in tariff and not case["session"]["reservation"]


HOLDABLE = [case for case in CASES if is_holdable(case)]


def components_of(case: dict[str, Any]) -> list[PriceComponent]:
    return [
        PriceComponent(
            type=TariffComponentType(each["type"]),
            price=Decimal(str(each["price"])),
            vat_permille=int(each["vat"] * 10) if "vat" in each else None,
            step_size=each["step_size"],
        )
        for each in case["tariff"]["elements"][0]["price_components"]
    ]


def used_in(case: dict[str, Any]) -> Quantities:
    volumes: dict[str, Fraction] = {}
    times = []
    for period in case["session"]["charging_periods"]:
        for dimension in period["dimensions"]:
            kind = dimension["type"]
            # Hours are printed to six decimals; stations and periods count whole seconds.
            small = 1_000 if kind == "ENERGY" else 3_600
            volume = Fraction(str(dimension["volume"])) * small
            volumes[kind] = volumes.get(kind, Fraction()) + (volume if kind == "ENERGY" else Fraction(round(volume)))
            if kind in {"TIME", "PARKING_TIME"}:
                times.append(TariffComponentType(kind))
    return Quantities(
        energy_wh=volumes.get("ENERGY", Fraction()),
        charging_s=volumes.get("TIME", Fraction()),
        parking_s=volumes.get("PARKING_TIME", Fraction()),
        times=tuple(times),
    )


def test_the_given_set_still_holds_what_it_held() -> None:
    assert (len(CASES), len(HOLDABLE)) == (23, 12)


@pytest.mark.parametrize("case", HOLDABLE, ids=[case["id"] for case in HOLDABLE])
def test_an_ocpi_example_costs_what_the_specification_says(case: dict[str, Any]) -> None:
    lines = price(components_of(case), used_in(case))
    net, gross = sum(line.excl_vat for line in lines), sum(line.excl_vat + line.vat for line in lines)
    assert abs(net - Fraction(str(case["expected"]["excl_vat"]))) < TOLERANCE
    if case["expected"].get("incl_vat") is not None:
        assert abs(gross - Fraction(str(case["expected"]["incl_vat"]))) < TOLERANCE
