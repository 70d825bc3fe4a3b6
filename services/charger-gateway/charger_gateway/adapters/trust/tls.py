"""TLS for stations: an RSA and an EC certificate on one port, client certificates where a station has one.

Security profile 2 is TLS with Basic, profile 3 a client certificate; both come through this one context, which asks for
a certificate and does without. A certificate that is shown must stand: chain, validity, use, revocation.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from charger_gateway.adapters.trust.chains import is_signed_by

_LOOK_S = 30.0
_LIST_BEGINS = b"-----BEGIN X509 CRL-----"

MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20"
STANDARD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384"
)
"""Those that OCPP's security profiles name (A00.FR.318): the last two have no forward secrecy, so nobody gets them
unless the operator asks for this list, as for the OCA's test tool or for stations that know no other."""

SUITES = {"modern": MODERN, "standard": STANDARD}

log = structlog.get_logger("charger_gateway.tls")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where certificates lie: (chain, key) of the server, roots of the stations' certificates, their revocations."""

    certificates: Sequence[tuple[Path, Path]]
    station_roots: Path | None = None
    revocations: Path | None = None
    suites: str = "modern"


class TlsContext:
    """The context of one port; files that change are read again, so that a renewed certificate needs no restart.

    What changed makes a new context: one can learn whom to trust but not forget it, and a session that is resumed
    under it shows its certificate to nobody.
    """

    def __init__(self, files: TlsFiles, *, renew: Callable[[], object] | None = None) -> None:
        """`renew` sees to it that the revocations do not lapse; it is called before each look."""
        self._files = files
        self._renew = renew
        if renew is not None:
            renew()
        self._seen = self._stamps()
        self.context = _made(files)
        """As of the last look: each handshake takes it anew."""
        self._revoked, self._roots = _revocations(files), _roots(files)

    def _stamps(self) -> tuple[int, ...]:
        files = self._files
        paths = [path for pair in files.certificates for path in pair]
        paths += [path for path in (files.station_roots, files.revocations) if path is not None]
        return tuple(path.stat().st_mtime_ns for path in paths)

    def has_revoked(self, shown: "Shown") -> bool:
        """Whether a certificate that was shown has been taken back since, as of the last look."""
        return any(
            one.issuer.public_bytes() == shown.issuer
            and one.get_revoked_certificate_by_serial_number(shown.serial_number) is not None
            for one in self._revoked
        )

    def trusts(self, shown: "Shown") -> bool:
        """Whether a chain that held when it was shown leads to a root that is one still, as of the last look."""
        if shown.context is not None and not shown.chain:
            # Of a resumed session only the roots are known that it was judged by: none of them may be gone.
            return {*shown.context.get_ca_certs(binary_form=True)} <= {*self.context.get_ca_certs(binary_form=True)}
        if any(one in self._roots for one in shown.chain):
            return True
        chain = [x509.load_der_x509_certificate(one) for one in shown.chain]
        return any(is_signed_by(one, root) for one in chain for root in self._roots.values())

    def look(self) -> bool:
        """Read changed files again; whether there were any. What cannot be read leaves what was read before."""
        try:
            if self._renew is not None:
                self._renew()
            stamps = self._stamps()
            if stamps != self._seen:
                context, revoked, roots = _made(self._files), _revocations(self._files), _roots(self._files)
                self.context, self._revoked, self._roots, self._seen = context, revoked, roots, stamps
                log.info("tls.reloaded")
                return True
        except (OSError, ValueError) as error:
            log.warning("tls.unreadable", why=str(error))
        return False

    async def run(self, changed: Callable[[], None]) -> None:
        """Look every half minute until cancelled, and tell of what changed."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if self.look():
                changed()


def _made(files: TlsFiles) -> ssl.SSLContext:
    """Raises OSError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES[files.suites])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    for chain, key in files.certificates:
        context.load_cert_chain(chain, key)
    if files.station_roots is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(files.station_roots)
    if files.revocations is not None:
        context.load_verify_locations(files.revocations)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _revocations(files: TlsFiles) -> tuple[x509.CertificateRevocationList, ...]:
    """Raises OSError, ValueError."""
    if files.revocations is None:
        return ()
    lists = files.revocations.read_bytes().split(_LIST_BEGINS)[1:]
    return tuple(x509.load_pem_x509_crl(_LIST_BEGINS + one) for one in lists)


def _roots(files: TlsFiles) -> Mapping[bytes, x509.Certificate]:
    """By their DER; what else lies beside them, as OpenSSL has it, ends no chain. Raises OSError, ValueError."""
    if files.station_roots is None:
        return {}
    roots = x509.load_pem_x509_certificates(files.station_roots.read_bytes())
    return {one.public_bytes(Encoding.DER): one for one in roots if one.subject == one.issuer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whom a client certificate that TLS has checked names; empty where it names nobody, or more than one."""

    common_name: str
    organisation: str
    for_clients: bool = True
    """Whether it says that it is for clients: OpenSSL takes one that says nothing of its use for one of any."""
    issuer: bytes = b""
    """In DER; with the serial number it is what revocations name."""
    serial_number: int = 0
    chain: tuple[bytes, ...] = ()
    """In DER, from the certificate itself to its root; empty where the session was resumed."""
    context: ssl.SSLContext | None = None
    """That judged it."""


def shown_by(transport: asyncio.Transport) -> Shown | None:
    """Of the client; None where it showed none."""
    secured: Any = transport.get_extra_info("ssl_object")
    encoded = None if secured is None else secured.getpeercert(binary_form=True)
    if not encoded:
        return None
    certificate = x509.load_der_x509_certificate(encoded)
    return Shown(
        common_name=_only(certificate, NameOID.COMMON_NAME),
        organisation=_only(certificate, NameOID.ORGANIZATION_NAME),
        for_clients=_is_for_clients(certificate),
        issuer=certificate.issuer.public_bytes(),
        serial_number=certificate.serial_number,
        chain=_chain(secured),
        context=secured.context,
    )


def _chain(secured: Any) -> tuple[bytes, ...]:
    verified = secured._sslobj.get_verified_chain()  # noqa: SLF001 - public from Python 3.13 on
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in verified or ())


def _only(certificate: x509.Certificate, wanted: x509.ObjectIdentifier) -> str:
    names = certificate.subject.get_attributes_for_oid(wanted)
    # More than one name leaves open which is meant.
    return str(names[0].value) if len(names) == 1 else ""


def _is_for_clients(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage
