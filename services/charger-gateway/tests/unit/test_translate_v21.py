"""Each message that only 2.1 has: read back from its event is a field that only that message has."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.schemas import Violation
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import Part
from ev_contracts.gateway import (
    BatterySwapReported,
    CertificateChainStatusRequested,
    CertificateHash,
    ChainStatusQuestion,
    DerAlarmReported,
    DerControl,
    DerControlsReported,
    DerControlSwitched,
    DerCurvePoint,
    DerParameter,
    DynamicSchedulePulled,
    EventStreamClosed,
    EventStreamOpened,
    EventStreamSampled,
    OcspEvidence,
    PriorityChargingSwitched,
    SettlementReported,
    StreamedValue,
    SwappedBattery,
    VatNumberValidationRequested,
)

from .saying import AT, KEY, NOON, SAID, facts, interpreter, say, sent  # noqa: TID252 - no installed package

HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2", "serialNumber": "c3"}
HASHED = CertificateHash(hash_algorithm="SHA256", issuer_name_hash="a1", issuer_key_hash="b2", serial_number="c3")
NOT_AVAILABLE = {"reasonCode": "NotAvailable"}


@pytest.mark.parametrize(("card", "status", "ref"), [("CARD", "Accepted", "tok-1"), ("OTHER", "Invalid", None)])
def test_a_battery_swap_is_a_fact_whatever_its_token_is_worth(card: str, status: str, ref: str | None) -> None:
    battery = {"evseId": 1, "serialNumber": "BAT-1", "soC": 12.5, "soH": 97, "productionDate": AT}
    payload = {
        "batteryData": [battery],
        "eventType": "BatteryIn",
        "idToken": {"idToken": card, "type": "ISO14443"},
        "requestId": 4,
    }
    assert facts("2.1", "BatterySwap", payload) == [
        BatterySwapReported(
            **SAID,
            event_type="BatteryIn",
            request_id=4,
            token_ref=ref,
            token_status=status,
            batteries=(
                SwappedBattery(
                    evse_number=1,
                    serial_number="BAT-1",
                    soc_percent=Decimal("12.5"),
                    soh_percent=Decimal(97),
                    produced_at=NOON,
                ),
            ),
        )
    ]


def test_a_der_alarm() -> None:
    payload = {"controlType": "FreqDroop", "gridEventFault": "UnderFrequency", "timestamp": AT, "extraInfo": "49.7 Hz"}
    assert facts("2.1", "NotifyDERAlarm", payload) == [
        DerAlarmReported(
            **SAID,
            control_type="FreqDroop",
            grid_fault="UnderFrequency",
            ended=False,
            detail="49.7 Hz",
            occurred_at=NOON,
        )
    ]


def test_a_der_control_that_begins_puts_others_aside() -> None:
    payload = {"controlId": "der-1", "started": True, "timestamp": AT, "supersededIds": ["der-0"]}
    assert facts("2.1", "NotifyDERStartStop", payload) == [
        DerControlSwitched(**SAID, control_id="der-1", started=True, superseded_ids=("der-0",), occurred_at=NOON)
    ]


CURVE = {
    "id": "c-1",
    "curveType": "FreqWatt",
    "isDefault": False,
    "isSuperseded": True,
    "curve": {
        "curveData": [{"x": 50.2, "y": 100}, {"x": 51.5, "y": 0}],
        "priority": 1,
        "yUnit": "PctMaxW",
        "responseTime": 0.5,
        "startTime": AT,
        "duration": 60,
        "hysteresis": {"hysteresisHigh": 0.1},
    },
}
FIXED = {
    "id": "f-1",
    "isDefault": True,
    "isSuperseded": False,
    "fixedPF": {"priority": 0, "displacement": 0.95, "excitation": True},
}


def test_der_controls_of_every_kind_have_one_shape() -> None:
    payload = {"requestId": 9, "curve": [CURVE], "fixedPFInject": [FIXED], "tbc": True}
    said = say("2.1", "ReportDERControl", payload)
    assert said.part == Part(report="DerControlsReported", request_id=9, number=0, last=False)
    fixed = DerControl(
        control_id="f-1",
        kind="FixedPFInject",
        priority=0,
        by_default=True,
        superseded=False,
        parameters=(
            DerParameter(name="displacement", value=Decimal("0.95")),
            DerParameter(name="excitation", value=Decimal(1)),
        ),
    )
    curve = DerControl(
        control_id="c-1",
        kind="FreqWatt",
        priority=1,
        by_default=False,
        superseded=True,
        starts_at=NOON,
        duration_s=Decimal(60),
        unit="PctMaxW",
        parameters=(
            DerParameter(name="responseTime", value=Decimal("0.5")),
            DerParameter(name="hysteresis/hysteresisHigh", value=Decimal("0.1")),
        ),
        curve=(DerCurvePoint(x=Decimal("50.2"), y=Decimal(100)), DerCurvePoint(x=Decimal("51.5"), y=Decimal(0))),
    )
    assert [fact.record for fact in said.facts] == [
        DerControlsReported(**SAID, request_id=9, part=0, last=False, controls=(fixed, curve))
    ]


def test_priority_charging() -> None:
    assert facts("2.1", "NotifyPriorityCharging", {"transactionId": "tx-1", "activated": True}) == [
        PriorityChargingSwitched(**SAID, transaction_id="tx-1", activated=True)
    ]


def test_a_settlement_keeps_the_exact_amount_and_no_company() -> None:
    payload = {
        "transactionId": "tx-1",
        "pspRef": "psp-7",
        "status": "Settled",
        "settlementAmount": 12.4,
        "settlementTime": AT,
        "receiptId": "R-1",
        "vatCompany": {"name": "J. Jansen", "address1": "Damrak 1", "city": "Amsterdam", "country": "NL"},
    }
    assert facts("2.1", "NotifySettlement", payload) == [
        SettlementReported(
            **SAID,
            transaction_id="tx-1",
            psp_ref="psp-7",
            status="Settled",
            amount=Decimal("12.4"),
            settled_at=NOON,
            receipt_id="R-1",
            names_company=True,
        )
    ]


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class Knows:
    """Authorities that know one company and the state of every certificate."""

    async def company(self, vat_number: str) -> dict[str, Any] | None:
        return {"name": "Volt B.V.", "address1": "Damrak 1", "city": "Amsterdam", "country": "NL"}

    async def chain_status(self, requests: list[Any]) -> list[OcspEvidence]:
        return [OcspEvidence(certificate=HASHED, outcome="good", next_update_at=NOON) for _ in requests]


def test_a_vat_number_that_nobody_knows_is_rejected_and_kept_as_a_key() -> None:
    said = say("2.1", "VatNumberValidation", {"vatNumber": "NL001234567B01", "evseId": 1})
    assert said.answer == {
        "vatNumber": "NL001234567B01",
        "evseId": 1,
        "status": "Rejected",
        "statusInfo": NOT_AVAILABLE,
    }
    assert said.facts[0].record == VatNumberValidationRequested(
        **SAID, vat_country="NL", vat_number_hmac=token_key("NL001234567B01", KEY), evse_number=1, valid=False
    )


def test_a_vat_number_of_a_company_is_answered_with_it() -> None:
    said = say("2.1", "VatNumberValidation", {"vatNumber": "NL1"}, by=interpreter(authorities=Knows()))
    assert (said.answer["status"], said.answer["company"]["name"]) == ("Accepted", "Volt B.V.")
    assert "Volt" not in said.facts[0].record.model_dump_json()


CHAIN = {"certificateStatusRequests": [{"certificateHashData": HASH, "source": "CRL", "urls": ["http://crl.example/"]}]}


@pytest.mark.parametrize(("authorities", "status"), [({}, "Failed"), ({"authorities": Knows()}, "Good")])
def test_each_certificate_of_a_chain_has_its_status(authorities: Any, status: str) -> None:
    said = say("2.1", "GetCertificateChainStatus", CHAIN, by=interpreter(**authorities))
    [answer] = said.answer["certificateStatus"]
    assert (answer["certificateHashData"], answer["source"], answer["status"]) == (HASH, "CRL", status)
    question = ChainStatusQuestion(certificate=HASHED, source="CRL", urls=("http://crl.example/",))
    fact = said.facts[0].record
    assert isinstance(fact, CertificateChainStatusRequested)
    assert (fact.questions, fact.answered) == ((question,), bool(authorities))
    assert [one.outcome for one in fact.evidence] == (["good"] if authorities else [])


def test_a_dynamic_schedule_that_nobody_plans_is_rejected() -> None:
    said = say("2.1", "PullDynamicScheduleUpdate", {"chargingProfileId": 5})
    assert said.answer == {"status": "Rejected", "statusInfo": NOT_AVAILABLE}
    assert said.facts[0].record == DynamicSchedulePulled(**SAID, charging_profile_id=5, updated=False)


def test_a_stream_opens_and_closes() -> None:
    stream = {"id": 2, "variableMonitoringId": 3, "params": {"interval": 60, "values": 10}}
    opened = say("2.1", "OpenPeriodicEventStream", {"constantStreamData": stream})
    assert opened.answer == {"status": "Accepted"}
    assert opened.facts[0].record == EventStreamOpened(
        **SAID, stream_id=2, monitor_id=3, interval_s=60, values_at_most=10
    )
    assert facts("2.1", "ClosePeriodicEventStream", {"id": 2}) == [EventStreamClosed(**SAID, stream_id=2)]


STREAMED = {"id": 2, "pending": 1, "basetime": AT, "data": [{"t": 0, "v": "21.5"}, {"t": 1.5, "v": "21.6"}]}


def test_streamed_values_are_samples_at_their_own_times() -> None:
    assert sent(STREAMED) == [
        EventStreamSampled(
            **SAID,
            stream_id=2,
            pending=1,
            values=(
                StreamedValue(at=NOON, value="21.5"),
                StreamedValue(at=NOON + timedelta(seconds=1.5), value="21.6"),
            ),
        )
    ]


@pytest.mark.parametrize("change", [{"basetime": "banana"}, {"data": [{"t": 1e18, "v": "1"}]}, {"id": 2**70}])
def test_streamed_values_without_a_place_in_time_are_none(change: dict[str, Any]) -> None:
    assert isinstance(sent(STREAMED | change), Violation)
