"""A station on a raw WebSocket, without an OCPP library: says and obeys as its case has it, checks what comes."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeAlias, TypeVar

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from conformance.oracle import check_answer, check_request
from conformance.seeding import SECRET
from conformance.stand import Stand

ANSWER_WITHIN_S = 10.0
ACCEPTED: Mapping[str, Any] = {"status": "Accepted"}

Payload: TypeAlias = Mapping[str, Any]
S = TypeVar("S", bound=ClientConnection)


class Gone(Exception):
    """The socket closed before the answer came."""


class Refusal(Exception):
    """The gateway answered with a CALLERROR; `code` is its code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


def now(after_s: float = 0.0) -> str:
    """The wall's time as OCPP writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=after_s)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(user: str, password: str | bytes) -> dict[str, str]:
    """The header by which a station proves itself."""
    secret = password if isinstance(password, bytes) else password.encode()
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()}


class Station:
    """One station of one version. What it is asked stands in `asked`, in order."""

    def __init__(self, stand: Stand, version: str) -> None:
        self.stand = stand
        self.version = version
        self.station_id = stand.take()
        self.secret = SECRET
        self.user = self.station_id
        self.asked: asyncio.Queue[tuple[str, Payload]] = asyncio.Queue()
        self.answers: dict[str, Payload] = {}
        self.wrong: list[Exception] = []
        self._ids = count(1)
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, *, secret: str | bytes | None = None, user: str | None = None, **more: Any) -> None:
        """Open the socket. Raises websockets' InvalidStatus where the gateway refuses."""
        headers = basic(user or self.user, self.secret if secret is None else secret)
        self._socket = await connect(
            **{
                "uri": self.stand.url(self.station_id),
                "subprotocols": [Subprotocol(f"ocpp{self.version}")],
                "additional_headers": headers,
                "proxy": None,
                **more,
            },
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    def socket(self, kind: type[S]) -> S:
        """The open socket, where the case brought a kind of its own."""
        assert isinstance(self._socket, kind)
        return self._socket

    async def connect_securely(self, context: ssl.SSLContext, **more: Any) -> None:
        """Over TLS; where the context holds a certificate of the station it needs no password. As `connect`."""
        await self.connect(uri=self.stand.secure_url(self.station_id), ssl=context, **more)

    def secured_by(self) -> Any:
        """The certificate that the gateway showed, as Python's ssl tells it."""
        assert self._socket is not None
        return self._socket.transport.get_extra_info("peercert")

    def cipher(self) -> str:
        """The suite of the connection."""
        assert self._socket is not None
        return str(self._socket.transport.get_extra_info("cipher")[0])

    async def disconnect(self) -> None:
        """Close the socket; what went wrong on it is raised here."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        self._socket = self._reader = None
        if self.wrong:
            raise self.wrong[0]

    async def says(self, action: str, payload: Payload | None = None, /) -> Any:
        """The gateway's answer, which is as its schema has it. Raises Refusal for a CALLERROR."""
        assert self._socket is not None
        message_id = f"{action[:20]}-{next(self._ids)}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = answer
        await self._socket.send(orjson.dumps([2, message_id, action, payload or {}]), text=True)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            result = await answer
        check_answer(self.version, action, result)
        return result

    async def is_refused(self, action: str, payload: Payload | None = None, /) -> str:
        """The code of the CALLERROR that it is answered with."""
        try:
            answered = await self.says(action, payload)
        except Refusal as refusal:
            return refusal.code
        raise AssertionError(f"{action} was answered {answered}")

    async def told(self, action: str, payload: Payload, answer: Payload = ACCEPTED, outcome: str = "succeeded") -> Any:
        """The operator sends the action; it arrives as it was sent, and the answer becomes the command's outcome."""
        self.answers[action] = answer
        response = await self.stand.command(self.station_id, f"raw/{action}", payload)
        assert response.status_code == 200, response.text
        shown = response.json()
        assert await self.was_asked(action) == payload
        assert shown["status"] == outcome, shown
        return shown

    async def obeys(self, path: str, body: Payload, action: str, answer: Payload = ACCEPTED) -> tuple[Payload, Any]:
        """The operator gives a canonical command; what arrived under the action, and the command as it ended."""
        self.answers[action] = answer
        response = await self.stand.command(self.station_id, path, body)
        assert response.status_code == 200, response.text
        return await self.was_asked(action), response.json()

    async def was_asked(self, action: str) -> Payload:
        """The next thing that the gateway asks; it must be this action."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            name, payload = await self.asked.get()
        assert name == action, (name, payload)
        return payload

    async def is_closed(self) -> int:
        """The code with which the gateway closes the socket."""
        assert self._reader is not None
        assert self._socket is not None
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await asyncio.shield(self._reader)
        assert self._socket.close_code is not None
        return self._socket.close_code

    def answer_to(self, action: str, _payload: Payload, /) -> Payload | None:
        """What the station answers the gateway; None where it knows no such action."""
        return self.answers.get(action)

    async def sends(self, raw: str) -> None:
        """Bytes that are no call of ours."""
        assert self._socket is not None
        await self._socket.send(raw)

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._take(socket, orjson.loads(await socket.recv()))
        for waiting in self._waiting.values():
            waiting.set_exception(Gone(self.station_id))
        self._waiting.clear()

    async def _take(self, socket: ClientConnection, frame: list[Any]) -> None:
        if frame[0] == 2:
            await self._obey(socket, *frame[1:])
            return
        waiting = self._waiting.pop(frame[1], None)
        if waiting is None:
            self.wrong.append(AssertionError(f"nobody waits for {frame}"))
        elif frame[0] == 3:
            waiting.set_result(frame[2])
        else:
            waiting.set_exception(Refusal(frame[2], frame[3]))

    async def _obey(self, socket: ClientConnection, message_id: str, action: str, payload: Payload) -> None:
        try:
            check_request(self.version, action, payload)
        except Exception as error:  # noqa: BLE001 - raised when the station disconnects
            self.wrong.append(error)
        self.asked.put_nowait((action, payload))
        answer = self.answer_to(action, payload)
        frame: list[Any] = [3, message_id, answer]
        if answer is None:
            frame = [4, message_id, "NotImplemented", "", {}]
        await socket.send(orjson.dumps(frame), text=True)
