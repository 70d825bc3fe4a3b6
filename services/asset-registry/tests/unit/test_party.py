"""The rules of parties, roles and grants."""

from datetime import UTC, datetime
from typing import Any

import pytest

from asset_registry.domain import party as rules
from asset_registry.domain.party import party
from chassis.testing import Scenario
from ev_contracts.assets import (
    Grant,
    GrantScope,
    GrantScopeToParty,
    PartyRegistered,
    PartyRole,
    PartySnapshot,
    RegisterParty,
    RevokeScopeFromParty,
    RoleGranted,
    ScopeGranted,
    ScopeRevoked,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
VOLT: dict[str, Any] = {
    "party_id": "NL-VLT",
    "legal_name": "Volt Laadpalen B.V.",
    "legal_entity_id": "NL-KVK-34123456",
    "country": "NL",
    "vat_number": "NL001234567B01",
    "tenant": "volt",
    "currency": "EUR",
}
REGISTER = RegisterParty(at=NOON, roles=(PartyRole.CPO,), **VOLT)
REGISTERED = PartyRegistered(registered_at=NOON, roles=(PartyRole.CPO,), **VOLT)
FEEDER: dict[str, Any] = {
    "grant_id": "G-1",
    "party_id": "NL-VLT",
    "tenant": "volt",
    "scope": GrantScope.FEEDER,
    "scope_id": "F-AMS-1",
}
GRANT = GrantScopeToParty(at=NOON, **FEEDER)
GRANTED = ScopeGranted(granted_at=NOON, **FEEDER)
REVOKE = RevokeScopeFromParty(at=NOON, grant_id="G-1", party_id="NL-VLT", tenant="volt")
REVOKED = ScopeRevoked(revoked_at=NOON, **FEEDER)


def test_a_party_registers_once() -> None:
    Scenario(party).when(REGISTER).then(REGISTERED).when(REGISTER).then_nothing()


def test_a_party_may_take_a_further_role() -> None:
    wider = REGISTER.model_copy(update={"roles": (PartyRole.CPO, PartyRole.EMSP)})
    widened = RoleGranted(party_id="NL-VLT", role=PartyRole.EMSP, granted_at=NOON)
    Scenario(party).given(REGISTERED).when(wider).then(widened).when(wider).then_nothing()


@pytest.mark.parametrize("roles", [(), (PartyRole.UNKNOWN,), (PartyRole.CPO, PartyRole.UNKNOWN)])
def test_a_party_has_a_role_that_is_known(roles: tuple[PartyRole, ...]) -> None:
    Scenario(party).when(REGISTER.model_copy(update={"roles": roles})).then_refused("party-without-role")


def test_a_party_does_not_change_its_legal_entity() -> None:
    other = REGISTER.model_copy(update={"legal_entity_id": "NL-KVK-99"})
    Scenario(party).given(REGISTERED).when(other).then_refused("party-differs")


def test_a_tenant_opens_a_scope_once() -> None:
    Scenario(party).given(REGISTERED).when(GRANT).then(GRANTED).when(GRANT).then_nothing()


def test_an_unknown_party_gets_no_scope() -> None:
    Scenario(party).when(GRANT).then_refused("party-unknown")


def test_a_grant_names_a_known_scope() -> None:
    vague = GRANT.model_copy(update={"scope": GrantScope.UNKNOWN})
    Scenario(party).given(REGISTERED).when(vague).then_refused("scope-unknown")


def test_a_grant_does_not_change() -> None:
    other = GRANT.model_copy(update={"scope_id": "F-AMS-2"})
    Scenario(party).given(REGISTERED, GRANTED).when(other).then_refused("grant-differs")


def test_grants_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_GRANTS", 1)
    other = GRANT.model_copy(update={"grant_id": "G-2"})
    Scenario(party).given(REGISTERED, GRANTED).when(other).then_refused("too-many-grants")


def test_a_grant_is_taken_back_once_and_may_be_given_again() -> None:
    back = Scenario(party).given(REGISTERED, GRANTED).when(REVOKE).then(REVOKED)
    back.when(REVOKE).then_nothing().when(GRANT).then(GRANTED)


def test_only_the_granting_tenant_takes_a_grant_back() -> None:
    foreign = REVOKE.model_copy(update={"tenant": "ampere"})
    Scenario(party).given(REGISTERED, GRANTED).when(foreign).then_refused("grant-of-another-tenant")


def test_an_unknown_party_has_no_grant_to_take_back() -> None:
    Scenario(party).when(REVOKE).then_refused("party-unknown")


def test_the_snapshot_is_the_party_with_its_roles_and_grants() -> None:
    wider = RoleGranted(party_id="NL-VLT", role=PartyRole.DSO, granted_at=NOON)
    state = Scenario(party).given(REGISTERED, wider, GRANTED).state
    (snapshot,) = party.snapshots(party.initial, state)
    grant = Grant(grant_id="G-1", tenant="volt", scope=GrantScope.FEEDER, scope_id="F-AMS-1")
    roles = (PartyRole.CPO, PartyRole.DSO)
    assert snapshot.topic == "assets.party.snapshot.v1"
    assert snapshot.record == PartySnapshot(roles=roles, grants=(grant,), version=3, **VOLT)


def test_an_unknown_party_has_no_snapshot() -> None:
    assert party.snapshots(party.initial, party.initial) == []
