"""What only OCPP 2.1 stations say: settlements, swaps, DER controls, priority charging, streams."""

from datetime import timedelta

from charger_gateway.domain import der_controls
from charger_gateway.domain.certificates import NOT_AVAILABLE
from charger_gateway.domain.reports import counted_part
from charger_gateway.domain.station import EVENT_STREAMS, Fact, Heard, TokenVerdict, Translated, noticed, told
from charger_gateway.domain.values import BadField, Payload, exact, instant, long, maybe, whole
from ev_contracts.gateway import (
    BatterySwapReported,
    DerAlarmReported,
    DerControlsReported,
    DerControlSwitched,
    DynamicSchedulePulled,
    EventStreamClosed,
    EventStreamOpened,
    EventStreamSampled,
    PriorityChargingSwitched,
    SettlementReported,
    StreamedValue,
    SwappedBattery,
    VatNumberValidationRequested,
)


def battery_swap(payload: Payload, heard: Heard, verdict: TokenVerdict) -> Translated:
    """What happened to the batteries is a fact whatever the token is worth."""
    return told(
        BatterySwapReported(
            **noticed(heard),
            event_type=payload["eventType"],
            request_id=long(payload, "requestId"),
            token_ref=verdict.token_ref,
            token_status=verdict.status,
            batteries=tuple(_battery(one) for one in payload["batteryData"]),
        )
    )


def _battery(payload: Payload) -> SwappedBattery:
    return SwappedBattery(
        evse_number=whole(payload, "evseId"),
        serial_number=payload["serialNumber"],
        soc_percent=exact(payload, "soC"),
        soh_percent=exact(payload, "soH"),
        produced_at=maybe(instant, payload, "productionDate"),
        vendor_detail=payload.get("vendorInfo"),
    )


def der_alarm(payload: Payload, heard: Heard) -> Translated:
    """A fault of the grid, or its end."""
    return told(
        DerAlarmReported(
            **noticed(heard),
            control_type=payload["controlType"],
            grid_fault=payload.get("gridEventFault"),
            ended=payload.get("alarmEnded", False),
            detail=payload.get("extraInfo"),
            occurred_at=instant(payload, "timestamp"),
        )
    )


def der_start_stop(payload: Payload, heard: Heard) -> Translated:
    """A control took effect or lost it, and which others it put aside."""
    return told(
        DerControlSwitched(
            **noticed(heard),
            control_id=payload["controlId"],
            started=payload["started"],
            superseded_ids=tuple(payload.get("supersededIds", ())),
            occurred_at=instant(payload, "timestamp"),
        )
    )


def der_report(payload: Payload, heard: Heard) -> Translated:
    """One part; the message does not number its parts."""
    part = counted_part("DerControlsReported", payload, heard)
    reported = DerControlsReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        controls=der_controls.controls(payload),
    )
    return told(reported, part=part)


def priority_charging(payload: Payload, heard: Heard) -> Translated:
    """A driver's wish at the station, or its end."""
    switched = PriorityChargingSwitched(
        **noticed(heard), transaction_id=payload["transactionId"], activated=payload["activated"]
    )
    return told(switched)


def settlement(payload: Payload, heard: Heard) -> Translated:
    """The terminal's word on money; receipts are the terminal's own, so we add none."""
    return told(
        SettlementReported(
            **noticed(heard),
            transaction_id=payload.get("transactionId"),
            psp_ref=payload["pspRef"],
            status=payload["status"],
            status_detail=payload.get("statusInfo"),
            amount=exact(payload, "settlementAmount"),
            settled_at=instant(payload, "settlementTime"),
            receipt_id=payload.get("receiptId"),
            receipt_url=payload.get("receiptUrl"),
            names_company="vatCompany" in payload or "vatNumber" in payload,
        )
    )


def vat_number(payload: Payload, heard: Heard, *, vat_number_hmac: str, company: Payload | None) -> Translated:
    """Rejected where no register knows the number; the number itself is kept as a look-up key only."""
    number = payload["vatNumber"]
    requested = VatNumberValidationRequested(
        **noticed(heard),
        vat_country=number[:2].upper(),
        vat_number_hmac=vat_number_hmac,
        evse_number=maybe(whole, payload, "evseId"),
        valid=company is not None,
    )
    answer: dict[str, object] = {"vatNumber": number} | ({"evseId": payload["evseId"]} if "evseId" in payload else {})
    if company is None:
        return told(requested, answer={**answer, "status": "Rejected", "statusInfo": NOT_AVAILABLE})
    return told(requested, answer={**answer, "status": "Accepted", "company": company})


def dynamic_schedule(payload: Payload, heard: Heard) -> Translated:
    """No planner gives steps of a dynamic profile yet: the station goes on with what it has (K28)."""
    pulled = DynamicSchedulePulled(
        **noticed(heard), charging_profile_id=long(payload, "chargingProfileId"), updated=False
    )
    return told(pulled, answer={"status": "Rejected", "statusInfo": NOT_AVAILABLE})


def open_stream(payload: Payload, heard: Heard) -> Translated:
    """Always welcome: the samples are bounded like all that one station says."""
    stream = payload["constantStreamData"]
    often: Payload = stream.get("params", {})
    opened = EventStreamOpened(
        **noticed(heard),
        stream_id=long(stream, "id"),
        monitor_id=long(stream, "variableMonitoringId"),
        interval_s=maybe(long, often, "interval"),
        values_at_most=maybe(whole, often, "values"),
    )
    return told(opened, answer={"status": "Accepted"})


def close_stream(payload: Payload, heard: Heard) -> Translated:
    """The station's own decision."""
    return told(EventStreamClosed(**noticed(heard), stream_id=long(payload, "id")))


def stream_values(payload: Payload, heard: Heard) -> tuple[Fact, ...]:
    """Samples; each value's time counts in seconds from the message's own."""
    base_at = instant(payload, "basetime")
    values = []
    for one in payload["data"]:
        try:
            at = base_at + timedelta(seconds=one["t"])
        except OverflowError as error:
            raise BadField("data/t", "outside of the calendar") from error
        values.append(StreamedValue(at=at, value=one["v"]))
    sampled = EventStreamSampled(
        **noticed(heard),
        stream_id=long(payload, "id"),
        pending=long(payload, "pending"),
        values=tuple(values),
    )
    return (Fact(topic=EVENT_STREAMS, record=sampled),)
