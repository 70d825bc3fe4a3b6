"""The plumbing of a record: CloudEvents headers (binary mode) out of it and into it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from chassis.codec import Encoded, Poison
from chassis.decider import EventContext
from chassis.log.keys import tenant_of
from chassis.log.port import Entry, Fetched
from chassis.values import fleeting

REPLY_TO = "reply_to"
"""`<topic>/<partition>` where somebody waits for the decision."""
SRC = "src"
"""`<topic>/<partition>/<offset>/<index>` of the event a reaction answers."""
DEADLINE = "deadline"
"""`<name>@<due ISO>` on the command of a deadline."""
ASK = "ask"
"""A command id whose outcome is asked for; the record has no value."""
BODY_HASH = "body_hash"
"""Of what a person sent, so that one idempotency key cannot mean two things."""
UNPARKED = "unparked"
"""`<repair>/<offset>` on a dead letter that is played again; the offset is that of the record as it first came."""
UNPARK = "unpark"
"""`<repair>/<last offset>`: the end of a repair."""
STREAM_VERSION = "ce_streamversion"

_KEYS_REMEMBERED = 65_536
_SECONDS_REMEMBERED = 16


@fleeting
class Stamp:
    """What stands in the headers besides what the codec says."""

    record_id: str
    source: bytes
    time: datetime
    key: str
    correlation_id: str = ""
    causation_id: str = ""
    stream_version: int | None = None
    extra: tuple[tuple[str, bytes], ...] = ()


def entry_of(encoded: Encoded, stamp: Stamp) -> Entry:
    """The record with its headers; the tenant is always the key's."""
    key, tenant = _key_and_tenant(stamp.key)
    record_id = stamp.record_id.encode()
    headers = [
        ("ce_id", record_id),
        ("ce_type", encoded.type_name),
        ("ce_source", stamp.source),
        ("ce_time", _iso(stamp.time)),
        ("ce_tenant", tenant),
        ("ce_correlationid", stamp.correlation_id.encode() or record_id),
        ("schema_fp", encoded.fingerprint),
    ]
    if stamp.causation_id:
        headers.append(("ce_causationid", stamp.causation_id.encode()))
    if stamp.stream_version is not None:
        headers.append((STREAM_VERSION, str(stamp.stream_version).encode()))
    headers.extend(stamp.extra)
    return Entry(key, encoded.value, headers)


@lru_cache(_KEYS_REMEMBERED)
def _key_and_tenant(key: str) -> tuple[bytes, bytes]:
    return key.encode(), tenant_of(key).encode()


def _iso(moment: datetime) -> bytes:
    if moment.tzinfo is not UTC:
        return moment.isoformat().encode()
    # Thousands of records share a second; isoformat of each takes three times as long.
    second = _second(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return b"%b.%06d+00:00" % (second, moment.microsecond)


@lru_cache(_SECONDS_REMEMBERED)
def _second(*parts: int) -> bytes:
    return datetime(*parts).isoformat().encode()  # type: ignore[arg-type]  # noqa: DTZ001 - the zone is written behind it


def type_name_of(record: Fetched) -> bytes:
    """What its header says it is; empty where it says nothing."""
    for name, value in record.headers:
        if name == "ce_type":
            return value
    return b""


def context_of(topic: str, partition: int, record: Fetched, headers: Mapping[str, bytes]) -> EventContext:
    """Raises Poison where key and tenant contradict each other or a header that must be there is not."""
    try:
        key = (record.key or b"").decode()
        version = headers.get(STREAM_VERSION)
        context = EventContext(
            topic=topic,
            partition=partition,
            offset=record.offset,
            key=key,
            tenant=headers["ce_tenant"].decode(),
            event_id=headers["ce_id"].decode(),
            stream_version=record.offset if version is None else int(version),
            correlation_id=headers.get("ce_correlationid", b"").decode(),
            causation_id=headers.get("ce_causationid", b"").decode(),
            time=datetime.fromisoformat(headers["ce_time"].decode()).astimezone(UTC),
            log_time_ms=record.timestamp,
            headers=headers,
        )
    except (KeyError, ValueError) as error:
        raise Poison("bad-headers", f"{type(error).__name__}: {error}") from error
    if context.tenant != tenant_of(key):
        raise Poison("tenant-is-not-the-keys", context.tenant)
    return context
