"""OCPP 1.6 in canonical words: what a charge point's message means, and what it is answered."""

from charger_gateway.domain import connector_states
from charger_gateway.domain.ids import session_id_v16, transaction_number
from charger_gateway.domain.places import NOT_HERE, NOT_THIS_KIND
from charger_gateway.domain.readings import canonical_readings, scaled_v16
from charger_gateway.domain.registration import BootIntervals
from charger_gateway.domain.station import (
    HEARTBEATS,
    NO_TOKEN,
    STATION_EVENTS,
    TRANSACTION_EVENTS,
    Fact,
    Heard,
    TokenVerdict,
    Translated,
    booted,
)
from charger_gateway.domain.tokens import to_begin, to_start
from charger_gateway.domain.values import INT64_MAX, MAX_WH, Payload, instant, iso, name_of, whole
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    FaultReported,
    HeartbeatSeen,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
)
from ev_contracts.record import trusted, utc_millis

_transaction_started = trusted(TransactionStarted)
_transaction_ended = trusted(TransactionEnded)
_sampled = trusted(MeterSampled)

_GOOD_ELSEWHERE = frozenset({NOT_HERE, NOT_THIS_KIND})


def boot(payload: Payload, heard: Heard, intervals: BootIntervals) -> Translated:
    """Whether the charge point may work is the registry's word."""
    record = StationBooted(
        station_id=heard.station_id,
        ocpp_version=heard.version,
        epoch=heard.epoch,
        vendor=payload["chargePointVendor"],
        model=payload["chargePointModel"],
        serial_number=payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber"),
        firmware_version=payload.get("firmwareVersion"),
        iccid=payload.get("iccid"),
        imsi=payload.get("imsi"),
        meter_type=payload.get("meterType"),
        meter_serial_number=payload.get("meterSerialNumber"),
        booted_at=heard.received_at,
        frame_ref=heard.frame_ref,
    )
    return booted(record, heard, intervals)


def heartbeat(heard: Heard) -> Translated:
    """The station's clock is set by the answer (1.6 has no other way)."""
    seen = HeartbeatSeen(station_id=heard.station_id, seen_at=heard.received_at)
    return Translated(answer={"currentTime": iso(heard.received_at)}, facts=(Fact(topic=HEARTBEATS, record=seen),))


def status_notification(payload: Payload, heard: Heard) -> Translated:
    """A connector's state; an error code beside it is a fault of its own (1.6 reports both in one message)."""
    evse, connector = heard.connector_of(whole(payload, "connectorId"))
    occurred_at = instant(payload, "timestamp") if "timestamp" in payload else heard.received_at
    changed = ConnectorStatusChanged(
        station_id=heard.station_id,
        evse_number=evse,
        connector_number=connector,
        state=connector_states.V16[payload["status"]],
        occurred_at=occurred_at,
        received_at=heard.received_at,
        frame_ref=heard.frame_ref,
    )
    facts = [Fact(topic=TRANSACTION_EVENTS, record=changed)]
    if payload["errorCode"] != "NoError":
        fault = FaultReported(
            station_id=heard.station_id,
            evse_number=evse,
            connector_number=connector,
            error_code=payload["errorCode"],
            vendor_error_code=payload.get("vendorErrorCode"),
            info=payload.get("info"),
            occurred_at=occurred_at,
            received_at=heard.received_at,
            frame_ref=heard.frame_ref,
        )
        facts.append(Fact(topic=STATION_EVENTS, record=fault))
    return Translated(answer={}, facts=tuple(facts))


def authorize(verdict: TokenVerdict) -> Translated:
    """A question; asking it makes nothing true. 1.6 knows no master passes: it would start a session with one."""
    return Translated(answer={"idTagInfo": _id_tag_info(to_start(verdict))})


