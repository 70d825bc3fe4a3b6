"""The operator's trust store, which stations shall hold: a folder of roots (PEM) for each use, and the retired ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from charger_gateway.adapters.trust.chains import is_signed_by, may_sign
from charger_gateway.adapters.trust.ocsp import ALGORITHMS, Question
from ev_contracts.gateway import CertificateHash, TrustedRoot

log = structlog.get_logger("charger_gateway.trust_store")

USES = {
    "csms": "CSMSRootCertificate",
    "manufacturer": "ManufacturerRootCertificate",
    "v2g": "V2GRootCertificate",
    "mo": "MORootCertificate",
}
"""What the roots of a folder are for, in OCPP's words."""
RETIRED = "retired"
MOST_ROOTS = 64
_Files: TypeAlias = tuple[tuple[str, int, int], ...]
"""Path, time of change (ns) and size."""
_MOST_CHARACTERS = 5_500
"""Of a certificate that a station must be able to take."""


class TrustStore:
    """Looked at whenever it is asked for: replicas that share the folder say the same."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError, ValueError: better no gateway than one that distributes half a store."""
        self._folder = folder
        self._files: _Files = ()
        self._read: tuple[TrustedRoot, ...] = ()
        self.roots()

    def readable(self) -> Sequence[TrustedRoot]:
        """All of them, or none where they cannot be read: somebody may be about to change them."""
        try:
            return self.roots()
        except (OSError, ValueError) as error:
            log.warning("trust-store.unreadable", why=str(error))
            return ()

    def roots(self) -> Sequence[TrustedRoot]:
        """All of them, the retired ones last; parsed again once a file changed. Raises OSError, ValueError."""
        self._check_folders()
        files = self._listed()
        if files != self._files:
            self._read = self._parsed()
            self._files = files
        return self._read

    def _listed(self) -> "_Files":
        found = sorted(self._folder.glob("*/*.pem"))
        return tuple((str(one), (told := one.stat()).st_mtime_ns, told.st_size) for one in found)

    def _parsed(self) -> tuple[TrustedRoot, ...]:
        wanted = [(kind, one) for use, kind in USES.items() for one in _certificates(self._folder / use)]
        retired = list(_certificates(self._folder / RETIRED))
        if any(one in retired for _, one in wanted):
            raise ValueError("a root is in use and retired")
        if len(wanted) + len(retired) > MOST_ROOTS:
            raise ValueError(f"more than {MOST_ROOTS} roots")
        return (
            *(TrustedRoot(certificate_type=kind, certificate=_pem(one), names=_names(one)) for kind, one in wanted),
            *(TrustedRoot(names=_names(one)) for one in retired),
        )

    def _check_folders(self) -> None:
        """A misspelt folder must not go for an empty one."""
        found = {one.name for one in self._folder.iterdir() if one.is_dir() and not one.name.startswith(".")}
        if unknown := found - {*USES, RETIRED}:
            raise ValueError(f"the trust store has no use for {sorted(unknown)}")


def _certificates(folder: Path) -> Iterator[x509.Certificate]:
    for path in sorted(folder.glob("*.pem")):
        for one in x509.load_pem_x509_certificates(path.read_bytes()):
            if not (is_signed_by(one, one) and may_sign(one, 0)):
                raise ValueError(f"{path.name} holds a certificate that is no root")
            yield one


def _pem(root: x509.Certificate) -> str:
    pem = root.public_bytes(Encoding.PEM).decode()
    if len(pem) > _MOST_CHARACTERS:
        raise ValueError(f"a root of more than {_MOST_CHARACTERS} characters")
    return pem


def _names(root: x509.Certificate) -> tuple[CertificateHash, ...]:
    return tuple(Question.about(root, root, algorithm=one).certificate for one in ALGORITHMS)
