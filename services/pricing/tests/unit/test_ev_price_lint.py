"""`ev-price lint` says what is questionable in a tariff, in words or in JSON; 1 is a finding, 2 is no tariff at all."""

import io
import json
from pathlib import Path
from typing import Any

from pricing.cli.__main__ import main

SOUND: dict[str, Any] = {
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.35, "step_size": 1, "vat": 21}]}],
}
PASSED_OVER = "OCPI has no such field, and it is passed over"
DEAD = {**SOUND, "elements": SOUND["elements"] * 2}


def lint(folder: Path, tariff: object, *options: str) -> tuple[int, str, str]:
    path = folder / "tariff.json"
    path.write_text(json.dumps(tariff), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    return main(["lint", *options, str(path)], out=out, err=err), out.getvalue(), err.getvalue()


def test_a_sound_tariff_is_passed_over_in_silence(tmp_path: Path) -> None:
    assert lint(tmp_path, SOUND, "--power-kw", "150") == (0, "", "")


def test_a_finding_has_its_place_its_words_and_its_rule(tmp_path: Path) -> None:
    place, rule = "/elements/1/price_components/0", "component-unreachable"
    status, out, _ = lint(tmp_path, DEAD)
    assert (status, out) == (1, f"{place}: never used: whenever it holds, an earlier ENERGY does [{rule}]\n")
    status, out, _ = lint(tmp_path, DEAD, "--json")
    assert (status, json.loads(out)["place"], json.loads(out)["rule"]) == (1, place, rule)


def test_with_a_power_the_order_of_afir_is_asked_for(tmp_path: Path) -> None:
    flat_first = {**SOUND, "elements": [{"price_components": [{"type": "FLAT", "price": 1}]}, *SOUND["elements"]]}
    assert lint(tmp_path, flat_first)[0] == 0
    assert "[afir-order]" in lint(tmp_path, flat_first, "--power-kw", "22")[1]
    assert "[afir-per-kwh]" in lint(tmp_path, flat_first, "--power-kw", "50")[1]


def test_a_tariff_beside_it_may_not_be_valid_at_once(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**SOUND, "end_date_time": "2026-12-01T00:00:00Z"}), encoding="utf-8")
    status, out, _ = lint(tmp_path, SOUND, "--beside", str(other))
    assert (status, "[validity-overlaps]" in out) == (1, True)


def test_what_is_no_tariff_is_bad_input(tmp_path: Path) -> None:
    assert lint(tmp_path, {"currency": "EUR"})[::2] == (
        2,
        f"ev-price: {tmp_path}/tariff.json: /elements: required, and missing\n",
    )
    assert lint(tmp_path, SOUND, "--power-kw", "1e999")[0] == 2
    bad = tmp_path / "bad.json"
    bad.write_text('{"currency": "EUR", "elements": []}', encoding="utf-8")
    status, _, err = lint(tmp_path, SOUND, "--beside", str(bad))
    assert (status, "--beside/elements" in err) == (2, True)


def test_a_field_that_is_probably_misspelt_is_a_finding(tmp_path: Path) -> None:
    """tandemdrive/ocpi-tariffs#80: with dayOfWeek for day_of_week the price of weekdays was that of every day."""
    priced = {"type": "ENERGY", "price": 0.5, "stepSize": 500, "step_size": 1}
    element = {"price_components": [priced], "restrictions": {"dayOfWeek": ["MONDAY"], "min_soc": 80}}
    odd = {**SOUND, "elements": [element, {**SOUND["elements"][0], "restriction": {}}], "minPrice": {}, "max_price": {
        "excl_vat": 1, "inclVat": 1}}  # fmt: skip
    _, out, _ = lint(tmp_path, odd, "--json")
    found = {each["place"]: each["message"].rpartition(": ")[2] for each in map(json.loads, out.splitlines())
             if each["rule"] == "field-unknown"}  # fmt: skip
    assert found == {
        "/minPrice": "is min_price meant?",
        "/max_price/inclVat": "is incl_vat meant?",
        "/elements/0/price_components/0/stepSize": "is step_size meant?",
        "/elements/0/restrictions/dayOfWeek": "is day_of_week meant?",
        "/elements/0/restrictions/min_soc": f"{PASSED_OVER}, so the price holds without it",
        "/elements/1/restriction": "is restrictions meant?",
    }


def test_a_field_of_ones_own_is_an_extension_and_no_finding(tmp_path: Path) -> None:
    assert lint(tmp_path, {**SOUND, "x_volt_colour": "green", "preauthorize_amount": 20}) == (0, "", "")


def test_a_power_that_is_none_is_refused_by_its_option(tmp_path: Path) -> None:
    for told in ("NaN", "22kW", "", "-3", '"22"', "1e999"):
        status, out, err = lint(tmp_path, SOUND, f"--power-kw={told}")
        assert (status, out, err.startswith("ev-price: --power-kw: ")) == (2, "", True)
