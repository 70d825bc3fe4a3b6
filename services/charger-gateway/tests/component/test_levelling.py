"""A vehicle's plan stays within what stands at its station, whoever set it, also where the gateway restarted since."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import SystemClock, wall_now
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually
from ev_contracts.gateway import OutsideLimitsChanged, RemoteProfileBound
from ev_contracts.sessions import SessionStarted

from .seeding import CARD  # noqa: TID252 - tests are no package of the installation
from .stations import STATION  # noqa: TID252 - as above
from .test_jobs import say, take  # noqa: TID252 - as above
from .whole import Whole, running_whole  # noqa: TID252 - as above

ACCEPTED = {"status": "Accepted"}
AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
NEEDS = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": AC}}


def schedule(limit: float) -> dict[str, Any]:
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}


def profile(limit: float, purpose: str) -> dict[str, Any]:
    return {
        "id": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule(limit)],
    }


async def transaction(ws: Any, kind: str, number: int, **info: Any) -> None:
    await say(
        ws,
        "TransactionEvent",
        eventType=kind,
        timestamp=wall_now().isoformat(),
        triggerReason="ChargingStateChanged",
        seqNo=number,
        transactionInfo={"transactionId": "tx-1", **info},
        evse={"id": 1, "connectorId": 1},
    )


async def raw(whole: Whole, ws: Any, action: str, payload: dict[str, Any]) -> None:
    """An engineer's call that the station takes."""
    path = f"/v1/stations/{STATION['2.0.1']}/commands/raw/{action}"
    asking = asyncio.create_task(whole.http.post(path, json=payload, headers={"Authorization": "Bearer engineer"}))
    assert (await take(ws, ACCEPTED))[2] == action
    assert (await asking).json()["status"] == "succeeded"


async def limited(whole: Whole, ws: Any) -> None:
    limit = {"chargingLimitSource": "EMS"}
    await say(ws, "NotifyChargingLimit", evseId=1, chargingLimit=limit, chargingSchedule=[schedule(8.0)])
    await transaction(ws, "Started", 0)
    await desk_has(whole, OutsideLimitsChanged)


async def set_raw(whole: Whole, ws: Any) -> None:
    await raw(whole, ws, "SetChargingProfile", {"evseId": 1, "chargingProfile": profile(8.0, "TxDefaultProfile")})
    await transaction(ws, "Started", 0)


async def started_remotely(whole: Whole, ws: Any) -> None:
    token = {"idToken": CARD, "type": "ISO14443"}
    start = {"evseId": 1, "remoteStartId": 88, "idToken": token, "chargingProfile": profile(8.0, "TxProfile")}
    await raw(whole, ws, "RequestStartTransaction", start)
    await transaction(ws, "Started", 0, remoteStartId=88)
    clock, tracing = SystemClock(), Tracing("test")
    ledger = Appender(log=whole.log, codec=whole.codec, clock=clock, service="session-ledger", tracing=tracing)
    started = SessionStarted(
        session_id="s-1",
        station_id=STATION["2.0.1"],
        transaction_id="tx-1",
        ocpp_version="2.0.1",
        evse_number=1,
        connector_number=1,
        started_at=clock.now(),
        token_status="Accepted",
        offline=False,
        remote_start_id="88",
    )
    await (
        await ledger.append_nowait(topic="sessions.session.event.v1", key=f"volt/{STATION['2.0.1']}", record=started)
    )
    await desk_has(whole, RemoteProfileBound)


async def desk_has(whole: Whole, kind: type) -> None:
    async def there() -> bool:
        return any(isinstance(event, kind) for event in await whole.desk())

    await eventually(there, what=kind.__name__)


@pytest.mark.parametrize("stands", [limited, set_raw, started_remotely])
async def test_what_stands_at_a_station_outlives_the_gateway(tmp_path: Path, stands: Any) -> None:
    async with (
        running_whole(tmp_path / "secrets", wait_s=5.0) as before,
        before.station(STATION["2.0.1"], "ocpp2.0.1") as ws,
    ):
        await before.connected()
        await stands(before, ws)
    async with (
        running_whole(tmp_path / "secrets", wait_s=5.0, before=before) as after,
        after.station(STATION["2.0.1"], "ocpp2.0.1") as ws,
    ):
        await transaction(ws, "Updated", 1)
        assert await say(ws, "NotifyEVChargingNeeds", **NEEDS) == ACCEPTED
        sent = (await take(ws, ACCEPTED))[3]["chargingProfile"]
    periods = sent["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert (sent["transactionId"], [period["limit"] for period in periods]) == ("tx-1", [8.0])
