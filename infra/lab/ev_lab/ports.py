"""Ports for this checkout: free ones below the ephemeral range, chosen once, stored and used again."""

import fcntl
import json
import socket
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ev_lab.errors import LabError, PortTaken

FIRST, BEYOND = 20_000, 28_000


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Waits until no other process of this checkout is in the same place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read(path: Path) -> dict[str, int]:
    """The ports chosen so far, by name."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def choose(path: Path, names: Iterable[str]) -> dict[str, int]:
    """A port for each name: the stored one where there is one, else a free one that is stored. Safe to call at once."""
    with only_one(path.with_suffix(".lock")):
        known = read(path)
        chosen = {name: known.get(name) or 0 for name in names}
        candidates = _candidates(path, taken=set(known.values()))
        for name in [name for name, port in chosen.items() if not port]:
            chosen[name] = next(candidates)
        if chosen.items() - known.items():
            path.write_text(json.dumps(known | chosen, indent=1, sort_keys=True), encoding="utf-8")
        return chosen


def forget(path: Path, prefix: str) -> None:
    """Gives back the ports whose names begin so, as those of a test's services."""
    with only_one(path.with_suffix(".lock")):
        kept = {name: port for name, port in read(path).items() if not name.startswith(prefix)}
        path.write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")


def _candidates(path: Path, taken: set[int]) -> Iterator[int]:
    """Free ports, beginning where this checkout's path says, so that two checkouts seldom look at the same ones."""
    begin = zlib.crc32(str(path).encode()) % (BEYOND - FIRST)
    for step in range(BEYOND - FIRST):
        port = FIRST + (begin + step) % (BEYOND - FIRST)
        if port not in taken and is_free(port):
            yield port
    raise LabError(f"no free port between {FIRST} and {BEYOND}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a listener could be bound there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def holder(port: int) -> str:
    """Who listens on a port, in words; the system tells only about processes that we may look at."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            try:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except (psutil.Error, ValueError):
                break
    return "another program"


def demand_free(part: str, ports: Iterable[int], path: Path) -> None:
    """Raises PortTaken, with who holds it and the way out, unless all are free."""
    for port in ports:
        if not is_free(port):
            raise PortTaken(
                f"port {port}, which {part} uses in this checkout, is held by {holder(port)}. "
                f"Stop it, or delete {path} to have other ports chosen."
            )
