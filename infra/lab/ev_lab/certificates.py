"""The lab's own root and what the gateway shows to stations: made at the first `up`, never in the repository."""

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ev_lab.paths import LabPaths

ROOT = "root.pem"
_DAY = timedelta(days=1)
_VALID = 365 * _DAY
_RENEWED_BEFORE = 30 * _DAY
_RSA_BITS = 2048

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def make_certificates(paths: LabPaths) -> None:
    """An RSA and an EC certificate for localhost under a root whose key is thrown away; good ones stay."""
    folder = paths.tls
    if _good(folder / "gateway-ec.pem"):
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _root(root_key, now)
    (folder / ROOT).write_bytes(_pem(root))
    keys: dict[str, Key] = {
        "gateway-rsa": rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS),
        "gateway-ec": ec.generate_private_key(ec.SECP256R1()),
    }
    for stem, key in keys.items():
        _write_private(folder / f"{stem}.key", key)
        (folder / f"{stem}.pem").write_bytes(_pem(_leaf(key, root, root_key, now)))


def _good(path: Path) -> bool:
    if not path.exists():
        return False
    ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    return ends - datetime.now(UTC) > _RENEWED_BEFORE


def _root(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    made = _begun("EV Assets Manager lab", key, now).issuer_name(_name("EV Assets Manager lab"))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.sign(key, hashes.SHA256())


def _leaf(key: Key, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        _begun("localhost", key, now)
        .issuer_name(root.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .add_extension(names, critical=False)
    )
    return made.sign(root_key, hashes.SHA256())


def _begun(common: str, key: Key, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_private(path: Path, key: Key) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
