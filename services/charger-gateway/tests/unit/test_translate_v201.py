"""What OCPP 2.0.1 messages mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from charger_gateway.domain import translate_v201 as v201
from charger_gateway.domain.registration import BootIntervals
from charger_gateway.domain.station import NO_TOKEN, Heard, TokenVerdict
from charger_gateway.domain.values import BadField
from ev_contracts.common import ConnectorState, MeterReading
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEARD = Heard(
    tenant="volt",
    station_id="NLVOLT0002",
    version="2.0.1",
    epoch=18,
    received_at=NOON,
    frame_ref="18-2",
    connectors=((1, 1), (2, 1), (2, 2)),
    remote_starts={4711: "command-9"},
)
ANNA = TokenVerdict(status="Accepted", token_ref="tok-1")
BEGIN = {
    "timestamp": "2026-11-20T12:00:00.250Z",
    "sampledValue": [
        {
            "value": 12.4,
            "context": "Transaction.Begin",
            "measurand": "Energy.Active.Import.Register",
            "unitOfMeasure": {"unit": "Wh", "multiplier": 3},
        }
    ],
}


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": "2026-11-20T12:00:00Z",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "tx-9", "chargingState": "Charging"},
    } | more


def test_a_start_carries_session_place_and_begin_register() -> None:
    translated = v201.transaction_event(event("Started", evse={"id": 1}, meterValue=[BEGIN]), HEARD, ANNA)
    record = translated.facts[0].record
    assert isinstance(record, TransactionStarted)
    assert translated.answer == {"idTokenInfo": {"status": "Accepted"}}
    assert record == TransactionStarted(
        station_id="NLVOLT0002",
        session_id=record.session_id,
        transaction_id="tx-9",
        ocpp_version="2.0.1",
        evse_number=1,
        connector_number=1,
        token_ref="tok-1",
        token_status="Accepted",
        started_at=NOON,
        received_at=NOON,
        seq_no=0,
        offline=False,
        charging=True,
        readings=(
            MeterReading(
                sampled_at=datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC),
                context="Transaction.Begin",
                register_wh=12_400,
            ),
        ),
        frame_ref="18-2",
    )


def test_a_start_without_token_or_place_stands() -> None:
    translated = v201.transaction_event(event("Started"), HEARD, NO_TOKEN)
    record = translated.facts[0].record
    assert isinstance(record, TransactionStarted)
    assert (translated.answer, record.token_status, record.evse_number, record.connector_number) == ({}, "None", 0, 0)


def test_an_evse_with_two_connectors_leaves_the_connector_unsaid() -> None:
    record = v201.transaction_event(event("Started", evse={"id": 2}), HEARD, ANNA).facts[0].record
    assert isinstance(record, TransactionStarted)
    assert (record.evse_number, record.connector_number) == (2, 0)


@pytest.mark.parametrize(("number", "expected"), [(4711, "command-9"), (5, "5")])
def test_a_remote_start_is_tied_to_its_command(number: int, expected: str) -> None:
    info = {"transactionId": "tx-9", "remoteStartId": number}
    record = v201.transaction_event(event("Started", transactionInfo=info), HEARD, ANNA).facts[0].record
    assert isinstance(record, TransactionStarted)
    assert (record.remote_start_id, record.charging) == (expected, None)


def test_all_events_of_a_transaction_name_one_session() -> None:
    records = [
        v201.transaction_event(event(kind, seqNo=n), HEARD, NO_TOKEN).facts[0].record
        for n, kind in enumerate(("Started", "Updated", "Ended"))
    ]
    assert [type(record) for record in records] == [TransactionStarted, TransactionUpdated, TransactionEnded]
    assert len({record.session_id for record in records}) == 1  # type: ignore[attr-defined]  # each has one


def test_an_end_says_why_and_may_come_offline() -> None:
    info = {"transactionId": "tx-9", "stoppedReason": "EVDisconnected", "chargingState": "Idle"}
    record = v201.transaction_event(event("Ended", transactionInfo=info, offline=True, seqNo=4), HEARD, NO_TOKEN)
    ended = record.facts[0].record
    assert isinstance(ended, TransactionEnded)
    assert (ended.reason, ended.offline, ended.seq_no, ended.evse_number) == ("EVDisconnected", True, 4, None)


def test_an_integral_float_is_turned_and_a_huge_one_is_a_bad_field() -> None:
    updated = v201.transaction_event(event("Updated", seqNo=3.0), HEARD, NO_TOKEN).facts[0].record
    assert isinstance(updated, TransactionUpdated)
    assert updated.seq_no == 3
    with pytest.raises(BadField, match="seqNo"):
        v201.transaction_event(event("Updated", seqNo=1e300), HEARD, NO_TOKEN)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Available", ConnectorState.AVAILABLE),
        ("Occupied", ConnectorState.OCCUPIED),
        ("Reserved", ConnectorState.RESERVED),
        ("Unavailable", ConnectorState.UNAVAILABLE),
        ("Faulted", ConnectorState.FAULTED),
    ],
)
def test_every_connector_status_has_its_word(status: str, state: ConnectorState) -> None:
    payload = {"timestamp": "2026-11-20T12:00:00Z", "connectorStatus": status, "evseId": 2, "connectorId": 1}
    record = v201.status_notification(payload, HEARD).facts[0].record
    assert isinstance(record, ConnectorStatusChanged)
    assert (record.state, record.evse_number, record.connector_number) == (state, 2, 1)


def test_meter_values_stand_outside_transactions() -> None:
    record = v201.meter_values({"evseId": 0, "meterValue": [BEGIN]}, HEARD).facts[0].record
    assert isinstance(record, MeterSampled)
    assert (record.transaction_id, record.session_id, record.evse_number) == (None, None, 0)
    assert record.readings[0].register_wh == 12_400


@pytest.mark.parametrize("value", [1e300, -1e300])
def test_an_absurd_reading_is_left_out(value: float) -> None:
    meter_value = {"timestamp": "2026-11-20T12:00:00Z", "sampledValue": [{"value": value}]}
    record = v201.meter_values({"evseId": 1, "meterValue": [meter_value]}, HEARD).facts[0].record
    assert isinstance(record, MeterSampled)
    assert record.readings == ()


def test_boot_and_heartbeat_set_the_clock() -> None:
    payload = {"reason": "PowerUp", "chargingStation": {"vendorName": "Alfen", "model": "Eve"}}
    assert v201.boot(payload, HEARD, BootIntervals(accepted_s=60)).answer["currentTime"] == "2026-11-20T12:00:00.000Z"
    assert v201.heartbeat(HEARD).answer == {"currentTime": "2026-11-20T12:00:00.000Z"}


def test_a_boot_names_its_modems_card() -> None:
    station = {"vendorName": "Alfen", "model": "Eve", "modem": {"iccid": "8931", "imsi": "20408"}}
    (fact,) = v201.boot({"reason": "PowerUp", "chargingStation": station}, HEARD, BootIntervals(accepted_s=60)).facts
    assert isinstance(fact.record, StationBooted)
    assert (fact.record.iccid, fact.record.imsi) == ("8931", "20408")
