"""Lets in a client that cannot prove itself: a small TCP relay that adds the Basic header to the upgrade request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from conformance.balancer import pipe
from conformance.station import basic


@contextlib.asynccontextmanager
async def doorman(port: int, user: str, password: str) -> AsyncIterator[int]:
    """The port at which the gateway's port can be reached as the user."""
    header = f"Authorization: {basic(user, password)['Authorization']}\r\n".encode()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readline()
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        ours.write(request + header)
        await asyncio.gather(pipe(reader, ours), pipe(theirs, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
