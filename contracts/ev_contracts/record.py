"""What every generated record has in common, and what the catalogue says of records and topics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ParamSpec, Self, TypeVar, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, Strict


Fields = ParamSpec("Fields")
Made = TypeVar("Made")

# Made once: to cut an instant by `replace`, or by a timedelta made for it, takes four times as long.
_MICROS = tuple(timedelta(microseconds=number) for number in range(1000))
_SLOTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")


class Record(BaseModel, frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"):
    """A frozen fact or wish; unknown fields and look-alike types (a float for an int) are refused."""

    def to_datum(self) -> dict[str, Any]:
        """What an Avro writer takes: plain dictionaries, lists, enum symbols, aware datetimes and decimals."""
        return self.model_dump()

    @classmethod
    def from_datum(cls, datum: Mapping[str, Any]) -> Self:
        """The record of what an Avro reader gave; raises pydantic.ValidationError."""
        return cls.model_validate(datum)


def trusted(record: Callable[Fields, Made]) -> Callable[Fields, Made]:
    """A maker of a record without any validation, for edges that make thousands a second of fields that they computed.

    The type checker holds the fields against the record's. Instants must be as `utc_millis` gives them.
    """
    shape = cast("type[Record]", record)
    defaults = {name: field.default for name, field in shape.model_fields.items() if not field.is_required()}
    every = set(shape.model_fields)
    new = object.__new__
    put_fields, put_set, put_extra, put_private = (vars(BaseModel)[slot].__set__ for slot in _SLOTS)

    def make(**fields: Any) -> Record:
        made = new(shape)
        put_fields(made, defaults | fields)
        put_set(made, every)
        put_extra(made, None)
        put_private(made, None)
        return made

    return cast("Callable[Fields, Made]", make)


def utc_millis(moment: datetime) -> datetime:
    """An aware moment in UTC, cut to whole milliseconds."""
    # Avro's timestamp-millis drops the rest: cut it here, so that a record in memory equals the one read back.
    micros = moment.microsecond % 1000
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc - _MICROS[micros] if micros else in_utc


Instant = Annotated[AwareDatetime, AfterValidator(utc_millis)]
"""An aware moment, kept in UTC and cut to milliseconds."""

ExactDecimal = Annotated[Decimal, Strict(), Field(max_digits=24, decimal_places=8)]
"""At most 24 digits, 8 of them after the point; more is refused, never rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One record that may stand on a topic: its class, its self-contained Avro schema and that shape's fingerprint.

    `earlier` holds the released shapes that are written no more, by fingerprint: what is needed to read old bytes.
    """

    name: str
    topic: str
    python_class: type[Record]
    schema: Mapping[str, Any]
    fingerprint: str
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A service that reads a topic, and what for; `live` is False where it reads only at times, as for a refold."""

    service: str
    why: str
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One line of the catalogue; `records` are full names, `retention_days` None keeps for ever (or compacts)."""

    name: str
    purpose: str
    owner: str
    kind: str
    key: str
    partitions: int
    compacted: bool
    retention_days: int | None
    visibility: str
    personal_data: str
    consumers: tuple[Consumer, ...]
    records: tuple[str, ...]
