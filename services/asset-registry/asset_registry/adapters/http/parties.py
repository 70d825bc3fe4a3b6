"""Routes of parties and of the scopes that tenants open to them."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from asset_registry.adapters.http.bodies import GrantBody, PartyBody, PartyId
from asset_registry.adapters.http.edge import ELSEWHERE, Edge
from chassis.auth import Caller
from chassis.decider import derived_id
from chassis.http import Asking, InTenant, Problem, answer, tell
from ev_contracts.assets import GrantScopeToParty, PartySnapshot, RegisterParty, RevokeScopeFromParty

_ENTITY = "assets.party"


def add_party_routes(app: FastAPI, edge: Edge) -> None:
    """Register and read parties."""

    @app.post("/v1/parties", status_code=201, tags=["parties"])
    async def register_party(
        body: PartyBody, asked: Asking, caller: Annotated[Caller, Depends(edge.guard.act("register-party"))]
    ) -> Response:
        caller.require()
        command = RegisterParty(at=edge.clock.now(), **body.model_dump())
        key = f"_/{body.party_id}"
        outcome = await tell(edge.desk, asked, entity=_ENTITY, key=key, command=command, table=edge.parties)
        return answer(edge.desk, caller.principal.subject, outcome, {"party_id": body.party_id}, elsewhere=ELSEWHERE)

    @app.get("/v1/parties/{party_id}", tags=["parties"])
    async def read_party(
        party_id: PartyId, caller: Annotated[Caller, Depends(edge.guard.act("read-party"))]
    ) -> dict[str, Any]:
        caller.require(party_id=party_id)
        party = edge.parties.get(f"_/{party_id}")
        if party is None:
            raise Problem(404, "not-found")
        return _seen_by(caller, party)


def add_grant_routes(app: FastAPI, edge: Edge) -> None:
    """Open a scope to a party, and take it back."""
    grants = edge.guard.act("grant-scope")

    @app.post("/v1/parties/{party_id}/grants", status_code=201, tags=["parties"])
    async def grant_scope(
        party_id: PartyId,
        body: GrantBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(grants)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        facts = {"party_id": party_id, "tenant": tenant, "scope": body.scope, "scope_id": body.scope_id}
        grant_id = derived_id("grant", tenant, party_id, body.scope.value, body.scope_id)
        command = GrantScopeToParty(at=edge.clock.now(), grant_id=grant_id, **facts)
        outcome = await tell(edge.desk, asked, entity=_ENTITY, key=f"_/{party_id}", command=command, table=edge.parties)
        return answer(
            edge.desk, caller.principal.subject, outcome, {"grant_id": grant_id, **facts}, elsewhere=ELSEWHERE
        )

    @app.delete("/v1/parties/{party_id}/grants/{grant_id}", tags=["parties"])
    async def revoke_scope(
        party_id: PartyId,
        grant_id: str,
        asked: Asking,
        caller: Annotated[Caller, Depends(grants)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        command = RevokeScopeFromParty(at=edge.clock.now(), grant_id=grant_id, party_id=party_id, tenant=tenant)
        outcome = await tell(edge.desk, asked, entity=_ENTITY, key=f"_/{party_id}", command=command, table=edge.parties)
        return answer(edge.desk, caller.principal.subject, outcome, {"grant_id": grant_id}, elsewhere=ELSEWHERE)


def _seen_by(caller: Caller, party: PartySnapshot) -> dict[str, Any]:
    """A party's grants are seen by itself and the platform; of the tenants that gave them, each sees its own."""
    principal = caller.principal
    all_of_them = "platform" in principal.roles or principal.party_id == party.party_id
    seen = party.model_dump(mode="json")
    seen["grants"] = [grant for grant in seen["grants"] if all_of_them or grant["tenant"] in principal.tenants]
    return seen
