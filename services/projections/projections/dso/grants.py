"""Which feeders a grid operator was granted, and by whom: the only door in the tenants' walls."""

from collections.abc import Mapping

from chassis.auth import Condition, Principal
from chassis.tables import Table
from ev_contracts.assets import GrantScope, PartySnapshot


def feeders_of(parties: Table[PartySnapshot], party_id: str) -> Mapping[str, frozenset[str]]:
    """Feeder -> the tenants that granted it, as it stands now."""
    party = parties.get(f"_/{party_id}")
    granted: dict[str, frozenset[str]] = {}
    for grant in party.grants if party is not None else ():
        if grant.scope is GrantScope.FEEDER:
            granted[grant.scope_id] = granted.get(grant.scope_id, frozenset()) | {grant.tenant}
    return granted


def granted_by(parties: Table[PartySnapshot]) -> Condition:
    """The condition `granted` of the authority table, by grants as they stand in the log rather than in a token."""

    def holds(principal: Principal, resource: Mapping[str, str | None]) -> bool:
        return resource.get("grant") in feeders_of(parties, principal.party_id)

    return holds
