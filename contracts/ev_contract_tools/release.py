"""Registers every shape with a registry and writes down which id each got; no running service ever registers one."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from ev_contract_tools.shapes import released
from ev_contract_tools.source import CONTRACTS, fingerprint
from ev_contracts.record import RecordType

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 30.0


class RegistryError(RuntimeError):
    """The registry did not answer, refused a schema, or gives other ids than before; the message says which and why."""


def subject(record: RecordType) -> str:
    """TopicRecordNameStrategy: the topic as the catalogue names it (without a namespace) and the record's full name."""
    return f"{record.topic}-{record.name}"


def shapes(record: RecordType, root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(fingerprint, schema) of every release of a record, oldest first, and of today's where it is not released yet."""
    earlier = {fingerprint(schema): schema for _, schema in released(root, record.name)}
    yield from {**earlier, record.fingerprint: record.schema}.items()


def register(registry: str, records: Mapping[str, RecordType], *, root: Path = CONTRACTS) -> dict[str, int]:
    """Fingerprint -> id of every shape, in the order of their subjects; a schema that stands there keeps its id.

    `registry` is the root of a Confluent-compatible API. Raises RegistryError.
    """
    with httpx2.Client(base_url=registry.rstrip("/"), timeout=TIMEOUT_S) as client:
        return {
            mark: _register(client, subject(record), schema)
            for record in sorted(records.values(), key=subject)
            for mark, schema in shapes(record, root)
        }


def write_ids(path: Path, ids: Mapping[str, int]) -> None:
    """Add to what the file says, and replace it whole, so that a reader never sees half of it.

    Raises RegistryError where the file says another id of a shape: the log's records carry that one.
    """
    before: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    moved = sorted(mark for mark in before.keys() & ids.keys() if before[mark] != ids[mark])
    if moved:
        raise RegistryError(
            f"{path}: the registry gives {len(moved)} shapes other ids than before ({moved[0]} was {before[moved[0]]}, "
            f"is {ids[moved[0]]}): has it lost its store? The log carries the old ids: restore it"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({**before, **ids}, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(path)


def _register(client: httpx2.Client, name: str, schema: Mapping[str, Any]) -> int:
    body = {"schemaType": "AVRO", "schema": json.dumps(schema, separators=(",", ":"))}
    try:
        answer = client.post(f"/subjects/{name}/versions", json=body, headers={"Content-Type": CONTENT_TYPE})
    except httpx2.TransportError as error:
        raise RegistryError(f"registry at {client.base_url} does not answer: {error}") from error
    content: dict[str, Any] = answer.json() if answer.content else {}
    if answer.status_code != httpx2.codes.OK:
        raise RegistryError(f"registry refused {name}: HTTP {answer.status_code} {content.get('message', '')}")
    return int(content["id"])
