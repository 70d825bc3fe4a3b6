"""Whose a station identity is, on the whole platform, and which credential proves it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
    security_profile: int = 0
    secret_hmac_before: bytes | None = None
    before_ends_at: datetime | None = None


CredentialState = Unclaimed | Claimed

BOTH_VALID = timedelta(hours=24)
"""How long a station may still use the credential before; its first use of the new one ends it sooner."""


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
            # A profile is raised and never lowered: whoever stole a password must not take the station back to Basic.
            profile = max(command.security_profile, state.security_profile)
            if command.secret_hmac == state.secret_hmac and profile == state.security_profile:
                return []
            told = command.model_dump(exclude={"at", "security_profile"})
            return [CredentialRotated(**told, rotated_at=command.at, security_profile=profile)]
        case RevokeCredential():
            if state.secret_hmac is None:
                return []
            return [CredentialRevoked(**command.model_dump(exclude={"at"}), revoked_at=command.at)]
        case _:
            assert_never(command)


def evolve(state: CredentialState, event: CredentialEvent) -> CredentialState:
    """The identity after one more event."""
    after = Claimed(
        station_id=event.station_id,
        tenant=event.tenant,
        secret_hmac=None if isinstance(event, CredentialRevoked) else event.secret_hmac,
        version=1,
        security_profile=event.security_profile if isinstance(event, IdentityClaimed) else 0,
    )
    if not isinstance(state, Claimed):
        return after
    after = replace(after, version=state.version + 1, security_profile=state.security_profile)
    return _rotated(state, after, event) if isinstance(event, CredentialRotated) else after


def _rotated(state: Claimed, after: Claimed, event: CredentialRotated) -> Claimed:
    after = replace(after, security_profile=event.security_profile)
    if state.secret_hmac is None:
        return after
    if state.secret_hmac == event.secret_hmac:
        return replace(after, secret_hmac_before=state.secret_hmac_before, before_ends_at=state.before_ends_at)
    return replace(after, secret_hmac_before=state.secret_hmac, before_ends_at=event.rotated_at + BOTH_VALID)


def snapshots(_before: CredentialState, after: CredentialState) -> Sequence[Snapshot]:
    """How the gateway proves the station."""
    match after:
        case Unclaimed():
            return []
        case Claimed():
            record = CredentialSnapshot(
                station_id=after.station_id,
                tenant=after.tenant,
                secret_hmac=after.secret_hmac,
                version=after.version,
                security_profile=after.security_profile,
                secret_hmac_before=after.secret_hmac_before,
                before_ends_at=after.before_ends_at,
            )
            return [Snapshot(topic="assets.credential.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


credential: Decider[CredentialCommand, CredentialState, CredentialEvent] = Decider(
    initial=Unclaimed(), decide=decide, evolve=evolve, snapshots=snapshots
)
