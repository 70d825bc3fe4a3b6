"""Which roots a station lacks and which it shall have no more, by the hashes that it reports."""

from collections.abc import Iterable, Sequence

from charger_gateway.domain.actions import StationAction
from ev_contracts.gateway import (
    CertificateHash,
    DeleteCertificate,
    InstallCertificate,
    InstalledCertificate,
    JobStep,
    TrustedRoot,
)

_KNOWN_IN_16 = ("CSMSRootCertificate", "ManufacturerRootCertificate")
_KNOWN_IN_2X = (*_KNOWN_IN_16, "V2GRootCertificate", "MORootCertificate")
KNOWN_IN = {"1.6": _KNOWN_IN_16, "2.0.1": _KNOWN_IN_2X, "2.1": _KNOWN_IN_2X}
"""What the roots of the store may be for, in each version."""
_COMMON = ("at", "command_id", "station_id", "requested_by", "reason", "expires_at")


def steps_after(
    asked: StationAction, roots: Sequence[TrustedRoot], installed: Sequence[InstalledCertificate]
) -> tuple[JobStep, ...]:
    """What is missing is installed before anything is deleted: a station is never left without a root between."""
    common = {name: getattr(asked, name) for name in _COMMON}
    installs = [
        JobStep(
            install_certificate=InstallCertificate(
                **common, certificate_type=root.certificate_type, certificate=root.certificate
            )
        )
        for root in missing(roots, installed)
        if root.certificate_type is not None and root.certificate is not None
    ]
    uses = {one.certificate: one.certificate_type for one in reversed(installed)}
    deletes = [
        JobStep(delete_certificate=DeleteCertificate(**common, certificate=one, certificate_type=uses[one]))
        for one in retired(roots, installed)
    ]
    return (*installs, *deletes)


def chosen(
    roots: Iterable[TrustedRoot], certificate_types: Sequence[str], *, delete_retired: bool
) -> tuple[TrustedRoot, ...]:
    """Those of the types, all where none is named; the retired ones, which have no type, where they are wanted."""
    return tuple(root for root in roots if (delete_retired if _is_retired(root) else _is_of(root, certificate_types)))


def _is_of(root: TrustedRoot, certificate_types: Sequence[str]) -> bool:
    return not certificate_types or root.certificate_type in certificate_types


def _is_retired(root: TrustedRoot) -> bool:
    return root.certificate is None


def missing(roots: Iterable[TrustedRoot], installed: Sequence[InstalledCertificate]) -> Sequence[TrustedRoot]:
    """Those that a station shall have and has not."""
    return [root for root in roots if not _is_retired(root) and not _is_there(root, installed)]


def _is_there(root: TrustedRoot, installed: Iterable[InstalledCertificate]) -> bool:
    """For its use: what a station trusts for another one does not count."""
    return any(one.certificate_type == root.certificate_type and _names(root, one.certificate) for one in installed)


def retired(roots: Iterable[TrustedRoot], installed: Iterable[InstalledCertificate]) -> Sequence[CertificateHash]:
    """Each once, as the station spelt it: it must find them again."""
    old = [root for root in roots if _is_retired(root)]
    reported = [one.certificate for one in installed]
    named = [one for one in reported if any(_names(root, one) for root in old)]
    return [one for at, one in enumerate(named) if one not in named[:at]]


def _names(root: TrustedRoot, reported: CertificateHash) -> bool:
    return any(_plain(one) == _plain(reported) for one in root.names)


def _plain(name: CertificateHash) -> tuple[str, str, str, str]:
    """Hexadecimals are written large or small, numbers with zeros before them or without."""
    serial_number = name.serial_number.lower().lstrip("0")
    return name.hash_algorithm, name.issuer_name_hash.lower(), name.issuer_key_hash.lower(), serial_number
