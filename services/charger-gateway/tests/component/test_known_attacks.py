"""Attacks that other back ends fell to, each under its source's name. None may work here."""

import asyncio
import contextlib
import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from charger_gateway.adapters.ocpp.desk_line import DESK_COMMANDS
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.domain.station import STATION_EVENTS, TRANSACTION_EVENTS
from chassis.testing import eventually
from ev_contracts.gateway import (
    CommandSent,
    MessageQuarantined,
    ReportAnswered,
    StationConnected,
    TransactionEnded,
    TransactionStarted,
)

from .conftest import DEADLINE_S, QUICK, Gateway, desk_line, reset_asked, running  # noqa: TID252 - tests are no package of the installation
from .seeding import SECRET, STATIONS, basic  # noqa: TID252 - as above
from .test_sockets import AT, BOOT, call, station  # noqa: TID252 - as above

START = {"connectorId": 1, "idTag": "04A2B3C4", "meterStart": 100, "timestamp": AT}


async def status_of(gateway: Gateway, station_id: str, headers: dict[str, str]) -> int:
    """What a handshake is refused with; 101 where it is not."""
    try:
        async with station(gateway, station_id, headers=headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_no_station_is_let_in_without_authentication(gateway: Gateway) -> None:
    # CVE-2026-20781 (CloudCharge, ICSA-26-057-03) and its kin of early 2026: whoever knew an identity was that station.
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Basic"}, basic("NLVOLT0001", "")):
        assert await status_of(gateway, "NLVOLT0001", headers) == 401
    assert await gateway.records(CONNECTIONS) == []


async def test_an_identity_is_no_secret(gateway: Gateway) -> None:
    # CISA's CWE-522 entries of 2026 (Everon, EV2GO): identities stand on maps and QR codes.
    assert await status_of(gateway, "NLVOLT0001", basic("NLVOLT0001", "NLVOLT0001")) == 401
    assert await status_of(gateway, "NLVOLT0001", basic("NLVOLT0002", SECRET)) == 401
    assert await status_of(gateway, "NLVOLT0009", basic("NLVOLT0009", SECRET)) == 404


@pytest.mark.parametrize("password", ["", "admin", "password", "0000", "1234567890", "AuthorizationKey", "changeme"])
async def test_no_default_credential_opens(gateway: Gateway, password: str) -> None:
    # A quarter of 33,320 management systems found on the net ran on default configurations (IEEE TNSM 21(1), 2024).
    assert await status_of(gateway, "NLVOLT0001", basic("NLVOLT0001", password)) == 401


async def test_a_second_socket_takes_nothing_from_a_living_one(gateway: Gateway) -> None:
    # CVE-2026-20748 (Everon), SaiFlow 2023: the newest socket of an identity got its commands, and the first was cut.
    async with station(gateway) as honest:
        assert (await call(honest, "BootNotification", BOOT))[0] == 3
        for _ in range(3):
            async with station(gateway) as thief:
                with pytest.raises(ConnectionClosed) as closed:
                    await call(thief, "BootNotification", BOOT | {"chargePointModel": "Thief"})
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1008
        connection = gateway.server.connection("NLVOLT0001")
        assert connection is not None
        command = asyncio.create_task(connection.call("Reset", {"type": "Soft"}, DEADLINE_S))
        asked = orjson.loads(await honest.recv())
        await honest.send(orjson.dumps([3, asked[1], {"status": "Accepted"}]).decode())
        await command
    assert [one.model for one in await gateway.records(STATION_EVENTS)] == ["Eve"]
    assert len(await gateway.wait_for(CONNECTIONS, StationConnected)) == 1


async def test_guessing_is_limited(strict_gateway: Gateway) -> None:
    # CVE-2026-24445, CVE-2026-24696: passwords could be tried without end.
    wrong = basic("NLVOLT0001", "wrong")
    assert [await status_of(strict_gateway, "NLVOLT0001", wrong) for _ in range(5)] == [401, 401, 401, 429, 429]
    assert await status_of(strict_gateway, "NLVOLT0001", basic("NLVOLT0001", SECRET)) == 429


async def test_trying_many_identities_is_limited_too(strict_gateway: Gateway) -> None:
    # The same, sprayed: one password on every identity that a map shows, and on guessed ones.
    tried = [await status_of(strict_gateway, f"NLSPRAY{n}", basic(f"NLSPRAY{n}", "admin")) for n in range(6)]
    assert tried == [404, 404, 404, 404, 404, 429]


async def test_whoever_guesses_takes_no_place_in_a_storm() -> None:
    # The bound on handshakes would else be the guesser's means to keep all stations out.
    limits = replace(QUICK, wrong_credentials_per_minute=3, handshakes_per_s=0.1, handshakes_burst=5)
    async with running(limits) as gateway:
        wrong = basic("NLVOLT0001", "wrong")
        assert [await status_of(gateway, "NLVOLT0001", wrong) for _ in range(8)] == [401] * 3 + [429] * 5
        async with station(gateway, "NLVOLT0002") as honest:
            assert (await call(honest, "Heartbeat", {}))[0] == 3


async def test_a_station_that_comes_and_goes_without_end_is_told_to_wait() -> None:
    # A broken station, or a thief of its password, would fill the log and keep the others out.
    limits = replace(QUICK, connections_per_minute=3, handshakes_per_s=0.1, handshakes_burst=5)
    async with running(limits) as gateway:
        for _ in range(3):
            async with station(gateway, "NLVOLT0001") as flapping:
                assert (await call(flapping, "Heartbeat", {}))[0] == 3
        again = basic("NLVOLT0001", SECRET)
        assert [await status_of(gateway, "NLVOLT0001", again) for _ in range(4)] == [429] * 4
        async with station(gateway, "NLVOLT0002") as other:
            assert (await call(other, "Heartbeat", {}))[0] == 3


async def test_a_storm_of_handshakes_is_told_to_come_later(stormy_gateway: Gateway) -> None:
    # eMabler's outage of September 2025: stations that all came back at once kept each other out.
    async with station(stormy_gateway, "NLVOLT0001") as early:
        assert (await call(early, "Heartbeat", {}))[0] == 3
        waits = []
        async with station(stormy_gateway, "NLVOLT0002"):
            for _ in range(4):
                with pytest.raises(InvalidStatus) as refused:
                    async with station(stormy_gateway, "NLVOLT0003"):
                        pass
                assert refused.value.response.status_code == 503
                waits.append(int(refused.value.response.headers["Retry-After"]))
        assert all(5 <= wait <= 20 for wait in waits)
        assert (await call(early, "Heartbeat", {}, "m2"))[0] == 3


async def test_newcomers_of_a_storm_give_way_to_those_who_wait_for_their_answers() -> None:
    # The same: where the processor is slow, even those that may come in would starve those that charge.
    limits = replace(QUICK, handshakes_per_s=0.1, handshakes_burst=7, give_way_s=0.05, log_timeout_s=10)
    newcomer = basic("NLVOLT0002", SECRET)
    async with running(limits) as gateway, station(gateway, "NLVOLT0001") as early:
        assert (await call(early, "Heartbeat", {}))[0] == 3
        gateway.gate.clear()
        await early.send(orjson.dumps([2, "m2", "StartTransaction", START]).decode())
        await eventually(lambda: gateway.server.stalls.longest() > limits.give_way_s)
        assert [await status_of(gateway, "NLVOLT0002", newcomer) for _ in range(2)] == [101, 503]
        gateway.gate.set()
        assert orjson.loads(await early.recv())[:2] == [3, "m2"]
        await eventually(lambda: gateway.server.stalls.longest() < limits.give_way_s)
        assert await status_of(gateway, "NLVOLT0002", newcomer) == 101


async def test_a_transaction_of_another_station_stays_its_own(gateway: Gateway) -> None:
    # CVE-2026-28230 (SteVe up to 3.11.0): a stop was looked up by its number alone; any station could end any session.
    async with station(gateway, "NLVOLT0001") as owner, station(gateway, "NLVOLT0002") as foreigner:
        number = (await call(owner, "StartTransaction", START))[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 101, "timestamp": AT}
        assert (await call(foreigner, "StopTransaction", stop))[0] == 3
    started, ended = await gateway.records(TRANSACTION_EVENTS)
    if isinstance(started, TransactionEnded):
        started, ended = ended, started
    assert isinstance(ended, TransactionEnded)
    assert (started.station_id, ended.station_id, ended.session_id) == ("NLVOLT0001", "NLVOLT0002", None)


async def test_transaction_numbers_cannot_be_guessed(gateway: Gateway) -> None:
    # SteVe issue 1296: numbers that count up from 1 tell everybody the next one.
    async with station(gateway) as socket:
        numbers = [
            (await call(socket, "StartTransaction", START | {"meterStart": wh}, f"m{wh}"))[2]["transactionId"]
            for wh in range(6)
        ]
    gaps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
    assert len(gaps) == 5
    assert all(abs(gap) > 1_000 for gap in gaps)


@pytest.mark.parametrize("poison", ["banana", "", "2026-13-45T00:00:00Z", "0000-00-00T00:00:00Z", "x" * 500, "∞"])
async def test_a_poisoned_time_is_refused_and_stops_nobody(gateway: Gateway, poison: str) -> None:
    # SteVe kept a start with an invalid time and could not read its table any more (B. Perry, oss-security 2025-07-07).
    async with station(gateway) as socket:
        answer = await call(socket, "StartTransaction", START | {"timestamp": poison})
        assert answer[0] == 4
        assert answer[2] in {"TypeConstraintViolation", "PropertyConstraintViolation", "FormationViolation"}
        assert (await call(socket, "StartTransaction", START, "m2"))[0] == 3
    assert [type(one) for one in await gateway.records(TRANSACTION_EVENTS)] == [TransactionStarted]
    (kept,) = await gateway.records(STATION_EVENTS)
    assert isinstance(kept, MessageQuarantined)


async def test_a_message_id_counts_once(gateway: Gateway) -> None:
    # SteVe issue 1305: ids that come again were taken for new messages.
    async with station(gateway) as socket:
        first = await call(socket, "StartTransaction", START, "m1")
        assert await call(socket, "StartTransaction", START, "m1") == first
        assert (await call(socket, "StartTransaction", START | {"meterStart": 7}, "m1"))[0] == 4
    assert len(await gateway.records(TRANSACTION_EVENTS)) == 1


@pytest.mark.parametrize("opening", ['{"a":', "["])
async def test_deep_nesting_ends_no_loop(gateway: Gateway, opening: str) -> None:
    # The `ocpp` package 2.1.0: 3,000 brackets raise RecursionError out of its receive loop, and the station is gone.
    closing = "}" if opening.startswith("{") else "]"
    deep = opening * 3_000 + "1" + closing * 3_000
    async with station(gateway) as socket:
        raw = f'[2,"m1","DataTransfer",{{"vendorId":"a","data":{deep}}}]'
        await socket.send(raw)
        assert orjson.loads(await socket.recv())[0] == 4
        assert (await call(socket, "Heartbeat", {}, "m2"))[0] == 3


async def test_fragments_without_end_are_cut(gateway: Gateway) -> None:
    # CWE-770: a million empty fragments cost memory and no byte of the message limit.
    async def endless() -> Any:
        for _ in range(5_000):
            yield ""

    async with station(gateway) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(endless())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_stale_connection_receives_no_command(gateway: Gateway) -> None:
    # SaiFlow 2023: commands went to whoever had held the identity before, with what stood in them.
    line = desk_line(gateway)
    async with station(gateway) as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3
        line.on_event("volt/NLVOLT0001", reset_asked())
        now = datetime.now(UTC)
        sent = CommandSent(command_id="c-1", station_id="NLVOLT0001", epoch=99, replica_id="gw-1", sent_at=now)
        line.on_event("volt/NLVOLT0001", sent)
        (report,) = await gateway.wait_for(DESK_COMMANDS, ReportAnswered)
        assert (report.outcome, report.answer) == ("undeliverable", "connection-closed")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await socket.recv()
    await line.stop()


async def test_a_foreign_tag_ends_a_session_under_its_own_name(gateway: Gateway) -> None:
    # CitrineOS issue 213: a stop by whatever tag was written down as the driver's. It cannot be refused, only be told.
    async with station(gateway) as socket:
        number = (await call(socket, "StartTransaction", START))[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 200, "timestamp": AT, "idTag": "FFFFFFFF"}
        assert (await call(socket, "StopTransaction", stop, "m2"))[2] == {"idTagInfo": {"status": "Invalid"}}
    started, ended = await gateway.records(TRANSACTION_EVENTS)
    assert (started.token_ref, started.token_status) == ("tok-1", "Accepted")
    assert (ended.token_ref, ended.token_status) == (None, "Invalid")


async def test_unknown_and_wrong_take_the_same_time(gateway: Gateway) -> None:
    # CWE-208: an answer that comes sooner tells which identities exist. The best of eight, for the machine is shared.
    async def took(station_id: str) -> float:
        began = time.perf_counter()
        await status_of(gateway, station_id, basic(station_id, "wrong"))
        return time.perf_counter() - began

    known, unknown = [], []
    for turn in range(8):
        known.append(await took(STATIONS[turn % 3]))
        unknown.append(await took(f"NLNONE{turn % 3}"))
    assert 0.2 < min(known) / min(unknown) < 5
