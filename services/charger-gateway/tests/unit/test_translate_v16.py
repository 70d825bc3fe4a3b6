"""What OCPP 1.6 messages mean."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from charger_gateway.domain import translate_v16 as v16
from charger_gateway.domain.registration import BootIntervals
from charger_gateway.domain.station import NO_TOKEN, STATION_EVENTS, TRANSACTION_EVENTS, Heard, TokenVerdict, Translated
from charger_gateway.domain.values import BadField
from ev_contracts.common import ConnectorState, MeterReading
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    FaultReported,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLUGGED = datetime(2026, 11, 20, 11, 59, 58, tzinfo=UTC)
HEARD = Heard(
    tenant="volt",
    station_id="NLVOLT0001",
    epoch=17,
    received_at=NOON,
    frame_ref="17-4",
    connectors=((1, 1), (2, 1)),
    cpo_party_id="NL-VLT",
)
ANNA = TokenVerdict(status="Accepted", token_ref="tok-1")
START = {"connectorId": 2, "idTag": "04A2B3C4", "meterStart": 12_400, "timestamp": "2026-11-20T12:59:58+01:00"}


def start(payload: dict[str, object], heard: Heard = HEARD) -> Translated:
    return v16.start_transaction(payload, heard, ANNA, uid_hmac="aa", number_key=b"k" * 32)


def started(payload: dict[str, object], heard: Heard = HEARD) -> TransactionStarted:
    record = start(payload, heard).facts[0].record
    assert isinstance(record, TransactionStarted)
    return record


def test_a_boot_is_accepted_and_kept() -> None:
    payload = {"chargePointVendor": "Alfen", "chargePointModel": "Eve", "chargeBoxSerialNumber": "S1"}
    payload |= {"iccid": "8931", "imsi": "20408", "meterType": "ABB B23", "meterSerialNumber": "M1"}
    translated = v16.boot(payload, HEARD, BootIntervals(accepted_s=300))
    assert translated.answer == {"status": "Accepted", "currentTime": "2026-11-20T12:00:00.000Z", "interval": 300}
    assert [(fact.topic, fact.record) for fact in translated.facts] == [
        (
            STATION_EVENTS,
            StationBooted(
                station_id="NLVOLT0001",
                ocpp_version="1.6",
                epoch=17,
                vendor="Alfen",
                model="Eve",
                serial_number="S1",
                iccid="8931",
                imsi="20408",
                meter_type="ABB B23",
                meter_serial_number="M1",
                booted_at=NOON,
                frame_ref="17-4",
                answered="Accepted",
            ),
        )
    ]


def test_a_start_names_its_session_and_its_number() -> None:
    translated = start(START)
    record = translated.facts[0].record
    assert isinstance(record, TransactionStarted)
    assert translated.answer == {"transactionId": int(record.transaction_id), "idTagInfo": {"status": "Accepted"}}
    assert record == TransactionStarted(
        station_id="NLVOLT0001",
        session_id=record.session_id,
        transaction_id=record.transaction_id,
        ocpp_version="1.6",
        evse_number=2,
        connector_number=1,
        token_ref="tok-1",
        token_status="Accepted",
        started_at=PLUGGED,
        received_at=NOON,
        meter_start_wh=12_400,
        offline=False,
        frame_ref="17-4",
    )
    assert 0 < int(record.transaction_id) < 2**31


def test_a_retried_start_is_the_same_session_whatever_its_offset_or_arrival() -> None:
    retried = started(START | {"timestamp": "2026-11-20T11:59:58Z"}, replace(HEARD, frame_ref="9-9"))
    assert retried.session_id == started(START).session_id
    assert retried.transaction_id == started(START).transaction_id


@pytest.mark.parametrize("change", [{"meterStart": 12_401}, {"connectorId": 1}, {"timestamp": "2026-11-20T11:59:59Z"}])
def test_another_start_is_another_session(change: dict[str, object]) -> None:
    assert started(START | change).session_id != started(START).session_id


def test_the_same_start_at_another_station_is_another_session() -> None:
    elsewhere = replace(HEARD, station_id="NLVOLT0002")
    assert started(START, elsewhere).session_id != started(START).session_id


def test_a_refused_start_is_still_recorded_and_numbered() -> None:
    blocked = TokenVerdict(status="Blocked", token_ref="tok-1")
    translated = v16.start_transaction(START, HEARD, blocked, uid_hmac="aa", number_key=b"k" * 32)
    assert translated.answer["idTagInfo"] == {"status": "Blocked"}
    assert len(translated.facts) == 1


def test_a_time_that_is_none_is_a_bad_field() -> None:
    with pytest.raises(BadField, match="timestamp"):
        start(START | {"timestamp": "banana"})


def test_a_register_beyond_all_meters_is_a_bad_field() -> None:
    with pytest.raises(BadField, match="meterStart"):
        start(START | {"meterStart": 2**62})


def _of_phase(phase: str, **values: int) -> MeterReading:
    return MeterReading(sampled_at=PLUGGED, context="Sample.Periodic", phase=phase, **values)


def test_meter_values_sum_phases_and_turn_to_base_units() -> None:
    payload = {
        "connectorId": 1,
        "transactionId": 77,
        "meterValue": [
            {
                "timestamp": "2026-11-20T11:59:58Z",
                "sampledValue": [
                    {"value": "12.4005", "measurand": "Energy.Active.Import.Register", "unit": "kWh"},
                    {"value": "3.6", "measurand": "Power.Active.Import", "unit": "kW", "phase": "L1"},
                    {"value": "3.7", "measurand": "Power.Active.Import", "unit": "kW", "phase": "L2"},
                    {"value": "3700", "measurand": "Power.Active.Import", "unit": "W", "phase": "L3"},
                    {"value": "15.98", "measurand": "Current.Import", "unit": "A", "phase": "L1"},
                    {"value": "16.04", "measurand": "Current.Import", "unit": "A", "phase": "L2"},
                    {"value": "57", "measurand": "SoC", "unit": "Percent", "location": "EV"},
                    {"value": "231.2", "measurand": "Voltage", "unit": "V", "phase": "L1"},
                ],
            }
        ],
    }
    assert v16.meter_values(payload, HEARD).facts[0].record == MeterSampled(
        station_id="NLVOLT0001",
        transaction_id="77",
        evse_number=1,
        connector_number=1,
        received_at=NOON,
        readings=(
            MeterReading(
                sampled_at=PLUGGED,
                context="Sample.Periodic",
                register_wh=12_400,
                power_w=11_000,
                soc_percent=57,
                current_a_tenths=160,
                current_sum_a_tenths=320,
            ),
            _of_phase("L1", power_w=3_600, current_a_tenths=160, current_sum_a_tenths=160),
            _of_phase("L2", power_w=3_700, current_a_tenths=160, current_sum_a_tenths=160),
            _of_phase("L3", power_w=3_700),
        ),
        frame_ref="17-4",
    )


@pytest.mark.parametrize(
    "sample",
    [
        {"value": "NaN"},
        {"value": "Infinity"},
        {"value": "abc"},
        {"value": "1e400"},
        {"value": "9" * 40},
        {"value": "12", "measurand": "Voltage"},
    ],
)
def test_a_sample_that_is_no_reading_leaves_none(sample: dict[str, str]) -> None:
    payload = {"connectorId": 1, "meterValue": [{"timestamp": "2026-11-20T11:59:58Z", "sampledValue": [sample]}]}
    record = v16.meter_values(payload, HEARD).facts[0].record
    assert isinstance(record, MeterSampled)
    assert record.readings == ()


def test_a_bare_value_is_the_energy_register_in_wh() -> None:
    payload = {
        "connectorId": 0,
        "meterValue": [{"timestamp": "2026-11-20T11:59:58Z", "sampledValue": [{"value": "12400"}]}],
    }
    record = v16.meter_values(payload, HEARD).facts[0].record
    assert isinstance(record, MeterSampled)
    assert (record.evse_number, record.transaction_id) == (0, None)
    assert record.readings == (MeterReading(sampled_at=PLUGGED, context="Sample.Periodic", register_wh=12_400),)


def test_contexts_of_one_instant_are_readings_apart() -> None:
    samples = [
        {"value": "100", "context": "Transaction.Begin"},
        {"value": "200", "context": "Transaction.End"},
    ]
    payload = {
        "transactionId": 77,
        "meterStop": 200,
        "timestamp": "2026-11-20T12:00:00Z",
        "transactionData": [{"timestamp": "2026-11-20T11:59:58Z", "sampledValue": samples}],
    }
    record = v16.stop_transaction(payload, HEARD, NO_TOKEN).facts[0].record
    assert isinstance(record, TransactionEnded)
    assert [(one.context, one.register_wh) for one in record.readings] == [
        ("Transaction.Begin", 100),
        ("Transaction.End", 200),
    ]


@pytest.mark.parametrize("number", [-1, 0, 2**63 - 1])
def test_a_stop_of_an_unknown_transaction_is_taken(number: int) -> None:
    payload = {"transactionId": number, "meterStop": -1, "timestamp": "2026-11-20T12:00:00Z"}
    translated = v16.stop_transaction(payload, HEARD, NO_TOKEN)
    assert translated.answer == {}
    assert translated.facts[0].record == TransactionEnded(
        station_id="NLVOLT0001",
        transaction_id=str(number),
        ocpp_version="1.6",
        token_status="None",
        ended_at=NOON,
        received_at=NOON,
        meter_stop_wh=-1,
        reason="Local",
        offline=False,
        frame_ref="17-4",
    )


def test_a_stop_by_a_token_is_answered_for_it() -> None:
    payload = {"transactionId": 5, "meterStop": 9, "timestamp": "2026-11-20T12:00:00Z", "reason": "Remote"}
    assert v16.stop_transaction(payload, HEARD, ANNA).answer == {"idTagInfo": {"status": "Accepted"}}


def test_a_status_with_an_error_is_a_state_and_a_fault() -> None:
    payload = {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure", "vendorErrorCode": "E7"}
    facts = v16.status_notification(payload, HEARD).facts
    assert [(fact.topic, type(fact.record)) for fact in facts] == [
        (TRANSACTION_EVENTS, ConnectorStatusChanged),
        (STATION_EVENTS, FaultReported),
    ]
    changed, fault = facts[0].record, facts[1].record
    assert isinstance(changed, ConnectorStatusChanged)
    assert isinstance(fault, FaultReported)
    assert changed.state is ConnectorState.FAULTED
    assert (fault.error_code, fault.vendor_error_code, fault.occurred_at) == ("GroundFailure", "E7", NOON)


def test_connectors_are_numbered_through_the_station() -> None:
    two_plugs = replace(HEARD, connectors=((1, 1), (1, 2), (2, 1)))
    assert [two_plugs.connector_of(n) for n in (-1, 0, 1, 2, 3, 4)] == [(0, 0), (0, 0), (1, 1), (1, 2), (2, 1), (4, 1)]
    assert [two_plugs.connector_id_of(n) for n in (1, 2, 9)] == [1, 3, 9]
