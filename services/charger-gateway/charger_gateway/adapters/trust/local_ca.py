"""CAs of our own: the stations' (root, key and revocations in a folder), and one below a V2G root that others gave."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from charger_gateway.adapters.trust.chains import is_signed_by
from charger_gateway.adapters.trust.csr import checked

ROOT, KEY, REVOKED, LOCK = "ca.pem", "ca.key", "revoked.pem", "revoked.lock"
_YEARS_OF_ROOT = 10
_DAY = timedelta(days=1)
_REVOCATION_DAYS = 30
_RENEWED_DAYS_BEFORE = 15
"""A list is made anew that long before it lapses: with a lapsed one no certificate stands."""

_USAGE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "encipher_only": False,
    "decipher_only": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What its certificates are for, and for how long."""

    usage: x509.ObjectIdentifier
    days: int


STATION = Leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH, days=365)
"""By which a station proves itself to the gateway."""
V2G = Leaf(usage=ExtendedKeyUsageOID.SERVER_AUTH, days=90)
"""By which a station proves itself to vehicles (SECC, ISO 15118-2: two to three months)."""


class LocalCa:
    """Satisfies StationCa; made by `open_or_make`, or by `open_below`."""

    def __init__(
        self,
        folder: Path,
        chain: Sequence[x509.Certificate],
        key: ec.EllipticCurvePrivateKey,
        *,
        operator: str,
        leaf: Leaf,
    ) -> None:
        self._folder = folder
        self._chain = chain
        self._root = chain[0]
        self._key = key
        self._operator = operator
        self._leaf = leaf

    @classmethod
    def open_or_make(cls, folder: Path, *, operator: str, now: datetime) -> "LocalCa":
        """The CA of this folder; a new one where there is none yet."""
        if not (folder / KEY).exists():
            _make(folder, operator, now)
        return cls._read(folder, operator, STATION)

    @classmethod
    def open_below(cls, folder: Path, *, operator: str) -> "LocalCa":
        """The V2G authority of this folder, which others certified. Raises OSError, ValueError."""
        return cls._read(folder, operator, V2G)

    @classmethod
    def _read(cls, folder: Path, operator: str, leaf: Leaf) -> "LocalCa":
        chain = x509.load_pem_x509_certificates((folder / ROOT).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != chain[0].public_key():
            raise ValueError(f"{folder / KEY} is not the EC key of {ROOT}")
        return cls(folder, chain, key, operator=operator, leaf=leaf)

    def sign(self, csr_pem: str, *, station_id: str, now: datetime, renews: bool = False) -> str:  # noqa: ARG002
        """See StationCa: only the station's own name, only strong keys, and of its wishes nothing but the key."""
        request = checked(csr_pem, station_id)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._operator),
                x509.NameAttribute(NameOID.COMMON_NAME, station_id),
            ]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._root.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + self._leaf.days * _DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([self._leaf.usage]), critical=False)
            .add_extension(x509.KeyUsage(key_cert_sign=False, crl_sign=False, **_USAGE), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(_authority(self._key), critical=False)
        )
        leaf = builder.sign(self._key, hashes.SHA256())
        return b"".join(_pem(one) for one in (leaf, *self._chain)).decode()

    def issued(self, certificate_pem: str, *, station_id: str) -> x509.Certificate | None:
        """The certificate, where it is one that this CA signed for the station."""
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        except ValueError:
            return None
        names = [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return certificate if names == [station_id] and is_signed_by(certificate, self._root) else None

    def revoke(self, certificate_pem: str, *, now: datetime) -> None:
        """From the next handshake that sees the new list on, this certificate is worth nothing."""
        serial = x509.load_pem_x509_certificate(certificate_pem.encode()).serial_number
        with self._alone():
            self._write(self._listed(), {serial}, now)

    def renew_revocations(self, *, now: datetime) -> bool:
        """Writes the list anew where it is about to lapse, whatever stands in it; whether it did."""
        with self._alone():
            before = self._listed()
            lapses_at = before.next_update_utc
            if lapses_at is not None and lapses_at - now > _RENEWED_DAYS_BEFORE * _DAY:
                return False
            self._write(before, set(), now)
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Replicas share the folder: of two that write at once, one would lose what the other revoked."""
        with (self._folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _listed(self) -> x509.CertificateRevocationList:
        return x509.load_pem_x509_crl((self._folder / REVOKED).read_bytes())

    def _write(self, before: x509.CertificateRevocationList, more: set[int], now: datetime) -> None:
        # Of two lists of one age OpenSSL goes on with the one that it knows.
        at = max(now, before.last_update_utc + timedelta(seconds=1))
        serials = {*more, *(one.serial_number for one in before)}
        _write_revocations(self._folder, self._root, self._key, at, serials)


def _make(folder: Path, operator: str, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, operator),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{operator} stations"),
        ]
    )
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _YEARS_OF_ROOT * 365 * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **_USAGE), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority(key), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / ROOT).write_bytes(_pem(root))
    _write_revocations(folder, root, key, now - _DAY, set())
    with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)


def _write_revocations(
    folder: Path, root: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: datetime, serials: set[int]
) -> None:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.subject)
        .last_update(now)
        .next_update(now + _REVOCATION_DAYS * _DAY)
        # Lists are told apart by their time: it rises with each, also where the same certificates stand in it.
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(_authority(key), critical=False)
    )
    for serial in sorted(serials):
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        builder = builder.add_revoked_certificate(revoked)
    fresh = folder / f"{REVOKED}.new"
    fresh.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    fresh.replace(folder / REVOKED)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
