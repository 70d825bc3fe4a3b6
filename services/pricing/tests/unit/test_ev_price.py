"""`ev-price` prices files alone; 1 says that something differs, 2 that something makes no sense, and where."""

import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pricing.cli.__main__ import main

CASES = Path(__file__).parents[4] / "e2e/data/ocpi/tariff_cases.json"


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line, parse_float=Decimal) for line in self.out.splitlines()]


def ev_price(*arguments: str | Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    status = main([str(each) for each in arguments], out=out, err=err)
    return Ran(status, out.getvalue(), err.getvalue())


@pytest.fixture
def case() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))["cases"][0]
    return found


def cases_of(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return path


CDR: dict[str, Any] = {
    "id": "c-1",
    "start_date_time": "2024-01-17T15:00:00Z",
    "end_date_time": "2024-01-17T16:30:00Z",
    "currency": "EUR",
    "tariffs": [
        {
            "currency": "EUR",
            "elements": [
                {"price_components": [{"type": "FLAT", "price": 0.5, "step_size": 1, "vat": 20}]},
                {"price_components": [{"type": "ENERGY", "price": 0.2, "step_size": 500, "vat": 10}],
                 "restrictions": {"end_time": "17:00"}},
                {"price_components": [{"type": "ENERGY", "price": 0.27, "step_size": 500, "vat": 10}]},
            ],
        }
    ],
    "charging_periods": [
        {"start_date_time": "2024-01-17T15:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 4.3}]},
        {"start_date_time": "2024-01-17T16:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 1.1}]},
    ],
    "total_cost": {"excl_vat": 1.684, "incl_vat": 1.9024},
    "total_fixed_cost": {"excl_vat": 0.5, "incl_vat": 0.6},
    "total_energy_cost": {"excl_vat": 1.18, "incl_vat": 1.3},
    "total_energy": 5.4,
    "total_time": 1.5,
}  # fmt: skip


def a_cdr(folder: Path, **changes: Any) -> Path:
    path = folder / "cdr.json"
    path.write_text(json.dumps({**CDR, **changes}), encoding="utf-8")
    return path


def test_all_given_cases_are_equal() -> None:
    ran = ev_price("cases", CASES)
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.lines) == 23
    assert all(line["equal"] and line["trace"] for line in ran.lines)
    (free_of_taxes,) = (line for line in ran.lines if line["id"] == "tax-excluded-north-america")
    assert (free_of_taxes["excl_vat"], free_of_taxes["incl_vat"]) == (5, None)


def test_a_case_that_costs_something_else_is_told(tmp_path: Path, case: dict[str, Any]) -> None:
    case["expected"]["incl_vat"] = 5.51
    ran = ev_price("cases", cases_of(tmp_path, case), "--json")
    assert ran.status == 1
    assert [(line["equal"], line["incl_vat"]) for line in ran.lines] == [(False, Decimal("5.5"))]


def test_the_trace_says_which_element_restriction_and_step() -> None:
    lines = {line["id"]: line for line in ev_price("cases", CASES).lines}
    later = lines["cdr-step-energy-across-price-change"]["trace"][1]
    told = {name: later[name] for name in ("element", "restriction", "used", "billed", "step_size", "excl_vat")}
    assert told == {
        "element": 1, "restriction": "from 17:00 until 24:00", "used": Decimal("1.1"), "billed": Decimal("1.2"),
        "step_size": 500, "excl_vat": Decimal("0.324"),
    }  # fmt: skip
    assert later["in_words"] == "0.27 per kWh, from 17:00 until 24:00: 1100 Wh, rounded up to 1200 by steps of 500"
    assert lines["tariff-max-price-caps"]["trace"][-1]["limit"] == "maximum price"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"price": 0.25', '"price": 1e999', "/elements/0/price_components/0/price"),
        ('"price": 0.25', '"price": -0.25', "/elements/0/price_components/0/price"),
        ('"price": 0.25', f'"price": {"9" * 40}', "/elements/0/price_components/0/price"),
        ('"price": 0.25', f'"price": {"9" * 9_000}', "/elements/0/price_components/0/price"),
        ('"price": 0.25', f'"price": 0.{"1" * 40}', "/elements/0/price_components/0/price"),
        ('"price": 0.25', '"price": "0.25"', "/elements/0/price_components/0/price"),
        ('"price": 0.25', '"price": 1e-999', "/elements/0/price_components/0/price"),
        ('"price": 0.25', '"price": 1e99999999999999999999', "/elements/0/price_components/0/price"),
        ('"price": 0.25', '"price": true', "/elements/0/price_components/0/price"),
        ('"price": 0.25, ', "", "/elements/0/price_components/0/price"),
        ('"step_size": 1', '"step_size": 0', "/elements/0/price_components/0/step_size"),
        ('"step_size": 1', '"step_size": 1.5', "/elements/0/price_components/0/step_size"),
        ('"type": "ENERGY", "price"', '"type": "ENERGYY", "price"', "/elements/0/price_components/0/type"),
        ('"vat": 10.0', '"vat": 101', "/elements/0/price_components/0/vat"),
        ('"currency": "EUR"', '"currency": "EUX"', "/currency"),
    ],
)
def test_a_number_that_is_none_is_refused_with_its_place(
    tmp_path: Path, case: dict[str, Any], old: str, new: str, place: str
) -> None:
    path = cases_of(tmp_path, case, case)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    ran = ev_price("cases", path)
    assert ran.status == 2
    bad, good = ran.lines
    assert bad["place"] == f"/cases/0/tariff{place}"
    assert bad["place"] in ran.err
    assert good["equal"] is True


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused_with_its_place(tmp_path: Path, case: dict[str, Any], word: str) -> None:
    path = cases_of(tmp_path, case)
    path.write_text(path.read_text(encoding="utf-8").replace('"volume": 20.0', f'"volume": {word}'), encoding="utf-8")
    ran = ev_price("cases", path, "--json")
    place = "/cases/0/session/charging_periods/0/dimensions/0/volume"
    assert (ran.status, ran.lines[0]["place"]) == (2, place)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "no JSON"), ("[" * 100_000, "nested too deeply"), ('{"cases": 1}', "/cases: not a list"), ("{}", "/cases")],
)
def test_what_is_no_file_of_cases_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")
    ran = ev_price("cases", path)
    assert ran.status == 2
    assert reason in ran.err


