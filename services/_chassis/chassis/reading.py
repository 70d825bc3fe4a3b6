"""Reading: one function a record, made of its schema once; what it gives is what fastavro and validation would give.

Every figure's type and bounds follow from the schema, so that a record is put together without being checked again.
Bytes that are none of the schema raise what broke: IndexError, KeyError, ValueError or OverflowError.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from chassis.writing import NotCompiled

Read = Callable[[bytes, int], tuple[Any, int]]
"""The record that begins at a place, and the place after it; past the end of the bytes where they are too short."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_VARINT = 63
_WIDE = Context(prec=60)


def reader_of(schema: Mapping[str, Any], python_class: Any) -> Read | None:
    """None for what is not a generated record, or has a type not known here."""
    source = _Source()
    try:
        name = source.record(schema, python_class)
    except NotCompiled:
        return None
    exec("\n".join(source.lines), source.names)  # noqa: S102 - made here, of our own schemas, as dataclasses are
    read: Read = source.names[name]
    return read


class _Source:
    """The lines of the functions, one a record class, and the names they use."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "varint": _varint,
            "length": _length,
            "block": _block,
            "decimal_of": _decimal,
            "timedelta": timedelta,
            "epoch": _EPOCH,
            "put": object.__setattr__,
        }
        self._functions: dict[str, str] = {}
        self._defined: dict[str, Any] = {}

    def record(self, schema: Mapping[str, Any], python_class: Any) -> str:
        """Define the function of a record and say its name. Raises NotCompiled."""
        known = self._functions.get(schema["name"])
        if known is not None:
            return known
        fields = getattr(python_class, "model_fields", None)
        if fields is None or {field["name"] for field in schema["fields"]} != set(fields):
            raise NotCompiled(schema["name"])
        self._define(schema)
        body = _Body(self)
        for field in schema["fields"]:
            body.value(field["type"], fields[field["name"]].annotation, f"f_{field['name']}", 1)
        number = len(self._functions)
        name = self._functions[schema["name"]] = f"read{number}"
        self.names[f"class{number}"], self.names[f"set{number}"] = python_class, set(fields)
        self.lines += [
            f"def {name}(buf, pos):",
            *body.lines,
            f"    record = class{number}.__new__(class{number})",
            f"    put(record, '__dict__', {{{', '.join(f'{each!r}: f_{each}' for each in fields)}}})",
            f"    put(record, '__pydantic_fields_set__', set{number})",
            "    put(record, '__pydantic_extra__', None)",
            "    put(record, '__pydantic_private__', None)",
            "    return record, pos",
        ]
        return name

    def _define(self, schema: Mapping[str, Any]) -> None:
        for name in (schema["name"], f"{schema.get('namespace', '')}.{schema['name']}"):
            self._defined[name] = schema

    def schema(self, schema: Any) -> Any:
        """What a name stands for."""
        return self._defined.get(schema, schema) if isinstance(schema, str) else schema

    def enum(self, schema: Mapping[str, Any], python_class: Any) -> str:
        """The name of a mapping from a symbol's place, as it is written, to the member."""
        if not (isinstance(python_class, type) and issubclass(python_class, Enum)):
            raise NotCompiled(schema["name"])
        self._define(schema)
        name = f"enum{len(self.names)}"
        self.names[name] = {2 * place: python_class(symbol) for place, symbol in enumerate(schema["symbols"])}
        return name


