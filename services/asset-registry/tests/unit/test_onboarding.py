"""From a knock to a station that awaits its set-up, with the whole registry in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest_asyncio
from registry_samples import CONNECTOR, MUSEUM, PARTIES, station

from asset_registry.adapters.http.unknown_stations import MOST_KNOWN, UnknownStations
from asset_registry.app import build
from asset_registry.settings import Settings
from chassis.auth import Principal
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import MemoryLog
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, eventually, read_topic, running
from ev_contracts.assets import IdentityClaimed, RegistrationState, StationRegistered
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import UnknownStationKnocked

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALLERS = KnownCallers(
    {
        "volt": Principal(subject="vera", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
        "ampere": Principal(subject="amin", roles=frozenset({"cpo"}), tenants=frozenset({"ampere"}), party_id="NL-AMP"),
        "platform": Principal(subject="pia", roles=frozenset({"platform"})),
        "technician": Principal(subject="tom", roles=frozenset({"technician"}), tenants=frozenset({"volt"})),
    }
)
TEMPLATE: dict[str, Any] = {
    "cpo_party_id": "NL-VLT",
    "vendor": "Alfen",
    "model": "Eve Single",
    "security_profile": 2,
    "evses": [{"evse_number": 1, "connectors": [CONNECTOR]}],
    "desired_variables": [{"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "300"}],
}
APPROVAL = {"template_id": "eve-11", "site_id": "AMS-MUSEUM", "evse_ids": ["NL*VLT*ENEW1*1"]}


@dataclass
class World:
    """The running registry and its log."""

    log: MemoryLog
    http: httpx2.AsyncClient
    codec: Codec

    async def asks(self, method: str, path: str, body: Any = None, *, by: str = "volt", key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {by}"} | ({"Idempotency-Key": key} if key else {})
        return await self.http.request(method, path, json=body, headers=headers)

    async def knocks(self, station_id: str) -> None:
        appender = Appender(
            log=self.log, codec=self.codec, clock=SystemClock(), service="gateway", tracing=Tracing("gateway")
        )
        knock = UnknownStationKnocked(
            station_id=station_id,
            source_network="203.0.113.0/24",
            secure=True,
            subprotocols=("ocpp2.0.1",),
            times=1,
            knocked_at=NOON,
        )
        await appender.append(topic="gateway.knock.sample.v1", key=f"_/{station_id}", record=knock)

        async def listed() -> bool:
            return station_id in await self.unknown()

        await eventually(listed)

    async def unknown(self) -> list[str]:
        answer = await self.asks("GET", "/v1/onboarding")
        return [one["station_id"] for one in answer.json()["unknown"]]

    async def awaiting(self, who: str, tenant: str) -> list[str]:
        answer = await self.asks("GET", f"/v1/onboarding/awaiting-set-up?tenant={tenant}", by=who)
        return [one["station_id"] for one in answer.json()["stations"]]

    async def said(self, topic: str, kind: type) -> list[Any]:
        records = [seen.record for seen in await read_topic(self.log, self.codec, topic)]
        return [one for one in records if isinstance(one, kind)]


@pytest_asyncio.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    log = MemoryLog()
    async with running(build(settings, log=log, authenticator=CALLERS)) as service:
        (port,) = service.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            world = World(log=log, http=http, codec=Codec(records=RECORDS, topics=TOPICS))
            for party in PARTIES:
                assert (await world.asks("POST", "/v1/parties", party, by="platform")).status_code == 201
            assert (await world.asks("POST", "/v1/sites", MUSEUM)).status_code == 201
            assert (await world.asks("PUT", "/v1/station-templates/eve-11", TEMPLATE)).status_code == 201
            yield world


async def test_who_knocked_is_approved_from_a_template_and_awaits_its_set_up(world: World) -> None:
    await world.knocks("NEW-1")
    approved = await world.asks("POST", "/v1/onboarding/NEW-1/approval", APPROVAL, key="k1")
    assert approved.status_code == 201, approved.text
    again = await world.asks("POST", "/v1/onboarding/NEW-1/approval", APPROVAL, key="k1")
    assert again.json()["secret"] == approved.json()["secret"]
    (registered,) = await world.said("assets.station.event.v1", StationRegistered)
    assert (registered.registration, registered.template_id) == (RegistrationState.AWAITING_SET_UP, "eve-11")
    assert [(one.variable, one.value) for one in registered.desired_variables] == [("HeartbeatInterval", "300")]
    (claimed,) = await world.said("assets.credential.event.v1", IdentityClaimed)
    assert (claimed.tenant, claimed.security_profile) == ("volt", 2)
    assert await world.unknown() == []
    for who, tenant in (("volt", "volt"), ("platform", "volt")):
        assert await world.awaiting(who, tenant) == ["NEW-1"]
    assert await world.awaiting("ampere", "ampere") == []
    assert (await world.asks("GET", "/v1/onboarding/awaiting-set-up?tenant=volt", by="ampere")).status_code == 404


async def test_what_knocked_is_shown_with_what_is_known_of_it(world: World) -> None:
    await world.knocks("NEW-1")
    (shown,) = (await world.asks("GET", "/v1/onboarding")).json()["unknown"]
    assert (shown["source_network"], shown["subprotocols"], shown["times"]) == ("203.0.113.0/24", ["ocpp2.0.1"], 1)


async def test_what_never_knocked_is_not_approved(world: World) -> None:
    assert (await world.asks("POST", "/v1/onboarding/NEVER/approval", APPROVAL)).status_code == 404


async def test_a_registered_station_that_knocks_under_another_name_stays_unknown(world: World) -> None:
    assert (await world.asks("POST", "/v1/stations", station("OLD1"))).status_code == 201
    await world.knocks("NEW-1")
    assert await world.unknown() == ["NEW-1"]


async def test_an_approval_names_a_template_a_site_and_one_id_an_evse(world: World) -> None:
    await world.knocks("NEW-1")
    wrong: list[dict[str, Any]] = [
        {"template_id": "none"},
        {"site_id": "NOWHERE"},
        {"evse_ids": ["NL*VLT*E1*1", "NL*VLT*E1*2"]},
    ]
    for change in wrong:
        answer = await world.asks("POST", "/v1/onboarding/NEW-1/approval", {**APPROVAL, **change})
        assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, list(change))
    assert await world.said("assets.credential.event.v1", IdentityClaimed) == []


async def test_a_technician_onboards_nothing(world: World) -> None:
    await world.knocks("NEW-1")
    for method, path, body in (
        ("GET", "/v1/onboarding", None),
        ("GET", "/v1/onboarding/awaiting-set-up", None),
        ("POST", "/v1/onboarding/NEW-1/approval", APPROVAL),
        ("PUT", "/v1/station-templates/eve-11", TEMPLATE),
    ):
        assert (await world.asks(method, path, body, by="technician")).status_code == 403


def test_the_list_of_unknown_stations_is_bounded_and_keeps_the_newest() -> None:
    table = UnknownStations()
    knock = UnknownStationKnocked(
        station_id="X", source_network="unknown", secure=False, subprotocols=(), times=1, knocked_at=NOON
    )
    for number in range(MOST_KNOWN + 5):
        table.put(f"_/N{number}", knock.model_copy(update={"station_id": f"N{number}"}))
    assert len(table) == MOST_KNOWN
    assert table.of("N4") is None
    newest = table.newest(2, without=[f"N{MOST_KNOWN + 4}"])
    assert [one.station_id for one in newest] == [f"N{MOST_KNOWN + 3}", f"N{MOST_KNOWN + 2}"]
