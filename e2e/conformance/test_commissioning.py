"""Stations of 1.6 that await their set-up or are suspended: the same rules as the cases of 2.0.1 show."""

from collections.abc import AsyncIterator

import pytest_asyncio

from charger_gateway.domain.station import STATION_EVENTS
from conformance.commissioning import is_accepted, is_told, says
from conformance.seeding import VALID
from conformance.stand import Stand
from conformance.station import ACCEPTED
from conformance.v16.point import Point
from ev_contracts.assets import RegistrationState
from ev_contracts.gateway import MessageQuarantined, StationBooted


@pytest_asyncio.fixture(loop_scope="session")
async def point(stand: Stand) -> AsyncIterator[Point]:
    one = Point(stand)
    await one.connect()
    yield one
    await one.disconnect()


async def test_a_pending_point_is_set_up_asked_to_boot_and_accepted(point: Point) -> None:
    assert (await is_told(point, RegistrationState.AWAITING_SET_UP, "Pending"))["interval"] > 0
    await point.told("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "600"})
    point.answers["TriggerMessage"] = ACCEPTED
    await is_accepted(point)
    assert await point.was_asked("TriggerMessage") == {"requestedMessage": "BootNotification"}
    await point.boots()
    booted = await point.stand.facts(STATION_EVENTS, point.station_id, StationBooted)
    assert [one.answered for one in booted][-2:] == ["Pending", "Accepted"]


async def test_what_a_pending_point_says_unasked_is_a_security_error(point: Point) -> None:
    await is_told(point, RegistrationState.AWAITING_SET_UP, "Pending")
    assert await point.is_refused("Heartbeat") == "SecurityError"
    await point.told("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert await point.says("Heartbeat")


async def test_no_energy_of_a_point_that_is_not_accepted_is_lost(point: Point) -> None:
    number, _ = await point.starts()
    await is_told(point, RegistrationState.SUSPENDED, "Rejected")
    stop = {"transactionId": number, "meterStop": 2_000, "timestamp": "2026-11-26T12:00:00Z"}
    assert await point.is_refused("StopTransaction", stop) == "SecurityError"
    kept = await point.stand.fact(STATION_EVENTS, point.station_id, MessageQuarantined)
    assert (kept.action, kept.code, kept.transaction_id) == ("StopTransaction", "SecurityError", str(number))


async def test_a_pending_point_is_not_asked_to_start(point: Point) -> None:
    await is_told(point, RegistrationState.AWAITING_SET_UP, "Pending")
    payload = {"idTag": VALID, "connectorId": 1}
    told = (await point.stand.command(point.station_id, "raw/RemoteStartTransaction", payload)).json()
    assert (told["status"], told["answer"]) == ("refused", "not-accepted")
    assert point.asked.empty()


async def test_an_accepted_point_that_comes_back_is_served_without_a_boot(point: Point) -> None:
    await point.boots()
    await point.disconnect()
    await point.connect()
    assert await point.says("Heartbeat")


async def test_a_point_that_is_suspended_while_it_charges_ends_its_session_first(stand: Stand, point: Point) -> None:
    number, _ = await point.starts()
    await says(point, RegistrationState.SUSPENDED)
    other = Point(stand)
    await other.connect()
    # What the registry said after it has arrived, so this has too.
    await is_told(other, RegistrationState.AWAITING_SET_UP, "Pending")
    await other.disconnect()
    assert await point.stops(number)
    await point.disconnect()
    await point.connect()
    assert await point.is_refused("Heartbeat") == "SecurityError"
