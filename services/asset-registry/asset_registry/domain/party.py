"""Which parties exist on the platform, in which roles, and which scopes tenants have opened to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
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

MOST_GRANTS = 5_000
"""A party's grants are one snapshot record; past this the record would outgrow what the log takes."""

PartyCommand = RegisterParty | GrantScopeToParty | RevokeScopeFromParty
PartyEvent = PartyRegistered | RoleGranted | ScopeGranted | ScopeRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The party as it stands; `version` counts its events."""

    party: PartyRegistered
    roles: tuple[PartyRole, ...]
    grants: tuple[Grant, ...]
    version: int


PartyState = Unknown | Registered


def decide(command: PartyCommand, state: PartyState) -> Sequence[PartyEvent] | Refused:
    """What a command about a party makes true."""
    match command:
        case RegisterParty():
            return _register(command, state)
        case GrantScopeToParty():
            return _grant(command, state)
        case RevokeScopeFromParty():
            return _revoke(command, state)
        case _:
            assert_never(command)


def _register(command: RegisterParty, state: PartyState) -> Sequence[PartyEvent] | Refused:
    roles = tuple(dict.fromkeys(command.roles))
    if not roles or PartyRole.UNKNOWN in roles:
        return Refused(reason="party-without-role")
    registered = PartyRegistered(**command.model_dump(exclude={"at", "roles"}), roles=roles, registered_at=command.at)
    match state:
        case Unknown():
            return [registered]
        case Registered():
            if _without_roles(registered) != _without_roles(state.party):
                return Refused(reason="party-differs", detail="a registered party may take further roles, nothing else")
            further = [role for role in roles if role not in state.roles]
            return [RoleGranted(party_id=command.party_id, role=role, granted_at=command.at) for role in further]
        case _:
            assert_never(state)


def _without_roles(party: PartyRegistered) -> PartyRegistered:
    return party.model_copy(update={"roles": (), "registered_at": None})


def _grant(command: GrantScopeToParty, state: PartyState) -> Sequence[PartyEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="party-unknown")
        case Registered():
            if command.scope is GrantScope.UNKNOWN:
                return Refused(reason="scope-unknown")
            wanted = _grant_of(command)
            known = _find(state, command.grant_id)
            if known is not None:
                return [] if known == wanted else Refused(reason="grant-differs")
            if len(state.grants) >= MOST_GRANTS:
                return Refused(reason="too-many-grants", detail=f"{MOST_GRANTS} at most")
            fields = command.model_dump(exclude={"at"})
            return [ScopeGranted(**fields, granted_at=command.at)]
        case _:
            assert_never(state)


def _revoke(command: RevokeScopeFromParty, state: PartyState) -> Sequence[PartyEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="party-unknown")
        case Registered():
            known = _find(state, command.grant_id)
            if known is None:
                return []
            if known.tenant != command.tenant:
                return Refused(reason="grant-of-another-tenant")
            return [
                ScopeRevoked(
                    grant_id=known.grant_id,
                    party_id=command.party_id,
                    tenant=known.tenant,
                    scope=known.scope,
                    scope_id=known.scope_id,
                    revoked_at=command.at,
                )
            ]
        case _:
            assert_never(state)


def _grant_of(source: GrantScopeToParty | ScopeGranted) -> Grant:
    return Grant(grant_id=source.grant_id, tenant=source.tenant, scope=source.scope, scope_id=source.scope_id)


def _find(state: Registered, grant_id: str) -> Grant | None:
    return next((grant for grant in state.grants if grant.grant_id == grant_id), None)


def evolve(state: PartyState, event: PartyEvent) -> PartyState:
    """The party after one more event."""
    if isinstance(event, PartyRegistered):
        return Registered(party=event, roles=event.roles, grants=(), version=1)
    assert isinstance(state, Registered), "a party is registered before anything else"
    version = state.version + 1
    match event:
        case RoleGranted():
            return replace(state, roles=(*state.roles, event.role), version=version)
        case ScopeGranted():
            return replace(state, grants=(*state.grants, _grant_of(event)), version=version)
        case ScopeRevoked():
            kept = tuple(grant for grant in state.grants if grant.grant_id != event.grant_id)
            return replace(state, grants=kept, version=version)
        case _:
            assert_never(event)


def snapshots(_before: PartyState, after: PartyState) -> Sequence[Snapshot]:
    """The party as others may follow it."""
    match after:
        case Unknown():
            return []
        case Registered():
            snapshot = PartySnapshot(
                **after.party.model_dump(exclude={"registered_at", "roles"}),
                roles=after.roles,
                grants=after.grants,
                version=after.version,
            )
            return [Snapshot(topic="assets.party.snapshot.v1", key="", record=snapshot)]
        case _:
            assert_never(after)


party: Decider[PartyCommand, PartyState, PartyEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
