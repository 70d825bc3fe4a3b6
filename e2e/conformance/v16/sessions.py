"""Boot, sessions, authorisation, power failure and time off line (OCPP 1.6 Core)."""

from datetime import datetime

from charger_gateway.domain.station import STATION_EVENTS, TRANSACTION_EVENTS
from conformance.cases import V16
from conformance.seeding import BLOCKED, EXPIRED, UNKNOWN, VALID
from conformance.station import now
from conformance.v16.point import Point
from ev_contracts.common import ConnectorState
from ev_contracts.gateway import ConnectorStatusChanged, FaultReported, StationBooted


@V16.case(
    "TC_001_CSMS", "A cold boot is accepted with a clock and an interval, and every status is taken.", booted=False
)
async def cold_boot(point: Point) -> None:
    await point.boots()
    assert await point.says("Heartbeat")
    booted = await point.stand.fact(STATION_EVENTS, point.station_id, StationBooted)
    assert (booted.vendor, booted.model, booted.firmware_version) == ("Restated", "Two", "1.0")


@V16.case("TC_003_CSMS", "Plug in first, then the card: the session runs to its end.")
async def plug_in_first(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await point.authorize() == "Accepted"
    number = await point.charges()
    await point.samples(number)
    await point.status(1, "Finishing")
    await point.stops(number)
    await point.status(1, "Available")
    assert (await point.was_ended()).transaction_id == (await point.was_started()).transaction_id == str(number)


@V16.case("TC_004_1_CSMS", "The card first, then plug in: the session runs to its end.")
async def card_first(point: Point) -> None:
    assert await point.authorize() == "Accepted"
    await point.status(1, "Preparing")
    number = await point.charges()
    await point.stops(number)
    assert (await point.was_ended()).meter_stop_wh == 2_000


@V16.case("TC_004_2_CSMS", "The card first and no plug in time: the connector is free again and nothing was started.")
async def card_first_and_nothing_else(point: Point) -> None:
    assert await point.authorize() == "Accepted"
    await point.status(1, "Preparing")
    await point.status(1, "Available")
    status = await point.stand.fact(TRANSACTION_EVENTS, point.station_id, ConnectorStatusChanged, 5)
    assert status.state is ConnectorState.AVAILABLE


@V16.case("TC_005_1_CSMS", "The cable leaves the vehicle: the session ends for that reason, without a card.")
async def unplugged_at_the_vehicle(point: Point) -> None:
    number = await point.charges()
    await point.status(1, "SuspendedEV")
    await point.stops(number, card=None, reason="EVDisconnected")
    await point.status(1, "Finishing")
    await point.status(1, "Available")
    assert (await point.was_ended()).reason == "EVDisconnected"


@V16.case("TC_007_CSMS", "A card from the station's cache starts without being asked about; it is judged all the same.")
async def card_from_the_cache(point: Point) -> None:
    await point.status(1, "Preparing")
    number, status = await point.starts()
    assert status == "Accepted"
    await point.stops(number)


@V16.case("TC_023_1_CSMS", "An unknown card is Invalid.")
async def unknown_card(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await point.authorize(UNKNOWN) == "Invalid"


@V16.case("TC_023_2_CSMS", "A card past its time is Expired.")
async def expired_card(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await point.authorize(EXPIRED) == "Expired"


@V16.case("TC_023_3_CSMS", "A blocked card is Blocked.")
async def blocked_card(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await point.authorize(BLOCKED) == "Blocked"


@V16.case("TC_024_CSMS", "The connector does not lock: the fault is taken as a fault of that connector.")
async def lock_failure(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await point.authorize() == "Accepted"
    await point.status(1, "Faulted", errorCode="ConnectorLockFailure")
    fault = await point.stand.fact(STATION_EVENTS, point.station_id, FaultReported)
    assert fault.error_code == "ConnectorLockFailure"


@V16.case("TC_032_1_CSMS", "The power fails within a session: after the boot the end is taken, with its reason.")
async def power_failure(point: Point) -> None:
    number = await point.charges()
    await point.disconnect()
    await point.connect()
    await point.boots()
    await point.stops(number, card=None, reason="PowerLoss")
    await point.status(1, "Finishing")
    assert (await point.was_ended()).reason == "PowerLoss"


@V16.case("TC_037_1_CSMS", "A session begun off line with a good card is taken as of when it began.")
async def offline_with_a_good_card(point: Point) -> None:
    began = now(-600)
    await point.disconnect()
    await point.connect()
    number, status = await point.starts(timestamp=began)
    assert status == "Accepted"
    await point.status(1, "Charging")
    started = await point.was_started()
    assert (started.transaction_id, started.started_at.timestamp()) == (str(number), _epoch(began))


@V16.case(
    "TC_037_3_CSMS", "A session begun off line with a bad card has a number all the same, and is told that it is bad."
)
async def offline_with_a_bad_card(point: Point) -> None:
    await point.disconnect()
    await point.connect()
    number, status = await point.starts(UNKNOWN, timestamp=now(-600))
    assert status == "Invalid"
    assert number > 0
    await point.stops(number, card=None, reason="DeAuthorized")
    assert (await point.was_ended()).reason == "DeAuthorized"


@V16.case("TC_039_CSMS", "A session that began and ended off line is taken whole.")
async def offline_from_begin_to_end(point: Point) -> None:
    await point.disconnect()
    await point.connect()
    number, _ = await point.starts(timestamp=now(-1_200))
    ended = now(-600)
    await point.stops(number, reason="Local", timestamp=ended)
    assert (await point.was_ended()).ended_at.timestamp() == _epoch(ended)


@V16.case("TC_064_CSMS", "Data of a vendor whom nobody knows is answered politely.")
async def data_of_a_stranger(point: Point) -> None:
    answer = await point.says("DataTransfer", {"vendorId": "nobody.example", "messageId": "1", "data": VALID})
    assert answer["status"] in {"UnknownVendorId", "UnknownMessageId", "Rejected"}


def _epoch(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
