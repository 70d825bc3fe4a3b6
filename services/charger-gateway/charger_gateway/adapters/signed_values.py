"""Signed meter records on their way into the log: whole, and sealed, for such a record may name a token in clear."""

import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.domain.values import Payload
from ev_contracts.common import SignedValue

MOST_CHARACTERS = 32_768
"""Of a record, as OCPP 2.1 allows; a longer one is in its frame only."""
_MOST_OF_KEY = 4_096
_NONCE_BYTES = 12


class RecordSeal:
    """AES-256-GCM; what is sealed for one station opens for no other."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(hmac.digest(secret, b"signed-value", hashlib.sha256))

    def seal(self, station_id: str, text: str) -> bytes:
        """As the contract of SignedValue says."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, zlib.compress(text.encode()), station_id.encode())


def with_signed(payload: Payload, values: str, station_id: str, seal: RecordSeal) -> Payload:
    """The message with each signed sample's record beside it under `signed`; the same object where there is none.

    `values` is where the message has its meter values.
    """
    meter_values = payload.get(values, ())
    for each in meter_values:
        for sample in each["sampledValue"]:
            if _is_signed(sample):
                return {**payload, values: [_recorded(one, station_id, seal) for one in meter_values]}
    return payload


def _is_signed(sample: Payload) -> bool:
    return "signedMeterValue" in sample or sample.get("format") == "SignedData"


def _recorded(meter_value: Payload, station_id: str, seal: RecordSeal) -> Payload:
    samples = []
    for sample in meter_value["sampledValue"]:
        record = _record(sample, station_id, seal) if _is_signed(sample) else None
        samples.append(sample if record is None else {**sample, "signed": record})
    return {**meter_value, "sampledValue": samples}


def _record(sample: Payload, station_id: str, seal: RecordSeal) -> SignedValue | None:
    told = sample["signedMeterValue"] if "signedMeterValue" in sample else _of_1_6(sample["value"])
    text, key = told["signedMeterData"], told.get("publicKey") or None
    if len(text) > MOST_CHARACTERS:
        return None
    return SignedValue(
        encoding=told.get("encodingMethod") or None,
        sealed=seal.seal(station_id, text),
        signing_method=told.get("signingMethod") or None,
        public_key=key if key is None or len(key) <= _MOST_OF_KEY else None,
    )


def _of_1_6(value: str) -> Mapping[str, Any]:
    """1.6 has one text: the record itself, or 2.x's four words about it as JSON."""
    if value.startswith("{"):
        try:
            told = json.loads(value)
        except (ValueError, RecursionError):
            told = {}
        words = ("signedMeterData", "encodingMethod", "signingMethod", "publicKey")
        found = {name: told[name] for name in words if isinstance(told.get(name), str)}
        if "signedMeterData" in found:
            return found
    return {"signedMeterData": value, "encodingMethod": "OCMF" if value.startswith("OCMF|") else None}
