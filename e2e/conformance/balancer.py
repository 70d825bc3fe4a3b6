"""A TCP balancer for two replicas: the next that lets itself be connected gets the station."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import count


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, until either ends."""
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def balancing(ports: Sequence[int]) -> AsyncIterator[int]:
    """The port before all of `ports`, one after the other; where none can be connected the station is turned away."""
    turns = count()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turns)
        for number in range(len(ports)):
            with contextlib.suppress(OSError):
                theirs, ours = await asyncio.open_connection("127.0.0.1", ports[(first + number) % len(ports)])
                await asyncio.gather(pipe(reader, ours), pipe(theirs, writer))
                return
        writer.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
