"""What this process heard of stations' transactions: where each runs, and its profile."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ev_contracts.gateway import (
    StationSchedule,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from ev_contracts.record import Record

AT_MOST = 20_000
"""Transactions remembered at once; the longest silent is forgotten first, and known again by its next message."""

_NOWHERE: Mapping[int, "Running"] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A transaction of 2.x at an EVSE, and the schedules of the profile that was accepted for it."""

    transaction_id: str
    session_id: str
    schedules: tuple[StationSchedule, ...] = ()


class RunningTransactions:
    """Told each fact of a transaction once it is durable. Only 2.x needs it: 1.6's numbers follow from the session."""

    def __init__(self, *, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._at: dict[str, dict[int, Running]] = {}
        self._of_session: OrderedDict[str, tuple[str, int, str]] = OrderedDict()

    def note(self, key: str, record: Record) -> None:
        """`key` is `<tenant>/<station_id>`; what is no fact of a 2.x transaction is nothing."""
        match record:
            case TransactionStarted() if record.seq_no is not None:
                self._runs(key, record.evse_number, record)
            case TransactionUpdated():
                self._runs(key, record.evse_number, record)
            case TransactionEnded() if record.session_id is not None:
                self._ended(record.session_id)
            case _:
                pass

    def at(self, key: str) -> Mapping[int, Running]:
        """By the number of their EVSE."""
        return self._at.get(key, _NOWHERE)

    def transaction_of(self, session_id: str) -> str | None:
        """The station's own name for a session, also some time after its end."""
        found = self._of_session.get(session_id)
        return None if found is None else found[2]

    def runs(self, key: str, session_id: str) -> bool:
        """Whether the session was heard of and has not ended."""
        return any(running.session_id == session_id for running in self.at(key).values())

    def profiled(self, key: str, transaction_id: str, schedules: tuple[StationSchedule, ...]) -> None:
        """The station took a profile for a transaction."""
        here = self._at.get(key, {})
        for evse, running in here.items():
            if running.transaction_id == transaction_id:
                here[evse] = replace(running, schedules=schedules)

    def _runs(self, key: str, evse: int, record: TransactionStarted | TransactionUpdated) -> None:
        session_id = record.session_id
        known = self._of_session.pop(session_id, None)
        # Named in the first event where it is known and not again (E01.FR.16).
        evse = evse or (0 if known is None else known[1])
        self._of_session[session_id] = (key, evse, record.transaction_id)
        held = self._at.get(key, _NOWHERE).get(evse)
        if evse and (held is None or held.session_id != session_id):
            running = Running(transaction_id=record.transaction_id, session_id=session_id)
            self._at.setdefault(key, {})[evse] = running
        while len(self._of_session) > self._at_most:
            self._leave(*self._of_session.popitem(last=False))

    def _ended(self, session_id: str) -> None:
        known = self._of_session.get(session_id)
        if known is not None:
            self._leave(session_id, known)

    def _leave(self, session_id: str, known: tuple[str, int, str]) -> None:
        key, evse, _ = known
        here = self._at.get(key, {})
        held = here.get(evse)
        if held is not None and held.session_id == session_id:
            del here[evse]
            if not here:
                del self._at[key]
