"""Opens signed meter records and verifies them: OCMF by its ECDSA signature; other forms are named and left alone."""

import hashlib
import hmac
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ev_contracts.common import SignedValue
from session_ledger.domain.ocmf import Record, record_of
from session_ledger.domain.signatures import FORMAT_UNKNOWN, INVALID, KEY_UNKNOWN, TOLD_KEY, VALID
from session_ledger.domain.signed import Verdict

_NONCE_BYTES = 12
_MOST_BYTES = 4 * 32_768
_KEYS_KEPT = 4_096
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp192r1": ec.SECP192R1,
    "secp256r1": ec.SECP256R1,
    "secp256k1": ec.SECP256K1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpool256r1": ec.BrainpoolP256R1,
    "brainpoolp256r1": ec.BrainpoolP256R1,
    "brainpool384r1": ec.BrainpoolP384R1,
    "brainpoolp384r1": ec.BrainpoolP384R1,
    "brainpool512r1": ec.BrainpoolP512R1,
    "brainpoolp512r1": ec.BrainpoolP512R1,
}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


class NotOpened(Exception):
    """Sealed with another key, or for another station."""


class RecordSeal:
    """Opens what the gateway sealed, as the contract of SignedValue says."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(hmac.digest(secret, b"signed-value", hashlib.sha256))

    def open(self, station_id: str, sealed: bytes) -> str:
        """The record's text. Raises NotOpened."""
        try:
            packed = self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], station_id.encode())
            return zlib.decompressobj().decompress(packed, _MOST_BYTES).decode()
        except (InvalidTag, ValueError, zlib.error) as error:
            raise NotOpened(type(error).__name__) from error


def sealed_digest(signed: SignedValue) -> str:
    """What tells a record from others where its text is not to be had."""
    return hashlib.sha256(signed.sealed).hexdigest()


def verdict_of(signed: SignedValue, text: str, registered: Mapping[str, str]) -> Verdict:
    """What the record comes to with these keys of meters, by serial number: the one it names, else the only one.

    A registered key goes before the one that the station told. The same for the same record and keys, always.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    record = record_of(text)
    if record is None:
        return Verdict(outcome=FORMAT_UNKNOWN, digest=digest, detail=signed.encoding or "no form was named")
    curve, hashing = _algorithm(record.algorithm)
    if curve is None or hashing is None:
        return Verdict(outcome=FORMAT_UNKNOWN, digest=digest, detail=record.algorithm[:64])
    found = Verdict(outcome=KEY_UNKNOWN, digest=digest, meter_serial=record.meter_serial, points=record.points)
    only = next(iter(registered.values())) if len(registered) == 1 else None
    registered_key = registered.get(record.meter_serial or "", only)
    source = "registry" if registered_key else "station"
    key = _key(registered_key or signed.public_key or "", curve)
    if key is None:
        lacks = "no key" if not (registered_key or signed.public_key) else f"the key of the {source} cannot be read"
        return replace(found, detail=lacks)
    if not _is_signed(record, key, hashing()):
        detail = f"the signature does not fit the key of the {source}"
        return replace(found, outcome=INVALID, detail=detail, key_source=source)
    return replace(found, outcome=VALID if source == "registry" else TOLD_KEY, key_source=source)


def _algorithm(name: str) -> tuple[type[ec.EllipticCurve] | None, type[hashes.HashAlgorithm] | None]:
    scheme, _, rest = name.partition("-")
    curve, _, hashing = rest.partition("-")
    return (_CURVES.get(curve.lower()), _HASHES.get(hashing)) if scheme == "ECDSA" else (None, None)


def _is_signed(record: Record, key: ec.EllipticCurvePublicKey, hashing: hashes.HashAlgorithm) -> bool:
    half = (key.key_size + 7) // 8
    signature = record.signature
    if len(signature) == 2 * half and not signature.startswith(b"\x30"):
        # Some meters write r and s side by side, without the structure around them.
        signature = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    try:
        key.verify(signature, record.payload, ec.ECDSA(hashing))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=_KEYS_KEPT)
def _key(text: str, curve: type[ec.EllipticCurve]) -> ec.EllipticCurvePublicKey | None:
    """PEM, or hexadecimal or base64 of SubjectPublicKeyInfo or of a point on the record's curve."""
    if text.startswith("-----BEGIN"):
        return _loaded(text.encode(), curve)
    bare = text.rpartition(":")[2].strip()  # OCA's form names how it is written: oca:base16:asn1:3059...
    for decode in (bytes.fromhex, _base64):
        try:
            found = _loaded(decode(bare), curve)
        except ValueError:
            continue
        if found is not None:
            return found
    return None


def _base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def _loaded(raw: bytes, curve: type[ec.EllipticCurve]) -> ec.EllipticCurvePublicKey | None:
    try:
        if raw.startswith(b"-----BEGIN"):
            key = serialization.load_pem_public_key(raw)
        elif raw.startswith(b"\x30"):
            key = serialization.load_der_public_key(raw)
        else:
            key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), raw)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None
