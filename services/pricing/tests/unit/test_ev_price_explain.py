"""`ev-price explain`: sentences that a driver can follow, and what else whoever reads a price should know."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from test_ev_price import a_cdr, ev_price

MOST = "The tariff's maximum price counts"
STEPPED = "1.1 kWh, billed as 1.2 kWh in steps of 0.5 kWh, at 0.27 EUR a kWh"


def test_a_price_is_explained_in_words(tmp_path: Path) -> None:
    ran = ev_price("explain", "--time-zone", "Europe/Amsterdam", a_cdr(tmp_path))
    words = [
        "A fee of 0.5 EUR for the session: 0.5 EUR and 0.1 EUR of tax (VAT 20 %).",
        "4.3 kWh, at 0.2 EUR a kWh (until 17:00): 0.86 EUR and 0.086 EUR of tax (VAT 10 %).",
        f"{STEPPED}: 0.324 EUR and 0.0324 EUR of tax (VAT 10 %).",
        "In all 1.684 EUR without and 1.9024 EUR with taxes (not rounded yet: an invoice rounds once, at its end).",
    ]
    assert ran.out.splitlines() == words
    (told,) = ev_price("explain", "--json", "--time-zone", "Europe/Amsterdam", a_cdr(tmp_path)).lines
    assert (told["words"], told["currency"], told["incl_vat"], told["notes"]) == (words, "EUR", Decimal("1.9024"), [])


PARKED: dict[str, Any] = {
    "start_date_time": "2024-01-17T09:00:00Z",
    "end_date_time": "2024-01-17T12:00:23Z",
    "charging_periods": [
        {"start_date_time": "2024-01-17T09:00:00Z", "dimensions": [{"type": "RESERVATION_TIME", "volume": 0.2}]},
        {"start_date_time": "2024-01-17T09:12:00Z", "dimensions": [{"type": "TIME", "volume": 1.973056}]},
        {"start_date_time": "2024-01-17T11:10:23Z", "dimensions": [{"type": "PARKING_TIME", "volume": 0.833333}]},
    ],
}


def hourly(*prices: tuple[str, float, int], **restrictions: Any) -> dict[str, Any]:
    parts = [{"type": kind, "price": price, "step_size": step} for kind, price, step in prices]
    return {"price_components": parts, "restrictions": restrictions or None}


def test_times_reservations_and_limits_are_explained_too(tmp_path: Path) -> None:
    tariff = {
        "currency": "CHF",
        "max_price": {"excl_vat": 5},
        "elements": [
            hourly(("TIME", 1, 600), ("FLAT", 2, 1), reservation="RESERVATION"),
            hourly(("TIME", 2, 60), ("PARKING_TIME", 3, 3_600)),
        ],
    }
    path = a_cdr(tmp_path, **PARKED, currency="CHF", tariffs=[tariff])
    assert ev_price("explain", "--time-zone", "Europe/Zurich", path).out.splitlines()[:-1] == [
        "12 min of the reservation, billed as 20 min in steps of 10 min, at 1 CHF an hour: 0.33333333 CHF.",
        "A fee of 2 CHF for the reservation: 2 CHF.",
        "1 h 58 min 23 s of charging, at 2 CHF an hour: 3.94611111 CHF.",
        "50 min of parking, billed as 1 h in steps of 1 h, at 3 CHF an hour: 3 CHF.",
        f"{MOST}: 5 CHF without and 5 CHF with taxes, in place of 9.27944444 CHF and 9.27944444 CHF.",
    ]


@pytest.mark.parametrize(
    ("included", "total"),
    [
        ("NO", "In all 1.5 CAD before taxes, which the tariff does not name"),
        ("YES", "In all 1.5 CAD with taxes, which the tariff does not name"),
        ("N/A", "In all 1.5 CAD without and 1.5 CAD with taxes"),
    ],
)
def test_a_view_that_nobody_can_tell_is_not_told(tmp_path: Path, included: str, total: str) -> None:
    tariff = {"currency": "CAD", "tax_included": included, "elements": [hourly(("TIME", 1, 1))]}
    periods = [{"start_date_time": "2024-01-17T15:00:00Z", "dimensions": [{"type": "TIME", "volume": 1.5}]}]
    costs = {"total_cost": {"before_taxes": 1.5}, "total_fixed_cost": None, "total_energy_cost": None}
    path = a_cdr(tmp_path, currency="CAD", tariffs=[tariff], charging_periods=periods, **costs)
    ran = ev_price("explain", "--version", "2.3.0", "--time-zone", "America/Toronto", path)
    assert ran.out.splitlines()[-1].startswith(total)


def test_a_reservation_that_nobody_used_is_said_to_have_expired(tmp_path: Path) -> None:
    tariff = {
        "currency": "EUR",
        "elements": [hourly(("FLAT", 4, 1), reservation="RESERVATION_EXPIRES", end_time="17:00")],
    }
    held = {**PARKED, "charging_periods": PARKED["charging_periods"][:1], "end_date_time": "2024-01-17T09:12:00Z"}
    path = a_cdr(tmp_path, **held, tariffs=[tariff])
    assert ev_price("explain", "--time-zone", "Europe/Amsterdam", path).out.startswith(
        "A fee of 4 EUR for a reservation that expired (until 17:00): 4 EUR.\n"
    )


def test_what_is_free_is_said_to_be(tmp_path: Path) -> None:
    path = a_cdr(tmp_path, tariffs=[{"currency": "EUR", "elements": [hourly(("TIME", 1, 1))]}])
    assert ev_price("explain", "--time-zone", "Europe/Amsterdam", path).out.startswith(
        "Nothing that this tariff prices"
    )


def test_a_current_that_is_asked_for_and_told_nowhere_is_noted(tmp_path: Path) -> None:
    tariff = {"currency": "EUR", "elements": [hourly(("ENERGY", 1, 1), max_current=32), hourly(("ENERGY", 2, 1))]}
    path = a_cdr(tmp_path, tariffs=[tariff])
    for verb in ("explain", "cdr"):
        assert "note: the tariff asks for the current" in ev_price(verb, "--time-zone", "Europe/Amsterdam", path).out
    (told,) = ev_price("--json", "cdr", "--time-zone", "Europe/Amsterdam", path).lines
    assert len(told["notes"]) == 1
    of_another = {
        "currency": "EUR",
        "elements": [hourly(("PARKING_TIME", 1, 1), max_current=32), hourly(("ENERGY", 2, 1))],
    }
    path = a_cdr(tmp_path, tariffs=[of_another])
    assert "note" not in ev_price("explain", "--time-zone", "Europe/Amsterdam", path).out
