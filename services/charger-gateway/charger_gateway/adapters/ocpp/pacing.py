"""Bounds in time: how fast one station may speak, how often it may come, how often a wrong credential may be tried."""

import time
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

_MOST_REMEMBERED = 10_000
K = TypeVar("K", bound=Hashable)


class MessagePace:
    """A bucket of messages that refills; whoever empties it waits (his socket is simply not read)."""

    __slots__ = ("_burst", "_left", "_per_s", "_seen_at")

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._seen_at = time.monotonic()

    def wait_s(self) -> float:
        """Take one message; how long to wait before it may be served."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen_at) * self._per_s) - 1
        self._seen_at = now
        return 0.0 if self._left >= 0 else -self._left / self._per_s


class Doorway:
    """A bucket of handshakes: a storm of stations that come back must not starve those that are connected."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._seen_at = time.monotonic()

    def take(self, places: int = 1) -> bool:
        """Whether one more may be served now, at that many places; who may not takes nothing."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen_at) * self._per_s)
        self._seen_at = now
        if self._left < places:
            return False
        self._left -= places
        return True


class _Times(Generic[K]):
    """When something happened within the window, by key; the longest quiet keys are forgotten first."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._times: OrderedDict[K, deque[float]] = OrderedDict()

    def recent(self, key: K) -> int:
        """How often, but never more than was asked to be counted."""
        times = self._times.get(key)
        if times is None:
            return 0
        now = time.monotonic()
        while times and now - times[0] > self._window_s:
            times.popleft()
        return len(times)

    def add(self, key: K, most: int) -> None:
        """Once more; no more than `most` are counted."""
        self._times.setdefault(key, deque(maxlen=most)).append(time.monotonic())
        self._times.move_to_end(key)
        while len(self._times) > _MOST_REMEMBERED:
            self._times.popitem(last=False)


class Arrivals:
    """How often each proven identity came within a minute.

    One that comes and goes without end would take others' places in a storm, and is written down each time.
    """

    def __init__(self, *, most: int, window_s: float = 60.0) -> None:
        self._most = most
        self._came: _Times[str] = _Times(window_s)

    def must_wait(self, identity: str) -> bool:
        """Whether it came too often; only who proved it counts, so that nobody else can bring it about."""
        return self._came.recent(identity) >= self._most

    def came(self, identity: str) -> None:
        """One more."""
        self._came.add(identity, self._most)


class WrongCredentials:
    """Failed proofs within a minute, per peer and identity, and per peer over all identities.

    A thief elsewhere locks no station out, and one who tries a password on many identities gains nothing by it.
    """

    def __init__(self, *, most: int, most_per_peer: int = 100, window_s: float = 60.0) -> None:
        self._most = most
        self._most_per_peer = most_per_peer
        self._failed: _Times[tuple[str, str]] = _Times(window_s)

    def must_wait(self, peer: str, identity: str) -> bool:
        """Whether this peer has tried this identity, or all of them, too often."""
        failed = self._failed
        return failed.recent((peer, identity)) >= self._most or failed.recent((peer, "")) >= self._most_per_peer

    def failed(self, peer: str, identity: str) -> None:
        """One more."""
        self._failed.add((peer, identity), self._most)
        self._failed.add((peer, ""), self._most_per_peer)
