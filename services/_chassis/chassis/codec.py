"""Bytes to records and back: Confluent's wire format, Avro, and the catalogue's word on what may stand on a topic.

Errors: Poison (these bytes can never be read: a verdict on one record); UnknownShape (they can, once the writer's
schema is learnt); WrongIds and NotAllowed (this process is misconfigured or wrong: it must stop).
"""

import io
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import fastavro
from fastavro.types import AvroMessage

from chassis.reading import Read, reader_of
from chassis.values import fleeting
from chassis.writing import NotCompiled, Write, compiled

_MAGIC = struct.Struct(">bI")
_HEADER_LENGTH = 5


class RecordClass(Protocol):
    """A generated record type: to and from what an Avro library takes."""

    def from_datum(self, datum: Mapping[str, Any]) -> Any: ...


class Shape(Protocol):
    """What the catalogue says of one record."""

    @property
    def name(self) -> str: ...
    @property
    def python_class(self) -> Any: ...
    @property
    def schema(self) -> Mapping[str, Any]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def earlier(self) -> Mapping[str, Mapping[str, Any]]:
        """Fingerprint -> schema of the shapes that the log holds and nobody writes any more."""
        ...


class TopicEntry(Protocol):
    """What the catalogue says of one topic."""

    @property
    def kind(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def records(self) -> tuple[str, ...]: ...


class Poison(Exception):
    """Bytes that are no record of this topic; `reason` is kebab-case."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class UnknownShape(Exception):
    """Written with a schema this process does not carry: ask the registry for the id, learn it, decode again."""

    def __init__(self, name: str, fingerprint: str, schema_id: int) -> None:
        super().__init__(f"{name} was written as {fingerprint} (registry id {schema_id}), which is not carried here")
        self.name = name
        self.fingerprint = fingerprint
        self.schema_id = schema_id


class WrongIds(RuntimeError):
    """Registry ids and fingerprints contradict each other: a registry lost its store, or the ids file is another's."""


class NotAllowed(RuntimeError):
    """A record was to be written where the catalogue does not list it."""


@fleeting
class Encoded:
    """Value bytes and what the headers must say of them."""

    value: bytes
    type_name: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class _Writer:
    prefix: bytes
    write: Write
    name: bytes
    fingerprint: bytes
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Reader:
    python_class: Any
    schema: Any
    fingerprint: bytes
    schema_id: int


class Codec:
    """Encodes and decodes the catalogue's records. Without `ids` (memory, tests) the names' order numbers them."""

    def __init__(
        self,
        *,
        records: Mapping[str, Shape],
        topics: Mapping[str, TopicEntry],
        ids: Mapping[str, int] | None = None,
    ) -> None:
        numbers = {each.fingerprint: number for number, each in enumerate(_by_name(records), start=1)}
        self.ids: Mapping[str, int] = numbers if ids is None else ids
        self.topics = topics
        self.shapes = records
        missing = sorted(each.name for each in records.values() if each.fingerprint not in self.ids)
        if missing:
            raise WrongIds(
                f"no registry id for {', '.join(missing[:5])} ({len(missing)} in all): release the contracts"
            )
        standing: dict[str, set[str]] = {}
        for topic, entry in topics.items():
            for name in entry.records:
                standing.setdefault(name, set()).add(topic)
        self._writers: dict[type, _Writer] = {}
        self._readers: dict[tuple[str, bytes], _Reader] = {}
        self._older: dict[tuple[bytes, bytes], Any] = {}
        self._reads: dict[type, Read] = {}
        for shape in records.values():
            self._add(shape, frozenset(standing.get(shape.name, ())))

    def _add(self, shape: Shape, topics: frozenset[str]) -> None:
        for earlier, schema in shape.earlier.items():
            self.learn(shape.name, earlier, schema)
        parsed = fastavro.parse_schema(json.loads(json.dumps(shape.schema)))
        schema_id = self.ids[shape.fingerprint]
        fingerprint = shape.fingerprint.encode()
        self._writers[shape.python_class] = _Writer(
            prefix=_MAGIC.pack(0, schema_id),
            write=_writer_of(shape, parsed),
            name=shape.name.encode(),
            fingerprint=fingerprint,
            topics=topics,
        )
        for topic in topics:
            self._readers[topic, shape.name.encode()] = _Reader(shape.python_class, parsed, fingerprint, schema_id)

    def others(self, topic: str, of: Iterable[type[Any]]) -> frozenset[bytes]:
        """The names of the topic's records besides these; none where these are none."""
        names = {self._writers[each].name for each in of}
        return frozenset(name.encode() for name in self.topics[topic].records if names) - names

    def encode(self, topic: str, record: Any) -> Encoded:
        """Raises NotAllowed for a record the catalogue does not list on this topic."""
        writer = self._writers.get(type(record))
        if writer is None or topic not in writer.topics:
            raise NotAllowed(f"{type(record).__name__} may not stand on {topic}")
        out = bytearray(writer.prefix)
        writer.write(record, out)
        return Encoded(bytes(out), writer.name, writer.fingerprint)

    def decode(self, topic: str, value: bytes | None, headers: Mapping[str, bytes]) -> Any:
        """The record. Raises Poison, UnknownShape, WrongIds."""
        if value is None or len(value) < _HEADER_LENGTH or value[0]:
            raise Poison("not-wire-format", "no magic byte and schema id")
        type_name = headers.get("ce_type", b"")
        reader = self._readers.get((topic, type_name))
        if reader is None:
            raise Poison("record-not-on-topic", f"{type_name.decode(errors='replace')} on {topic}")
        schema = self._written_as(reader, type_name, headers.get("schema_fp", b""), _MAGIC.unpack_from(value)[1])
        if schema is not reader.schema:
            return _read(value, partial(_resolved, reader, schema))
        read = self._reads.get(reader.python_class)
        if read is None:
            made = reader_of(reader.schema, reader.python_class)
            read = self._reads[reader.python_class] = made or partial(_resolved, reader, None)
        return _read(value, read)

    def _written_as(self, reader: _Reader, type_name: bytes, fingerprint: bytes, schema_id: int) -> Any:
        if fingerprint == reader.fingerprint:
            if schema_id != reader.schema_id:
                raise WrongIds(
                    f"{type_name.decode()} {fingerprint.decode()} came with registry id {schema_id}, "
                    f"which is {reader.schema_id} here: the registry lost its store or the ids file is another's"
                )
            return reader.schema
        if not fingerprint:
            # Nobody could ever say how it was written, so it must not stop whoever waits for the registry to tell.
            raise Poison("no-schema-fingerprint", type_name.decode())
        older = self._older.get((type_name, fingerprint))
        if older is None:
            raise UnknownShape(type_name.decode(), fingerprint.decode(errors="replace"), schema_id)
        return older

    def learn(self, name: str, fingerprint: str, schema: Mapping[str, Any]) -> None:
        """From now on bytes of `name` written as `fingerprint` are read with this writer's schema."""
        self._older[name.encode(), fingerprint.encode()] = fastavro.parse_schema(json.loads(json.dumps(schema)))


def _writer_of(shape: Shape, parsed: Any) -> Write:
    """A function of its own for generated records; fastavro for whatever is not one, or has a type not known here."""
    fields = {field["name"] for field in shape.schema["fields"]}
    if fields <= set(getattr(shape.python_class, "model_fields", ())):
        try:
            return compiled(shape.schema)
        except NotCompiled:
            pass

    def write(record: Any, out: bytearray) -> None:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, record.to_datum())
        out += buffer.getvalue()

    return write


def _by_name(records: Mapping[str, Shape]) -> Iterable[Shape]:
    return (records[name] for name in sorted(records))


def _resolved(reader: _Reader, written_as: Any, value: bytes, at: int) -> tuple[Any, int]:
    """As fastavro reads it and the record's own validation takes it; from an earlier shape where one is given."""
    buffer = io.BytesIO(value)
    buffer.seek(at)
    schemas = (reader.schema, None) if written_as is None else (written_as, reader.schema)
    datum: AvroMessage = fastavro.schemaless_reader(buffer, *schemas)
    return reader.python_class.from_datum(datum), buffer.tell()


def _read(value: bytes, read: Read) -> Any:
    try:
        record, end = read(value, _HEADER_LENGTH)
    # Every way in which hostile bytes make a reader or the record's own validation fail.
    except (
        EOFError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        ArithmeticError,
        MemoryError,
    ) as error:
        raise Poison("undecodable", f"{type(error).__name__}: {error}"[:300]) from error
    if end > len(value):
        raise Poison("undecodable", "the bytes are shorter than their schema")
    if end < len(value):
        # A short schema on longer bytes decodes silently otherwise.
        raise Poison("bytes-left-over", "the bytes are longer than their schema")
    return record
