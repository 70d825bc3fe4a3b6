"""OCPP 2.0.1 in canonical words: what a charging station's message means, and what it is answered."""

from datetime import datetime
from typing import Any

from charger_gateway.domain import connector_states
from charger_gateway.domain.ids import session_id_v201
from charger_gateway.domain.readings import canonical_readings, scaled_v201
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
from charger_gateway.domain.tokens import to_begin, to_charge
from charger_gateway.domain.values import INT64_MAX, Payload, instant, iso, name_of, whole
from ev_contracts.common import MeterReading
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    ForeignCertificateRefused,
    HeartbeatSeen,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from ev_contracts.record import trusted, utc_millis

_transaction_started = trusted(TransactionStarted)
_transaction_updated = trusted(TransactionUpdated)
_transaction_ended = trusted(TransactionEnded)
_sampled = trusted(MeterSampled)

_OTHER_SERIAL = "serial-number-differs"
_OF_THE_CABLE = {"cableMaxCurrent": "cable_max_current_a", "numberOfPhasesUsed": "phases_used"}


def boot(payload: Payload, heard: Heard, intervals: BootIntervals) -> Translated:
    """Whether the station may work is the registry's word; whose certificate it shows it must be (B01.FR.11/12)."""
    station = payload["chargingStation"]
    serial_number, modem = station.get("serialNumber"), station.get("modem", {})
    if not _is_its_own(serial_number, heard):
        foreign = ForeignCertificateRefused(
            station_id=heard.station_id,
            certificate_name=heard.certificate_name or "",
            why=_OTHER_SERIAL,
            serial_number=serial_number,
            refused_at=heard.received_at,
        )
        return Translated(answer={}, facts=(Fact(topic=STATION_EVENTS, record=foreign),), closes=_OTHER_SERIAL)
    record = StationBooted(
        station_id=heard.station_id,
        ocpp_version=heard.version,
        epoch=heard.epoch,
        vendor=station["vendorName"],
        model=station["model"],
        serial_number=serial_number,
        firmware_version=station.get("firmwareVersion"),
        iccid=modem.get("iccid"),
        imsi=modem.get("imsi"),
        reason=payload["reason"],
        booted_at=heard.received_at,
        frame_ref=heard.frame_ref,
    )
    return booted(record, heard, intervals)


def _is_its_own(serial_number: str | None, heard: Heard) -> bool:
    # A certificate names the station by its identity here: one whose serial number is another has it registered.
    if heard.certificate_name is None or serial_number is None:
        return True
    return serial_number in {heard.certificate_name, heard.serial_number}


def heartbeat(heard: Heard) -> Translated:
    """The station's clock is set by the answer."""
    seen = HeartbeatSeen(station_id=heard.station_id, seen_at=heard.received_at)
    return Translated(answer={"currentTime": iso(heard.received_at)}, facts=(Fact(topic=HEARTBEATS, record=seen),))


def status_notification(payload: Payload, heard: Heard) -> Translated:
    """A connector's state; 2.x tells charging and suspension in the transaction's own events."""
    changed = ConnectorStatusChanged(
        station_id=heard.station_id,
        evse_number=whole(payload, "evseId"),
        connector_number=whole(payload, "connectorId"),
        state=connector_states.V2[payload["connectorStatus"]],
        occurred_at=instant(payload, "timestamp"),
        received_at=heard.received_at,
        frame_ref=heard.frame_ref,
    )
    return Translated(answer={}, facts=(Fact(topic=TRANSACTION_EVENTS, record=changed),))


def authorize(verdict: TokenVerdict) -> Translated:
    """A question; asking it makes nothing true."""
    return Translated(answer={"idTokenInfo": _id_token_info(to_charge(verdict))})


def meter_values(payload: Payload, heard: Heard) -> Translated:
    """Readings outside of any transaction; evseId 0 is the main meter."""
    evse = whole(payload, "evseId")
    sampled = _sampled(
        station_id=heard.station_id,
        evse_number=evse,
        connector_number=heard.only_connector_of(evse),
        received_at=utc_millis(heard.received_at),
        readings=canonical_readings(payload["meterValue"], scaled_v201, heard.frame_ref),
        frame_ref=heard.frame_ref,
    )
    return Translated(answer={}, facts=(Fact(topic=TRANSACTION_EVENTS, record=sampled),))


def transaction_event(payload: Payload, heard: Heard, verdict: TokenVerdict) -> Translated:
    """One event of a transaction; it is answered whatever it says, because a station queues behind it (E04)."""
    kind = payload["eventType"]
    if verdict is not NO_TOKEN and kind != "Ended" and payload["triggerReason"] != "StopAuthorized":
        session_id = _session_id(payload, heard)
        verdict = to_begin(verdict, session_id, _evse_of(session_id, payload, heard))
    record: TransactionStarted | TransactionUpdated | TransactionEnded
    if kind == "Started":
        record = _started(payload, heard, verdict)
    elif kind == "Updated":
        record = _updated(payload, heard, verdict)
    else:
        record = _ended(payload, heard, verdict)
    answer = {} if verdict is NO_TOKEN else {"idTokenInfo": _id_token_info(verdict)}
    return Translated(answer=answer, facts=(Fact(topic=TRANSACTION_EVENTS, record=record),))


