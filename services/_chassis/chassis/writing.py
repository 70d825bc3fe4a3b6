"""A schema as one Python function that writes its records.

Edges encode thousands of records a second, and a generic writer spends most of its time on finding out what it writes.
A test holds the bytes against fastavro's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

Write: TypeAlias = Callable[[Any, bytearray], None]

_LONG_BITS = 63
_LEAST_LONG, _MOST_LONG = -(2**_LONG_BITS), 2**_LONG_BITS - 1
_ONE_BYTE = 64
"""Below it, a number that is not negative takes one byte."""


class NotCompiled(Exception):
    """The schema has a construct that the compiler does not know."""


def compiled(schema: Mapping[str, Any]) -> Write:
    """Appends a record's bytes to what it is given. Raises NotCompiled."""
    source = _Source()
    source.add(0, "def write(record, out):")
    source.add(1, "append = out.append")
    source.value(schema, "record", 1)
    exec("\n".join(source.lines), source.names)  # noqa: S102 - made here, of our own schemas, as dataclasses are
    write: Write = source.names["write"]
    return write


class _Source:
    """The lines of one writing function, and the names they use."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"write_long": _write_long, "write_decimal": _write_decimal}
        self._defined: dict[str, Any] = {}
        self._count = 0

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def _name(self, value: str, depth: int) -> str:
        self._count += 1
        name = f"v{self._count}"
        self.add(depth, f"{name} = {value}")
        return name

    def value(self, schema: Any, value: str, depth: int) -> None:
        """Write `value`, an expression, as the schema says. Raises NotCompiled."""
        schema = self._defined.get(schema, schema) if isinstance(schema, str) else schema
        if isinstance(schema, list):
            self._optional(schema, value, depth)
            return
        kind, logical = (schema, None) if isinstance(schema, str) else (schema["type"], schema.get("logicalType"))
        match kind, logical:
            case "record", None:
                self._define(schema)
                # A record's attributes are looked up through its class; its dictionary has them at once.
                name = self._name(f"{value}.__dict__", depth)
                for field in schema["fields"]:
                    self.value(field["type"], f"{name}[{field['name']!r}]", depth)
            case "enum", None:
                self._define(schema)
                self.names[f"e{len(self.names)}"] = {word: _long(i) for i, word in enumerate(schema["symbols"])}
                self.add(depth, f"out += e{len(self.names) - 1}[{value}]")
            case "array", None:
                self._array(schema, value, depth)
            case (("string" | "bytes"), None):
                name = self._name(f"{value}.encode()" if kind == "string" else value, depth)
                self._length(name, depth)
                self.add(depth, f"out += {name}")
            case _:
                self._number_like(schema, kind, logical, value, depth)

    def _length(self, name: str, depth: int) -> None:
        # Nearly every length takes one byte, and a call takes longer than to write it.
        self.add(depth, f"n = len({name})")
        self.add(depth, f"if n < {_ONE_BYTE}:")
        self.add(depth + 1, "append(n << 1)")
        self.add(depth, "else:")
        self.add(depth + 1, "write_long(n, out)")

    def _number_like(self, schema: Any, kind: str, logical: str | None, value: str, depth: int) -> None:
        lines = {
            ("boolean", None): f"append(1 if {value} else 0)",
            ("int", None): f"write_long({value}, out)",
            ("long", None): f"write_long({value}, out)",
            ("long", "timestamp-millis"): f"write_long(round({value}.timestamp() * 1000), out)",
        }
        if (kind, logical) == ("bytes", "decimal"):
            self.add(depth, f"write_decimal({value}, {schema['scale']}, out)")
        elif (kind, logical) in lines:
            self.add(depth, lines[kind, logical])
        else:
            raise NotCompiled(f"{kind} {logical}")

    def _define(self, schema: Mapping[str, Any]) -> None:
        for name in (schema["name"], f"{schema.get('namespace', '')}.{schema['name']}"):
            self._defined[name] = schema

    def _optional(self, schema: list[Any], value: str, depth: int) -> None:
        if len(schema) != 2 or schema[0] != "null":
            raise NotCompiled(f"union of {schema}")
        name = self._name(value, depth)
        self.add(depth, f"if {name} is None:")
        self.add(depth + 1, "append(0)")
        self.add(depth, "else:")
        self.add(depth + 1, "append(2)")
        self.value(schema[1], name, depth + 1)

    def _array(self, schema: Mapping[str, Any], value: str, depth: int) -> None:
        name = self._name(value, depth)
        self.add(depth, f"if {name}:")
        self._length(name, depth + 1)
        self.add(depth + 1, f"for each{depth} in {name}:")
        self.value(schema["items"], f"each{depth}", depth + 2)
        self.add(depth, "append(0)")


def _write_long(number: int, out: bytearray) -> None:
    if 0 <= number < _ONE_BYTE:
        out.append(number << 1)
        return
    if not _LEAST_LONG <= number <= _MOST_LONG:
        raise OverflowError(f"{number} is no Avro long")
    number = (number << 1) ^ (number >> _LONG_BITS)
    if number > 0x3FFF:
        # Times share their upper bits for seconds: those bytes are made once.
        out.append(number & 0x7F | 0x80)
        out.append(number >> 7 & 0x7F | 0x80)
        out += _varint(number >> 14)
        return
    if number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


@lru_cache(4096)
def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _long(number: int) -> bytes:
    out = bytearray()
    _write_long(number, out)
    return bytes(out)


def _write_decimal(value: Decimal, scale: int, out: bytearray) -> None:
    scaled = value.scaleb(scale)
    unscaled = int(scaled)
    if unscaled != scaled:
        raise ValueError(f"{value} has more than {scale} decimal places")
    size = (unscaled if unscaled >= 0 else unscaled + 1).bit_length() // 8 + 1
    _write_long(size, out)
    out += unscaled.to_bytes(size, signed=True)
