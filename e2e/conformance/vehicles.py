"""The world of vehicles' contracts: a mobility operator's authorities, its responder, and a pool of contracts."""

import datetime as dt
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from conformance.pem import name_of
from conformance.web import Reply, Request

_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
_TRY_LATER = ocsp.OCSPResponseStatus.TRY_LATER


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a certificate shall differ from a good contract's."""

    ca: bool = False
    days: tuple[int, int] = (-1, 30)
    ocsp_url: str | None = None
    ocsp_signing: bool = False


def made(common: str, by: Holder | None, wish: Wish) -> Holder:
    """A certificate with a key of its own; by nobody means by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(common))
        .issuer_name(name_of(common) if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + wish.days[0] * _DAY)
        .not_valid_after(now + wish.days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=wish.ca, path_length=None), critical=True)
    )
    if wish.ocsp_url is not None:
        place = x509.UniformResourceIdentifier(wish.ocsp_url)
        access = [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    if wish.ocsp_signing:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
    return Holder(certificate=builder.sign(key if by is None else by.key, hashes.SHA256()), key=key)


def v2g_authority(folder: Path) -> Path:
    """An authority below a V2G root, as its operator is given it: certificate and key."""
    folder.mkdir()
    root = made("V2G root", None, Wish(ca=True))
    authority = made("V2G authority", root, Wish(ca=True))
    private = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.key").write_bytes(private)
    (folder / "ca.pem").write_text(authority.pem, encoding="ascii")
    return folder


@dataclass
class Operator:
    """A mobility operator: a root, an authority below it, and the responder of both; `how` says its mood."""

    root: Holder = field(default_factory=lambda: made("MO root", None, Wish(ca=True)))
    how: str = "honest"
    port: int = 0
    asked: int = 0
    revoked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.between = made("MO authority", self.root, Wish(ca=True, ocsp_url="http://127.0.0.1:9/"))
        self.stranger = made("MO authority", None, Wish(ca=True))

    @property
    def url(self) -> str:
        """Where the responder answers, once it does."""
        return f"http://127.0.0.1:{self.port}/"

    def opens(self, port: int) -> None:
        """The responder's place is known: now certificates can name it."""
        self.port = port
        self.between = made("MO authority", self.root, Wish(ca=True, ocsp_url=self.url))

    def contract(self, emaid: str, days: tuple[int, int] = (-1, 30)) -> Holder:
        """A contract certificate."""
        return made(emaid, self.between, Wish(days=days, ocsp_url=self.url))

    def chain(self, contract: Holder) -> str:
        """As a vehicle shows it: without the root."""
        return contract.pem + self.between.pem

    def hashes_of(self, contract: Holder) -> list[dict[str, str]]:
        """As a station names the chain that it checked itself."""
        pairs = ((contract, self.between), (self.between, self.root))
        return [self.hash_of(one, issuer) for one, issuer in pairs]

    def hash_of(self, one: Holder, issuer: Holder) -> dict[str, str]:
        """OCPP's ocspRequestData."""
        asked = ocsp.OCSPRequestBuilder().add_certificate(one.certificate, issuer.certificate, hashes.SHA256()).build()
        return {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": asked.issuer_name_hash.hex(),
            "issuerKeyHash": asked.issuer_key_hash.hex(),
            "serialNumber": f"{one.certificate.serial_number:x}",
            "responderURL": self.url,
        }

    def answer(self, request: Request) -> Reply:
        """As a responder."""
        self.asked += 1
        match self.how:
            case "silent":
                return Reply(wait_s=30)
            case "broken":
                return Reply(status=500)
            case "garbage":
                return Reply(body=b"<html>")
            case "try-later":
                return Reply(body=ocsp.OCSPResponseBuilder.build_unsuccessful(_TRY_LATER).public_bytes(Encoding.DER))
            case _:
                return Reply(body=self._signed(ocsp.load_der_ocsp_request(request.body)))

    def _signed(self, asked: ocsp.OCSPRequest) -> bytes:
        issuer = self._issuer(asked)
        signer, beside = self._signer(issuer)
        builder = self._said(asked).responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        if beside:
            builder = builder.certificates([one.certificate for one in beside])
        if self.how != "prepared":
            nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
            builder = builder.add_extension(
                x509.OCSPNonce(b"not-the-one-asked" if self.how == "other-nonce" else nonce), critical=False
            )
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _said(self, asked: ocsp.OCSPRequest) -> ocsp.OCSPResponseBuilder:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        began = {"stale": now - 3 * _DAY, "of-tomorrow": now + _DAY}.get(self.how, now - _HOUR)
        is_revoked = asked.serial_number in self.revoked
        status = ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD
        return ocsp.OCSPResponseBuilder().add_response_by_hash(
            asked.issuer_name_hash,
            asked.issuer_key_hash,
            asked.serial_number + (1 if self.how == "other-certificate" else 0),
            asked.hash_algorithm,
            ocsp.OCSPCertStatus.UNKNOWN if self.how == "knows-nothing" else status,
            began,
            began + _DAY,
            now - _HOUR if is_revoked else None,
            None,
        )

    def _issuer(self, asked: ocsp.OCSPRequest) -> Holder:
        by_root = ocsp.OCSPRequestBuilder().add_certificate(
            self.between.certificate, self.root.certificate, asked.hash_algorithm
        )
        return self.root if by_root.build().issuer_key_hash == asked.issuer_key_hash else self.between

    def _signer(self, issuer: Holder) -> tuple[Holder, Sequence[Holder]]:
        match self.how:
            case "forged":
                return self.stranger, (self.stranger, self.between)
            case "named":
                responder = made("Responder", issuer, Wish(ocsp_signing=True))
                return responder, (responder, self.between)
            case "named-for-nothing":
                responder = made("Responder", issuer, Wish())
                return responder, (responder, self.between)
            case "named-long-ago":
                responder = made("Responder", issuer, Wish(ocsp_signing=True, days=(-30, -1)))
                return responder, (responder, self.between)
            case _:
                return issuer, (self.between,)


@dataclass
class Pool:
    """A provisioning service of contract certificates: opaque EXI in, opaque EXI out. `fails` says how often first."""

    operator: Operator
    port: int = 0
    fails: int = 0
    token: str = "pool-token"
    keys: list[str] = field(default_factory=list)
    wishes: list[dict[str, object]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def answer(self, request: Request) -> Reply:
        """The contract's certificate in an envelope that only the vehicle opens."""
        self.keys.append(request.headers.get("idempotency-key", ""))
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(status=401)
        if self.fails:
            self.fails -= 1
            return Reply(status=503)
        wish = json.loads(request.body)
        self.wishes.append(wish)
        if wish["exiRequest"] == "UNKNOWN":
            return Reply(status=404)
        contract = self.operator.contract(f"NLEMOC{next(self._numbers):08d}")
        envelope = b64encode(b"\x80\x98" + contract.certificate.public_bytes(Encoding.DER)).decode()
        said = {"exiResponse": envelope, "remainingContracts": 0}
        return Reply(body=json.dumps(said).encode(), content_type="application/json")
