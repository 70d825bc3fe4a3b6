"""Blocks J and P: meter values by the clock and by the sample, signed ones too; data of vendors (OCPP 2.0.1)."""

from typing import Any

from charger_gateway.domain.station import TRANSACTION_EVENTS
from conformance.cases import V201
from conformance.station import Payload
from conformance.v201.charger import Charger, Transaction, register_wh, token
from ev_contracts.gateway import MeterSampled, TransactionUpdated

_SIGNED: Payload = {
    "signedMeterValue": {
        "signedMeterData": "T0NNRnw=",
        "signingMethod": "ECDSA-secp256r1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "",
    }
}


async def _updated(charger: Charger) -> TransactionUpdated:
    return await charger.stand.fact(TRANSACTION_EVENTS, charger.station_id, TransactionUpdated)


async def _ends(charger: Charger, context: str, **more: Any) -> None:
    running = await charger.charges()
    samples = [register_wh(0, "Transaction.Begin"), register_wh(2_000, context, **more)]
    await running.ends("StopAuthorized", "Local", idToken=token(), meterValue=samples)
    assert [one.register_wh for one in (await charger.was_ended()).readings] == [0, 2_000]


async def _goes_on(charger: Charger, trigger: str, context: str, **more: Any) -> None:
    running = await charger.charges()
    await running.goes_on(trigger, meterValue=[register_wh(1_200, context, **more)])
    assert [one.register_wh for one in (await _updated(charger)).readings] == [1_200]


@V201.case("TC_J_01_CSMS", "By the clock and without a session: the values of the meter are taken.")
async def by_the_clock(charger: Charger) -> None:
    for evse in (0, 1):
        wanted = {"evseId": evse, "meterValue": [register_wh(50, "Sample.Clock")]}
        assert await charger.says("MeterValues", wanted) == {}
    sampled = await charger.stand.fact(TRANSACTION_EVENTS, charger.station_id, MeterSampled, 2)
    assert (sampled.evse_number, sampled.readings[0].register_wh) == (1, 50)


@V201.case("TC_J_02_CSMS", "By the clock within a session: the values are the session's.")
async def by_the_clock_within(charger: Charger) -> None:
    await _goes_on(charger, "MeterValueClock", "Sample.Clock")


@V201.case("TC_J_03_CSMS", "By the clock, told with the end of the session.")
async def by_the_clock_at_the_end(charger: Charger) -> None:
    await _ends(charger, "Sample.Clock")


@V201.case("TC_J_04_CSMS", "By the clock and signed: the values are taken.")
async def by_the_clock_signed(charger: Charger) -> None:
    await _goes_on(charger, "MeterValueClock", "Sample.Clock", **_SIGNED)


@V201.case("TC_J_07_CSMS", "A sample with the start of a session at a known EVSE.")
async def sample_at_the_start(charger: Charger) -> None:
    sample = [register_wh(0, "Transaction.Begin")]
    answer = await Transaction(charger).starts("Authorized", idToken=token(), meterValue=sample)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert [one.register_wh for one in (await charger.was_started()).readings] == [0]


@V201.case("TC_J_08_CSMS", "A sample of the start that comes once the EVSE is known.")
async def sample_after_the_start(charger: Charger) -> None:
    running = Transaction(charger)
    await running.event("Started", "Authorized", idToken=token())
    sample = [register_wh(0, "Transaction.Begin")]
    await running.goes_on("CablePluggedIn", state="EVConnected", evse={"id": 1, "connectorId": 1}, meterValue=sample)
    assert (await _updated(charger)).evse_number == 1


@V201.case("TC_J_09_CSMS", "A sample within the session.")
async def sample_within(charger: Charger) -> None:
    await _goes_on(charger, "MeterValuePeriodic", "Sample.Periodic")


@V201.case("TC_J_10_CSMS", "Samples with the end of the session.")
async def samples_at_the_end(charger: Charger) -> None:
    await _ends(charger, "Transaction.End")


@V201.case("TC_J_11_CSMS", "Signed samples are taken.")
async def signed_samples(charger: Charger) -> None:
    await _ends(charger, "Transaction.End", **_SIGNED)


@V201.case("TC_P_02_CSMS", "Data of a vendor whom nobody knows is answered politely.")
async def data_of_a_stranger(charger: Charger) -> None:
    answer = await charger.says("DataTransfer", {"vendorId": "nobody.example", "messageId": "1", "data": {"a": 1}})
    assert answer["status"] in {"UnknownVendorId", "UnknownMessageId", "Rejected"}


@V201.case("TC_P_03_CSMS", "Custom data in a message does no harm.")
async def custom_data(charger: Charger) -> None:
    custom = {"vendorId": "nobody.example", "aThing": {"of": ["its", "own"]}}
    assert (await charger.says("Heartbeat", {"customData": custom}))["currentTime"]
    running = await charger.charges()
    await running.goes_on("ChargingRateChanged", customData=custom)
