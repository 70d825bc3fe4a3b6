"""Many stations at once, a JSON list or CSV with a line per connector, into rows that are each right or wrong."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from asset_registry.adapters.http.bodies import StationBody

MOST_STATIONS = 1_000
_STATION = ("station_id", "site_id", "cpo_party_id", "vendor", "model", "serial_number", "secret")
_EVSE = ("evse_number", "evse_id")
_CONNECTOR = ("connector_number", "standard", "max_power_w", "max_voltage_v", "max_amperage_a", "dc")
_OPTIONAL = frozenset({"serial_number", "secret"})
COLUMNS = (*_STATION, *_EVSE, *_CONNECTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of a row."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One station of the batch; `row` is the line of the file or the place in the list, counted from 1."""

    row: int
    station_id: str | None
    station: StationBody | tuple[FieldError, ...]


class UnreadableFileError(ValueError):
    """No row can be told apart: the whole batch is refused."""


def rows_of_list(items: object) -> list[Row]:
    """One row per item. Raises UnreadableFileError when it is no list, or none or too many are in it."""
    if not isinstance(items, list):
        raise UnreadableFileError("a list of stations is wanted")
    return _bounded([_row(number, item) for number, item in enumerate(items, start=1)])


def rows_of_csv(text: str) -> list[Row]:
    """One row per station, named by its first line; the header is line 1. Raises UnreadableFileError."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        missing = set(COLUMNS) - _OPTIONAL - set(reader.fieldnames or ())
        unknown = set(reader.fieldnames or ()) - set(COLUMNS)
        if missing or unknown:
            raise UnreadableFileError(f"columns missing: {sorted(missing)}, unknown: {sorted(unknown)}")
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        raise UnreadableFileError(f"line {reader.line_num}: {error}") from error
    stations: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, line in lines:
        stations.setdefault(line["station_id"] or f"line {number}", []).append((number, line))
    return _bounded([_row_of_lines(group) for group in stations.values()])


def _bounded(rows: list[Row]) -> list[Row]:
    if not 1 <= len(rows) <= MOST_STATIONS:
        raise UnreadableFileError(f"1 to {MOST_STATIONS} stations a call, not {len(rows)}")
    return rows


def _row_of_lines(group: Sequence[tuple[int, dict[str, Any]]]) -> Row:
    number, first = group[0]
    faults = tuple(fault for line_number, line in group for fault in _faults_of(line_number, line, first))
    if faults:
        return Row(row=number, station_id=first["station_id"] or None, station=faults)
    evses: dict[str, dict[str, Any]] = {}
    for _, line in group:
        evse = evses.setdefault(line["evse_number"], {**_cells(line, _EVSE), "connectors": []})
        evse["connectors"].append(_cells(line, _CONNECTOR))
    return _row(number, {**_cells(first, _STATION), "evses": list(evses.values())})


def _faults_of(number: int, line: dict[str, Any], first: dict[str, Any]) -> Iterable[FieldError]:
    if None in line or None in line.values():
        yield FieldError(field="", problem=f"line {number} has too many or too few cells")
        return
    for column in _STATION:
        if line.get(column) != first.get(column):
            yield FieldError(field=column, problem=f"line {number} says otherwise than the station's first line")


def _cells(line: dict[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    return {column: line[column].strip() for column in columns if line.get(column)}


def _row(number: int, item: Any) -> Row:
    named = item.get("station_id") if isinstance(item, dict) else None
    station_id = named if isinstance(named, str) else None
    try:
        return Row(row=number, station_id=station_id, station=StationBody.model_validate(item))
    except ValidationError as error:
        return Row(row=number, station_id=station_id, station=_faults_in(error))


def _faults_in(error: ValidationError) -> tuple[FieldError, ...]:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    places = [fault["loc"] for fault in faults]
    return tuple(
        FieldError(field=".".join(str(part) for part in fault["loc"]), problem=fault["msg"])
        for fault in faults
        # A list counts its wrong items as missing; the item's own fault says it better.
        if not any(len(place) > len(fault["loc"]) == _shared(place, fault["loc"]) for place in places)
    )


def _shared(one: tuple[int | str, ...], other: tuple[int | str, ...]) -> int:
    return sum(1 for left, right in zip(one, other, strict=False) if left == right)
