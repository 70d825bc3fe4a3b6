"""Snapshots numbered under their owner's key (a contract's versions, a station's fittings), found by the owner."""

from typing import TypeVar

from chassis.tables import Table

T = TypeVar("T")


class NumberedTable(Table[T]):
    """Follows snapshots whose keys are `<tenant>/<owner>@<number>`, numbered from 1; none is ever taken back."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self._newest: dict[str, int] = {}

    def on_change(self, key: str, old: T | None, new: T | None) -> None:  # noqa: ARG002
        """Keeps the greatest number of each owner."""
        if new is not None:
            owner, _, number = key.rpartition("@")
            self._newest[owner] = max(int(number), self._newest.get(owner, 0))

    def of(self, owner: str) -> list[T]:
        """All snapshots of `<tenant>/<owner>`, by their numbers."""
        numbers = range(1, self._newest.get(owner, 0) + 1)
        return [snapshot for number in numbers if (snapshot := self.get(f"{owner}@{number}")) is not None]
