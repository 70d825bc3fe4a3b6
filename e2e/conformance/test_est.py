"""A CA by EST (RFC 7030) over HTTPS: a server of our own signs, and everything that it says wrong is refused."""

import asyncio
import datetime as dt
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from charger_gateway.adapters.trust.est import EstAccess, EstCa
from charger_gateway.ports import CaUnavailable, CsrRefused
from conformance.pem import name_of, signing_request
from conformance.trust import Trust
from conformance.vehicles import Holder, Wish, made
from conformance.web import Reply, Request, serving

STATION = "OCTT0001"
CREDENTIAL = ("gateway", "est-secret")
_CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only"


@dataclass
class EstServer:
    """A root, an authority below it that signs, and a mood."""

    root: Holder = field(default_factory=lambda: made("EST root", None, Wish(ca=True)))
    how: str = "honest"
    operations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.authority = made("EST authority", self.root, Wish(ca=True))
        self.stranger = made("EST authority", None, Wish(ca=True))

    def answer(self, request: Request) -> Reply:
        """RFC 7030, 4: base64 of PKCS#7."""
        expected = "Basic " + b64encode(":".join(CREDENTIAL).encode()).decode()
        operation = request.path.removeprefix("/.well-known/est/")
        self.operations.append(operation)
        if request.headers.get("authorization") != expected:
            return Reply(status=401)
        if operation == "cacerts":
            return _said([self.authority.certificate, self.root.certificate])
        if self.how in {"later", "down"}:
            status = 202 if self.how == "later" else 503
            return Reply(status=status, headers=(("Retry-After", "90"),))
        if self.how == "no":
            return Reply(status=400)
        return Reply(body=b"!") if self.how == "nonsense" else self._enrolled(b64decode(request.body))

    def _enrolled(self, encoded: bytes) -> Reply:
        asked = x509.load_der_x509_csr(encoded)
        key = ec.generate_private_key(ec.SECP256R1()).public_key() if self.how == "other-key" else asked.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        subject = name_of("OCTT0000") if self.how == "other-name" else asked.subject
        by = self.stranger if self.how == "stranger" else self.authority
        now = dt.datetime.now(dt.UTC)
        leaf = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=-1 if self.how == "expired" else 90, hours=1))
            .sign(by.key, hashes.SHA256())
        )
        return _said([leaf])


def _said(certificates: Sequence[x509.Certificate]) -> Reply:
    encoded = pkcs7.serialize_certificates(list(certificates), Encoding.DER)
    # Wrapped, as servers do it.
    text = b64encode(encoded)
    lines = b"\r\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return Reply(body=lines, content_type=_CERTS_ONLY, headers=(("Content-Transfer-Encoding", "base64"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The server, and a CA that asks it."""

    server: EstServer
    ca: EstCa

    async def sign(self, *, renews: bool = False) -> list[x509.Certificate]:
        """The chain that a station is given."""
        now = dt.datetime.now(dt.UTC)
        chain = await asyncio.to_thread(
            self.ca.sign, signing_request(STATION), station_id=STATION, now=now, renews=renews
        )
        return x509.load_pem_x509_certificates(chain.encode())


@pytest_asyncio.fixture(loop_scope="session")
async def enrolment(tmp_path: Path) -> AsyncIterator[Enrolment]:
    """HTTPS, proven by a root of its own."""
    trust, server = Trust(tmp_path / "trust"), EstServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = trust.pairs["ec"]
    context.load_cert_chain(pair, pair.with_suffix(".key"))
    async with serving(server.answer, context) as port:
        access = EstAccess(
            url=f"https://localhost:{port}/.well-known/est/", roots=trust.gateway_root, credential=CREDENTIAL
        )
        yield Enrolment(server=server, ca=EstCa(access))


@pytest.mark.parametrize("operation", ["simpleenroll", "simplereenroll"])
async def test_a_request_is_enrolled_and_its_chain_leads_to_the_root(enrolment: Enrolment, operation: str) -> None:
    leaf, authority, root = await enrolment.sign(renews=operation == "simplereenroll")
    leaf.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(root)
    assert leaf.subject == name_of(STATION)
    assert enrolment.server.operations == [operation, "cacerts"]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("no", "status 400"),
        ("nonsense", "no PKCS#7"),
        ("other-key", "not the station's"),
        ("other-name", "not the station's"),
        ("stranger", "wrong-signature"),
        ("expired", "expired"),
    ],
)
async def test_what_is_not_the_stations_own_certificate_is_refused(enrolment: Enrolment, how: str, why: str) -> None:
    enrolment.server.how = how
    with pytest.raises(CsrRefused, match=why):
        await enrolment.sign()


@pytest.mark.parametrize("how", ["later", "down"])
async def test_a_ca_that_cannot_say_now_is_asked_later_when_it_said(enrolment: Enrolment, how: str) -> None:
    enrolment.server.how = how
    with pytest.raises(CaUnavailable) as later:
        await enrolment.sign()
    assert later.value.after_s == 90


async def test_a_server_whom_nobody_certified_is_told_nothing(enrolment: Enrolment, tmp_path: Path) -> None:
    other = Trust(tmp_path / "other")
    ca = EstCa(EstAccess(url=enrolment.ca.url, roots=other.gateway_root, credential=CREDENTIAL))
    with pytest.raises(CaUnavailable):
        await Enrolment(server=enrolment.server, ca=ca).sign()
    assert enrolment.server.operations == []
