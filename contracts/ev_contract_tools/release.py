"""Registers every schema with a registry and writes down which id each got; no running service ever registers one."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from ev_contracts.record import RecordType

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 30.0


class RegistryError(RuntimeError):
    """The registry did not answer, or refused a schema; the message names it and says why."""


def subject(record: RecordType) -> str:
    """TopicRecordNameStrategy: the topic as the catalogue names it (without a namespace) and the record's full name."""
    return f"{record.topic}-{record.name}"


def register(registry: str, records: Mapping[str, RecordType]) -> dict[str, int]:
    """Fingerprint -> id of every record, in the order of their subjects; a schema that stands there keeps its id.

    `registry` is the root of a Confluent-compatible API. Raises RegistryError.
    """
    with httpx2.Client(base_url=registry.rstrip("/"), timeout=TIMEOUT_S) as client:
        ordered = sorted(records.values(), key=subject)
        return {record.fingerprint: _register(client, record) for record in ordered}


def write_ids(path: Path, ids: Mapping[str, int]) -> None:
    """Replace the file whole, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(ids, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(path)


def _register(client: httpx2.Client, record: RecordType) -> int:
    body = {"schemaType": "AVRO", "schema": json.dumps(record.schema, separators=(",", ":"))}
    name = subject(record)
    try:
        answer = client.post(f"/subjects/{name}/versions", json=body, headers={"Content-Type": CONTENT_TYPE})
    except httpx2.TransportError as error:
        raise RegistryError(f"registry at {client.base_url} does not answer: {error}") from error
    content: dict[str, Any] = answer.json() if answer.content else {}
    if answer.status_code != httpx2.codes.OK:
        raise RegistryError(f"registry refused {name}: HTTP {answer.status_code} {content.get('message', '')}")
    return int(content["id"])
