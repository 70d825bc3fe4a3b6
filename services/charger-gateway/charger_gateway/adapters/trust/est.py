"""A CA that is asked by EST (RFC 7030): the gateway is the registration authority, stations never meet the CA."""

import ssl
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from charger_gateway.adapters.trust.chains import path_of
from charger_gateway.adapters.trust.csr import checked
from charger_gateway.adapters.trust.roots import Trusted
from charger_gateway.ports import CaUnavailable, CsrRefused

_ENROLL, _REENROLL, _CACERTS = "simpleenroll", "simplereenroll", "cacerts"
_OK, _ACCEPTED, _SERVER_ERROR = 200, 202, 500
_WITHIN_S = 15.0
_MOST_BYTES = 64 * 1024
_HEADERS = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EstAccess:
    """Where the server is, who certifies it, and how the gateway proves itself to it."""

    url: str
    roots: Path
    certificate: Path | None = None
    credential: tuple[str, str] | None = None


class EstCa:
    """Satisfies StationCa. Enrolments are rare: each has a connection of its own."""

    def __init__(self, access: EstAccess) -> None:
        """Raises OSError, ssl.SSLError where a file is missing or broken."""
        self.url = access.url.rstrip("/")
        self._credential = access.credential
        self._context = ssl.create_default_context(cafile=str(access.roots))
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if access.certificate is not None:
            self._context.load_cert_chain(access.certificate, access.certificate.with_suffix(".key"))

    def sign(self, csr_pem: str, *, station_id: str, now: datetime, renews: bool = False) -> str:
        """See StationCa. What comes back counts only if it is for this key and name and leads to the CA's own root."""
        request = checked(csr_pem, station_id)
        encoded = b64encode(request.public_bytes(Encoding.DER))
        with self._client() as client:
            issued = self._asked(client, _REENROLL if renews else _ENROLL, encoded)
            # The CA's own certificates; the server that says them is proven by TLS.
            authorities = self._asked(client, _CACERTS, None)
        leaf = _of(issued, request, station_id)
        anchors = tuple(one for one in authorities if one.subject == one.issuer)
        path = path_of(leaf, (*issued, *authorities), Trusted(anchors=anchors), now)
        if not isinstance(path, tuple):
            raise CsrRefused(f"the CA's certificate does not lead to its root: {path.value}")
        return b"".join(one.public_bytes(Encoding.PEM) for one in path).decode()

    def _client(self) -> httpx2.Client:
        return httpx2.Client(
            verify=self._context, auth=self._credential, timeout=_WITHIN_S, follow_redirects=False, trust_env=False
        )

    def _asked(self, client: httpx2.Client, operation: str, body: bytes | None) -> Sequence[x509.Certificate]:
        method, headers = ("GET", {}) if body is None else ("POST", _HEADERS)
        try:
            answer = client.request(method, f"{self.url}/{operation}", content=body, headers=headers)
        except httpx2.TransportError as error:
            raise CaUnavailable(f"{operation}: {type(error).__name__}") from error
        if answer.status_code == _ACCEPTED or answer.status_code >= _SERVER_ERROR:
            raise CaUnavailable(f"{operation}: status {answer.status_code}", after_s=_after_s(answer))
        if answer.status_code != _OK or len(answer.content) > _MOST_BYTES:
            raise CsrRefused(f"the CA refused: status {answer.status_code}")
        return _read(answer.content)


def _after_s(answer: httpx2.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else None


def _read(body: bytes) -> Sequence[x509.Certificate]:
    try:
        return pkcs7.load_der_pkcs7_certificates(b64decode(b"".join(body.split()), validate=True))
    except (NotBase64, ValueError, UnsupportedAlgorithm) as error:
        raise CsrRefused("the CA's answer is no PKCS#7 of certificates") from error


def _of(
    issued: Sequence[x509.Certificate], request: x509.CertificateSigningRequest, station_id: str
) -> x509.Certificate:
    for one in issued:
        names = [name.value for name in one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if one.public_key() == request.public_key() and names == [station_id]:
            return one
    raise CsrRefused("the CA's certificate is not the station's")
