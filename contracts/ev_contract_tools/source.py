"""Reads the source of truth: record definitions (`avro/`) and the topic catalogue (`topics/`)."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ev_contracts.record import Consumer, Topic

CONTRACTS = Path(__file__).resolve().parent.parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is eight times as fast, where it is built
PRIMITIVES = frozenset({"null", "boolean", "int", "long", "bytes", "string"})
KINDS = ("event", "command", "sample", "state", "snapshot", "reply", "changelog", "dlq")
KINDS_OF_THE_CHASSIS = frozenset({"state", "reply", "changelog", "dlq"})


class BadContractError(ValueError):
    """A definition that cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """All definitions by full name (records and enums), all topics by name, and the authority table by act."""

    root: Path
    definitions: dict[str, dict[str, Any]]
    topics: dict[str, Topic]
    authority: dict[str, list[dict[str, Any]]]

    def topic_of(self) -> dict[str, str]:
        """Which topic a record stands on; of two the last one wins (`checks` reports that)."""
        return {record: topic.name for topic in self.topics.values() for record in topic.records}


def load(root: Path = CONTRACTS) -> Source:
    """Read a contracts folder; raises BadContractError naming the file."""
    definitions = dict(_definitions(root))
    topics = {topic.name: topic for topic in _topics(root)}
    authority = yaml.safe_load((root / "authority.yaml").read_text(encoding="utf-8"))["acts"]
    return Source(root=root, definitions=definitions, topics=topics, authority=authority)


def _definitions(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((root / "avro").glob("*/*.avsc")):
        try:
            definition = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadContractError(f"{path.relative_to(root)}: not JSON: {error}") from error
        expected = (f"ev.{path.parent.name}", path.stem)
        if (definition.get("namespace"), definition.get("name")) != expected:
            raise BadContractError(f"{path.relative_to(root)}: must define {'.'.join(expected)}")
        yield ".".join(expected), definition


def _topics(root: Path) -> Iterator[Topic]:
    for path in sorted((root / "topics").glob("*.yaml")):
        entry = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
        if entry.get("topic") != path.stem:
            raise BadContractError(f"topics/{path.name}: must describe the topic {path.stem}")
        try:
            yield _topic(entry)
        except KeyError as error:
            raise BadContractError(f"topics/{path.name}: {error.args[0]} is missing") from error


def _topic(entry: dict[str, Any]) -> Topic:
    context = entry["topic"].split(".")[0]
    compacted = entry.get("cleanup") == "compact"
    kept_for_ever = compacted or entry.get("retention") == "forever"
    return Topic(
        name=entry["topic"],
        purpose=entry["purpose"],
        owner=entry["owner"],
        kind=entry["kind"],
        key=entry["key"],
        partitions=entry["partitions"],
        compacted=compacted,
        retention_days=None if kept_for_ever else entry["retention_days"],
        visibility=entry["visibility"],
        personal_data=entry["personal_data"],
        consumers=tuple(Consumer(**each) for each in entry["consumers"]),
        records=tuple(
            f"ev.{record}" if "." in record else f"ev.{context}.{record}" for record in entry.get("records", ())
        ),
    )


def shape(source: Source, name: str) -> dict[str, Any]:
    """The self-contained schema of a record, without docs: what is registered and written with.

    Named types are inlined where they are first used and named afterwards, as Avro wants it.
    Raises BadContractError for an unknown name and for a recursive type (Avro readers recurse without limit).
    """
    inlined: dict[str, Any] = _Inliner(source, name).named(name, ())
    return inlined


class _Inliner:
    def __init__(self, source: Source, root_name: str) -> None:
        self._source = source
        self._root_name = root_name
        self._seen: set[str] = set()

    def named(self, name: str, above: tuple[str, ...]) -> Any:
        if name in above:
            raise BadContractError(f"{self._root_name}: recursive type {name}")
        if name in self._seen:
            return name
        if name not in self._source.definitions:
            raise BadContractError(f"{self._root_name}: unknown type {name}")
        self._seen.add(name)
        definition = {key: value for key, value in self._source.definitions[name].items() if key != "doc"}
        if definition["type"] == "record":
            definition["fields"] = [self._field(field, (*above, name)) for field in definition["fields"]]
        return definition

    def _field(self, field: dict[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        kept = {key: value for key, value in field.items() if key != "doc"}
        return {**kept, "type": self._type(field["type"], above)}

    def _type(self, avro_type: Any, above: tuple[str, ...]) -> Any:
        if isinstance(avro_type, list):
            return [self._type(branch, above) for branch in avro_type]
        if isinstance(avro_type, dict):
            if avro_type["type"] == "array":
                return {**avro_type, "items": self._type(avro_type["items"], above)}
            return avro_type
        return avro_type if avro_type in PRIMITIVES else self.named(avro_type, above)


def references(definition: dict[str, Any]) -> Iterator[str]:
    """The full names a record's fields refer to, in order, with repeats."""
    for field in definition.get("fields", ()):
        yield from _names_in(field["type"])


def _names_in(avro_type: Any) -> Iterator[str]:
    if isinstance(avro_type, list):
        for branch in avro_type:
            yield from _names_in(branch)
    elif isinstance(avro_type, dict):
        yield from _names_in(avro_type["items"]) if avro_type["type"] == "array" else ()
    elif avro_type not in PRIMITIVES:
        yield avro_type


def fingerprint(schema: dict[str, Any]) -> str:
    """16 hex digits of the shape: defaults and logical types count too, unlike in Avro's canonical form."""
    canonical = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
