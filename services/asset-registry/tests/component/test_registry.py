"""The registry as a black box: HTTP in, topics out, on the real log."""

import asyncio
from typing import Any

import httpx2
from registry_samples import AMPERE, CSV_HEADER, FITTING, MUSEUM, PARTIES, SWAP, VOLT, csv_line, station


async def founded(http: httpx2.AsyncClient, world: Any) -> dict[str, str]:
    """Parties and sites of two operators stand; the platform's header, which may act for both."""
    platform: dict[str, str] = world.bearer("platform")
    for party in PARTIES:
        (await http.post("/v1/parties", json=party, headers=platform)).raise_for_status()
    for party in (VOLT, AMPERE):
        body = {**MUSEUM, "cpo_party_id": party["party_id"]}
        (await http.post(f"/v1/sites?tenant={party['tenant']}", json=body, headers=platform)).raise_for_status()
    return platform


async def said_of(world: Any, topic: str, station_id: str) -> list[tuple[str, str, Any]]:
    """(key, kind, record) of one station on a topic, in order."""
    return [
        (seen.context.key, type(seen.record).__name__, seen.record)
        for seen in await world.topic(topic)
        if seen.record.station_id == station_id
    ]


async def test_a_station_is_said_once_however_often_it_is_sent(world: Any) -> None:
    async with world.client() as http:
        await founded(http, world)
        headers = {**world.bearer("cpo"), "Idempotency-Key": "k1"}
        sent = [http.post("/v1/stations", json=station("NLVOLT0001"), headers=headers) for _ in range(8)]
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["secret"] for answer in answers}) == 1
        other = {**station("NLVOLT0001"), "model": "Eve Double"}
        reused = await http.post("/v1/stations", json=other, headers=headers)
        assert (reused.status_code, reused.json()["title"]) == (422, "idempotency-key-reused")
    events = await said_of(world, "assets.station.event.v1", "NLVOLT0001")
    assert [(key, kind) for key, kind, _ in events] == [("volt/NLVOLT0001", "StationRegistered")]
    claims = await said_of(world, "assets.credential.event.v1", "NLVOLT0001")
    assert [(key, kind) for key, kind, _ in claims] == [("_/NLVOLT0001", "IdentityClaimed")]
    snapshots = await said_of(world, "assets.station.snapshot.v1", "NLVOLT0001")
    assert [(key, record.version) for key, _, record in snapshots] == [("volt/NLVOLT0001", 1)]


async def test_of_two_tenants_who_claim_one_identity_one_gets_it(world: Any) -> None:
    async with world.client() as http:
        platform = await founded(http, world)
        claims = [
            http.post(f"/v1/stations?tenant={tenant}", json=station("SHARED01", party), headers=platform)
            for tenant, party in (("volt", "NL-VLT"), ("ampere", "NL-AMP"))
        ]
        answers = await asyncio.gather(*claims)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [answer.json()["title"] for answer in answers if answer.status_code == 409] == ["identity-taken"]
    assert len(await said_of(world, "assets.credential.event.v1", "SHARED01")) == 1
    assert len(await said_of(world, "assets.station.event.v1", "SHARED01")) == 1


async def test_a_csv_with_a_broken_row_registers_the_others(world: Any) -> None:
    lines = [csv_line(f"CSV{number:03d}") for number in range(200)]
    lines[57] = lines[57].replace("11000", "a lot")
    async with world.client() as http, asyncio.timeout(60):
        await founded(http, world)
        headers = {**world.bearer("cpo"), "Content-Type": "text/csv", "Idempotency-Key": "csv"}
        told: dict[str, Any] = {"counts": {"pending": 1}}
        while told["counts"]["pending"]:  # what a busy machine leaves open is asked for again, under the same key
            content = "\n".join([CSV_HEADER, *lines])
            told = (await http.post("/v1/stations:batch", content=content, headers=headers)).json()
    assert (told["counts"]["registered"], told["counts"]["invalid"]) == (199, 1)
    assert [each["row"] for each in told["results"] if each["status"] == "invalid"] == [59]
    secrets = [each["secret"] for each in told["results"] if each["status"] == "registered"]
    assert len(set(secrets)) == 199
    registered = [seen for seen in await world.topic("assets.station.event.v1") if seen.record.vendor == "Alfen"]
    names = [seen.record.station_id for seen in registered if seen.record.station_id.startswith("CSV")]
    assert (len(names), len(set(names))) == (199, 199)


async def test_what_stands_survives_a_kill(world: Any) -> None:
    async with world.client() as http:
        await founded(http, world)
        headers = {**world.bearer("cpo"), "Idempotency-Key": "kill"}
        first = (await http.post("/v1/stations", json=station("NLVOLT0009"), headers=headers)).raise_for_status()
    await asyncio.to_thread(world.kill)
    async with world.client() as http:
        read = (await http.get("/v1/stations/NLVOLT0009", headers=headers)).raise_for_status()
        assert read.json()["model"] == "Eve Single"
        again = await http.post("/v1/stations", json=station("NLVOLT0009"), headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        anew = await http.post("/v1/stations", json=station("NLVOLT0009"), headers=world.bearer("cpo"))
        assert (anew.status_code, anew.json()["happened"]) == (200, [])
    assert len(await said_of(world, "assets.station.event.v1", "NLVOLT0009")) == 1


async def test_a_swapped_meter_is_one_event_and_two_fittings(world: Any) -> None:
    async with world.client() as http:
        await founded(http, world)
        headers = world.bearer("cpo")
        place = "/v1/stations/NLVOLT0020"
        (await http.post("/v1/stations", json=station("NLVOLT0020"), headers=headers)).raise_for_status()
        (await http.post(f"{place}/components", json=FITTING, headers=headers)).raise_for_status()
        sent = [
            http.post(f"{place}/component-swaps", json=SWAP, headers={**headers, "Idempotency-Key": "s"})
            for _ in range(4)
        ]
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
        await asyncio.to_thread(world.kill)
        again = await http.post(f"{place}/component-swaps", json=SWAP, headers=headers)
        assert (again.status_code, again.json()["happened"]) == (200, [])
    events = await said_of(world, "assets.station.event.v1", "NLVOLT0020")
    assert [kind for _, kind, _ in events] == ["StationRegistered", "ComponentFitted", "ComponentSwapped"]
    shown = await said_of(world, "assets.component.snapshot.v1", "NLVOLT0020")
    assert sorted((key, record.version, record.removed_at is None) for key, _, record in shown) == [
        ("volt/NLVOLT0020@1", 2, True),
        ("volt/NLVOLT0020@1", 3, False),
        ("volt/NLVOLT0020@2", 3, True),
    ]
