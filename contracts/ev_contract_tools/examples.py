"""Each record has an example that a reader of the contracts can learn from; it must survive the wire."""

import io
from collections.abc import Iterator
from pathlib import Path

import fastavro
from pydantic import ValidationError

from ev_contract_tools.python_types import context_of, short
from ev_contract_tools.source import Source
from ev_contracts.catalogue import RECORDS
from ev_contracts.record import Record, RecordType


def paths(root: Path, name: str) -> list[Path]:
    """The example files of a record."""
    return sorted((root / "examples" / context_of(name) / short(name)).glob("*.json"))


def to_bytes(record_type: RecordType, record: Record) -> bytes:
    """Avro binary without the wire format's head."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, dict(record_type.schema), record.to_datum())
    return buffer.getvalue()


def from_bytes(record_type: RecordType, raw: bytes, writer_schema: dict[str, object] | None = None) -> Record:
    """Read with today's shape what `writer_schema` (default: today's) wrote; leftover bytes raise ValueError."""
    buffer = io.BytesIO(raw)
    reader = dict(record_type.schema)
    datum = fastavro.schemaless_reader(buffer, writer_schema or reader, reader if writer_schema else None)
    if buffer.read():
        raise ValueError(f"{record_type.name}: bytes are left over")
    if not isinstance(datum, dict):
        raise TypeError(f"{record_type.name}: not a record")
    return record_type.python_class.from_datum(datum)


def problems(source: Source) -> Iterator[str]:
    """Records without an example, examples of no record, and examples that do not survive the wire."""
    known = set()
    for name in sorted(source.topic_of().keys() & RECORDS.keys()):
        found = paths(source.root, name)
        known.update(found)
        if not found:
            yield f"{name}: has no example"
        for path in found:
            yield from _problem(source.root, RECORDS[name], path)
    for path in sorted(set((source.root / "examples").glob("*/*/*.json")) - known):
        yield f"{path.relative_to(source.root)}: is an example of no record on a topic"


def _problem(root: Path, record_type: RecordType, path: Path) -> Iterator[str]:
    try:
        record = record_type.python_class.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        yield f"{path.relative_to(root)}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        return
    if from_bytes(record_type, to_bytes(record_type, record)) != record:
        yield f"{path.relative_to(root)}: does not come back from the wire as it went"