def _started(payload: Payload, heard: Heard, verdict: TokenVerdict) -> TransactionStarted:
    info = payload["transactionInfo"]
    remote = info.get("remoteStartId")
    evse, connector = _place(payload, heard)
    return _transaction_started(
        **_shared(payload, heard, verdict),
        ocpp_version=heard.version,
        evse_number=evse,
        connector_number=connector,
        started_at=_told_at(payload),
        charging=info["chargingState"] == "Charging" if "chargingState" in info else None,
        remote_start_id=None if remote is None else heard.remote_starts.get(int(remote), str(int(remote))),
        reservation_id=name_of(payload, "reservationId"),
    )


def _updated(payload: Payload, heard: Heard, verdict: TokenVerdict) -> TransactionUpdated:
    evse, connector = _place(payload, heard)
    return _transaction_updated(
        **_shared(payload, heard, verdict),
        evse_number=evse,
        connector_number=connector,
        occurred_at=_told_at(payload),
        charging_state=payload["transactionInfo"].get("chargingState"),
        trigger_reason=payload["triggerReason"],
        **_group(verdict),
    )


def _ended(payload: Payload, heard: Heard, verdict: TokenVerdict) -> TransactionEnded:
    evse, connector = _place(payload, heard)
    return _transaction_ended(
        **_shared(payload, heard, verdict),
        ocpp_version=heard.version,
        evse_number=evse or None,
        connector_number=connector or None,
        ended_at=_told_at(payload),
        reason=payload["transactionInfo"].get("stoppedReason", "Local"),
        **_group(verdict),
    )


def _told_at(payload: Payload) -> datetime:
    return utc_millis(instant(payload, "timestamp"))


def _group(verdict: TokenVerdict) -> dict[str, Any]:
    return {"token_group_id": verdict.group_id, "token_is_master_pass": verdict.master_pass_of is not None}


def _shared(payload: Payload, heard: Heard, verdict: TokenVerdict) -> dict[str, Any]:
    transaction_id = payload["transactionInfo"]["transactionId"]
    return {
        "station_id": heard.station_id,
        "session_id": _session_id(payload, heard),
        "transaction_id": transaction_id,
        "token_ref": verdict.token_ref,
        "token_status": verdict.status,
        "received_at": utc_millis(heard.received_at),
        "seq_no": whole(payload, "seqNo", limit=INT64_MAX),
        "offline": payload.get("offline", False),
        "readings": _readings(payload, heard),
        "frame_ref": heard.frame_ref,
        **_seldom_told(payload),
    }


def _session_id(payload: Payload, heard: Heard) -> str:
    transaction_id = payload["transactionInfo"]["transactionId"]
    return session_id_v201(tenant=heard.tenant, station_id=heard.station_id, transaction_id=transaction_id)


def _seldom_told(payload: Payload) -> dict[str, Any]:
    info = payload["transactionInfo"]
    told = {name: whole(payload, field) for field, name in _OF_THE_CABLE.items() if field in payload}
    if "timeSpentCharging" in info:
        told["charging_s"] = whole(info, "timeSpentCharging")
    return told if "operationMode" not in info else {**told, "operation_mode": info["operationMode"]}


def _readings(payload: Payload, heard: Heard) -> tuple[MeterReading, ...]:
    return canonical_readings(payload.get("meterValue", ()), scaled_v201, heard.frame_ref)


def _place(payload: Payload, heard: Heard) -> tuple[int, int]:
    # Named in the first event where it is known and not again (E01.FR.16): 0 is OCPP's word for "no EVSE named".
    evse = payload.get("evse")
    if evse is None:
        return (0, 0)
    number = whole(evse, "id")
    return (number, whole(evse, "connectorId") if "connectorId" in evse else heard.only_connector_of(number))


def _evse_of(session_id: str, payload: Payload, heard: Heard) -> int:
    """As this event names it or an earlier one did; 0 where none was heard of."""
    evse, _ = _place(payload, heard)
    return evse or next((at for at, one in heard.running.items() if one.session_id == session_id), 0)


def _id_token_info(verdict: TokenVerdict) -> dict[str, object]:
    expiry = {} if verdict.valid_until is None else {"cacheExpiryDateTime": iso(verdict.valid_until)}
    group = {} if verdict.group_id is None else {"groupIdToken": {"idToken": verdict.group_id, "type": "Central"}}
    language = {} if verdict.language is None else {"language1": verdict.language}
    some = verdict.here.evses if verdict.here is not None and verdict.accepted else ()
    return {"status": verdict.status, **expiry, **group, **language, **({"evseId": list(some)} if some else {})}
