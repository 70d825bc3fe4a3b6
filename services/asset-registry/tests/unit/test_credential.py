"""The rules of station identities and their credentials."""

from datetime import UTC, datetime
from typing import Any

import pytest

from asset_registry.domain.credential import BOTH_VALID, Claimed, CredentialEvent, CredentialState, credential
from asset_registry.policies import on_password
from chassis.decider import EventContext, To
from chassis.testing import Scenario
from ev_contracts.assets import (
    ClaimIdentity,
    CredentialRevoked,
    CredentialRotated,
    CredentialSnapshot,
    IdentityClaimed,
    RevokeCredential,
    RotateCredential,
)
from ev_contracts.gateway import StationPasswordTaken

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OURS: dict[str, Any] = {"station_id": "NLVOLT0001", "tenant": "volt"}
CLAIM = ClaimIdentity(at=NOON, secret_hmac=b"first", **OURS)
CLAIMED = IdentityClaimed(claimed_at=NOON, secret_hmac=b"first", **OURS)
ROTATE = RotateCredential(at=NOON, secret_hmac=b"second", **OURS)
ROTATED = CredentialRotated(rotated_at=NOON, secret_hmac=b"second", **OURS)
REVOKE = RevokeCredential(at=NOON, **OURS)
REVOKED = CredentialRevoked(revoked_at=NOON, **OURS)


def test_an_identity_is_claimed_once() -> None:
    Scenario(credential).when(CLAIM).then(CLAIMED).when(CLAIM).then_nothing()


def test_a_second_claim_changes_no_credential() -> None:
    again = CLAIM.model_copy(update={"secret_hmac": b"other"})
    Scenario(credential).given(CLAIMED).when(again).then_refused("identity-claimed-before")


def test_a_credential_rotates_once() -> None:
    Scenario(credential).given(CLAIMED).when(ROTATE).then(ROTATED).when(ROTATE).then_nothing()


def test_a_credential_is_revoked_once_and_may_be_set_again() -> None:
    without = Scenario(credential).given(CLAIMED).when(REVOKE).then(REVOKED)
    without.when(REVOKE).then_nothing().when(ROTATE).then(ROTATED)


@pytest.mark.parametrize("command", [ROTATE, REVOKE])
def test_an_unclaimed_identity_has_no_credential(command: RotateCredential | RevokeCredential) -> None:
    Scenario(credential).when(command).then_refused("identity-unknown")


@pytest.mark.parametrize("command", [CLAIM, ROTATE, REVOKE])
def test_another_tenant_has_no_say(command: ClaimIdentity | RotateCredential | RevokeCredential) -> None:
    foreign = command.model_copy(update={"tenant": "ampere"})
    Scenario(credential).given(CLAIMED).when(foreign).then_refused("identity-taken")


@pytest.mark.parametrize(
    ("history", "secret_hmac", "version"),
    [((CLAIMED,), b"first", 1), ((CLAIMED, ROTATED), b"second", 2), ((CLAIMED, ROTATED, REVOKED), None, 3)],
)
def test_the_snapshot_is_the_credential_in_force(
    history: tuple[Any, ...], secret_hmac: bytes | None, version: int
) -> None:
    (snapshot,) = credential.snapshots(credential.initial, Scenario(credential).given(*history).state)
    in_force = snapshot.record.model_copy(update={"secret_hmac_before": None, "before_ends_at": None})
    assert in_force == CredentialSnapshot(secret_hmac=secret_hmac, version=version, **OURS)


def test_a_profile_is_raised_and_never_lowered() -> None:
    raised = ROTATE.model_copy(update={"security_profile": 2})
    lower = ROTATE.model_copy(update={"security_profile": 1, "secret_hmac": b"third"})
    kept = ROTATED.model_copy(update={"security_profile": 2})
    scenario = Scenario(credential).given(CLAIMED).when(raised).then(kept).when(raised).then_nothing()
    scenario.when(lower).then(kept.model_copy(update={"secret_hmac": b"third"}))


def test_the_credential_before_counts_until_its_time_and_no_longer_than_the_next() -> None:
    def after(state: CredentialState, event: CredentialEvent) -> Claimed:
        evolved = credential.evolve(state, event)
        assert isinstance(evolved, Claimed)
        return evolved

    state = after(after(credential.initial, CLAIMED), ROTATED)
    (told,) = credential.snapshots(credential.initial, state)
    assert (told.record.secret_hmac, told.record.secret_hmac_before) == (b"second", b"first")
    assert told.record.before_ends_at == NOON + BOTH_VALID
    raised = after(state, ROTATED.model_copy(update={"security_profile": 3}))
    assert (raised.secret_hmac_before, raised.security_profile) == (b"first", 3)
    gone = after(state, REVOKED)
    assert (gone.secret_hmac, gone.secret_hmac_before) == (None, None)
    again = after(gone, ROTATED)
    assert (again.secret_hmac, again.secret_hmac_before) == (b"second", None)


TAKEN = StationPasswordTaken(station_id="NLVOLT0001", command_id="c-1", secret_hmac=b"second", taken_at=NOON)
CONTEXT = EventContext(
    topic="gateway.station.event.v1",
    key="volt/NLVOLT0001",
    tenant="volt",
    event_id="e-1",
    stream_version=7,
    time=NOON,
)


def test_a_password_that_a_station_took_rotates_its_credential_whoever_began() -> None:
    (to,) = on_password(TAKEN, CONTEXT, None)
    assert to == To(key="_/NLVOLT0001", command=ROTATE)
    # The desk began: both count. The registry began: it is in force already.
    Scenario(credential).given(CLAIMED).when(to.command).then(ROTATED)
    Scenario(credential).given(CLAIMED, ROTATED).when(to.command).then_nothing()
