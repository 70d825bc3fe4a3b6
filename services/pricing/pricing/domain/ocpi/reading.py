"""Reads JSON that others wrote: every number exact and within bounds, every fault with its place."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from enum import Enum
from fractions import Fraction
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | Decimal | bool | None

_MOST_DIGITS = 16
_MOST_DECIMALS = 34
"""The shortest form of a double has 17 digits, behind as many zeros as a millisecond in hours can have."""
_MOST_RAW_DIGITS = 60
_WIDE = Context(prec=_MOST_RAW_DIGITS)
_HUGE = Decimal("1E+60")
_THIS_MACHINES = frozenset({"Factory", "localtime", "posixrules"})
"""Names that a machine may have beside those of places, and that mean something else on each."""
_YEARS = range(1_000, 9_000)
"""So far from the ends of the calendar that any zone's time is one, too."""
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")

Choice = TypeVar("Choice", bound=Enum)


class BadInput(ValueError):
    """What makes no sense, and where: `pointer` is a JSON pointer, empty for the whole."""

    def __init__(self, pointer: str, reason: str) -> None:
        """Its text names both."""
        super().__init__(f"{pointer or '/'}: {reason}")
        self.pointer = pointer
        self.reason = reason


class _NoNumber(str):
    """NaN or an infinity, until its place is known."""

    __slots__ = ()


class _Repeated(dict[str, "Json"]):
    """An object in which a name stands twice, until its place is known."""

    name = ""


def parse(text: str | bytes) -> "Node":
    """The document. Raises BadInput for what is no JSON, and for NaN, Infinity and a name told twice."""
    try:
        value: Json = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_NoNumber, object_pairs_hook=_object
        )
    except RecursionError:
        raise BadInput("", "nested too deeply") from None
    except ValueError as error:
        raise BadInput("", f"no JSON: {error}") from None
    _refuse_oddities(value)
    return Node(value, "")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return _HUGE


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MOST_RAW_DIGITS else _HUGE


def _object(pairs: Sequence[tuple[str, Json]]) -> Mapping[str, Json]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    odd = _Repeated(found)
    odd.name = next(name for place, (name, _) in enumerate(pairs) if name in {each for each, _ in pairs[:place]})
    return odd


def _refuse_oddities(document: Json) -> None:
    left: list[tuple[Json, str]] = [(document, "")]
    while left:
        value, pointer = left.pop()
        if isinstance(value, _NoNumber):
            raise BadInput(pointer, f"{value} is no number")
        if isinstance(value, _Repeated):
            raise BadInput(pointer, f"{value.name!r} is told twice in one object")
        if isinstance(value, Mapping):
            left += [(each, f"{pointer}/{_escaped(name)}") for name, each in value.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            left += [(each, f"{pointer}/{place}") for place, each in enumerate(value)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. Each method raises BadInput where the value is not of its kind."""

    value: Json
    pointer: str

    def fail(self, reason: str) -> NoReturn:
        """Refuse it here."""
        raise BadInput(self.pointer, reason)

    def get(self, *names: str) -> "Node | None":
        """The first of these fields that stands and is not null."""
        if not isinstance(self.value, Mapping):
            self.fail("not an object")
        for name in names:
            if self.value.get(name) is not None:
                return Node(self.value[name], f"{self.pointer}/{name}")
        return None

    def need(self, *names: str) -> "Node":
        """Likewise, and one must."""
        found = self.get(*names)
        if found is None:
            raise BadInput(f"{self.pointer}/{names[0]}", "required, and missing")
        return found

    def items(self, *, at_least: int = 0, at_most: int = 100_000) -> Iterator["Node"]:
        """Of a list."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            self.fail("not a list")
        if not at_least <= len(self.value) <= at_most:
            self.fail(f"{len(self.value)} of them; from {at_least} to {at_most} may stand here")
        for place, each in enumerate(self.value):
            yield Node(each, f"{self.pointer}/{place}")

    def text(self, *, at_most: int = 255) -> str:
        """A string that says something."""
        if not isinstance(self.value, str) or not 0 < len(self.value) <= at_most:
            self.fail(f"not a text of 1 to {at_most} characters")
        return self.value

    def choice(self, kind: type[Choice]) -> Choice:
        """One of an enum's values, but UNKNOWN, which is no value in OCPI."""
        word = self.text()
        found = next((each for each in kind if each.value == word and word != "UNKNOWN"), None)
        if found is None:
            self.fail(f"{word!r} is none of {', '.join(str(each.value) for each in kind if each.value != 'UNKNOWN')}")
        return found

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.fail("neither true nor false")
        return self.value

    def number(self, *, at_least: int | None = 0, at_most: int = 10**12, decimals: int = _MOST_DECIMALS) -> Decimal:
        """An exact one within bounds; a text is none."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.fail("not a number")
        number = Decimal(value)
        # The exponent first: 1e999 must not be written out.
        if not number.is_finite() or (number and number.adjusted() >= _MOST_DIGITS):
            self.fail(f"out of bounds: more than {_MOST_DIGITS} digits before the point")
        if len(number.as_tuple().digits) > _MOST_RAW_DIGITS:
            self.fail("out of bounds: too many digits")
        number = number.normalize(_WIDE)
        if -int(number.as_tuple().exponent) > decimals:
            self.fail(f"out of bounds: more than {decimals} digits behind the point")
        if at_least is not None and number < at_least:
            self.fail(f"{number:f} is below {at_least}")
        if abs(number) > at_most:
            self.fail(f"{number:f} is out of bounds")
        return number

    def fraction(self, *, at_least: int | None = 0, at_most: int = 10**12) -> Fraction:
        """The same as a fraction."""
        return Fraction(self.number(at_least=at_least, at_most=at_most))

    def integer(self, *, at_least: int = 0, at_most: int = 10**9) -> int:
        """A whole number; 300.0 is one."""
        number = self.number(at_least=at_least, at_most=at_most)
        if number != number.to_integral_value():
            self.fail(f"{number:f} is not whole")
        return int(number)

    def date_time(self) -> datetime:
        """Aware UTC; without a designator it is UTC, as OCPI says."""
        word = self.text()
        if not _DATE_TIME.fullmatch(word):
            self.fail(f"{word!r} is no date and time")
        try:
            found = datetime.fromisoformat(word)
            return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{word!r} is no date and time")

    def instant(self) -> datetime:
        """A date and time at which something happened, and which every zone has."""
        found = self.date_time()
        if found.year not in _YEARS:
            self.fail(f"{self.value!r} is out of bounds")
        return found

    def time_zone(self) -> str:
        """Of the IANA database."""
        try:
            zone = ZoneInfo(self.text())
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{self.value!r} is no time zone")
        if zone.key in _THIS_MACHINES:
            self.fail(f"{self.value!r} is no time zone of a place")
        return zone.key
