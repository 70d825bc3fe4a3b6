"""Handshakes that never end: whoever begins many holds his own places only, and a deadline takes them back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from websockets.exceptions import InvalidHandshake

from charger_gateway.adapters.ocpp.server import Address
from chassis.testing import eventually

from .conftest import CLEAR, QUICK, Gateway, running  # noqa: TID252 - tests are no package of the installation
from .seeding import SECRET, basic  # noqa: TID252 - as above
from .test_sockets import station  # noqa: TID252 - as above
from .test_tls import Secured, secured  # noqa: F401, TID252 - as above

FEW = replace(QUICK, most_handshakes=4, most_handshakes_of_a_peer=3, handshake_timeout_s=1.5)


@pytest.fixture
async def narrow() -> AsyncIterator[Gateway]:
    """A gateway that takes three handshakes of a peer at once."""
    async with running(FEW, CLEAR) as one:
        yield one


class Callers:
    """Sockets that say nothing; all are closed in the end."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    async def knock(self, port: int, source: str = "127.0.0.1") -> asyncio.StreamReader:
        """One more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        self._writers.append(writer)
        return reader

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


async def test_who_holds_his_places_open_gets_no_more_and_others_do(narrow: Gateway, callers: Callers) -> None:
    port = narrow.server.port
    silent = [await callers.knock(port) for _ in range(3)]
    assert await is_cut(await callers.knock(port))
    assert [await is_cut(reader) for reader in silent] == [False, False, False]


async def test_the_bound_of_all_peers_holds_too(narrow: Gateway, callers: Callers) -> None:
    port = narrow.server.port
    silent = [await callers.knock(port, f"127.0.0.{number}") for number in (1, 1, 1, 2)]
    assert await is_cut(await callers.knock(port, "127.0.0.3"))
    assert [await is_cut(reader) for reader in silent] == [False] * 4


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
