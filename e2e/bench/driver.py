"""A load of virtual 1.6 stations: one call at a time each, the next when the answer is in, or when its turn has come.

It sends canned text and looks only at what it must, so that it takes little of the two cores it shares.
"""

import array
import asyncio
import base64
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

METER_MESSAGES = 10
CALLS_OF_A_SESSION = METER_MESSAGES + 3
"""Authorize, start, readings, stop."""
_CONNECTS_AT_ONCE = 50
_MOST_SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom the stations call."""

    url: str
    ids: Sequence[str]
    card: str
    secret: str = ""
    version: str = "1.6"
    size: int = 0
    """So many sampled values more in every meter message, each of about 60 bytes."""


@dataclass(slots=True)
class Tally:
    """What came back."""

    measuring: bool = False
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    latencies_ms: "array.array[float]" = field(default_factory=lambda: array.array("f"))

    def took(self, ms: float) -> None:
        """A call was answered."""
        if self.measuring:
            self.calls += 1
            self.latencies_ms.append(ms)

    def failed(self, what: str, text: str) -> None:
        """An answer was an error, or a socket went."""
        self.errors[what] += 1
        if len(self.samples) < _MOST_SAMPLES:
            self.samples.append(text[:200])


class Station(WSListener):
    """One station: Boot, then sessions of Authorize, StartTransaction, 10 MeterValues, StopTransaction."""

    def __init__(self, station_id: str, target: Target, tally: Tally) -> None:
        super().__init__()
        dialect = DIALECTS[target.version]
        self.every_s = 0.0
        """Between the turns of two calls; 0: the next call goes out when the answer is in (closed loop)."""
        self._due_at = 0.0
        self.ready = asyncio.get_running_loop().create_future()
        self.active = False
        self._id = station_id
        self._card = target.card
        self._size = target.size
        self._boot = dialect.boot
        self._words = dialect.words
        self.tally = tally
        self._transport: WSTransport | None = None
        self._number = 0
        self._step = -1
        self._transaction = 0
        self._wh = 1_000
        self._sent_at = 0.0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Introduce the station."""
        self._transport = transport
        self._send("BootNotification", self._boot)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """An answer, or the end."""
        if frame.msg_type == WSMsgType.TEXT:
            self._answered(orjson.loads(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """A socket that goes while it is needed is an error."""
        if self.active or not self.ready.done():
            self.tally.failed("disconnected", self._id)
        if not self.ready.done():
            self.ready.set_result(None)
        self.active = False

    def go(self, after_s: float = 0.0) -> None:
        """Begin the load, after a while where it is paced, so that the stations' turns lie apart."""
        self.active = True
        self._due_at = time.perf_counter() + after_s
        self._in_turn()

    def _in_turn(self) -> None:
        if not self.every_s:
            self._next()
            return
        self._due_at += self.every_s
        asyncio.get_running_loop().call_later(max(0.0, self._due_at - time.perf_counter()), self._next_if_active)

    def _next_if_active(self) -> None:
        if self.active:
            self._next()

    @property
    def calls(self) -> int:
        """How many it has made, its boot among them."""
        return self._number

    def leave(self) -> None:
        """Close the socket."""
        self.active = False
        if self._transport is not None:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()

    def _answered(self, message: Any) -> None:
        if message[0] != 3:
            self.tally.failed("error", str(message))
            return
        if not self.ready.done():
            self.ready.set_result(None)
            return
        # Paced, a call counts from when it was due: one that had to wait for a slow one before it was slow too.
        since = self._due_at if self.every_s else self._sent_at
        self.tally.took((time.perf_counter() - since) * 1_000)
        if self._step == 1:
            self._transaction = message[2].get("transactionId")
        if self.active:
            self._in_turn()

    def _next(self) -> None:
        self._step = (self._step + 1) % CALLS_OF_A_SESSION
        self._wh += 25
        self._send(*self._words(self._step, self._wh, self._transaction, self._card, self._size))

    def _send(self, action: str, payload: str) -> None:
        self._number += 1
        self._sent_at = time.perf_counter()
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, f'[2,"{self._number}","{action}",{payload}]'.encode())


Words: TypeAlias = Callable[[int, int, Any, str, int], tuple[str, str]]


def words_16(step: int, wh: int, transaction: Any, card: str, size: int) -> tuple[str, str]:
    """Action and payload of a session's step in 1.6."""
    at = _now()
    if step == 0:
        return "Authorize", f'{{"idTag":"{card}"}}'
    if step == 1:
        return "StartTransaction", f'{{"connectorId":1,"idTag":"{card}","meterStart":{wh},"timestamp":"{at}"}}'
    if step > METER_MESSAGES + 1:
        stop = f'"transactionId":{transaction},"meterStop":{wh},"timestamp":"{at}","reason":"Local"'
        return "StopTransaction", f"{{{stop}}}"
    sampled = (
        f'{{"value":"{wh}","measurand":"Energy.Active.Import.Register","unit":"Wh"}},'
        '{"value":"11000","measurand":"Power.Active.Import","unit":"W"}'
    )
    more = ',{"value":"231","measurand":"Voltage","unit":"V","phase":"L1"}' * size
    values = f'[{{"timestamp":"{at}","sampledValue":[{sampled}{more}]}}]'
    return "MeterValues", f'{{"connectorId":1,"transactionId":{transaction},"meterValue":{values}}}'


def words_201(step: int, wh: int, transaction: Any, card: str, size: int) -> tuple[str, str]:
    """As `words_16`, in 2.0.1."""
    del transaction
    at = _now()
    token = f'"idToken":{{"idToken":"{card}","type":"ISO14443"}}'
    if step == 0:
        return "Authorize", f"{{{token}}}"
    kind, why = ("Updated", "MeterValuePeriodic")
    if step == 1:
        kind, why = "Started", "Authorized"
    elif step > METER_MESSAGES + 1:
        kind, why = "Ended", "EVDeparted"
    # The number of the session is in its register: 25 Wh a call, one session a round of calls.
    session = (wh - 1_000 - 25 * (step + 1)) // 25
    sampled = (
        f'{{"value":{wh},"measurand":"Energy.Active.Import.Register","unitOfMeasure":{{"unit":"Wh"}}}},'
        '{"value":11000,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}}'
    )
    more = ',{"value":231,"measurand":"Voltage","phase":"L1","unitOfMeasure":{"unit":"V"}}' * size
    head = f'"eventType":"{kind}","timestamp":"{at}","triggerReason":"{why}","seqNo":{step - 1}'
    where = f'"transactionInfo":{{"transactionId":"T{session}"}},"evse":{{"id":1,"connectorId":1}}'
    values = f'"meterValue":[{{"timestamp":"{at}","sampledValue":[{sampled}{more}]}}]'
    named = f",{token}" if step == 1 else ""
    return "TransactionEvent", f"{{{head},{where},{values}{named}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a station of one version speaks."""

    subprotocol: str
    boot: str
    words: Words


DIALECTS = {
    "1.6": Dialect(subprotocol="ocpp1.6", boot='{"chargePointVendor":"Bench","chargePointModel":"B1"}', words=words_16),
    "2.0.1": Dialect(
        subprotocol="ocpp2.0.1",
        boot='{"reason":"PowerUp","chargingStation":{"vendorName":"Bench","model":"B1"}}',
        words=words_201,
    ),
}


def _now() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"


async def join(target: Target, tally: Tally) -> list[Station]:
    """All stations connected and booted."""
    turn = asyncio.Semaphore(_CONNECTS_AT_ONCE)

    async def one(station_id: str) -> Station:
        station = Station(station_id, target, tally)
        headers = {"Sec-WebSocket-Protocol": DIALECTS[target.version].subprotocol}
        if target.secret:
            credential = base64.b64encode(f"{station_id}:{target.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {credential}"
        async with turn:
            await ws_connect(lambda: station, f"{target.url}/{station_id}", extra_headers=headers)
            await asyncio.wait_for(station.ready, 30)
        return station

    return list(await asyncio.gather(*(one(station_id) for station_id in target.ids)))


async def load(
    stations: Sequence[Station], tally: Tally, *, warmup_s: float, seconds: float, calls_per_s: float = 0.0
) -> dict[str, Any]:
    """Calls per second and latencies over the measured window; as fast as it goes, or at most `calls_per_s` in all."""
    every_s = len(stations) / calls_per_s if calls_per_s else 0.0
    for number, station in enumerate(stations):
        station.every_s = every_s
        station.go(every_s * number / len(stations))
    await asyncio.sleep(warmup_s)
    tally.measuring = True
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    tally.measuring = False
    took_s = time.perf_counter() - began
    for station in stations:
        station.active = False
    await asyncio.sleep(0.5)
    return {"calls_per_s": round(tally.calls / took_s, 1), "latency_ms": percentiles(tally.latencies_ms)} | (
        {"errors": dict(tally.errors), "error_samples": tally.samples} if tally.errors else {"errors": {}}
    )


def percentiles(values: "array.array[float]") -> dict[str, float]:
    """Median, 95th, 99th and largest."""
    ordered = sorted(values)
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {
        "p50": round(ordered[last // 2], 2),
        "p95": round(ordered[int(last * 0.95)], 2),
        "p99": round(ordered[int(last * 0.99)], 2),
        "max": round(ordered[last], 2),
    }
