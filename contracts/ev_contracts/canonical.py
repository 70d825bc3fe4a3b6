"""Canonical JSON (RFC 8785) of records: the same facts give the same bytes, to be hashed and kept as of record.

Decimals are written as strings in plain notation without trailing zeros, moments as RFC 3339 in UTC with milliseconds,
bytes as base64. There are no floats in a record, so RFC 8785's number format is only ever an integer's.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ev_contracts.record import Record

_EXACT_IN_JSON = 2**53
"""Beyond it other readers of JSON lose digits (RFC 8785, section 3.2.2.3)."""


def record_json(record: Record) -> bytes:
    """The record's canonical JSON; a record built here and one read back from the log give the same bytes."""
    return canonical_json(record.model_dump())


def canonical_json(value: Any) -> bytes:
    """RFC 8785 of what JSON knows and of the types named above. Raises TypeError, ValueError."""
    return _text(value).encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        # RFC 8785 sorts by UTF-16 code units, which differs from code points above U+FFFF.
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_string(name)}:{_text(member)}" for name, member in members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if abs(value) >= _EXACT_IN_JSON:
            raise ValueError(f"{value} is not exact in JSON")
        return str(int(value))
    return _string(_as_string(value))


def _as_string(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} has no canonical JSON")


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def plain(value: Decimal) -> str:
    """`0.30000000` and `3E-1` are both `0.3`; zero is `0`."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
