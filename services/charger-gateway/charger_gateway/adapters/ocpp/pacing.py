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


class Doorway:
    """A bucket of handshakes: a storm of stations that come back must not starve those that are connected."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._seen_at = time.monotonic()

    def take(self) -> bool:
        """Whether one more may be served now; who may not takes nothing."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen_at) * self._per_s)
        self._seen_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class WrongCredentials:
    """Failed proofs within a minute, per peer and identity, and per peer over all identities.

    A thief elsewhere locks no station out, and one who tries a password on many identities gains nothing by it.
    """

    def __init__(self, *, most: int, most_per_peer: int = 100, window_s: float = 60.0) -> None:
        self._most = most
        self._most_per_peer = most_per_peer
        self._window_s = window_s
        self._failed: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def must_wait(self, peer: str, identity: str) -> bool:
        """Whether this peer has tried this identity, or all of them, too often."""
        return self._recent((peer, identity)) >= self._most or self._recent((peer, "")) >= self._most_per_peer

    def _recent(self, who: tuple[str, str]) -> int:
        times = self._failed.get(who)
        if times is None:
            return 0
        now = time.monotonic()
        while times and now - times[0] > self._window_s:
            times.popleft()
        return len(times)

    def failed(self, peer: str, identity: str) -> None:
        """One more."""
        for who, most in (((peer, identity), self._most), ((peer, ""), self._most_per_peer)):
            times = self._failed.setdefault(who, deque(maxlen=most))
            times.append(time.monotonic())
            self._failed.move_to_end(who)
        while len(self._failed) > _MOST_REMEMBERED:
            self._failed.popitem(last=False)
