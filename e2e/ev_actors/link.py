"""A station's connection: one socket at a time, and a queue of what must be said when there is none."""

import asyncio
import base64
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chassis.clock import Clock
from ev_actors.journal import Journal, Said

ANSWER_WITHIN_S = 30
RETRY_AFTER_S = (0.2, 0.5, 1, 2, 4)

logging.getLogger("ocpp").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a station is to the platform, and where it speaks to it. `url` ends before the station's id."""

    station_id: str
    secret: str
    url: str


class NotConnected(ConnectionError):
    """There is no socket, or it died before the answer came."""


class Link:
    """Speaks one OCPP version for one station. `session_of` makes the library's charge point on a fresh socket."""

    def __init__(
        self, identity: Identity, subprotocol: str, session_of: Callable[[Any], Any], clock: Clock, journal: Journal
    ) -> None:
        self.identity = identity
        self.clock = clock
        self._subprotocol = subprotocol
        self._session_of = session_of
        self._journal = journal
        self._socket: ClientConnection | None = None
        self._session: Any = None
        self._reader: asyncio.Task[None] | None = None
        self.validate = True

    @property
    def connected(self) -> bool:
        """True while the socket is open as far as we know."""
        return self._socket is not None and self._socket.close_code is None

    async def connect(self) -> None:
        """Open the socket; raises what websockets raises (InvalidStatus for 401 and 404)."""
        station = self.identity
        basic = base64.b64encode(f"{station.station_id}:{station.secret}".encode()).decode()
        self._socket = await connect(
            f"{station.url.rstrip('/')}/{station.station_id}",
            subprotocols=[self._subprotocol],  # type: ignore[list-item]  # Subprotocol is a NewType of str
            additional_headers={"Authorization": f"Basic {basic}"},
            compression=None,
            ping_interval=None,
            open_timeout=ANSWER_WITHIN_S,
        )
        self._session = self._session_of(self._socket)
        self._reader = asyncio.create_task(self._read(self._session), name=f"read {station.station_id}")

    async def disconnect(self) -> None:
        """Close the socket, if there is one."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        self._socket = self._session = self._reader = None

    async def call(self, payload: Any, *, unique_id: str | None = None) -> Any:
        """Say it and wait for the answer. Raises NotConnected, or the library's error for a CALLERROR."""
        if not self.connected or self._session is None or self._reader is None:
            raise NotConnected(self.identity.station_id)
        call = asyncio.ensure_future(
            self._session.call(payload, suppress=False, unique_id=unique_id, skip_schema_validation=not self.validate)
        )
        # The library waits for its time-out when the socket dies; whoever ends first tells us.
        await asyncio.wait({call, self._reader}, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            call.cancel()
            self._note(payload, None)
            raise NotConnected(self.identity.station_id)
        try:
            answer = call.result()
        except (ConnectionClosed, TimeoutError) as error:
            self._note(payload, None)
            raise NotConnected(self.identity.station_id) from error
        self._note(payload, answer)
        return answer

    def _note(self, payload: Any, answer: Any) -> None:
        self._journal.message(
            Said(
                station_id=self.identity.station_id,
                at=self.clock.now(),
                action=type(payload).__name__,
                payload=asdict(payload),
                answer=None if answer is None else asdict(answer),
            )
        )

    @staticmethod
    async def _read(session: Any) -> None:
        with suppress(ConnectionClosed):
            await session.start()


class Outbox:
    """Transaction messages in their order, each said until it is answered; kept while there is no connection."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: deque[tuple[Callable[[bool], Any], bool, asyncio.Future[Any]]] = deque()
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    async def say(self, make: Callable[[bool], Any]) -> "asyncio.Future[Any]":
        """Queue a message; `make(offline)` builds it when its turn comes. The future holds the answer."""
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((make, not self._link.connected, answered))
        if self._link.connected:
            await self.flush()
        return answered

    async def flush(self) -> None:
        """Say what waits, oldest first, until all is answered or the connection is gone."""
        async with self._turn:
            while self._waiting and self._link.connected:
                make, offline, answered = self._waiting[0]
                try:
                    answer = await self._link.call(make(offline))
                except NotConnected:
                    return
                self._waiting.popleft()
                answered.set_result(answer)
                await asyncio.sleep(0)  # who waits for the answer learns it before the next message is made