def run_for_real(*arguments: str, **changes: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "pricing.cli", *arguments], stderr=subprocess.PIPE, **changes)


def test_a_dash_is_the_standard_input() -> None:
    with CASES.open("rb") as given:
        ran = run_for_real("cases", "-", stdin=given, stdout=subprocess.PIPE)
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out.count(b'"equal": true'), err) == (0, 23, b"")


def test_whose_reader_has_left_ends_quietly_and_not_as_if_all_were_well(tmp_path: Path, case: dict[str, Any]) -> None:
    ran = run_for_real("cases", str(cases_of(tmp_path, *[case] * 500)), stdout=subprocess.PIPE)
    assert ran.stdout is not None
    ran.stdout.close()
    _, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (141, b"")


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    assert ev_price("cases", tmp_path / "nothing.json").status == 2


def test_a_cdr_that_says_what_it_costs_differs_nowhere(tmp_path: Path) -> None:
    ran = ev_price("cdr", "--time-zone", "Europe/Amsterdam", "--json", a_cdr(tmp_path))
    assert (ran.status, ran.lines[0]["differences"]) == (0, [])
    assert ran.lines[0]["totals"] == {
        "total_cost": {"excl_vat": Decimal("1.684"), "incl_vat": Decimal("1.9024")},
        "total_fixed_cost": {"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.6")},
        "total_energy_cost": {"excl_vat": Decimal("1.184"), "incl_vat": Decimal("1.3024")},
        "total_energy": Decimal("5.4"),
        "total_time": Decimal("1.5"),
    }


def test_a_cdr_that_says_otherwise_is_told_where(tmp_path: Path) -> None:
    path = a_cdr(tmp_path, total_cost={"excl_vat": 1.684, "incl_vat": 1.91}, total_energy=5.5)
    ran = ev_price("cdr", "--time-zone", "Europe/Amsterdam", "--json", path)
    assert ran.status == 1
    assert [each["place"] for each in ran.lines[0]["differences"]] == ["/total_cost/incl_vat", "/total_energy"]
    assert "differs: /total_energy is 5.5, computed 5.4" in ev_price("cdr", "--time-zone", "Europe/Amsterdam", path).out


