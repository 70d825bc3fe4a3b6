"""Bounds in time: how fast one station may speak, and how often a wrong credential may be tried."""

import time
from collections import OrderedDict, deque

_MOST_REMEMBERED = 10_000


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


class WrongCredentials:
    """Failed proofs per peer and identity within a minute; a thief elsewhere locks no station out."""

    def __init__(self, *, most: int, window_s: float = 60.0) -> None:
        self._most = most
        self._window_s = window_s
        self._failed: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def must_wait(self, peer: str, identity: str) -> bool:
        """Whether this peer has tried this identity too often."""
        times = self._failed.get((peer, identity))
        if times is None:
            return False
        now = time.monotonic()
        while times and now - times[0] > self._window_s:
            times.popleft()
        return len(times) >= self._most

    def failed(self, peer: str, identity: str) -> None:
        """One more."""
        times = self._failed.setdefault((peer, identity), deque(maxlen=self._most))
        times.append(time.monotonic())
        self._failed.move_to_end((peer, identity))
        while len(self._failed) > _MOST_REMEMBERED:
            self._failed.popitem(last=False)
