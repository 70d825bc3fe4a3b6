"""Whatever comes over a socket: no exception leaves the loop, every call is answered once, and nothing piles up.

`make test` takes a sample; EV_LONG=1 at least 100,000 frames; `make fuzz FRAMES=… SEED=…` as many as one likes.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import orjson
import psutil
import pytest

from charger_gateway.adapters.cost_line import PricesAtEnd
from charger_gateway.adapters.directory import Displays
from charger_gateway.adapters.ocpp.admission import Proven
from charger_gateway.adapters.ocpp.connection import Connection
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.pacing import MessagePace
from charger_gateway.adapters.ocpp.process import Sockets
from charger_gateway.adapters.ocpp.sockets import SocketClosed, StationSocket
from charger_gateway.adapters.ocpp.stalls import Stalls
from charger_gateway.domain.running import RunningTransactions
from charger_gateway.domain.station import TokenVerdict
from charger_gateway.ports import KnownStation, StationShape
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import Appended
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.record import Record

from .fuzzing import frames  # noqa: TID252 - tests are no package of the installation

LONG = bool(os.environ.get("EV_LONG"))
FRAMES = int(os.environ.get("EV_FUZZ_FRAMES") or (36_000 if LONG else 1_500))
SEED = int(os.environ.get("EV_FUZZ_SEED") or 20_261_126)
A_CONNECTION = 500
STATION = KnownStation(station_id="NLVOLT0001", tenant="volt", secret_hmac=b"")
PROVEN = Proven(station=STATION, profile=1, credential_version=0)
MOST_GROWTH_MB = 30


# ruff: noqa: ARG002 - twins keep the ports' signatures
class Anybody:
    """Knows no token and two connectors."""

    def station(self, station_id: str) -> KnownStation | None:
        return STATION

    def shape(self, tenant: str, station_id: str) -> StationShape:
        return StationShape(cpo_party_id="NL-VLT", connectors=((1, 1), (2, 1)))

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: Any) -> TokenVerdict:
        return TokenVerdict(status="Invalid")


class Encoding:
    """A journal that encodes as the real one does and forgets; what cannot be encoded is a crash."""

    def __init__(self) -> None:
        self._codec = Codec(records=RECORDS, topics=TOPICS)
        self.facts = 0

    def append(self, topic: str, key: str, record: Record) -> "asyncio.Future[Appended]":
        self.note(topic, key, record)
        stands: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        stands.set_result(Appended(topic, 0, self.facts))
        return stands

    def note(self, topic: str, key: str, record: Record) -> None:
        self._codec.encode(topic, record)
        self.facts += 1


class Around:
    """What a connection needs of its process; frames are not kept."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.running = RunningTransactions()
        self.costs = PricesAtEnd(Displays(), wait_s=0.0)
        self.directory = Anybody()
        self.interpreter = Interpreter(
            directory=self.directory, token_key=b"t" * 32, number_key=b"n" * 32, heartbeat_interval_s=300
        )
        self.frames = self
        self.stalls = Stalls()
        self.journal = Encoding()

    def keep(self, *, station_id: str, epoch: int, number: int, inbound: bool, at: datetime, raw: bytes) -> str:
        return f"{epoch}-{number}"


class Wire:
    """A socket that brings what it is given, then closes, and remembers what is said after each frame."""

    def __init__(self, incoming: Iterator[bytes]) -> None:
        self._incoming = incoming
        self.said: list[tuple[bytes, list[bytes]]] = []

    def take(self) -> bytes:
        try:
            raw = next(self._incoming)
        except StopIteration:
            raise SocketClosed("closed") from None
        self.said.append((raw, []))
        return raw

    def send(self, raw: bytes) -> None:
        self.said[-1][1].append(raw)

    async def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed by {reason} after {self.said[-1][0]!r}")


def judged(version: str, raw: bytes, said: list[bytes]) -> None:
    """The promises, of one frame and what was said to it."""
    what = f"{version}: {raw!r} -> {said!r}"
    assert len(said) <= 1, what
    answers = [orjson.loads(one) for one in said]
    for answer in answers:
        assert answer[0] in {3, 4, 5}, what
        assert len(answer) == (3 if answer[0] == 3 else 5), what
        if answer[0] == 4:
            assert len(answer[3]) <= 255, what
            assert answer[4] == {}, what
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        assert [answer[:2] for answer in answers] == [[4, "-1"]], what
        return
    if isinstance(message, list) and message and message[0] == 2 and type(message[0]) is int:
        assert len(answers) == 1, what
        known = len(message) > 1 and isinstance(message[1], str) and 0 < len(message[1]) <= 36
        assert answers[0][1] == (message[1] if known else "-1"), what


async def fuzzed(version: str, around: Around, count: int) -> int:
    """Feed so many frames, a few hundred a connection."""
    incoming = frames(version, SEED, count)
    done = 0
    while done < count:
        wire = Wire(next(incoming) for _ in range(min(A_CONNECTION, count - done)))
        pace = MessagePace(per_s=1e9, burst=10**9)
        connection = Connection(cast("StationSocket", wire), PROVEN, version, cast("Sockets", around), pace)
        await connection.serve(1)
        assert connection.close_reason == "closed"
        for raw, said in wire.said:
            judged(version, raw, said)
        done += len(wire.said)
    return done


@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_broken_frames_break_nothing(version: str) -> None:
    around = Around()
    # The process comes to its size by the greatest frames, which are rare; what piles up goes on after that.
    warm = min(FRAMES, 50_000)
    asyncio.run(fuzzed(version, around, warm))
    gc.collect()
    before = psutil.Process().memory_info().rss
    done = asyncio.run(fuzzed(version, around, FRAMES))
    gc.collect()
    grown_mb = (psutil.Process().memory_info().rss - before) / 2**20
    sys.stderr.write(f"{version}: {done} frames of seed {SEED}, {around.journal.facts} facts, {grown_mb:.1f} MB more\n")
    assert done == FRAMES
    assert around.journal.facts > done / 50
    assert grown_mb < MOST_GROWTH_MB
