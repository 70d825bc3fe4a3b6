"""The law of compatibility: today's shapes against every shape ever released, without a registry."""

import json
from collections.abc import Iterator
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from ev_contract_tools.shapes import released
from ev_contract_tools.source import PRIMITIVES, Source, shape

_CHECKER: Any = ReaderWriterCompatibilityChecker  # the package carries no types


def breaks(source: Source) -> list[str]:
    """Every break against history, in words. Commands: new reads old. All else: old reads new as well."""
    problems = []
    for name, topic in sorted(source.topic_of().items()):
        new = shape(source, name)
        full = source.topics[topic].kind != "command"
        for number, old in released(source.root, name):
            if old == new:
                continue
            where = f"{name}: against released shape {number}"
            problems += [f"{where}: today's readers cannot read it: {why}" for why in _unreadable(new, old)]
            problems += [f"{where}: its readers cannot read today's: {why}" for why in _unreadable(old, new) if full]
            problems += [f"{where}: {why}" for why in _changed_meaning(new, old)]
    return problems


def lost_records(source: Source) -> list[str]:
    """Released records that are defined no more: their bytes are still in the log."""
    history = source.root / "history"
    names = sorted({f"ev.{path.parent.parent.name}.{path.parent.name}" for path in history.glob("*/*/*.avsc")})
    return [f"{name}: was released and is gone; its records are still in the log" for name in names
            if name not in source.definitions]  # fmt: skip


def _unreadable(reader: dict[str, Any], writer: dict[str, Any]) -> list[str]:
    checker: Any = _CHECKER()  # a new one each time: it remembers pairs it has seen
    result = checker.get_compatibility(parse(json.dumps(reader)), parse(json.dumps(writer)))
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    kinds = ", ".join(kind.value for kind in result.incompatibilities)
    return [f"{kinds} at {' '.join(sorted(result.locations))} ({'; '.join(sorted(result.messages))})"]


def _changed_meaning(new: dict[str, Any], old: dict[str, Any]) -> Iterator[str]:
    """What Avro's own rules let pass: a number that becomes a time, or another scale."""
    before, now = dict(_logical_types(old, "")), dict(_logical_types(new, ""))
    for path in sorted(before.keys() & now.keys()):
        if before[path] != now[path]:
            yield f"{path} was {before[path]} and is {now[path]}"


def _logical_types(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, type in words) of each plain value; enums are the compatibility checker's business."""
    if isinstance(schema, list):
        for branch in schema:
            yield from _logical_types(branch, path)
    elif isinstance(schema, str):
        yield from [(path, f"{schema} plain")] if schema in PRIMITIVES - {"null"} else []
    elif schema["type"] == "record":
        for field in schema["fields"]:
            yield from _logical_types(field["type"], f"{path}/{field['name']}")
    elif schema["type"] == "array":
        yield from _logical_types(schema["items"], f"{path}[]")
    elif schema["type"] != "enum":
        parameters = [str(schema[key]) for key in ("precision", "scale") if key in schema]
        yield path, " ".join([schema["type"], schema.get("logicalType", "plain"), *parameters])
