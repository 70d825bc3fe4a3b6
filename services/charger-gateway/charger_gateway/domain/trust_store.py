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
        for root in roots
        if root.certificate_type is not None and root.certificate is not None and not _is_there(root, installed)
    ]
    deletes = [
        JobStep(delete_certificate=DeleteCertificate(**common, certificate=one)) for one in _retired(roots, installed)
    ]
    return (*installs, *deletes)


def _is_there(root: TrustedRoot, installed: Iterable[InstalledCertificate]) -> bool:
    """For its use: what a station trusts for another one does not count."""
    return any(one.certificate_type == root.certificate_type and _names(root, one.certificate) for one in installed)


def _retired(roots: Iterable[TrustedRoot], installed: Iterable[InstalledCertificate]) -> Sequence[CertificateHash]:
    """Each once, as the station spelt it: it must find them again."""
    retired = [root for root in roots if root.certificate is None]
    reported = [one.certificate for one in installed]
    named = [one for one in reported if any(_names(root, one) for root in retired)]
    return [one for at, one in enumerate(named) if one not in named[:at]]


def _names(root: TrustedRoot, reported: CertificateHash) -> bool:
    return any(_plain(one) == _plain(reported) for one in root.names)


def _plain(name: CertificateHash) -> tuple[str, str, str, str]:
    """Hexadecimals are written large or small, numbers with zeros before them or without."""
    serial_number = name.serial_number.lower().lstrip("0")
    return name.hash_algorithm, name.issuer_name_hash.lower(), name.issuer_key_hash.lower(), serial_number
