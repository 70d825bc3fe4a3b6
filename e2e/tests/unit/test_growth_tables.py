"""The tables of the gateway's growth: which row is half of, and what a reader must not miss."""

import runpy
from pathlib import Path
from typing import Any

_TABLES = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "growth_tables.py"))
busiest, markdown = _TABLES["busiest"], _TABLES["markdown"]


def row(version: str, stations: int, calls_per_s: float, **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "processes": 1,
        "stations": stations,
        "meter_message_bytes": 241,
        "calls_per_s": calls_per_s,
        "server_us_per_call": 75.4,
        "latency_ms": {"p50": 9.5, "p95": 20.0, "p99": 31.26, "max": 90.0},
        "errors": {},
    } | more


ROWS = [row("1.6", 50, 7_000.0), row("1.6", 200, 9_000.0), row("1.6", 2_000, 8_000.0), row("2.0.1", 50, 9_500.0)]
FOUND = {
    "machine": {"cores": 2, "load_average_before": (0.1, 0.2, 0.3), "seconds_a_row": 6.0},
    "stations": ROWS,
    "message_size": [row("1.6", 200, 3_000.0, meter_message_bytes=40_241)],
    "processes": [row("1.6", 200, 9_100.0), row("1.6", 200, 10_100.0, processes=2)],
    "open_loop": [
        row("1.6", 200, 4_498.9, due_calls_per_s=4_500.0),
        row("2.0.1", 50, 4_000.0, due_calls_per_s=4_750.0, errors={"disconnected": 3}, latency_ms={}),
    ],
}


def test_half_is_of_the_highest_rate_of_the_version() -> None:
    assert busiest(ROWS, "1.6")["stations"] == 200
    assert busiest(ROWS, "2.0.1")["calls_per_s"] == 9_500.0


def test_each_way_to_grow_has_its_table() -> None:
    text = markdown(FOUND)
    assert sum(line.startswith("| --- ") for line in text.splitlines()) == 4
    assert "load average before 0.1, 0.2, 0.3; 6 s a row." in text
    assert "| 1.6 | 2,000 | 8,000 | 9.5 | 31.3 | 75.4 | 0 |" in text
    assert "| 1.6 | 200 | 40,241 | 3,000 | 9.5 | 31.3 | 75.4 | 0 |" in text
    assert "| 1.6 | 200 | 2 | 10,100 | 9.5 | 31.3 | 75.4 | 0 |" in text


def test_a_rate_that_was_not_reached_and_errors_are_seen() -> None:
    lines = markdown(FOUND).splitlines()
    assert lines[-2] == "| 1.6 | 200 | 4,500 | 4,499 | 9.5 | 31.3 | 75.4 | 0 |"
    assert lines[-1] == "| 2.0.1 | 50 | 4,750 (not kept up with) | 4,000 | - | - | 75.4 | 3 |"


def test_every_row_of_a_table_has_all_columns() -> None:
    tables = [line for line in markdown(FOUND).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {8, 9}
