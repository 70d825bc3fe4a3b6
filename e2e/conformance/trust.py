"""Who vouches for whom at the stand: the root of the gateways, that of the stations, and one that nobody knows."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from conformance.pem import name_of

_DAY = dt.timedelta(days=1)
Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A certificate authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, common: str) -> "Root":
        """One with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = _begun(common, key, x509.BasicConstraints(ca=True, path_length=0)).add_extension(usage, critical=True)
        return cls(certificate=made.issuer_name(name_of(common)).sign(key, hashes.SHA256()), key=key)

    def revokes(self, *serials: int) -> bytes:
        """A list of these (PEM)."""
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _DAY)
            .next_update(now + 30 * _DAY)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        for serial in serials:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _DAY).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, common: str, key: Key, *, server: bool, organisation: str = "Restated") -> bytes:
        """A certificate as PEM, of the gateway or of a station."""
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = (
            _begun(common, key, x509.BasicConstraints(ca=False, path_length=None), organisation)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(common)]), critical=False)
        )
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def write(self, path: Path) -> Path:
        """The root's certificate as a file."""
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _begun(
    common: str, key: Key, constraints: x509.BasicConstraints, organisation: str = "Restated"
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name_of(common, organisation))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 30 * _DAY)
        .add_extension(constraints, critical=True)
        .add_extension(identifier, critical=False)
    )


class Trust:
    """The stand's certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._gateways, self._stations, self._strangers = (Root.make(one) for one in ("Gateways", "Stations", "Others"))
        self.gateway_root = self._gateways.write(folder / "gateways.pem")
        self.station_root = self._stations.write(folder / "stations.pem")
        keys: dict[str, Key] = {
            "rsa": rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
        }
        self._revoked = self._pair("revoked", "OCTT0001", ec.generate_private_key(ec.SECP256R1()), self._stations)
        revoked = x509.load_pem_x509_certificate(self._revoked.read_bytes())
        self.revocations = folder / "revocations.pem"
        self.revocations.write_bytes(self._stations.revokes(revoked.serial_number))
        self.pairs = {kind: self._pair(kind, "localhost", key, self._gateways) for kind, key in keys.items()}

    def client(
        self, common: str | None = None, *, known: bool = True, organisation: str = "Restated"
    ) -> ssl.SSLContext:
        """How a station connects: with a certificate of this name, of a root that is known or not, or with none."""
        context = ssl.create_default_context(cafile=str(self.gateway_root))
        if common is not None:
            root = self._stations if known else self._strangers
            key = ec.generate_private_key(ec.SECP256R1())
            path = self._pair(f"{common}-{known}-{organisation}", common, key, root, organisation)
            context.load_cert_chain(path, path.with_suffix(".key"))
        return context

    def revoked_client(self) -> ssl.SSLContext:
        """How a station connects whose certificate was revoked before the gateway started."""
        context = ssl.create_default_context(cafile=str(self.gateway_root))
        context.load_cert_chain(self._revoked, self._revoked.with_suffix(".key"))
        return context

    def _pair(self, stem: str, common: str, key: Key, root: Root, organisation: str = "Restated") -> Path:
        path = self._folder / f"{stem}.pem"
        path.write_bytes(root.issue(common, key, server=root is self._gateways, organisation=organisation))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.with_suffix(".key").write_bytes(private)
        return path
