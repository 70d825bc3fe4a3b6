"""Handshakes that never end: whoever begins many holds his own places only, and a deadline takes them back.

Whoever finds no place is told when to come again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from charger_gateway.adapters.ocpp.server import Address
from chassis.testing import eventually

from .conftest import CLEAR, DEADLINE_S, QUICK, Gateway, running  # noqa: TID252 - tests are no package of the installation
from .seeding import SECRET, basic  # noqa: TID252 - as above
from .test_sockets import station  # noqa: TID252 - as above
from .test_tls import Secured, secured  # noqa: F401, TID252 - as above

FEW = replace(
    QUICK,
    most_handshakes=4,
    most_handshakes_of_a_peer=3,
    handshake_timeout_s=1.5,
    most_farewells=2,
    farewell_timeout_s=1.0,
)
REQUEST = b"GET /ocpp/NLVOLT0001 HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.fixture
async def narrow() -> AsyncIterator[Gateway]:
    """A gateway that takes three handshakes of a peer at once."""
    async with running(FEW, CLEAR) as one:
        yield one


class Callers:
    """Sockets that say nothing; all are closed in the end."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    async def ask(self, port: int, source: str = "127.0.0.1", request: bytes = REQUEST) -> bytes:
        """All that is answered until the other side closes. Raises ConnectionError where that is by a reset."""
        reader = await self.knock(port, source)
        self._writers[-1].write(request)
        async with asyncio.timeout(DEADLINE_S):
            return await reader.read()

    async def knock(self, port: int, source: str = "127.0.0.1") -> asyncio.StreamReader:
        """One more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        self._writers.append(writer)
        return reader

    async def pour(self, what: bytes) -> None:
        """Write to the last of them until all is taken. Raises ConnectionError where it is closed before."""
        self._writers[-1].write(what)
        async with asyncio.timeout(DEADLINE_S):
            await self._writers[-1].drain()

    async def leave(self) -> None:
        """Close them."""
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def callers() -> AsyncIterator[Callers]:
    """None yet."""
    one = Callers()
    try:
        yield one
    finally:
        await one.leave()


async def is_cut(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closed it by now, or does within a moment."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(0.2):
            return await reader.read(1) == b""
    return reader.exception() is not None


async def is_let_in(gateway: Gateway) -> bool:
    """Whether a station gets a socket."""
    try:
        async with station(gateway, "NLVOLT0001", headers=basic("NLVOLT0001", SECRET)):
            return True
    except (OSError, EOFError, InvalidHandshake):
        return False


def told(answer: bytes) -> tuple[str, bool]:
    """Status, and whether a time between 5 and 20 s is named."""
    head, _, body = answer.decode().partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    named = dict(header.split(": ") for header in headers)
    assert named["Content-Length"] == str(len(body))
    assert named["Connection"] == "close"
    return status, 5 <= int(named["Retry-After"]) <= 20


async def test_who_holds_his_places_open_gets_no_more_and_others_do(narrow: Gateway, callers: Callers) -> None:
    port = narrow.server.port
    silent = [await callers.knock(port) for _ in range(3)]
    assert told(await callers.ask(port)) == ("HTTP/1.1 429 Too Many Requests", True)
    assert [await is_cut(reader) for reader in silent] == [False, False, False]


async def test_the_bound_of_all_peers_holds_too(narrow: Gateway, callers: Callers) -> None:
    port = narrow.server.port
    silent = [await callers.knock(port, f"127.0.0.{number}") for number in (1, 1, 1, 2)]
    assert told(await callers.ask(port, "127.0.0.3")) == ("HTTP/1.1 503 Service Unavailable", True)
    assert [await is_cut(reader) for reader in silent] == [False] * 4


async def test_a_client_of_websockets_reads_the_refusal(narrow: Gateway, callers: Callers) -> None:
    for _ in range(3):
        await callers.knock(narrow.server.port)
    with pytest.raises(InvalidStatus) as refused:
        async with station(narrow, "NLVOLT0001", headers=basic("NLVOLT0001", SECRET)):
            pass
    assert refused.value.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert refused.value.response.headers["Retry-After"]


async def test_more_than_a_socket_buffer_of_request_hides_no_refusal(narrow: Gateway, callers: Callers) -> None:
    for _ in range(3):
        await callers.knock(narrow.server.port)
    long = REQUEST[:-2] + b"X: " + b"x" * 9_000 + b"\r\n\r\n"
    assert told(await callers.ask(narrow.server.port, request=long)) == ("HTTP/1.1 429 Too Many Requests", True)


async def test_who_is_turned_away_and_stays_is_cut(narrow: Gateway, callers: Callers) -> None:
    port = narrow.server.port
    for _ in range(3):
        await callers.knock(port)
    stays = [await callers.knock(port) for _ in range(2)]
    # The questions of two are waited for: the next is told without.
    assert told(await (await callers.knock(port)).read()) == ("HTTP/1.1 429 Too Many Requests", True)
    assert [await is_cut(reader) for reader in stays] == [False, False]
    for reader in stays:
        await eventually(lambda reader=reader: is_cut(reader), what="the deadline of a farewell")


async def test_endless_talk_is_not_listened_to(callers: Callers) -> None:
    async with running(replace(FEW, farewell_timeout_s=60.0), CLEAR) as patient:
        for _ in range(3):
            await callers.knock(patient.server.port)
        await callers.knock(patient.server.port)
        with pytest.raises(ConnectionError):
            await callers.pour(REQUEST + b"x" * 30_000_000)


async def test_a_deadline_takes_the_places_back(narrow: Gateway, callers: Callers) -> None:
    for _ in range(3):
        await callers.knock(narrow.server.port)
    await eventually(lambda: is_let_in(narrow), what="a place")


async def test_an_open_socket_holds_no_place(narrow: Gateway, callers: Callers) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for name in ("NLVOLT0001", "NLVOLT0002", "NLVOLT0003"):
            await stack.enter_async_context(station(narrow, name, headers=basic(name, SECRET)))
        silent = [await callers.knock(narrow.server.port) for _ in range(3)]
        assert [await is_cut(reader) for reader in silent] == [False, False, False]


async def test_half_a_tls_handshake_holds_a_place_until_its_deadline(
    secured: Secured,  # noqa: F811
    callers: Callers,
) -> None:
    address = Address(host="127.0.0.1", port=None, tls_port=0, tls=secured.tls)
    async with running(FEW, address) as gateway:
        for _ in range(3):
            await callers.knock(gateway.server.tls_port)
        assert await is_cut(await callers.knock(gateway.server.tls_port))
        narrow = replace(secured, gateway=gateway)

        async def in_again() -> bool:
            return await narrow.fares(narrow.client(), **basic("NLVOLT0001", SECRET)) == "in"

        await eventually(in_again, what="a place")
