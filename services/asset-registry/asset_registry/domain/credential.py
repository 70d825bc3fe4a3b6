"""Whose a station identity is, on the whole platform, and which credential proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.assets import (
    ClaimIdentity,
    CredentialRevoked,
    CredentialRotated,
    CredentialSnapshot,
    IdentityClaimed,
    RevokeCredential,
    RotateCredential,
)

CredentialCommand = ClaimIdentity | RotateCredential | RevokeCredential
CredentialEvent = IdentityClaimed | CredentialRotated | CredentialRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """Nobody's identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One tenant's identity; `secret_hmac` None means that no credential is in force."""

    station_id: str
    tenant: str
    secret_hmac: bytes | None
    version: int


CredentialState = Unclaimed | Claimed


def decide(command: CredentialCommand, state: CredentialState) -> Sequence[CredentialEvent] | Refused:
    """What a command about an identity makes true."""
    match state:
        case Unclaimed():
            return _first(command)
        case Claimed():
            if command.tenant != state.tenant:
                return Refused(reason="identity-taken", detail="the identity belongs to another tenant")
            return _again(command, state)
        case _:
            assert_never(state)


def _first(command: CredentialCommand) -> Sequence[CredentialEvent] | Refused:
    match command:
        case ClaimIdentity():
            return [IdentityClaimed(**command.model_dump(exclude={"at"}), claimed_at=command.at)]
        case RotateCredential() | RevokeCredential():
            return Refused(reason="identity-unknown")
        case _:
            assert_never(command)


def _again(command: CredentialCommand, state: Claimed) -> Sequence[CredentialEvent] | Refused:
    match command:
        case ClaimIdentity():
            # A second registration must not lock out a station that already knows its secret.
            if command.secret_hmac != state.secret_hmac:
                return Refused(reason="identity-claimed-before", detail="rotate the credential to set another")
            return []
        case RotateCredential():
            if command.secret_hmac == state.secret_hmac:
                return []
            return [CredentialRotated(**command.model_dump(exclude={"at"}), rotated_at=command.at)]
        case RevokeCredential():
            if state.secret_hmac is None:
                return []
            return [CredentialRevoked(**command.model_dump(exclude={"at"}), revoked_at=command.at)]
        case _:
            assert_never(command)


def evolve(state: CredentialState, event: CredentialEvent) -> CredentialState:
    """The identity after one more event."""
    version = state.version + 1 if isinstance(state, Claimed) else 1
    secret_hmac = None if isinstance(event, CredentialRevoked) else event.secret_hmac
    return Claimed(station_id=event.station_id, tenant=event.tenant, secret_hmac=secret_hmac, version=version)


def snapshots(_before: CredentialState, after: CredentialState) -> Sequence[Snapshot]:
    """How the gateway proves the station."""
    match after:
        case Unclaimed():
            return []
        case Claimed():
            record = CredentialSnapshot(
                station_id=after.station_id, tenant=after.tenant, secret_hmac=after.secret_hmac, version=after.version
            )
            return [Snapshot(topic="assets.credential.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


credential: Decider[CredentialCommand, CredentialState, CredentialEvent] = Decider(
    initial=Unclaimed(), decide=decide, evolve=evolve, snapshots=snapshots
)
