"""Who may open a socket: the identity in the path, its credential, and how many sockets there are already."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote

from charger_gateway.ports import Directory, KnownStation

_MAX_IDENTITY = 48
_RAW_KEY_LENGTHS = range(16, 21)
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """No upgrade; the text says no more than the status."""

    status: HTTPStatus
    text: str


Admission: TypeAlias = KnownStation | Rejected


def identity_in(path: str, prefix: str) -> str | None:
    """The station identity of a request path; doubled slashes are forgiven (a client in the field sends them)."""
    bare = path.partition("?")[0]
    if not bare.startswith(prefix.rstrip("/") + "/"):
        return None
    identity = unquote(bare.rpartition("/")[2])
    return identity if 0 < len(identity) <= _MAX_IDENTITY and ":" not in identity else None


def admit(identity: str | None, authorization: str | None, *, directory: Directory, credential_key: bytes) -> Admission:
    """404 for an unknown identity, 401 for a wrong credential, in the same time (the digest is made either way)."""
    station = None if identity is None else directory.station(identity)
    user, password = _basic(authorization)
    expected = _NOBODY if station is None or station.secret_hmac is None else station.secret_hmac
    proven = False
    for secret in _secrets(password):
        digest = hmac.digest(credential_key, secret, hashlib.sha256)
        proven |= hmac.compare_digest(digest, expected)
    if station is None:
        return Rejected(status=HTTPStatus.NOT_FOUND, text="unknown station\n")
    if not proven or user != identity or station.secret_hmac is None:
        return Rejected(status=HTTPStatus.UNAUTHORIZED, text="wrong or missing credentials\n")
    return station


def _secrets(password: bytes) -> tuple[bytes, bytes]:
    # A 1.6 station is given its AuthorizationKey in hexadecimal and sends the bytes themselves (OCPP-J 1.6, 6.2).
    return (password, password.hex().encode() if len(password) in _RAW_KEY_LENGTHS else password)


def _basic(authorization: str | None) -> tuple[str | None, bytes]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return (None, b"")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password)
    except (binascii.Error, UnicodeDecodeError):
        return (None, b"")
