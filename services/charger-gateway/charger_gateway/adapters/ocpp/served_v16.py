"""The actions of OCPP 1.6 that charge points call, and the pure translation behind each."""

from collections.abc import Mapping
from typing import Any

from charger_gateway.adapters.ocpp.data_transfer import data_transfer
from charger_gateway.adapters.ocpp.interpreter import Handler, Interpreter
from charger_gateway.adapters.ocpp.served_v2 import sign_certificate
from charger_gateway.domain import notices
from charger_gateway.domain import translate_v16 as v16
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import NO_TOKEN, Heard, Translated


def _authorize(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    verdict = interpreter.verdict(payload["idTag"], heard)
    said = v16.authorize(verdict)
    if interpreter.prices is not None and said.answer["idTagInfo"]["status"] == "Accepted":
        interpreter.prices.asked_of_v16(payload["idTag"], verdict.token_ref, heard)
    return said


def _start_transaction(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    uid_hmac = token_key(payload["idTag"], interpreter.token_key)
    verdict = interpreter.verdict_on(uid_hmac, heard)
    return v16.start_transaction(payload, heard, verdict, uid_hmac=uid_hmac, number_key=interpreter.number_key)


def _stop_transaction(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    verdict = interpreter.verdict(payload["idTag"], heard) if "idTag" in payload else NO_TOKEN
    return v16.stop_transaction(interpreter.with_signed(payload, "transactionData", heard), heard, verdict)


SERVED: Mapping[str, Handler] = {
    "BootNotification": lambda i, p, h: v16.boot(p, h, i.intervals),
    "Heartbeat": lambda _i, _p, h: v16.heartbeat(h),
    "StatusNotification": lambda _i, p, h: v16.status_notification(p, h),
    "Authorize": _authorize,
    "StartTransaction": _start_transaction,
    "MeterValues": lambda i, p, h: v16.meter_values(i.with_signed(p, "meterValue", h), h),
    "StopTransaction": _stop_transaction,
    "DataTransfer": data_transfer,
    "DiagnosticsStatusNotification": lambda _i, p, h: notices.diagnostics_status(p, h),
    "FirmwareStatusNotification": lambda _i, p, h: notices.firmware_status(p, h, signed=False),
    "SignedFirmwareStatusNotification": lambda _i, p, h: notices.firmware_status(p, h, signed=True),
    "LogStatusNotification": lambda _i, p, h: notices.log_status(p, h),
    "SecurityEventNotification": lambda _i, p, h: notices.security_event(p, h),
    "SignCertificate": sign_certificate,
}
