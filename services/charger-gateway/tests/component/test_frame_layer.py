"""Messages that come twice, that may not be answered, or that are broken and worth money: over a real socket."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from charger_gateway.adapters.no_authorities import NoAuthorities
from charger_gateway.domain.certificates import ContractCertificate
from charger_gateway.domain.station import EVENT_STREAMS, STATION_EVENTS, TRANSACTION_EVENTS
from ev_contracts.gateway import (
    ContractCertificateRequested,
    DeviceModelReported,
    EventStreamSampled,
    MessageQuarantined,
    ReportCompleted,
    StationBooted,
)

from .conftest import DEADLINE_S, Gateway  # noqa: TID252 - tests are no package of the installation
from .test_sockets import AT, BOOT, V16, V21, V201, ask, call, station  # noqa: TID252 - as above

START = {"connectorId": 1, "idTag": "04A2B3C4", "meterStart": 100, "timestamp": AT}


def bad_frames(gateway: Gateway, why: str) -> float:
    return gateway.server.interpreter.metrics.get("frames_bad", why)


async def test_a_message_that_comes_again_has_its_answer_and_no_second_effect(gateway: Gateway) -> None:
    raw = orjson.dumps([2, "m1", "BootNotification", BOOT])
    async with station(gateway) as socket:
        first, again = await ask(socket, raw), await ask(socket, raw)
    assert first == again
    assert len(await gateway.records(STATION_EVENTS)) == 1
    assert gateway.server.interpreter.metrics.get("frames_repeated", "1.6") == 1


async def test_an_id_that_was_another_messages_is_refused_and_its_energy_kept(gateway: Gateway) -> None:
    # Source: SteVe issue 1305 (reused ids were taken for new messages).
    async with station(gateway) as socket:
        first = await call(socket, "StartTransaction", START, "m1")
        other = await call(socket, "StartTransaction", START | {"meterStart": 200}, "m1")
        again = await call(socket, "StartTransaction", START, "m1")
    assert other[:3] == [4, "m1", "FormationViolation"]
    assert again == first
    (kept,) = await gateway.records(STATION_EVENTS)
    assert isinstance(kept, MessageQuarantined)
    assert (kept.action, kept.reason) == ("StartTransaction", "the message id was another message's")
    assert len(await gateway.records(TRANSACTION_EVENTS)) == 1


async def test_ids_are_remembered_per_connection_and_for_a_while(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        await call(socket, "BootNotification", BOOT, "m1")
        for number in range(20):
            await call(socket, "Heartbeat", {}, f"h{number}")
        assert (await call(socket, "BootNotification", BOOT | {"iccid": "1"}, "m1"))[0] == 3
    async with station(gateway) as socket:
        assert (await call(socket, "BootNotification", BOOT | {"iccid": "2"}, "m1"))[0] == 3
    assert len(await gateway.wait_for(STATION_EVENTS, StationBooted, 3)) == 3


async def test_a_broken_stop_is_refused_and_kept_for_review(gateway: Gateway) -> None:
    stop = {"transactionId": 77, "meterStop": "9400", "timestamp": AT}
    async with station(gateway) as socket:
        answer = await call(socket, "StopTransaction", stop)
    assert answer[2] == "TypeConstraintViolation"
    (kept,) = await gateway.records(STATION_EVENTS)
    assert isinstance(kept, MessageQuarantined)
    assert (kept.transaction_id, kept.frame_ref) == ("77", "0-1")
    assert b'"meterStop":"9400"' in (await gateway.frames())[0]
    assert gateway.server.interpreter.metrics.get("calls_refused", "TypeConstraintViolation") == 1


async def test_what_may_not_be_answered_is_counted(gateway: Gateway) -> None:
    async with station(gateway, "NLVOLT0001", V21) as socket:
        for raw in ('[6,"s1","Nonsense",{}]', '[5,"m1","FormatViolation","",{}]', '[9,"m1"]', '[3,"nobody",{}]'):
            await socket.send(raw)
        assert (await call(socket, "Heartbeat", {}, "m9"))[1] == "m9"
    for why in (
        "SEND against its schema",
        "our answer was refused",
        "unknown message type",
        "answer that nobody asked for",
    ):
        assert bad_frames(gateway, why) == 1


async def told_after(gateway: Gateway, offered: str, answer: Any) -> Any:
    """What the station hears next after it gave this answer to a Reset."""
    async with station(gateway, "NLVOLT0001", offered) as socket:
        await call(socket, "Heartbeat", {})
        connection = gateway.server.connection("NLVOLT0001")
        assert connection is not None
        ours = asyncio.create_task(connection.call("Reset", {"type": "OnIdle"}, DEADLINE_S))
        asked = orjson.loads(await socket.recv())
        await socket.send(orjson.dumps([3, asked[1], answer]).decode())
        await ours
        await socket.send('[2,"m9","Heartbeat",{}]')
        return orjson.loads(await socket.recv())


async def test_in_2_1_a_bad_answer_is_told_so(gateway: Gateway) -> None:
    told = await told_after(gateway, V21, {"status": "Perhaps"})
    assert (told[0], told[2]) == (5, "PropertyConstraintViolation")


async def test_an_answer_that_is_read_as_it_was_meant_is_not_complained_of(gateway: Gateway) -> None:
    told = await told_after(gateway, V21, {"status": "Accepted", "statusInfo": None})
    assert told[:2] == [3, "m9"]


async def test_a_good_answer_and_one_of_an_older_version_are_not(gateway: Gateway) -> None:
    assert (await told_after(gateway, V21, {"status": "Accepted"}))[:2] == [3, "m9"]
    assert (await told_after(gateway, V16, {"status": "Perhaps"}))[:2] == [3, "m9"]


async def test_a_stream_is_sampled_and_never_answered(gateway: Gateway) -> None:
    async with station(gateway, "NLVOLT0001", V21) as socket:
        values = {"id": 2, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "21.5"}]}
        await socket.send(orjson.dumps([6, "s1", "NotifyPeriodicEventStream", values]).decode())
        assert (await call(socket, "Heartbeat", {}, "m9"))[1] == "m9"
        (sampled,) = await gateway.wait_for(EVENT_STREAMS, EventStreamSampled)
    assert (sampled.stream_id, sampled.values[0].value, sampled.frame_ref) == (2, "21.5", "0-1")


async def test_a_report_ends_when_its_last_part_came(gateway: Gateway) -> None:
    async with station(gateway, "NLVOLT0001", V201) as socket:
        for number in (0, 1, 3):
            part = {"requestId": 7, "seqNo": number, "generatedAt": AT, "tbc": number != 3}
            assert (await call(socket, "NotifyReport", part))[2] == {}
    *parts, end = await gateway.records(STATION_EVENTS)
    assert [(part.part, part.last) for part in parts if isinstance(part, DeviceModelReported)] == [
        (0, False),
        (1, False),
        (3, True),
    ]
    assert isinstance(end, ReportCompleted)
    assert (end.report, end.request_id, end.parts, end.whole, end.missing) == ("DeviceModelReported", 7, 3, False, (2,))


async def test_a_question_for_others_is_answered_in_its_own_time(gateway: Gateway) -> None:
    async with station(gateway, "NLVOLT0001", V201) as socket:
        asked = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgA"}
        answer = await call(socket, "Get15118EVCertificate", asked)
        assert (answer[0], answer[2]["status"], answer[2]["exiResponse"]) == (3, "Failed", "")
    (requested,) = await gateway.records(STATION_EVENTS)
    assert isinstance(requested, ContractCertificateRequested)
    assert (requested.granted, requested.exi_characters) == (False, 4)


async def test_a_question_that_comes_again_while_it_is_asked_is_asked_once(gateway: Gateway) -> None:
    asked: list[Any] = []
    told = asyncio.Event()

    class Late(NoAuthorities):
        async def contract_certificate(self, request: Mapping[str, Any]) -> ContractCertificate | None:
            asked.append(request)
            await told.wait()
            return None

    gateway.server.interpreter = replace(gateway.server.interpreter, authorities=Late())
    question = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgA"}
    async with station(gateway, "NLVOLT0001", V201) as socket:
        for _ in range(2):
            await socket.send(orjson.dumps([2, "m1", "Get15118EVCertificate", question]).decode())
        assert (await call(socket, "Heartbeat", {}, "m2"))[:2] == [3, "m2"]
        told.set()
        assert orjson.loads(await socket.recv())[:2] == [3, "m1"]
        assert (await call(socket, "Heartbeat", {}, "m3"))[:2] == [3, "m3"]
    assert len(asked) == len(await gateway.records(STATION_EVENTS)) == 1
