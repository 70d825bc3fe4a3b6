"""What an operator asks of a charge point: start, stop, reset, unlock, trigger, cache, configuration (OCPP 1.6)."""

from charger_gateway.domain.station import TRANSACTION_EVENTS
from conformance.cases import V16
from conformance.seeding import VALID
from conformance.station import ACCEPTED, Payload
from conformance.v16.point import Point
from ev_contracts.common import ConnectorState
from ev_contracts.gateway import ConnectorStatusChanged, TransactionStarted

REJECTED: Payload = {"status": "Rejected"}
_START: Payload = {"id_token": VALID, "evse_number": 1, "reason": "the driver asks"}


async def _remote_start(point: Point, answer: Payload = ACCEPTED) -> str:
    asked, command = await point.obeys("start", _START, "RemoteStartTransaction", answer)
    assert asked == {"idTag": VALID, "connectorId": 1}
    return str(command["status"])


async def _reset(point: Point, *, hard: bool) -> None:
    asked, command = await point.obeys("reset", {"hard": hard}, "Reset")
    assert (asked, command["status"]) == ({"type": "Hard" if hard else "Soft"}, "succeeded")
    await point.disconnect()
    await point.connect()
    await point.boots()


@V16.case("TC_010_CSMS", "A remote start of a vehicle that is plugged in: accepted, and the session runs.")
async def remote_start_plugged_in(point: Point) -> None:
    await point.status(1, "Preparing")
    assert await _remote_start(point) == "succeeded"
    number = await point.charges()
    await point.stops(number)


@V16.case("TC_011_1_CSMS", "A remote start before the vehicle comes: accepted, and the session runs once it is there.")
async def remote_start_first(point: Point) -> None:
    assert await _remote_start(point) == "succeeded"
    assert await point.authorize() == "Accepted"
    await point.status(1, "Preparing")
    await point.charges()


@V16.case("TC_011_2_CSMS", "A remote start and no vehicle in time: the connector is free again, nothing was started.")
async def remote_start_and_nobody(point: Point) -> None:
    assert await _remote_start(point) == "succeeded"
    await point.status(1, "Preparing")
    await point.status(1, "Available")
    assert await point.stand.facts(TRANSACTION_EVENTS, point.station_id, TransactionStarted) == []


@V16.case("TC_012_CSMS", "A remote stop: accepted, and the session ends as Remote.")
async def remote_stop(point: Point) -> None:
    number = await point.charges()
    body = {"transaction_id": str(number), "reason": "the driver asks"}
    asked, command = await point.obeys("stop", body, "RemoteStopTransaction")
    assert (asked, command["status"]) == ({"transactionId": number}, "succeeded")
    await point.stops(number, card=None, reason="Remote")
    assert (await point.was_ended()).reason == "Remote"


@V16.case("TC_013_CSMS", "A hard reset within a session: the session ends for it, and the boot after it is accepted.")
async def hard_reset(point: Point) -> None:
    number = await point.charges()
    await _reset(point, hard=True)
    await point.stops(number, card=None, reason="HardReset")
    assert (await point.was_ended()).reason == "HardReset"


@V16.case("TC_014_CSMS", "A soft reset ends the session first, then boots.")
async def soft_reset(point: Point) -> None:
    number = await point.charges()
    await point.stops(number, card=None, reason="SoftReset")
    await _reset(point, hard=False)
    assert (await point.was_ended()).reason == "SoftReset"


@V16.case("TC_026_CSMS", "A remote start that the station rejects is refused, and says so.")
async def remote_start_rejected(point: Point) -> None:
    await point.charges()
    assert await _remote_start(point, REJECTED) == "refused"


@V16.case("TC_028_CSMS", "A remote stop of a transaction that the station has not is refused.")
async def remote_stop_rejected(point: Point) -> None:
    body = {"transaction_id": "4711", "reason": "the driver asks"}
    _, command = await point.obeys("stop", body, "RemoteStopTransaction", REJECTED)
    assert (command["status"], command["answer"]) == ("refused", "Rejected")


