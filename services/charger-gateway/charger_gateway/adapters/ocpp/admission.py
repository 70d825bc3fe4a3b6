"""Who may open a socket: the identity in the path, its credential, and how many sockets there are already."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote

from charger_gateway.adapters.trust.tls import Shown
from charger_gateway.ports import Directory, KnownStation

_MAX_IDENTITY = 48
_RAW_KEY_LENGTHS = range(16, 21)
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """No upgrade; the text says no more than the status."""

    status: HTTPStatus
    text: str
    foreign: "Foreign | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A certificate that stands was shown for a station whose it is not."""

    station: KnownStation
    certificate_name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a handshake brings to prove an identity, and over what it came."""

    authorization: str | None
    secure: bool = False
    shown: Shown | None = None
    """The client certificate, whose chain and revocation TLS has checked; None where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A station that is who it says, by which security profile, and with which version of its credential (0: other)."""

    station: KnownStation
    profile: int
    credential_version: int
    shown: Shown | None = None
    """The certificate that it showed; None where it proved itself otherwise."""


Admission: TypeAlias = Proven | Rejected


class UsedCredentials:
    """Which version of its credential each station last used: the log's connections tell it to all replicas."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}

    def used(self, station_id: str, version: int) -> None:
        """It proved itself with this version: older ones are dead."""
        if version > self._versions.get(station_id, 0):
            self._versions[station_id] = version

    def was_used(self, station: KnownStation) -> bool:
        """Whether the credential in force has been used."""
        return self._versions.get(station.station_id, 0) >= station.version > 0


def identity_in(path: str, prefix: str) -> str | None:
    """The station identity of a request path; doubled slashes are forgiven (a client in the field sends them)."""
    bare = path.partition("?")[0]
    if not bare.startswith(prefix.rstrip("/") + "/"):
        return None
    identity = unquote(bare.rpartition("/")[2])
    return identity if 0 < len(identity) <= _MAX_IDENTITY and ":" not in identity else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admissions:
    """Proves identities."""

    directory: Directory
    credential_key: bytes
    now: Callable[[], datetime]
    used: UsedCredentials = field(default_factory=UsedCredentials)
    organisation: str = ""
    """What certificates must name as theirs; empty: that is not looked at."""

    def admit(self, identity: str | None, proof: Proof) -> Admission:
        """404 for an unknown identity, 401 for a wrong proof, in the same time (the digests are made either way)."""
        station = None if identity is None else self.directory.station(identity)
        user, password = _basic(proof.authorization)
        digests = [hmac.digest(self.credential_key, secret, hashlib.sha256) for secret in _secrets(password)]
        newest = _equals_one(digests, None if station is None else station.secret_hmac)
        before = _equals_one(digests, self._before(station))
        if station is None:
            return Rejected(status=HTTPStatus.NOT_FOUND, text="unknown station\n")
        foreign = None
        if proof.shown is not None:
            foreign = self._foreign(station, proof.shown)
            proven, profile = foreign is None, 3
        else:
            proven, profile = user == identity and (newest or before), 2 if proof.secure else 1
        # Without a credential in force the identity is locked, whatever certificate is still about.
        if not proven or station.secret_hmac is None or profile < station.security_profile:
            return Rejected(status=HTTPStatus.UNAUTHORIZED, text="wrong or missing credentials\n", foreign=foreign)
        version = station.version if newest and profile < 3 else 0
        return Proven(station=station, profile=profile, credential_version=version, shown=proof.shown)

    def _foreign(self, station: KnownStation, shown: Shown) -> Foreign | None:
        """Why the certificate is not the station's (A00.FR.404/405), if it is not."""
        if not shown.for_clients:
            why = "not-for-clients"
        elif shown.common_name != station.station_id:
            why = "another-name"
        elif self.organisation and shown.organisation != self.organisation:
            why = "another-organisation"
        else:
            return None
        return Foreign(station=station, certificate_name=shown.common_name, why=why)

    def _before(self, station: KnownStation | None) -> bytes | None:
        if station is None or station.before_ends_at is None or station.before_ends_at <= self.now():
            return None
        return None if self.used.was_used(station) else station.secret_hmac_before


def _equals_one(digests: Sequence[bytes], expected: bytes | None) -> bool:
    equal = False
    for digest in digests:
        equal |= hmac.compare_digest(digest, _NOBODY if expected is None else expected)
    return equal and expected is not None


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
