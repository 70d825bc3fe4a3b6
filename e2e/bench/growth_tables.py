"""What `growth.py` found, as the tables of a README."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
_KEPT_UP = 0.98
_Column: TypeAlias = tuple[str, Callable[[Row], str]]


def busiest(rows: Iterable[Row], version: str) -> Row:
    """The row of the version with the highest rate."""
    return max((row for row in rows if row["version"] == version), key=lambda row: float(row["calls_per_s"]))


def _rate(row: Row) -> str:
    return f"{row['calls_per_s']:,.0f}"


def _latency(which: str) -> Callable[[Row], str]:
    return lambda row: f"{row['latency_ms'][which]:.1f}" if which in row["latency_ms"] else "-"


def _errors(row: Row) -> str:
    return str(sum(row["errors"].values()))


def _due(row: Row) -> str:
    kept_up = row["calls_per_s"] >= row["due_calls_per_s"] * _KEPT_UP
    return f"{row['due_calls_per_s']:,.0f}" + ("" if kept_up else " (not kept up with)")


_VERSION: _Column = ("OCPP", lambda row: str(row["version"]))
_STATIONS: _Column = ("stations", lambda row: f"{row['stations']:,}")
_FIGURES: Sequence[_Column] = (
    ("calls/s", _rate),
    ("p50 ms", _latency("p50")),
    ("p99 ms", _latency("p99")),
    ("us of processor a call", lambda row: str(row["server_us_per_call"])),
    ("errors", _errors),
)
_TABLES: Sequence[tuple[str, str, Sequence[_Column]]] = (
    ("stations", "With stations (one process, closed loop)", (_VERSION, _STATIONS, *_FIGURES)),
    (
        "message_size",
        "With the size of a meter message",
        (
            _VERSION,
            _STATIONS,
            ("bytes", lambda row: f"{row['meter_message_bytes']:,}"),
            *_FIGURES,
        ),
    ),
    (
        "processes",
        "With processes",
        (_VERSION, _STATIONS, ("processes", lambda row: str(row["processes"])), *_FIGURES),
    ),
    (
        "open_loop",
        "Open loop at half the most: latency from when a call was due",
        (_VERSION, _STATIONS, ("due calls/s", _due), *_FIGURES),
    ),
)


def markdown(found: Mapping[str, Any]) -> str:
    """All tables, each under what it shows."""
    machine = found["machine"]
    load = ", ".join(f"{one:.1f}" for one in machine["load_average_before"])
    head = f"{machine['cores']} cores for gateway, broker and load; load average before {load}; "
    parts = [head + f"{machine['seconds_a_row']:g} s a row."]
    parts += [f"{title}:\n\n{_table(columns, found[name])}" for name, title, columns in _TABLES]
    return "\n\n".join(parts)


def _table(columns: Sequence[_Column], rows: Iterable[Row]) -> str:
    head = [f"| {' | '.join(name for name, _ in columns)} |", "| --- " * len(columns) + "|"]
    return "\n".join([*head, *(f"| {' | '.join(shown(row) for _, shown in columns)} |" for row in rows)])
