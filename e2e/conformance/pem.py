"""Certificates and requests that cases send: made once a run, never trusted by anybody."""

import datetime as dt
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def name_of(common: str, organisation: str = "Restated") -> x509.Name:
    """A subject of the operator's."""
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


@cache
def _root() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    began = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name_of("A root"))
        .issuer_name(name_of("A root"))
        .public_key(key.public_key())
        .serial_number(4_711)
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=3_650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def signing_request(common: str) -> str:
    """A fresh key's certificate signing request under the station's name."""
    made = x509.CertificateSigningRequestBuilder().subject_name(name_of(common))
    key = ec.generate_private_key(ec.SECP256R1())
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


ROOT = _root()
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1" * 32, "issuerKeyHash": "b2" * 32, "serialNumber": "1267"}
