"""The registry as a black box: HTTP in, topics out, on the real log."""

import asyncio
from typing import Any

import httpx2

PARTY: dict[str, Any] = {
    "legal_name": "Volt Laadpalen B.V.",
    "legal_entity_id": "NL-KVK-34123456",
    "country": "NL",
    "currency": "EUR",
}
PARTIES: list[dict[str, Any]] = [
    {**PARTY, "party_id": "NL-VLT", "roles": ["CPO"], "tenant": "volt"},
    {**PARTY, "party_id": "NL-AMP", "roles": ["CPO"], "tenant": "ampere"},
]
MUSEUM: dict[str, Any] = {
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "name": "Museumplein",
    "address": "Museumplein 6",
    "city": "Amsterdam",
    "postal_code": "1071 DJ",
    "country": "NL",
    "latitude": "52.358416",
    "longitude": "4.881077",
    "time_zone": "Europe/Amsterdam",
    "feeder_id": "F-AMS-1",
    "connection_id": "C-AMS-1",
}
CONNECTOR: dict[str, Any] = {
    "connector_number": 1,
    "standard": "IEC_62196_T2",
    "max_power_w": 11_000,
    "max_voltage_v": 230,
    "max_amperage_a": 16,
    "dc": False,
}
STATION: dict[str, Any] = {
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "vendor": "Alfen",
    "model": "Eve Single",
    "evses": [{"evse_number": 1, "evse_id": "NL*VLT*E0001*1", "connectors": [CONNECTOR]}],
}


async def founded(http: httpx2.AsyncClient, world: Any) -> dict[str, str]:
    """Parties and sites of two operators stand; the platform's header, which may act for both."""
    platform: dict[str, str] = world.bearer("platform")
    for party in PARTIES:
        (await http.post("/v1/parties", json=party, headers=platform)).raise_for_status()
    for party in PARTIES:
        body = {**MUSEUM, "cpo_party_id": party["party_id"]}
        (await http.post(f"/v1/sites?tenant={party['tenant']}", json=body, headers=platform)).raise_for_status()
    return platform


def station(station_id: str, party_id: str = "NL-VLT") -> dict[str, Any]:
    return {**STATION, "station_id": station_id, "cpo_party_id": party_id}


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
    header = (
        "station_id,site_id,cpo_party_id,vendor,model,evse_number,evse_id,"
        "connector_number,standard,max_power_w,max_voltage_v,max_amperage_a,dc"
    )
    line = "CSV{0:03d},AMS-MUSEUM,NL-VLT,Alfen,Eve,1,NL*VLT*ECSV{0:03d},1,IEC_62196_T2,11000,230,16,false"
    lines = [line.format(number) for number in range(200)]
    lines[57] = lines[57].replace("11000", "a lot")
    async with world.client() as http:
        await founded(http, world)
        answer = await http.post(
            "/v1/stations:batch",
            content="\n".join([header, *lines]),
            headers={**world.bearer("cpo"), "Content-Type": "text/csv"},
        )
    told = answer.json()
    assert (told["counts"]["registered"], told["counts"]["invalid"]) == (199, 1)
    assert [each["row"] for each in told["results"] if each["status"] == "invalid"] == [59]
    secrets = [each["secret"] for each in told["results"] if each["status"] == "registered"]
    assert len(set(secrets)) == 199
    registered = [seen for seen in await world.topic("assets.station.event.v1") if seen.record.vendor == "Alfen"]
    assert len({seen.record.station_id for seen in registered if seen.record.station_id.startswith("CSV")}) == 199


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
