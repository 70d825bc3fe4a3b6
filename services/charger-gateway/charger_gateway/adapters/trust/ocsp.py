"""OCSP: the question about one certificate, and what a responder's signed answer is worth (RFC 6960)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from charger_gateway.adapters.trust.chains import is_signed_by, path_of
from charger_gateway.adapters.trust.roots import Trusted
from ev_contracts.gateway import CertificateHash, OcspEvidence

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
ALGORITHMS = tuple(_HASHES)
"""By which a certificate may be named."""
_SKEW = timedelta(minutes=5)
_GOOD_FOR = timedelta(hours=1)
"""How old an answer may be that does not say how long it holds."""
_WORDS = {
    ocsp.OCSPCertStatus.GOOD: "good",
    ocsp.OCSPCertStatus.REVOKED: "revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About one certificate, named by its issuer's hashes and its serial number."""

    hash_algorithm: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int
    responder_url: str | None

    @classmethod
    def read(cls, asked: CertificateHash, responder_url: str | None) -> "Question | None":
        """As OCPP writes it; None where its hexadecimals are none."""
        try:
            return cls(
                hash_algorithm=asked.hash_algorithm,
                issuer_name_hash=bytes.fromhex(asked.issuer_name_hash),
                issuer_key_hash=bytes.fromhex(asked.issuer_key_hash),
                serial_number=int(asked.serial_number, 16),
                responder_url=responder_url,
            )
        except ValueError:
            return None

    @classmethod
    def about(cls, certificate: x509.Certificate, issuer: x509.Certificate, *, algorithm: str = "SHA256") -> "Question":
        """Put to the responder that the certificate itself names."""
        return cls(
            hash_algorithm=algorithm,
            issuer_name_hash=issuer_name_hash(issuer, algorithm),
            issuer_key_hash=issuer_key_hash(issuer, algorithm),
            serial_number=certificate.serial_number,
            responder_url=_responder_in(certificate),
        )

    @property
    def certificate(self) -> CertificateHash:
        """What it is about, as facts name it."""
        return CertificateHash(
            hash_algorithm=self.hash_algorithm,
            issuer_name_hash=self.issuer_name_hash.hex(),
            issuer_key_hash=self.issuer_key_hash.hex(),
            serial_number=f"{self.serial_number:x}",
        )

    def encoded(self, nonce: bytes) -> bytes:
        """The request (DER)."""
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            self.issuer_name_hash, self.issuer_key_hash, self.serial_number, _HASHES[self.hash_algorithm]
        )
        return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)

    def is_issued_by(self, issuer: x509.Certificate) -> bool:
        """Whether this is the issuer that the question names."""
        return (
            issuer_name_hash(issuer, self.hash_algorithm) == self.issuer_name_hash
            and issuer_key_hash(issuer, self.hash_algorithm) == self.issuer_key_hash
        )

    def without_answer(self, outcome: str) -> OcspEvidence:
        """That nothing which counts was said."""
        return OcspEvidence(certificate=self.certificate, responder_url=self.responder_url, outcome=outcome)


def issuer_name_hash(issuer: x509.Certificate, algorithm: str) -> bytes:
    """The issuer's name as OCSP names it."""
    return hashlib.new(algorithm, issuer.subject.public_bytes()).digest()


def issuer_key_hash(issuer: x509.Certificate, algorithm: str) -> bytes:
    """The issuer's key as OCSP names it."""
    # Only a request knows how to take the hash of the bare key: so one is made, about the issuer itself.
    asked = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, _HASHES[algorithm]).build()
    return asked.issuer_key_hash


def _responder_in(certificate: x509.Certificate) -> str | None:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    urls = [one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.OCSP]
    return urls[0] if urls else None


def weighed(answer: bytes, question: Question, *, nonce: bytes, trusted: Trusted, at: datetime) -> OcspEvidence:
    """What the answer proves at that time: only what the issuer, or whom it named for that, signed counts."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return question.without_answer("unanswered")
        single = next((one for one in response.responses if _is_about(one, question)), None)
        if single is None:
            return question.without_answer("other-certificate")
        fault = _fault(response, question, nonce, trusted, at)
    except ValueError:
        return question.without_answer("unreadable")
    if fault is not None:
        return question.without_answer(fault)
    return OcspEvidence(
        certificate=question.certificate,
        responder_url=question.responder_url,
        outcome=_WORDS[single.certificate_status] if _is_current(single, at) else "stale",
        answer=answer,
        this_update_at=single.this_update_utc,
        next_update_at=single.next_update_utc,
    )


def _is_about(single: ocsp.OCSPSingleResponse, question: Question) -> bool:
    return (
        single.serial_number == question.serial_number
        and single.issuer_key_hash == question.issuer_key_hash
        and single.issuer_name_hash == question.issuer_name_hash
    )


def _is_current(single: ocsp.OCSPSingleResponse, at: datetime) -> bool:
    until = single.next_update_utc or single.this_update_utc + _GOOD_FOR
    return single.this_update_utc - _SKEW <= at <= until


def _fault(response: ocsp.OCSPResponse, question: Question, nonce: bytes, trusted: Trusted, at: datetime) -> str | None:
    issuer = _issuer_among((*trusted.anchors, *trusted.between, *response.certificates), question)
    if issuer is None:
        return "no-issuer"
    if not isinstance(path_of(issuer, response.certificates, trusted, at), tuple):
        return "untrusted"
    if not any(_signed(response, one) for one in (issuer, *_named_by(issuer, response.certificates, at))):
        return "untrusted"
    given = [one.value.nonce for one in response.extensions if isinstance(one.value, x509.OCSPNonce)]
    # A responder that prepares its answers gives none back; what it gives must be ours.
    return "other-nonce" if given and given != [nonce] else None


def _issuer_among(candidates: Sequence[x509.Certificate], question: Question) -> x509.Certificate | None:
    return next((one for one in candidates if question.is_issued_by(one)), None)


def _named_by(issuer: x509.Certificate, candidates: Sequence[x509.Certificate], at: datetime) -> list[x509.Certificate]:
    """The responders that the issuer gave a certificate for just this (RFC 6960, 4.2.2.2)."""
    return [
        one
        for one in candidates
        if one.not_valid_before_utc <= at <= one.not_valid_after_utc
        and _is_responder(one)
        and is_signed_by(one, issuer)
    ]


def _is_responder(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key: Any = signer.public_key()
    digest = response.signature_hash_algorithm
    if digest is None or isinstance(digest, hashes.SHA1 | hashes.MD5):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True
