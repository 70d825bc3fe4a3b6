"""The law of compatibility, tried on shapes that break it: a breaking contract cannot be merged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ev_contract_tools import compat, generate, history
from ev_contract_tools.source import load

EVENT = "avro/sessions/SessionStarted.avsc"
COMMAND = "avro/sessions/StartSession.avsc"
STATE = "avro/common/ConnectorState.avsc"

Change = Callable[[dict[str, Any]], object]


def field(record: dict[str, Any], name: str) -> Any:
    (found,) = [each for each in record["fields"] if each["name"] == name]
    return found


def add(**attributes: Any) -> Change:
    return lambda record: record["fields"].append(attributes)


def remove(name: str) -> Change:
    return lambda record: record["fields"].remove(field(record, name))


def retype(name: str, avro_type: Any) -> Change:
    return lambda record: field(record, name).update(type=avro_type)


def after(root: Path, path: str, change: Change) -> list[str]:
    """What is said when a released contract changes so."""
    history.release(load(root))
    definition = json.loads((root / path).read_text(encoding="utf-8"))
    change(definition)
    (root / path).write_text(json.dumps(definition), encoding="utf-8")
    return compat.breaks(load(root))


def released(root: Path) -> list[Path]:
    """The shapes of the event that were ever released, today's among them, in their order."""
    history.release(load(root))
    return sorted((root / "history/sessions/SessionStarted").glob("*.avsc"), key=lambda path: int(path.stem))


@pytest.mark.parametrize("path", [EVENT, COMMAND])
def test_a_field_with_a_default_may_come(copy: Path, path: str) -> None:
    assert after(copy, path, add(name="note", type=["null", "string"], default=None)) == []


@pytest.mark.parametrize("path", [EVENT, COMMAND])
def test_a_field_without_a_default_may_not_come(copy: Path, path: str) -> None:
    found = after(copy, path, add(name="note", type="string"))
    assert found
    # One finding for each shape that was ever released.
    assert all("today's readers cannot read it: reader_field_missing_default_value" in each for each in found)


def test_a_field_without_a_default_may_not_leave_an_event(copy: Path) -> None:
    found = after(copy, EVENT, remove("station_id"))
    assert found
    assert all("its readers cannot read today's: reader_field_missing_default_value" in each for each in found)


def test_a_field_may_leave_a_command(copy: Path) -> None:
    assert after(copy, COMMAND, remove("offline")) == []


def test_a_number_may_not_become_text(copy: Path) -> None:
    assert any("type_mismatch" in found for found in after(copy, EVENT, retype("evse_number", "string")))


def test_a_time_may_not_become_a_plain_number(copy: Path) -> None:
    against = [f"against released shape {shape.stem}" for shape in released(copy)]
    changed = "/started_at was long timestamp-millis and is long plain"
    found = after(copy, EVENT, retype("started_at", "long"))
    assert found == [f"ev.sessions.SessionStarted: {each}: {changed}" for each in against]


def test_a_symbol_may_come_where_the_unknown_stands_for_it(copy: Path) -> None:
    assert after(copy, STATE, lambda enum: enum["symbols"].append("ON_FIRE")) == []


def test_a_break_against_an_older_release_is_found_too(copy: Path) -> None:
    """FULL_TRANSITIVE: not only the latest shape counts."""
    assert after(copy, EVENT, add(name="note", type=["null", "string"], default=None)) == []
    *older, latest = (f"against released shape {shape.stem}:" for shape in released(copy))
    found = after(copy, EVENT, retype("note", ["null", "long"]))
    assert any(latest in each for each in found)
    assert not any(shape in each for each in found for shape in older)


def test_a_release_adds_a_shape_only_where_it_differs(copy: Path) -> None:
    shapes = released(copy)
    assert history.release(load(copy)) == []
    assert after(copy, EVENT, add(name="note", type=["null", "string"], default=None)) == []
    following = f"history/sessions/SessionStarted/{len(shapes) + 1}.avsc"
    assert [path.as_posix() for path in history.release(load(copy))] == [following]


def test_a_shape_that_is_written_no_more_goes_with_the_types_so_that_its_bytes_are_read_without_a_registry(
    copy: Path,
) -> None:
    shapes = [json.loads(shape.read_text(encoding="utf-8")) for shape in released(copy)]
    assert after(copy, EVENT, add(name="note", type=["null", "string"], default=None)) == []
    packaged = json.loads(generate.files(load(copy))[Path("ev_contracts/schemas.json")])["ev.sessions.SessionStarted"]
    assert list(packaged["earlier"].values()) == shapes
