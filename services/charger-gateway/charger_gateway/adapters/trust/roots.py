"""Whom the operator trusts for others' certificates: a file of roots and, beside them, authorities below them."""

from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography import x509

log = structlog.get_logger("charger_gateway.roots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """`anchors` signed themselves and are believed; `between` are believed only where a path leads to an anchor."""

    anchors: tuple[x509.Certificate, ...] = ()
    between: tuple[x509.Certificate, ...] = ()


class Roots:
    """Certificates (PEM) of one file, read again when it changes; what cannot be read leaves what was read before."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, ValueError: better no gateway than one that trusts nobody unnoticed."""
        self._path = path
        self._seen = path.stat().st_mtime_ns
        self._trusted = _read(path)

    def trusted(self) -> Trusted:
        """Those of now."""
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._seen:
                self._trusted, self._seen = _read(self._path), stamp
        except (OSError, ValueError) as error:
            log.warning("roots.unreadable", why=str(error))
        return self._trusted


def _read(path: Path) -> Trusted:
    certificates = x509.load_pem_x509_certificates(path.read_bytes())
    own = {one: one.subject == one.issuer for one in certificates}
    return Trusted(
        anchors=tuple(one for one in certificates if own[one]),
        between=tuple(one for one in certificates if not own[one]),
    )
