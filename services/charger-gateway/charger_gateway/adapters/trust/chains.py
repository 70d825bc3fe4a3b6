"""Whether a certificate leads to a root that is trusted: signatures, validity and who may sign whom (RFC 5280, 6)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from charger_gateway.adapters.trust.roots import Trusted

_MOST_LINKS = 5
_BROKEN = (hashes.SHA1, hashes.MD5)

Path: TypeAlias = tuple[x509.Certificate, ...]
"""From the certificate itself to the root."""


class Fault(StrEnum):
    """Why there is no path."""

    EXPIRED = "expired"
    NOT_YET = "not-yet-valid"
    SIGNATURE = "wrong-signature"
    ROOT = "unknown-root"


def path_of(leaf: x509.Certificate, others: Iterable[x509.Certificate], trusted: Trusted, at: datetime) -> Path | Fault:
    """The path, every certificate of it valid at that time; `others` came with the leaf and prove nothing alone."""
    path = [leaf]
    candidates = (*trusted.anchors, *trusted.between, *others)
    while len(path) <= _MOST_LINKS:
        last = path[-1]
        fault = _out_of_time(last, at)
        if fault is not None:
            return fault
        if last in trusted.anchors:
            return tuple(path)
        issuer = _issuer_of(last, candidates, len(path) - 1)
        if isinstance(issuer, Fault):
            return issuer
        path.append(issuer)
    return Fault.ROOT


def _out_of_time(certificate: x509.Certificate, at: datetime) -> Fault | None:
    if certificate.not_valid_after_utc < at:
        return Fault.EXPIRED
    return Fault.NOT_YET if certificate.not_valid_before_utc > at else None


def _issuer_of(
    certificate: x509.Certificate, candidates: Iterable[x509.Certificate], below: int
) -> x509.Certificate | Fault:
    named = [one for one in candidates if one.subject == certificate.issuer and may_sign(one, below)]
    if not named:
        return Fault.ROOT
    return next((one for one in named if is_signed_by(certificate, one)), Fault.SIGNATURE)


def may_sign(certificate: x509.Certificate, below: int) -> bool:
    """Whether it is an authority that may have so many more below it."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    deep = constraints.path_length is None or constraints.path_length >= below
    return constraints.ca and deep and _signs_certificates(certificate)


def _signs_certificates(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed it, and not by a hash that is broken."""
    try:
        if isinstance(certificate.signature_hash_algorithm, _BROKEN):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
