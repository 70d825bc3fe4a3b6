"""What a house rule looks at and what it says: files in, complaints out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of the tree: its path below the root, and its text."""

    path: PurePosixPath
    text: str

    @property
    def is_python(self) -> bool:
        """Whether it is Python that people write."""
        return self.path.suffix == ".py" and "ev_contracts" not in self.path.parts

    @property
    def is_test(self) -> bool:
        """Whether it stands among tests."""
        return not {"tests", "testing", "journeys"}.isdisjoint(self.path.parts)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """A complaint: where, and what to do."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


Rule: TypeAlias = Callable[[Source], Iterable[Finding]]


def on_line(source: Source, line: int, text: str) -> Finding:
    """A complaint about one line of a file."""
    return Finding(path=str(source.path), line=line, text=text)