def test_2_3_0_tells_the_taxes_one_by_one(tmp_path: Path) -> None:
    tariff = {**CDR["tariffs"][0], "tax_included": "NO"}
    costs = {name: {"before_taxes": 1, "taxes": []} for name in ("total_cost", "total_fixed_cost", "total_energy_cost")}
    path = a_cdr(tmp_path, tariffs=[tariff], **costs)
    ran = ev_price("cdr", "--version", "2.3.0", "--time-zone", "Europe/Amsterdam", "--json", path)
    assert ran.lines[0]["totals"]["total_cost"] == {
        "before_taxes": Decimal("1.684"),
        "taxes": [
            {"name": "VAT", "percentage": 20, "amount": Decimal("0.1")},
            {"name": "VAT", "percentage": 10, "amount": Decimal("0.1184")},
        ],
    }
    assert ran.status == 1


def test_what_a_cdr_lacks_is_named(tmp_path: Path) -> None:
    without = a_cdr(tmp_path, tariffs=CDR["tariffs"])
    ran = ev_price("cdr", "--version", "2.3.0", "--time-zone", "Europe/Amsterdam", without)
    assert (ran.status, "/tariffs/0/tax_included" in ran.err) == (2, True)
    assert ev_price("cdr", "--time-zone", "Mars/Olympus", without).status == 2
    backwards = a_cdr(tmp_path, end_date_time="2024-01-17T14:00:00Z")
    assert "/end_date_time" in ev_price("cdr", "--time-zone", "Europe/Amsterdam", backwards).err


def test_each_tariff_of_a_cdr_prices_the_periods_that_name_it(tmp_path: Path) -> None:
    cheap, fast = (
        {"id": name, "currency": "EUR", "elements": [
            {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1000}]}]}
        for name, price in (("cheap", 0.2), ("fast", 0.5))
    )  # fmt: skip
    periods = [
        {**period, "tariff_id": name} for period, name in zip(CDR["charging_periods"], ("cheap", "fast"), strict=True)
    ]
    totals = {"total_cost": {"excl_vat": 1.71, "incl_vat": 1.71}, "total_fixed_cost": None, "total_energy_cost": None}
    path = a_cdr(tmp_path, tariffs=[fast, cheap], charging_periods=periods, **totals)
    # 4.3 kWh at 0.20, and 1.1 rounded to 1.7 at 0.50: no step where the driver changes, one over all at the end.
    assert ev_price("cdr", "--time-zone", "Europe/Amsterdam", path).status == 0
    session = {**{name: CDR[name] for name in ("start_date_time", "end_date_time")}, "charging_periods": periods}
    case = {"id": "change", "tariffs": [fast, cheap], "session": {**session, "time_zone": "UTC"}, "expected": {}}
    assert ev_price("cases", cases_of(tmp_path, case)).lines[0]["excl_vat"] == Decimal("1.71")
    periods[1]["tariff_id"] = "unknown"
    ran = ev_price(
        "cdr", "--time-zone", "Europe/Amsterdam", a_cdr(tmp_path, tariffs=[fast, cheap], charging_periods=periods)
    )
    assert (ran.status, "/charging_periods/1/tariff_id" in ran.err) == (2, True)


def test_a_cdr_in_another_currency_than_its_tariff_is_bad_input(tmp_path: Path) -> None:
    ran = ev_price("cdr", "--time-zone", "Europe/Amsterdam", a_cdr(tmp_path, currency="USD"))
    assert (ran.status, "/currency: 'USD', and the tariff is in EUR" in ran.err) == (2, True)


