"""Which connection of which replica each station has, by the connection events; and who is silent."""

from collections.abc import Iterator
from dataclasses import dataclass

from ev_contracts.gateway import ConnectionDisplaced, ConnectionLost, StationConnected, StationDisconnected

SILENCE_S = 15.0
"""A replica that has not beaten for so long is gone; it beats every 3 s."""
LIVES_S = 7.0
"""So long after a beat a replica is taken to be there to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A connection as the log tells it."""

    station_id: str
    epoch: int
    replica_id: str
    connection_id: str
    ocpp_version: str


class Presence:
    """The fold of all connection events, and when each replica was last heard (in seconds of a steady clock)."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._heard: dict[str, float] = {}
        self._beaten: dict[str, float] = {}

    def connected(self, key: str, event: StationConnected, offset: int, now_s: float) -> None:
        """The offset is the epoch; a replica that accepts connections lives."""
        current = self._held.get(key)
        if current is not None and current.epoch >= offset:
            return
        self._held[key] = Held(
            station_id=event.station_id,
            epoch=offset,
            replica_id=event.replica_id,
            connection_id=event.connection_id,
            ocpp_version=event.ocpp_version,
        )
        self._heard.setdefault(event.replica_id, now_s)

    def gone(self, key: str, event: StationDisconnected | ConnectionLost | ConnectionDisplaced) -> None:
        """An older connection's end says nothing of a newer one."""
        current = self._held.get(key)
        ended = event.old_epoch if isinstance(event, ConnectionDisplaced) else event.epoch
        if current is not None and current.epoch <= ended:
            del self._held[key]

    def beat(self, replica_id: str, now_s: float) -> None:
        """The replica lives."""
        self._heard[replica_id] = now_s
        self._beaten[replica_id] = now_s

    def lives(self, replica_id: str, now_s: float) -> bool:
        """Whether it beat of late; what the log's past says of it counts for nothing."""
        beaten = self._beaten.get(replica_id)
        return beaten is not None and now_s - beaten <= LIVES_S

    def restart_silence(self, now_s: float) -> None:
        """Count silence from now: what was read from the log's past says nothing of who lives."""
        self._heard = dict.fromkeys(self._heard, now_s)

    def silence_s(self, replica_id: str, now_s: float) -> float:
        """How long a replica has not been heard; endless where it never was."""
        heard = self._heard.get(replica_id)
        return float("inf") if heard is None else now_s - heard

    def held(self, key: str) -> Held | None:
        """The station's connection, wherever it is."""
        return self._held.get(key)

    def lost(self, now_s: float) -> Iterator[tuple[str, Held]]:
        """Keys and connections of replicas that fell silent."""
        silent = {replica for replica, heard in self._heard.items() if now_s - heard > SILENCE_S}
        if not silent:
            return
        for key, held in tuple(self._held.items()):
            if held.replica_id in silent:
                yield key, held

    def forget_idle(self, now_s: float) -> None:
        """Drop replicas that are silent and hold nothing, so that restarts leave no trace here."""
        holding = {held.replica_id for held in self._held.values()}
        for replica, heard in tuple(self._heard.items()):
            if replica not in holding and now_s - heard > SILENCE_S:
                del self._heard[replica]
                self._beaten.pop(replica, None)
