"""A station that says what no library would: raw frames on a raw socket, faults in any order.

It knows OCPP-J's brackets and no message of OCPP, so that nothing corrects what a test wants said.
"""

import asyncio
import base64
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ev_actors.link import ANSWER_WITHIN_S, Identity

Frame: TypeAlias = list[Any]

CALL, RESULT = 2, 3


class RawStation:
    """One socket. What arrives is sorted into answers, by message id, and calls of the back end."""

    def __init__(self, identity: Identity, subprotocol: str = "ocpp1.6") -> None:
        self._identity = identity
        self._subprotocol = subprotocol
        self._ids = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self.asked: asyncio.Queue[Frame] = asyncio.Queue()
        """Calls of the back end that nobody has answered yet."""
        self.unmatched: list[Frame] = []
        """Answers to what was never, or no longer, asked."""

    @property
    def socket(self) -> ClientConnection:
        """For faults of the socket itself. Raises AssertionError before it is open."""
        assert self._socket is not None
        return self._socket

    async def __aenter__(self) -> Self:
        user = self._identity.station_id
        secret = base64.b64encode(f"{user}:{self._identity.secret}".encode()).decode()
        self._socket = await connect(
            f"{self._identity.url.rstrip('/')}/{user}",
            subprotocols=[Subprotocol(self._subprotocol)],
            additional_headers={"Authorization": f"Basic {secret}"},
            proxy=None,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        async for text in self.socket:
            frame = orjson.loads(text)
            waiting = self._answers.pop(str(frame[1]), None)
            if frame[0] == CALL:
                self.asked.put_nowait(frame)
            elif waiting is None or waiting.done():
                self.unmatched.append(frame)
            else:
                waiting.set_result(frame)

    async def raw(self, text: str | bytes) -> None:
        """Say exactly this."""
        await self.socket.send(text)

    async def call(self, action: str, payload: Any, *, message_id: str | None = None) -> Frame:
        """Ask, and wait for the answer, whatever it is. Raises TimeoutError."""
        frame = [CALL, f"r{next(self._ids)}" if message_id is None else message_id, action, payload]
        return await self.say(orjson.dumps(frame).decode(), str(frame[1]))

    async def say(self, text: str, message_id: str) -> Frame:
        """Say exactly this, and wait for what carries the message id. Raises TimeoutError."""
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = answer
        await self.raw(text)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await answer

    async def answer(self, asked: Frame, payload: Mapping[str, Any]) -> None:
        """Answer a call of the back end."""
        await self.raw(orjson.dumps([RESULT, asked[1], payload]).decode())

    async def drain(self, queue: Iterable[tuple[str, Any]]) -> list[float]:
        """Say what piled up, one after the other as OCPP asks; how long each answer took, in seconds."""
        took = []
        for action, payload in queue:
            began = time.perf_counter()
            answered = await self.call(action, payload)
            took.append(time.perf_counter() - began)
            assert answered[0] == RESULT, answered
        return took

    def fall_silent(self) -> None:
        """Read nothing more and answer no ping; the socket stays open: half of it, as behind a dead modem."""
        self.socket.transport.pause_reading()

    def vanish(self) -> None:
        """Gone without a farewell."""
        self.socket.transport.abort()


@contextlib.asynccontextmanager
async def many(identities: Iterable[Identity], subprotocol: str = "ocpp1.6") -> AsyncIterator[list[RawStation]]:
    """Stations that are all connected while inside."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(RawStation(identity, subprotocol)) for identity in identities]
