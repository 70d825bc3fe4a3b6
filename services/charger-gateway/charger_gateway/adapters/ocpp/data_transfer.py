"""DataTransfer: the vendors whose messages are understood, and the pure translation behind each message of theirs.

One vendor is registered: OCA's Plug & Charge for 1.6, which carries requests of 2.0.1 as JSON text.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from charger_gateway.adapters.ocpp.commands.plug_and_charge import VENDOR
from charger_gateway.adapters.ocpp.frames import V201
from charger_gateway.adapters.ocpp.interpreter import Asked, Handler, Interpreter, Said
from charger_gateway.adapters.ocpp.schemas import request_violation
from charger_gateway.adapters.ocpp.served_v2 import (
    authorize,
    certificate_status,
    contract_certificate,
    sign_certificate,
)
from charger_gateway.domain.station import Heard, Translated

_VENDORS: Mapping[str, Mapping[str, Handler]] = {
    VENDOR: {
        "Authorize": authorize,
        "SignCertificate": sign_certificate,
        "Get15118EVCertificate": contract_certificate,
        "GetCertificateStatus": certificate_status,
    },
}


def data_transfer(interpreter: Interpreter, payload: Any, heard: Heard) -> Said:
    """Unknown vendors and messages are refused politely; what the vendor's rules forbid is Rejected."""
    messages = _VENDORS.get(payload["vendorId"])
    if messages is None:
        return Translated(answer={"status": "UnknownVendorId"})
    action = payload.get("messageId", "")
    handler = messages.get(action)
    if handler is None:
        return Translated(answer={"status": "UnknownMessageId"})
    request = _request(action, payload.get("data", ""))
    if request is None:
        return Translated(answer={"status": "Rejected"})
    said = handler(interpreter, request, heard)
    if isinstance(said, Translated):
        return _in_an_envelope(said)

    async def run() -> Translated:
        return _in_an_envelope(await said.run())

    return Asked(run)


def _request(action: str, text: str) -> Any:
    # None where the text is no request of that action in 2.0.1.
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if action == "Authorize" and isinstance(request, dict) and isinstance(request.get("idToken"), str):
        # The application note names the contract id alone; 2.0.1 says what kind of token it is.
        request["idToken"] = {"idToken": request["idToken"], "type": "eMAID"}
    return None if request_violation(V201, action, request) is not None else request


def _in_an_envelope(said: Translated) -> Translated:
    data = orjson.dumps(said.answer).decode()
    return Translated(answer={"status": "Accepted", "data": data}, facts=said.facts, part=said.part)
