"""What the desk remembers of the roots that a station shall hold, and how it changes."""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from ev_contracts.gateway import (
    DesiredRoots,
    DesiredRootsChanged,
    JobStarted,
    RootDriftFound,
    RootDriftRemains,
    RootDriftRepaired,
    RootsHeld,
    TrustedRoot,
)

RootsEvent: TypeAlias = DesiredRootsChanged | RootsHeld | RootDriftFound | RootDriftRepaired | RootDriftRemains
KIND = "trust-store-sync"
"""Of the job that brings roots, whoever started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRoots:
    """Which roots a station shall hold, and what of ours asks for them or brings them."""

    certificate_types: tuple[str, ...]
    delete_retired: bool
    trusted_roots: tuple[TrustedRoot, ...]
    reading: str | None = None
    """The command that asks the station."""
    bringing: str | None = None
    """The job that brings what it lacks."""
    held: bool = False


def wanted(roots: DesiredRoots | None) -> WantedRoots | None:
    """As a document says it."""
    if roots is None:
        return None
    return WantedRoots(
        certificate_types=roots.certificate_types,
        delete_retired=roots.delete_retired,
        trusted_roots=roots.trusted_roots,
    )


def evolve_roots(roots: WantedRoots, event: RootsEvent) -> WantedRoots:
    """After an event."""
    match event:
        case DesiredRootsChanged():
            return replace(roots, trusted_roots=event.trusted_roots, held=False)
        case RootsHeld() | RootDriftRepaired():
            return replace(roots, held=True, reading=None, bringing=None)
        case RootDriftFound() | RootDriftRemains():
            return replace(roots, held=False, reading=None, bringing=None)
        case _:
            assert_never(event)


def with_job(roots: WantedRoots | None, event: JobStarted, actor: str) -> WantedRoots | None:
    """A job that nobody asked for brings roots."""
    if roots is None or event.kind != KIND or event.requested_by != actor:
        return roots
    return replace(roots, bringing=event.job_id)
