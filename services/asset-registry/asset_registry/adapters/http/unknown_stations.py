"""Unknown stations that knocked in the last days, the newest of them: what somebody may approve."""

from collections.abc import Iterable

from chassis.tables import Table
from ev_contracts.gateway import UnknownStationKnocked

MOST_KNOWN = 2_000
"""The eldest are forgotten first: whoever makes identities up must not fill this process."""
_PREFIX = "_/"


class UnknownStations(Table[UnknownStationKnocked]):
    """Follows what the gateway tells of knocks, which it bounds already; one row an identity."""

    def __init__(self) -> None:
        super().__init__("gateway.knock.sample.v1")
        self._newest: dict[str, None] = {}

    def on_change(self, key: str, old: UnknownStationKnocked | None, new: UnknownStationKnocked | None) -> None:
        """Keeps the order of last knocks, and the bound."""
        del old
        self._newest.pop(key, None)
        if new is None:
            return
        self._newest[key] = None
        if len(self._newest) > MOST_KNOWN:
            self.put(next(iter(self._newest)), None)

    def of(self, station_id: str) -> UnknownStationKnocked | None:
        """What is known of this one."""
        return self.get(f"{_PREFIX}{station_id}")

    def newest(self, most: int, *, without: Iterable[str]) -> list[UnknownStationKnocked]:
        """The last that knocked, newest first; those who were registered since are unknown no more."""
        known = frozenset(without)
        found = [self.get(key) for key in reversed(self._newest) if key.removeprefix(_PREFIX) not in known]
        return [one for one in found if one is not None][:most]