def start_transaction(
    payload: Payload, heard: Heard, verdict: TokenVerdict, *, uid_hmac: str, number_key: bytes
) -> Translated:
    """The start is recorded whatever the verdict is: a refused token still drew energy until the station stops."""
    connector_id = whole(payload, "connectorId")
    started_at = instant(payload, "timestamp")
    meter_start_wh = whole(payload, "meterStart", limit=MAX_WH)
    evse, connector = heard.connector_of(connector_id)
    session_id = session_id_v16(
        tenant=heard.tenant,
        station_id=heard.station_id,
        connector_id=connector_id,
        uid_hmac=uid_hmac,
        started_at=started_at,
        meter_start_wh=meter_start_wh,
    )
    verdict = to_begin(verdict, session_id, evse)
    number = transaction_number(session_id, number_key)
    started = _transaction_started(
        station_id=heard.station_id,
        session_id=session_id,
        transaction_id=str(number),
        ocpp_version=heard.version,
        evse_number=evse,
        connector_number=connector,
        token_ref=verdict.token_ref,
        token_status=verdict.status,
        started_at=utc_millis(started_at),
        received_at=utc_millis(heard.received_at),
        meter_start_wh=meter_start_wh,
        offline=False,
        frame_ref=heard.frame_ref,
        reservation_id=name_of(payload, "reservationId"),
    )
    answer = {"transactionId": number, "idTagInfo": _id_tag_info(verdict)}
    return Translated(answer=answer, facts=(Fact(topic=TRANSACTION_EVENTS, record=started),))


def meter_values(payload: Payload, heard: Heard) -> Translated:
    """Readings, tied to their session by the ledger: the transaction's number is all that the message says."""
    evse, connector = heard.connector_of(whole(payload, "connectorId"))
    number = whole(payload, "transactionId", limit=INT64_MAX) if "transactionId" in payload else None
    sampled = _sampled(
        station_id=heard.station_id,
        transaction_id=None if number is None else str(number),
        evse_number=evse,
        connector_number=connector,
        received_at=utc_millis(heard.received_at),
        readings=canonical_readings(payload["meterValue"], scaled_v16, heard.frame_ref),
        frame_ref=heard.frame_ref,
    )
    return Translated(answer={}, facts=(Fact(topic=TRANSACTION_EVENTS, record=sampled),))


def stop_transaction(payload: Payload, heard: Heard, verdict: TokenVerdict) -> Translated:
    """A stop cannot be refused, not even of a transaction that nobody knows (-1 after a lost start; errata 3.18)."""
    ended = _transaction_ended(
        station_id=heard.station_id,
        transaction_id=str(whole(payload, "transactionId", limit=INT64_MAX)),
        ocpp_version=heard.version,
        token_ref=verdict.token_ref,
        token_status=verdict.status,
        ended_at=utc_millis(instant(payload, "timestamp")),
        received_at=utc_millis(heard.received_at),
        meter_stop_wh=whole(payload, "meterStop", limit=MAX_WH),
        reason=payload.get("reason", "Local"),
        offline=False,
        readings=canonical_readings(payload.get("transactionData", ()), scaled_v16, heard.frame_ref),
        token_group_id=verdict.group_id,
        token_is_master_pass=verdict.master_pass_of is not None,
        frame_ref=heard.frame_ref,
    )
    answer = {} if verdict is NO_TOKEN else {"idTagInfo": _id_tag_info(verdict)}
    return Translated(answer=answer, facts=(Fact(topic=TRANSACTION_EVENTS, record=ended),))


def _id_tag_info(verdict: TokenVerdict) -> dict[str, str]:
    """1.6 has no words for a token that is good elsewhere."""
    expiry = {} if verdict.valid_until is None else {"expiryDate": iso(verdict.valid_until)}
    group = {} if verdict.group_id is None else {"parentIdTag": verdict.group_id}
    status = "Invalid" if verdict.status in _GOOD_ELSEWHERE else verdict.status
    return {"status": status, **expiry, **group}