def test_where_2_3_0_s_taxes_differ_the_taxes_are_told(tmp_path: Path) -> None:
    tariff = {**CDR["tariffs"][0], "tax_included": "NO"}
    costs = dict.fromkeys(("total_fixed_cost", "total_energy_cost"))
    total = {"before_taxes": 1.684, "taxes": [{"name": "VAT", "amount": 0.2}, {"name": "city", "amount": 0.1}]}
    path = a_cdr(tmp_path, tariffs=[tariff], total_cost=total, **costs)
    ran = ev_price("cdr", "--version", "2.3.0", "--time-zone", "Europe/Amsterdam", "--json", path)
    assert ran.lines[0]["differences"] == [
        {"place": "/total_cost/taxes", "computed": Decimal("0.2184"), "in_file": Decimal("0.3")}
    ]


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59Z"])
def test_an_instant_that_no_calendar_has_everywhere_is_refused(tmp_path: Path, at: str) -> None:
    path = a_cdr(tmp_path, start_date_time=at, end_date_time=at, charging_periods=[])
    ran = ev_price("cdr", "--time-zone", "Pacific/Kiritimati", path)
    assert (ran.status, "_date_time: " in ran.err) == (2, True)


@pytest.mark.parametrize("zone", ["localtime", "Factory", "europe/amsterdam", "", "../x", "+01:00"])
def test_what_is_no_zone_everywhere_is_refused_by_its_option(tmp_path: Path, zone: str) -> None:
    ran = ev_price("cdr", "--time-zone", zone, a_cdr(tmp_path))
    assert (ran.status, ran.err.startswith("ev-price: --time-zone: ")) == (2, True)
    (told,) = ev_price("cdr", "--json", "--time-zone", zone, a_cdr(tmp_path)).lines
    assert (told["place"], told["file"]) == ("--time-zone", None)


def test_json_may_be_asked_for_before_the_verb_as_well(tmp_path: Path) -> None:
    path = a_cdr(tmp_path)
    rest = ("--time-zone", "Europe/Amsterdam", path)
    before, after = ev_price("--json", "cdr", *rest), ev_price("cdr", "--json", *rest)
    assert before == after
    assert before.lines


def test_a_version_that_is_not_read_here_is_passed_over_for_one_that_is(tmp_path: Path, case: dict[str, Any]) -> None:
    assert ev_price("cases", cases_of(tmp_path, {**case, "ocpi_versions": ["2.1.1", "2.3.0"]})).lines[0]["version"] == (
        "2.3.0"
    )
    unreadable: tuple[list[object], ...] = (["2.1.1"], [[]])
    for versions in unreadable:
        ran = ev_price("cases", cases_of(tmp_path, {**case, "ocpi_versions": versions}))
        assert (ran.status, ran.lines[0]["place"]) == (2, "/cases/0/ocpi_versions/0")


@pytest.mark.parametrize(
    ("arguments", "place", "error"),
    [
        (["cdr", "--version", "2.1.1", "--time-zone", "UTC", "x"], "--version", "invalid choice: '2.1.1'"),
        (["lnit", "x"], "VERB", "invalid choice: 'lnit'"),
        (["cdr", "x"], "/", "the following arguments are required: --time-zone"),
    ],
)
def test_a_misused_argument_is_bad_input_to_programs_too(arguments: list[str], place: str, error: str) -> None:
    told = ev_price("--json", *arguments)
    (line,) = told.lines
    assert (told.status, line["place"], line["file"], told.err) == (2, place, None, "")
    assert line["error"].startswith(error)
    plain = ev_price(*arguments)
    assert (plain.status, plain.out) == (2, "")
    assert plain.err.startswith("usage: ev-price")
    assert error in plain.err


@pytest.mark.parametrize(
    ("validity", "notes"),
    [
        ({"start_date_time": "2024-01-17T15:00:00Z", "end_date_time": "2024-01-17T15:30:00Z"}, []),
        (
            {"start_date_time": "2024-01-17T15:00:01Z"},
            ["the tariff is not valid yet when the session starts: from 2024-01-17T15:00:01Z on"],
        ),
        (
            {"end_date_time": "2024-01-17T15:00:00Z"},
            ["the tariff is not valid any more when the session starts: until 2024-01-17T15:00:00Z"],
        ),
    ],
)
def test_a_tariff_that_was_not_valid_at_the_start_is_noted(
    tmp_path: Path, validity: dict[str, str], notes: list[str]
) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(json.dumps({**CDR, "tariffs": [{**CDR["tariffs"][0], **validity}]}), encoding="utf-8")
    (line,) = ev_price("--json", "cdr", "--time-zone", "Europe/Amsterdam", path).lines
    assert line["notes"] == notes
