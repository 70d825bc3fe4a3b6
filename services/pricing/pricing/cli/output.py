"""How the command line speaks: words for people, one JSON object a line for programs; numbers exact in both."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from pricing.domain.ocpi.reading import BadInput, Node, parse
from pricing.domain.ocpi.telling import Told

AGREES = 0
DIFFERS = 1
BAD_INPUT = 2

_MOST_BYTES = 200_000_000
_MARKED = re.compile(r'"\\u0000(-?[0-9.]+)"')


def a_file(text: str) -> Path:
    """A path; `-` is the standard input."""
    return Path("/dev/stdin" if text == "-" else text)


def read(path: Path) -> Node:
    """The document in a file. Raises BadInput and OSError."""
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise BadInput("", "too large")
    return parse(content)


def as_json(told: Told) -> str:
    """One line in which decimals are numbers, written as exactly as they are."""
    return _MARKED.sub(r"\1", json.dumps(told, default=_mark, ensure_ascii=True))


def _mark(value: object) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}"
    raise TypeError(type(value).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where it goes, and in which of the two ways."""

    out: TextIO
    err: TextIO
    as_json: bool

    def line(self, told: Told) -> None:
        """A JSON object, whoever reads."""
        print(as_json(told), file=self.out)

    def say(self, text: str) -> None:
        """For people."""
        print(text, file=self.out)

    def refuse(self, source: str, fault: BadInput) -> None:
        """What makes no sense, and where; an option is a place by itself."""
        is_option = fault.pointer.startswith("--")
        if self.as_json:
            self.line({"error": fault.reason, "file": None if is_option else source, "place": fault.pointer or "/"})
        else:
            print(f"ev-price: {fault}" if is_option else f"ev-price: {source}: {fault}", file=self.err)
