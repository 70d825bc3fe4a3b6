"""How figures are written."""

import pytest

from dashboards.showing import colour, duration, kw, kwh, moment, money, percent, utc


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        (kwh(12_345), "12.345 kWh"),
        (kwh(1_234_567_890), "1,234,567.890 kWh"),
        (kwh(None), "-"),
        (kw(11_040), "11.0 kW"),
        (money(512, "EUR"), "5.12 EUR"),
        (money(-5, "EUR"), "-0.05 EUR"),
        (money(512, "JPY"), "512 JPY"),
        (money(1_234_567, "TND"), "1,234.567 TND"),
        (money(None, "EUR"), "-"),
        (duration(59), "0 min 59 s"),
        (duration(3_660), "1 h 01 min"),
        (percent(400), "40 %"),
        (percent(125), "12.5 %"),
        (moment("2026-11-20T11:00:00+00:00", "Europe/Amsterdam"), "20 Nov 12:00:00"),
        (moment("2026-11-20T11:00:00+00:00", "No/Where"), "20 Nov 11:00:00"),
        (moment(None), "-"),
        (utc("2026-11-20T12:00:00+01:00"), "2026-11-20 11:00:00 UTC"),
        (colour("CHARGING"), "charging"),
        (colour("SOMETHING_NEW"), "attention"),
    ],
)
def test_figures_are_written_for_people(shown: str, written: str) -> None:
    assert shown == written
