"""Which actions this gateway serves in each OCPP version, and which pure translation stands behind each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from charger_gateway.adapters.ocpp.frames import V16, V201, Call
from charger_gateway.adapters.ocpp.schemas import Violation, actions, request_violation
from charger_gateway.domain import translate_v16 as v16
from charger_gateway.domain import translate_v201 as v201
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import NO_TOKEN, Heard, TokenVerdict, Translated
from charger_gateway.domain.values import BadField
from charger_gateway.ports import Directory

SUBPROTOCOLS: Mapping[str, str] = {"ocpp1.6": V16, "ocpp2.0.1": V201}

_ACCEPTED_WITHOUT_TOKEN = TokenVerdict(status="Accepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Turns calls into canonical words; holds what translations need beside the message."""

    directory: Directory
    token_key: bytes
    number_key: bytes
    heartbeat_interval_s: int

    def hear(self, version: str, call: Call, heard: Heard) -> Translated | Violation:
        """The call in canonical words, or the error that its station is answered."""
        handler = _SERVED[version].get(call.action)
        if handler is None:
            return _not_served(version, call.action)
        violation = request_violation(version, call.action, call.payload)
        if violation is not None:
            return violation
        try:
            return handler(self, call.payload, heard)
        except BadField as error:
            return Violation(code="PropertyConstraintViolation", description=str(error))

    def verdict(self, uid: str, heard: Heard) -> TokenVerdict:
        """What the token's presenter is told."""
        uid_hmac = token_key(uid, self.token_key)
        return self.directory.judge(uid_hmac, cpo_party_id=heard.cpo_party_id, at=heard.received_at)

    def verdict_v201(self, payload: Mapping[str, Any], heard: Heard) -> TokenVerdict:
        """As `verdict`; a station whose owner lets everybody charge says NoAuthorization (C02)."""
        token = payload.get("idToken")
        if token is None:
            return NO_TOKEN
        if token["type"] == "NoAuthorization":
            return _ACCEPTED_WITHOUT_TOKEN
        return self.verdict(token["idToken"], heard)


def _not_served(version: str, action: str) -> Violation:
    if action in actions(version):
        return Violation(code="NotSupported", description="known, but not supported here")
    return Violation(code="NotImplemented", description="no such action in this version")


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


_Handler: TypeAlias = Callable[[Interpreter, Any, Heard], Translated]

_SERVED: Mapping[str, Mapping[str, _Handler]] = {
    V16: {
        "BootNotification": lambda i, p, h: v16.boot(p, h, heartbeat_interval_s=i.heartbeat_interval_s),
        "Heartbeat": lambda _i, _p, h: v16.heartbeat(h),
        "StatusNotification": lambda _i, p, h: v16.status_notification(p, h),
        "Authorize": lambda i, p, h: v16.authorize(i.verdict(p["idTag"], h)),
        "StartTransaction": _start_transaction,
        "MeterValues": lambda _i, p, h: v16.meter_values(p, h),
        "StopTransaction": _stop_transaction,
        "DataTransfer": _unknown_vendor,
    },
    V201: {
        "BootNotification": lambda i, p, h: v201.boot(p, h, heartbeat_interval_s=i.heartbeat_interval_s),
        "Heartbeat": lambda _i, _p, h: v201.heartbeat(h),
        "StatusNotification": lambda _i, p, h: v201.status_notification(p, h),
        "Authorize": lambda i, p, h: v201.authorize(i.verdict_v201(p, h)),
        "TransactionEvent": lambda i, p, h: v201.transaction_event(p, h, i.verdict_v201(p, h)),
        "MeterValues": lambda _i, p, h: v201.meter_values(p, h),
        "DataTransfer": _unknown_vendor,
    },
}
