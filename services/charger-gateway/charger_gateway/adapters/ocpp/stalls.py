"""How long the log has kept somebody waiting: what the sockets' doors and closings go by."""

import time


class Stalls:
    """Connections that wait for the log, the one that waits longest first."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def begins(self, connection_id: str) -> None:
        """It waits from now on."""
        self._since[connection_id] = time.monotonic()

    def ends(self, connection_id: str) -> None:
        """It has its answer; the next wait is a new one."""
        self._since.pop(connection_id, None)

    def of(self, connection_id: str) -> float:
        """Seconds that the connection has waited; 0 where it does not."""
        return _ago(self._since.get(connection_id))

    def longest(self) -> float:
        """Seconds that the longest wait of all has lasted; 0 where nobody waits."""
        return _ago(next(iter(self._since.values()), None))


def _ago(since: float | None) -> float:
    return 0.0 if since is None else time.monotonic() - since
