"""Certificates of every kind for tests: good ones, and each kind that must be refused."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ca:
    """A root and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def name(common: str) -> x509.Name:
    """A subject of the operator Volt."""
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Volt"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def ec_key() -> ec.EllipticCurvePrivateKey:
    """A fresh key."""
    return ec.generate_private_key(ec.SECP256R1())


def request_of(key: Key, common: str) -> str:
    """A signing request as a station sends it."""
    made = x509.CertificateSigningRequestBuilder().subject_name(name(common)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def ca_of(folder: Path) -> Ca:
    """The CA that lies in a folder of LocalCa."""
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Ca(certificate=x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), key=key)


def issue(
    key: Key,
    common: str,
    *,
    by: Ca | None,
    days: tuple[int, int] = (-1, 30),
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> bytes:
    """A certificate as PEM; by nobody means signed by itself."""
    issuer, signer = (name(common), key) if by is None else (by.certificate.subject, by.key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def ca_below(root: Ca, common: str) -> Ca:
    """An authority between the root and the stations."""
    key = ec_key()
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, decipher_only=False, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return Ca(certificate=certificate, key=key)


def issue_by_sha1(folder: Path, key: Key, common: str, ca: Path) -> bytes:
    """Signed with SHA-1, which our library refuses to make: by the command that still does."""
    request, made = folder / "sha1.csr", folder / "sha1.pem"
    request.write_text(request_of(key, common), encoding="ascii")
    command = ["openssl", "x509", "-req", "-sha1", "-days", "30", "-in", str(request), "-out", str(made)]
    command += ["-CA", str(ca / "ca.pem"), "-CAkey", str(ca / "ca.key")]
    subprocess.run(command, check=True, capture_output=True)
    return made.read_bytes()


def write_pair(folder: Path, stem: str, certificate: bytes, key: Key) -> Path:
    """Certificate and key beside each other; returns the certificate's path."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{stem}.key").write_bytes(private)
    path = folder / f"{stem}.pem"
    path.write_bytes(certificate)
    return path
