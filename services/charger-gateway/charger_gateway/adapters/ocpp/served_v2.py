"""The actions of OCPP 2.0.1 and 2.1 that stations call, and the pure translation behind each."""

from collections.abc import Mapping
from typing import Any

from charger_gateway.adapters.ocpp.interpreter import Interpreter
from charger_gateway.adapters.ocpp.served_v16 import Handler
from charger_gateway.domain import translate_v201 as v201
from charger_gateway.domain.station import Heard, Translated


def _unknown_vendor(_interpreter: Interpreter, _payload: Any, _heard: Heard) -> Translated:
    return Translated(answer={"status": "UnknownVendorId"})


SERVED_V201: Mapping[str, Handler] = {
    "BootNotification": lambda i, p, h: v201.boot(p, h, heartbeat_interval_s=i.heartbeat_interval_s),
    "Heartbeat": lambda _i, _p, h: v201.heartbeat(h),
    "StatusNotification": lambda _i, p, h: v201.status_notification(p, h),
    "Authorize": lambda i, p, h: v201.authorize(i.verdict_v201(p, h)),
    "TransactionEvent": lambda i, p, h: v201.transaction_event(p, h, i.verdict_v201(p, h)),
    "MeterValues": lambda _i, p, h: v201.meter_values(p, h),
    "DataTransfer": _unknown_vendor,
}

SERVED_V21: Mapping[str, Handler] = {**SERVED_V201}