class _Body:
    """The lines of one record's function that read its fields."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self.lines: list[str] = []

    def add(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def value(self, schema: Any, hint: Any, target: str, depth: int) -> None:
        """Read into `target` what the schema says. Raises NotCompiled."""
        schema = self._source.schema(schema)
        if isinstance(schema, list):
            self._optional(schema, hint, target, depth)
            return
        kind, logical = (schema, None) if isinstance(schema, str) else (schema["type"], schema.get("logicalType"))
        match kind, logical:
            case "record", None:
                self.add(depth, f"{target}, pos = {self._source.record(schema, hint)}(buf, pos)")
            case "enum", None:
                self._number(depth)
                self.add(depth, f"{target} = {self._source.enum(schema, hint)}[n]")
            case "array", None:
                self._array(schema, hint, target, depth)
            case (("string" | "bytes"), (None | "decimal")):
                self._sized(schema, kind, logical, target, depth)
            case _:
                self._plain(kind, logical, target, depth)

    def _plain(self, kind: str, logical: str | None, target: str, depth: int) -> None:
        lines = {
            ("int", None): "(n >> 1) ^ -(n & 1)",
            ("long", None): "(n >> 1) ^ -(n & 1)",
            # Past the year 9999 the sum overflows.
            ("long", "timestamp-millis"): "epoch + timedelta(0, 0, 1000 * ((n >> 1) ^ -(n & 1)))",
        }
        if (kind, logical) == ("boolean", None):
            self.add(depth, f"{target} = buf[pos] != 0", "pos += 1")
        elif (kind, logical) in lines:
            self._number(depth)
            self.add(depth, f"{target} = {lines[kind, logical]}")
        else:
            raise NotCompiled(f"{kind} {logical}")

    def _number(self, depth: int) -> None:
        """Into n, as it is written: twice the number, or one less than twice a negative one's amount."""
        self.add(depth, "n = buf[pos]", "pos += 1", "if n > 127:", "    n, pos = varint(buf, pos, n)")

    def _sized(self, schema: Any, kind: str, logical: str | None, target: str, depth: int) -> None:
        self.add(depth, "n = buf[pos]", "pos += 1", "if n & 129:", "    n, pos = length(buf, pos, n)")
        self.add(depth, "end = pos + (n >> 1)")
        of_bytes = {"bytes": "buf[pos:end]", "string": "str(buf[pos:end], 'utf-8')"}[kind]
        if logical == "decimal":
            of_bytes = f"decimal_of(buf[pos:end], {schema['precision']}, {schema['scale']})"
        self.add(depth, f"{target} = {of_bytes}", "pos = end")

    def _optional(self, schema: list[Any], hint: Any, target: str, depth: int) -> None:
        if len(schema) != 2 or schema[0] != "null":
            raise NotCompiled(f"union of {schema}")
        self.add(depth, "n = buf[pos]", "pos += 1", "if n == 0:", f"    {target} = None", "elif n == 2:")
        self.value(schema[1], _without_none(hint), target, depth + 1)
        self.add(depth, "else:", "    raise ValueError(n)")

    def _array(self, schema: Mapping[str, Any], hint: Any, target: str, depth: int) -> None:
        count, items, item = f"count{depth}", f"items{depth}", f"item{depth}"
        self.add(depth, f"{items} = []", f"{count}, pos = block(buf, pos)", f"while {count}:")
        self.add(depth + 1, f"for _ in range({count}):")
        self.value(schema["items"], get_args(hint)[0] if get_args(hint) else None, item, depth + 2)
        self.add(depth + 2, f"{items}.append({item})")
        self.add(depth + 1, f"{count}, pos = block(buf, pos)")
        self.add(depth, f"{target} = tuple({items})")


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    return next(each for each in get_args(hint) if each is not type(None))


def _varint(buf: bytes, pos: int, low: int) -> tuple[int, int]:
    """A number of several bytes, of which the first is read."""
    number, shift = low & 127, 7
    while (byte := buf[pos]) > 127:
        number |= (byte & 127) << shift
        shift += 7
        pos += 1
        if shift > _LONGEST_VARINT:
            raise OverflowError("no Avro long")
    number |= byte << shift
    if number >> 64:
        raise OverflowError("no Avro long")
    return number, pos + 1


def _length(buf: bytes, pos: int, low: int) -> tuple[int, int]:
    """Twice the length, where it takes several bytes; or where it is none."""
    number, pos = _varint(buf, pos, low) if low > 127 else (low, pos)
    if number & 1:
        raise ValueError("a length below 0")
    return number, pos


def _block(buf: bytes, pos: int) -> tuple[int, int]:
    """How many items come next; a negative number is followed by their size."""
    number, pos = buf[pos], pos + 1
    if number > 127:
        number, pos = _varint(buf, pos, number)
    if not number & 1:
        return number >> 1, pos
    size, pos = buf[pos], pos + 1
    if size > 127:
        _, pos = _varint(buf, pos, size)
    return (number + 1) >> 1, pos


def _decimal(unscaled: bytes, precision: int, scale: int) -> Decimal:
    number = int.from_bytes(unscaled, signed=True)
    if abs(number) >= 10**precision:
        raise ValueError(f"more than {precision} digits")
    return _WIDE.scaleb(Decimal(number), -scale)
