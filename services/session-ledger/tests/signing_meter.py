"""A signing meter: its key, and the records it writes."""

import json
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SERIAL = "EMH-1EMH0012345678"


class Meter:
    """Signs in OCMF with a key of this curve."""

    def __init__(self, curve: ec.EllipticCurve | None = None, *, algorithm: str | None = None) -> None:
        self._key = ec.generate_private_key(curve or ec.SECP256R1())
        self._algorithm = algorithm

    @property
    def public_der(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_point(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def public_pem(self) -> str:
        return (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    def record(self, *readings: dict[str, Any], encoding: str | None = None, serial: str = SERIAL) -> str:
        """`OCMF|payload|signature` of these readings."""
        payload = json.dumps({"FV": "1.0", "PG": "T12", "MS": serial, "IS": True, "ID": "04A2", "RD": readings})
        return self.signed(payload, encoding)

    def signed(self, payload: str, encoding: str | None = None) -> str:
        signature = self._key.sign(payload.encode(), ec.ECDSA(hashes.SHA256()))
        told = b64encode(signature).decode() if encoding == "base64" else signature.hex().upper()
        section = {"SE": encoding, "SA": self._algorithm, "SD": told}
        return f"OCMF|{payload}|{json.dumps({name: value for name, value in section.items() if value})}"


def register(kind: str, kwh: float, **changed: Any) -> dict[str, Any]:
    """One reading of the meter's lifetime register."""
    reading = {"TM": "2026-11-20T13:00:00,000+0100 S", "TX": kind, "RV": kwh, "RI": "1-b:1.8.0", "RU": "kWh", "ST": "G"}
    return {**reading, **changed}