@V16.case("TC_017_1_CSMS", "An unlock with no session running is answered Unlocked.")
async def unlock_idle(point: Point) -> None:
    await point.told("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})


@V16.case("TC_017_2_CSMS", "A station with a fixed cable knows no unlock.")
async def unlock_fixed_cable(point: Point) -> None:
    await point.told("UnlockConnector", {"connectorId": 1}, {"status": "NotSupported"}, "refused")


@V16.case("TC_018_1_CSMS", "An unlock within a session ends it as UnlockCommand.")
async def unlock_within_a_session(point: Point) -> None:
    number = await point.charges()
    await point.told("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    await point.stops(number, card=None, reason="UnlockCommand")
    assert (await point.was_ended()).reason == "UnlockCommand"


@V16.case("TC_030_CSMS", "An unlock that fails is told as it is.")
async def unlock_fails(point: Point) -> None:
    shown = await point.told("UnlockConnector", {"connectorId": 1}, {"status": "UnlockFailed"}, "refused")
    assert shown["answer"] == "UnlockFailed"


@V16.case("TC_031_CSMS", "An unlock of a connector that the station has not is not supported.")
async def unlock_unknown(point: Point) -> None:
    await point.told("UnlockConnector", {"connectorId": 9}, {"status": "NotSupported"}, "refused")


@V16.case("TC_061_CSMS", "The station clears its authorisation cache.")
async def clear_cache(point: Point) -> None:
    await point.told("ClearCache", {})


@V16.case("TC_019_1_CSMS", "All configuration keys come back.")
async def all_configuration(point: Point) -> None:
    keys = [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}, {"key": "Odd", "readonly": True}]
    await point.told("GetConfiguration", {}, {"configurationKey": keys, "unknownKey": []})


@V16.case("TC_019_2_CSMS", "One configuration key comes back by its name.")
async def one_configuration_key(point: Point) -> None:
    key = "SupportedFeatureProfiles"
    answer = {"configurationKey": [{"key": key, "readonly": True, "value": "Core,RemoteTrigger"}]}
    await point.told("GetConfiguration", {"key": [key]}, answer)


@V16.case("TC_021_CSMS", "A configuration key is changed.")
async def change_configuration(point: Point) -> None:
    await point.told("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"})


@V16.case("TC_040_1_CSMS", "A key that the station does not know is refused as NotSupported.")
async def unknown_configuration_key(point: Point) -> None:
    answer = {"status": "NotSupported"}
    shown = await point.told("ChangeConfiguration", {"key": "Nonsense", "value": "1"}, answer, "refused")
    assert shown["answer"] == "NotSupported"


@V16.case("TC_040_2_CSMS", "A value that the station cannot take is rejected.")
async def impossible_configuration(point: Point) -> None:
    wanted = {"key": "MeterValueSampleInterval", "value": "-1"}
    await point.told("ChangeConfiguration", wanted, REJECTED, "refused")


@V16.case("TC_054_CSMS", "A trigger is accepted, and what it asked for comes and is taken.")
async def trigger(point: Point) -> None:
    for message in ("MeterValues", "Heartbeat", "StatusNotification", "BootNotification"):
        body = {"message": message, "evse_number": 1}
        asked, command = await point.obeys("trigger", body, "TriggerMessage")
        assert (asked, command["status"]) == ({"requestedMessage": message, "connectorId": 1}, "succeeded")
    assert await point.says("Heartbeat")
    await point.status(1, "Preparing")
    await point.boots()
    status = await point.stand.fact(TRANSACTION_EVENTS, point.station_id, ConnectorStatusChanged, 7)
    assert status.state is ConnectorState.AVAILABLE


@V16.case("TC_055_CSMS", "A trigger that the station rejects is refused.")
async def trigger_rejected(point: Point) -> None:
    body = {"message": "MeterValues", "evse_number": 1}
    _, command = await point.obeys("trigger", body, "TriggerMessage", REJECTED)
    assert (command["status"], command["answer"]) == ("refused", "Rejected")
