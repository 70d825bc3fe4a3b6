"""A station CA of our own, for those who have no other: root, key and revocations in a folder."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from charger_gateway.ports import CsrRefused

ROOT, KEY, REVOKED = "ca.pem", "ca.key", "revoked.pem"
_YEARS_OF_ROOT = 10
_DAY = timedelta(days=1)
_LEAF_DAYS = 365
_REVOCATION_DAYS = 30
_MIN_RSA_BITS = 2048
_MIN_EC_BITS = 224
_MOST_CSR = 5_500

_USAGE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "encipher_only": False,
    "decipher_only": False,
}


class LocalCa:
    """Satisfies StationCa; made by `open_or_make`."""

    def __init__(self, folder: Path, root: x509.Certificate, key: ec.EllipticCurvePrivateKey, operator: str) -> None:
        self._folder = folder
        self._root = root
        self._key = key
        self._operator = operator

    @classmethod
    def open_or_make(cls, folder: Path, *, operator: str, now: datetime) -> "LocalCa":
        """The CA of this folder; a new one where there is none yet."""
        if not (folder / KEY).exists():
            _make(folder, operator, now)
        root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls(folder, root, key, operator)

    def sign(self, csr_pem: str, *, station_id: str, now: datetime) -> str:
        """See StationCa: only the station's own name, only strong keys, and of its wishes nothing but the key."""
        request = _checked(csr_pem, station_id)
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
            .not_valid_after(now + _LEAF_DAYS * _DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.KeyUsage(key_cert_sign=False, crl_sign=False, **_USAGE), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(_authority(self._key), critical=False)
        )
        leaf = builder.sign(self._key, hashes.SHA256())
        return (_pem(leaf) + _pem(self._root)).decode()

    def revoke(self, certificate_pem: str, *, now: datetime) -> None:
        """From the next handshake that sees the new list on, this certificate is worth nothing."""
        serial = x509.load_pem_x509_certificate(certificate_pem.encode()).serial_number
        before = x509.load_pem_x509_crl((self._folder / REVOKED).read_bytes())
        # Of two lists of one age OpenSSL goes on with the one that it knows.
        at = max(now, before.last_update_utc + timedelta(seconds=1))
        serials = {serial, *(one.serial_number for one in before)}
        _write_revocations(self._folder, self._root, self._key, at, serials)


def _checked(csr_pem: str, station_id: str) -> x509.CertificateSigningRequest:
    if len(csr_pem) > _MOST_CSR:
        raise CsrRefused("longer than OCPP allows")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        sound = request.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion) as error:
        raise CsrRefused("not a signing request") from error
    if not sound:
        raise CsrRefused("its signature does not match")
    if [name.value for name in names] != [station_id]:
        raise CsrRefused("its common name is not the station's identity")
    if not _strong(request.public_key()):
        raise CsrRefused("its key is too weak")
    return request


def _strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _MIN_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_EC_BITS


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
        .add_extension(x509.CRLNumber(len(serials) + 1), critical=False)
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
