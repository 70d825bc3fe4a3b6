"""A reservation on the log becomes a ReserveNow on the station's socket, and its answer the command's outcome."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson

from chassis.clock import SystemClock
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually
from ev_contracts.gateway import CommandSucceeded
from ev_contracts.sessions import ReservationBegan

from .seeding import CARD  # noqa: TID252 - tests are no package of the installation
from .whole import running_whole  # noqa: TID252 - as above

STATION = "NLVOLT0001"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An issuer and a vault in one, which knows one card."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    own = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
    body = {
        "/.well-known/openid-configuration": {"token_endpoint": f"http://{own}/token"},
        "/token": {"access_token": "bearer", "expires_in": 3600},
        "/v1/vault/tokens/tok-1": {"uid": CARD, "token_type": "RFID", "token_ref": "tok-1"},
    }[head.split(" ", 2)[1]]
    told = orjson.dumps(body)
    writer.write(f"HTTP/1.1 200 X\r\nContent-Length: {len(told)}\r\nConnection: close\r\n\r\n".encode() + told)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def accounts() -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_a_station_holds_what_was_reserved_and_its_answer_is_the_outcome(tmp_path: Path) -> None:
    now = SystemClock().now()
    began = ReservationBegan(
        reservation_id="r1",
        site_id="S-1",
        station_id=STATION,
        evse_number=1,
        token_ref="tok-1",
        expires_at=now + timedelta(minutes=30),
        began_at=now,
    )
    async with accounts() as url, running_whole(tmp_path, wait_s=1.0, url_accounts=url, oidc_issuer=url) as whole:
        async with whole.station(STATION, "ocpp2.0.1") as ws:
            await whole.connected()
            appender = Appender(
                log=whole.log, codec=whole.codec, clock=SystemClock(), service="ledger", tracing=Tracing("ledger")
            )
            await appender.append(topic="sessions.reservation.event.v1", key="volt/S-1", record=began)
            _, message_id, action, asked = orjson.loads(await asyncio.wait_for(ws.recv(), 10))
            await ws.send(orjson.dumps([3, message_id, {"status": "Accepted"}]).decode())

            async def succeeded() -> list[str]:
                return [each.command_id for each in await whole.desk() if isinstance(each, CommandSucceeded)]

            assert await eventually(succeeded) == ["hold-r1"]
        assert (action, asked["evseId"], asked["idToken"]) == (
            "ReserveNow",
            1,
            {"idToken": CARD, "type": "ISO14443"},
        )
        assert all(CARD not in repr(each) for each in await whole.desk())
