"""Reading single fields of an OCPP payload that already passed its schema: instants, whole numbers, plain names."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeAlias, TypeVar

Payload: TypeAlias = Mapping[str, Any]
Value = TypeVar("Value")

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1
MAX_WH = 10**15
"""Beyond a petawatt-hour no register is a register; below it every sum fits Avro's long."""


class BadField(ValueError):
    """A field that its schema let pass but that no fact can carry: a time that is none, a number that fits nowhere."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class BadType(BadField):
    """The field is not of its type at all."""


_SHORTEST_INSTANT = len("2026-11-20T12")


def is_instant(text: str) -> bool:
    """Whether it is an ISO 8601 date and time, with or without an offset; a date alone is none."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= _SHORTEST_INSTANT


def instant(payload: Payload, field: str) -> datetime:
    """The field's moment in UTC; any offset and any number of fractional digits. Without an offset it is UTC.

    Raises BadField. Skewed clocks pass: a station without a battery starts in 1970, and its energy is real.
    """
    text = payload[field]
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise BadType(field, "not an ISO 8601 date and time") from error
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadField(field, "outside of the calendar") from error


def whole(payload: Payload, field: str, *, limit: int = INT32_MAX) -> int:
    """The field as an integer within plus or minus `limit`; JSON Schema lets 1.0 pass as an integer."""
    number = int(payload[field])
    if not -limit <= number <= limit:
        raise BadField(field, "number out of range")
    return number


def long(payload: Payload, field: str) -> int:
    """As `whole`, of 64 bits: ids and counters of stations."""
    return whole(payload, field, limit=INT64_MAX)


_MAX_DIGITS = 15
_PLACES = Decimal("1e-8")


def exact(payload: Payload, field: str) -> Decimal:
    """The number as the station wrote it, rounded half-even to 8 places; beyond 10**15 it is a BadField."""
    # repr of a float is the shortest text that reads back the same: the digits that came over the wire.
    value = Decimal(repr(payload[field]))
    if value.adjusted() >= _MAX_DIGITS:
        raise BadField(field, "number out of range")
    return value.quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def maybe(read: Callable[[Payload, str], Value], payload: Payload, field: str) -> Value | None:
    """The field by its reader; None where it is absent."""
    return read(payload, field) if field in payload else None


def name_of(payload: Payload, field: str) -> str | None:
    """A number that names something, as the name it is; None where it is absent."""
    return None if field not in payload else str(long(payload, field))


def rounded(payload: Payload, field: str) -> int:
    """A number of which the whole units count, half-even."""
    return int(exact(payload, field).to_integral_value(rounding=ROUND_HALF_EVEN))


def iso(moment: datetime) -> str:
    """An instant as stations are told it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
