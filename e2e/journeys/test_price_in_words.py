"""A driver reads at the station what he pays, in his language; and his provider says where his card is good."""

from typing import Any

import pytest

from ev_actors.raw import RESULT, RawStation
from ev_actors.v16 import iso
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

UID = "04D0C5E1"
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "EVAM", "model": "Virtual 150"}}
TOKEN = {"idToken": {"idToken": UID, "type": "ISO14443"}}
RETAIL = (
    "0,5929 EUR per kWh; 0,726 EUR per uur laden; 3,63 EUR per uur parkeren; 0,605 EUR per sessie; incl. belastingen"
)
"""The provider's price in the seeded network, with 21 % VAT."""
NIGHT = "0,363 EUR per kWh; incl. belastingen"


async def said(station: RawStation, action: str, payload: Any) -> Any:
    """The answer to a message of the station."""
    answer = await station.call(action, payload)
    assert answer[0] == RESULT, answer
    return answer[2]


async def comes_in(station: RawStation, system: System) -> None:
    """It boots, and reports that its display shows messages."""
    assert (await said(station, "BootNotification", BOOT))["status"] == "Accepted"
    shown = {
        "component": {"name": "DisplayMessageCtrlr"},
        "variable": {"name": "Enabled"},
        "variableAttribute": [{"type": "Actual", "value": "true"}],
    }
    report = {"requestId": 1, "seqNo": 0, "generatedAt": iso(system.clock.now()), "reportData": [shown]}
    await said(station, "NotifyReport", report)


async def asked(station: RawStation, **expected: Any) -> Any:
    """What the station is told of the card, once it is so."""

    async def told() -> Any:
        info = (await said(station, "Authorize", TOKEN))["idTokenInfo"]
        return info if {name: info.get(name) for name in expected} == expected else None

    return await eventually(told)


async def event(station: RawStation, system: System, kind: str, seq_no: int, **more: Any) -> Any:
    """The answer to an event of the session."""
    payload = {
        "eventType": kind,
        "timestamp": iso(system.clock.now()),
        "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "in-words-1", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
    }
    return await said(station, "TransactionEvent", payload | more)


def in_dutch(text: str) -> dict[str, str]:
    return {"format": "UTF8", "language": "nl", "content": text}


async def issued(system: System) -> str:
    """A card of a seeded driver who reads Dutch."""
    card = {"uid": UID, "driver_ref": system.seeded.drivers[0].driver_ref, "language": "nl"}
    return str((await system.platform.post("emsp", "accounts", "/v1/tokens", card))["token_ref"])


async def is_for_this_station(system: System, station_id: str) -> None:
    """The provider sells cheaper here, and does so for long."""
    since, seller = "2026-01-01T00:00:00Z", system.seeded.plan.names.emsp
    tariff = {
        "tariff_id": "night",
        "issuer_party_id": seller,
        "name": "Night",
        "currency": "EUR",
        "components": [{"type": "ENERGY", "price": "0.30", "vat_permille": 210, "step_size": 1}],
        "valid_from": since,
    }
    await system.platform.post("emsp", "pricing", "/v1/tariffs", tariff)
    assignment = {
        "assignment_id": "night-here",
        "seller_party_id": seller,
        "relation": "EMSP_TO_DRIVER",
        "station_id": station_id,
        "valid_from": since,
    }
    await system.platform.post("emsp", "pricing", "/v1/tariffs/night/assignments", assignment)


async def test_a_driver_reads_what_he_pays_and_is_told_when_it_is_another(system: System) -> None:
    identity = system.station("2.0.1").link.identity
    token_ref = await issued(system)
    async with RawStation(identity, "ocpp2.0.1") as station:
        await comes_in(station, system)
        told = await asked(station, status="Accepted", personalMessage=in_dutch(RETAIL))
        assert told["language1"] == "nl"

        places = f"/v1/tokens/{token_ref}/places"
        await system.platform.post("emsp", "accounts", places, {"site_ids": ["elsewhere"]})
        await asked(station, status="NotAtThisLocation", personalMessage=None)
        await system.platform.post("emsp", "accounts", places, {"allows_dc": False})
        await asked(station, status="NotAllowedTypeEVSE", personalMessage=None)
        await system.platform.post("emsp", "accounts", places, {})
        await asked(station, status="Accepted", personalMessage=in_dutch(RETAIL))

        started = await event(station, system, "Started", 0, **TOKEN)
        assert started["idTokenInfo"]["status"] == "Accepted"
        assert "updatedPersonalMessage" not in started
        await is_for_this_station(system, identity.station_id)
        # Whoever comes next pays less; who charges already pays what he was told.
        await asked(station, status="Accepted", personalMessage=in_dutch(NIGHT))
        assert await event(station, system, "Updated", 1) == {}
        await event(station, system, "Ended", 2)
