"""The actions of OCPP 1.6 that charge points call, and the pure translation behind each."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from charger_gateway.adapters.ocpp.interpreter import Interpreter
from charger_gateway.domain import translate_v16 as v16
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import NO_TOKEN, Heard, Translated

Handler: TypeAlias = Callable[[Interpreter, Any, Heard], Translated]


def _start_transaction(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    return v16.start_transaction(
        payload,
        heard,
        interpreter.verdict(payload["idTag"], heard),
        uid_hmac=token_key(payload["idTag"], interpreter.token_key),
        number_key=interpreter.number_key,
    )


def _stop_transaction(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    verdict = interpreter.verdict(payload["idTag"], heard) if "idTag" in payload else NO_TOKEN
    return v16.stop_transaction(payload, heard, verdict)


def _unknown_vendor(_interpreter: Interpreter, _payload: Any, _heard: Heard) -> Translated:
    return Translated(answer={"status": "UnknownVendorId"})


SERVED: Mapping[str, Handler] = {
    "BootNotification": lambda i, p, h: v16.boot(p, h, heartbeat_interval_s=i.heartbeat_interval_s),
    "Heartbeat": lambda _i, _p, h: v16.heartbeat(h),
    "StatusNotification": lambda _i, p, h: v16.status_notification(p, h),
    "Authorize": lambda i, p, h: v16.authorize(i.verdict(p["idTag"], h)),
    "StartTransaction": _start_transaction,
    "MeterValues": lambda _i, p, h: v16.meter_values(p, h),
    "StopTransaction": _stop_transaction,
    "DataTransfer": _unknown_vendor,
}
