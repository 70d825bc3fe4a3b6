"""An unknown station knocks, is approved from a template, comes in, is set up by the gateway, and is accepted."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from ev_actors.link import Identity
from ev_actors.raw import RESULT, Frame, RawStation
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

NEW = "UNKNOWN-0001"
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Alfen", "model": "Eve"}}
HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
PLUG = {
    "connector_number": 1,
    "standard": "IEC_62196_T2",
    "max_power_w": 11_000,
    "max_voltage_v": 400,
    "max_amperage_a": 16,
    "dc": False,
}


async def knock(system: System) -> int:
    """The status with which the gateway sends the unknown station away."""
    basic = base64.b64encode(f"{NEW}:a-password-of-its-maker".encode()).decode()
    with pytest.raises(InvalidStatus) as sent_away:
        await connect(
            f"{system.platform.addresses.ocpp}/{NEW}",
            subprotocols=[Subprotocol("ocpp2.0.1")],
            additional_headers={"Authorization": f"Basic {basic}"},
            proxy=None,
        )
    return int(sent_away.value.response.status_code)


async def listed(system: System, path: str, group: str) -> dict[str, Any]:
    """The station's row in a list of the registry, once it is there."""

    async def row() -> dict[str, Any] | None:
        told = await system.platform.get("cpo", "asset-registry", path)
        return next((one for one in told[group] if one["station_id"] == NEW), None)

    return await eventually(row)


async def approved(system: System) -> Identity:
    """The operator lets it in by a template of his, and writes its secret down."""
    names = system.seeded.plan.names
    template = {
        "cpo_party_id": names.cpo,
        "vendor": "Alfen",
        "model": "Eve",
        "security_profile": 1,
        "evses": [{"evse_number": 1, "connectors": [PLUG]}],
        "desired_variables": [{"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "300"}],
    }
    path = "/v1/station-templates/eve-11"
    put = await system.platform.request("cpo", "PUT", "asset-registry", path, json=template)
    assert put.is_success, put.text
    sited = await system.platform.get(
        "cpo", "asset-registry", f"/v1/stations/{system.seeded.members[0].identity.station_id}"
    )
    approval = {"template_id": "eve-11", "site_id": sited["site_id"], "evse_ids": ["NL*VLT*ENEW0001*1"]}
    told = await system.platform.post("cpo", "asset-registry", f"/v1/onboarding/{NEW}/approval", approval)
    return Identity(station_id=NEW, secret=told["secret"], url=system.platform.addresses.ocpp)


class Obedient:
    """Answers what it is asked as a station does that has one variable."""

    def __init__(self, station: RawStation) -> None:
        self.station = station
        self.interval = "900"
        self.asked: list[str] = []
        self.triggered = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            asked = await self.station.asked.get()
            self.asked.append(asked[2])
            await self.station.answer(asked, self._answer(asked))

    def _answer(self, asked: Frame) -> dict[str, Any]:
        done = {"attributeStatus": "Accepted", **HEARTBEAT}
        match asked[2]:
            case "GetVariables":
                return {"getVariableResult": [{**done, "attributeValue": self.interval}]}
            case "SetVariables":
                self.interval = asked[3]["setVariableData"][0]["attributeValue"]
                return {"setVariableResult": [done]}
            case "TriggerMessage":
                self.triggered.set()
                return {"status": "Accepted"}
            case other:
                raise AssertionError(other)


@contextlib.asynccontextmanager
async def obeying(station: RawStation) -> AsyncIterator[Obedient]:
    """The station does as it is asked while inside."""
    obedient = Obedient(station)
    task = asyncio.create_task(obedient.run())
    try:
        yield obedient
    finally:
        task.cancel()


async def boots(station: RawStation) -> str:
    """What the boot is answered."""
    answer = await station.call("BootNotification", BOOT)
    assert answer[0] == RESULT, answer
    return str(answer[2]["status"])


async def test_an_unknown_station_is_approved_set_up_and_accepted(system: System) -> None:
    assert await knock(system) == 404
    known = await listed(system, "/v1/onboarding", "unknown")
    assert (known["subprotocols"], known["source_network"]) == (["ocpp2.0.1"], "127.0.0.0/24")
    identity = await approved(system)

    async with contextlib.AsyncExitStack() as stack:

        async def comes_in() -> RawStation | None:
            with contextlib.suppress(InvalidStatus):
                return await stack.enter_async_context(RawStation(identity, "ocpp2.0.1"))
            return None

        station = await eventually(comes_in)
        obedient = await stack.enter_async_context(obeying(station))
        assert await boots(station) == "Pending"
        assert await listed(system, "/v1/onboarding/awaiting-set-up", "stations")
        assert (await station.call("Heartbeat", {}))[2] == "SecurityError"
        async with asyncio.timeout(60):
            await obedient.triggered.wait()
        assert obedient.interval == "300"
        assert await boots(station) == "Accepted"
        assert (await station.call("Heartbeat", {}))[0] == RESULT
    shown = await system.platform.get("cpo", "asset-registry", f"/v1/stations/{NEW}")
    assert shown["registration"] == "ACCEPTED"
