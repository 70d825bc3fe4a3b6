"""Routes of tokens: the clear uid goes to the vault and nowhere else."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from accounts.adapters.http.bodies import BlockBody, LimitBody, PlacesBody, Reference, TokenBody
from accounts.adapters.http.edge import Edge, wrong_provider
from accounts.ports import TokenEntry
from chassis.auth import Caller
from chassis.clock import new_id
from chassis.http import Asked, Asking, InTenant, Problem, Rejected, answer, tell, wrong_fields
from ev_contracts.accounts import (
    BlockToken,
    IssueToken,
    JoinGroup,
    LeaveGroup,
    LimitToken,
    RestrictToken,
    TokenSnapshot,
)

_OfAToken = BlockToken | JoinGroup | LeaveGroup | LimitToken | RestrictToken
_OWNERSHIP = ("tenant", "emsp_party_id", "token_type", "driver_ref")


def add_token_routes(app: FastAPI, edge: Edge) -> None:
    """Issue, block and read tokens."""
    issues = edge.guard.act("issue-token")

    @app.post("/v1/tokens", status_code=201, tags=["tokens"])
    async def issue_token(
        body: TokenBody, asked: Asking, caller: Annotated[Caller, Depends(issues)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        wish = await _entry(edge, tenant, body)
        kept, new = await edge.vault.keep_token(wish)
        await edge.note(caller, kept.token_ref, "kept" if new else "known")
        if any(getattr(kept, field) != getattr(wish, field) for field in _OWNERSHIP):
            raise Problem(409, "token-taken", "this uid stands in the books already")
        facts = {field: getattr(kept, field) for field in (*_OWNERSHIP, "token_ref", "uid_hmac")}
        wishes = {"valid_until": body.valid_until, "language": body.language}
        command = IssueToken(at=edge.clock.now(), **wishes, **facts)
        key = f"_/{kept.uid_hmac}"
        outcome = await tell(edge.desk, asked, entity="accounts.token", key=key, command=command, table=edge.tokens)
        if isinstance(outcome, Rejected) and new:
            await edge.vault.forget(kept.token_ref)
        facts.pop("uid_hmac")
        return answer(edge.desk, caller.principal.subject, outcome, facts)

    @app.post("/v1/tokens/{token_ref}/block", status_code=201, tags=["tokens"])
    async def block_token(
        token_ref: Reference, body: BlockBody, asked: Asking, caller: Annotated[Caller, Depends(issues)]
    ) -> Response:
        token = known_token(edge, caller, token_ref)
        command = BlockToken(at=edge.clock.now(), uid_hmac=token.uid_hmac, reason=body.reason)
        return await tell_token(edge, caller, asked, command, {"token_ref": token_ref})

    @app.post("/v1/tokens/{token_ref}/limit", status_code=201, tags=["tokens"])
    async def limit_token(
        token_ref: Reference, body: LimitBody, asked: Asking, caller: Annotated[Caller, Depends(issues)]
    ) -> Response:
        token = known_token(edge, caller, token_ref)
        command = LimitToken(at=edge.clock.now(), uid_hmac=token.uid_hmac, sessions_at_once=body.sessions_at_once)
        return await tell_token(edge, caller, asked, command, {"token_ref": token_ref})

    @app.post("/v1/tokens/{token_ref}/places", status_code=201, tags=["tokens"])
    async def restrict_token(
        token_ref: Reference, body: PlacesBody, asked: Asking, caller: Annotated[Caller, Depends(issues)]
    ) -> Response:
        token = known_token(edge, caller, token_ref)
        command = RestrictToken(at=edge.clock.now(), uid_hmac=token.uid_hmac, places=body.places())
        return await tell_token(edge, caller, asked, command, {"token_ref": token_ref})

    @app.get("/v1/tokens/{token_ref}", tags=["tokens"])
    async def read_token(token_ref: Reference, caller: Annotated[Caller, Depends(issues)]) -> dict[str, Any]:
        return known_token(edge, caller, token_ref).model_dump(mode="json", exclude={"uid_hmac"})


async def tell_token(edge: Edge, caller: Caller, asked: Asked, command: _OfAToken, told: Mapping[str, str]) -> Response:
    """Put a command to a token that stands in the books, and answer with `told`."""
    key = f"_/{command.uid_hmac}"
    outcome = await tell(edge.desk, asked, entity="accounts.token", key=key, command=command, table=edge.tokens)
    return answer(edge.desk, caller.principal.subject, outcome, told)


def known_token(edge: Edge, caller: Caller, token_ref: str) -> TokenSnapshot:
    """A token of the caller's tenant. Raises Problem 404."""
    token = edge.tokens.find(token_ref)
    if token is None:
        raise Problem(404, "not-found")
    caller.require(tenant=token.tenant)
    return token


async def _entry(edge: Edge, tenant: str, body: TokenBody) -> TokenEntry:
    """The token as it would be kept if its uid is new. Raises Problem 422 for a driver or party that is not there."""
    if body.driver_ref is not None:
        driver = await edge.vault.driver(body.driver_ref)
        if driver is None or driver.tenant != tenant:
            raise wrong_fields({"driver_ref": "no such driver in this tenant"})
        provider = driver.emsp_party_id
    else:
        provider = body.emsp_party_id or ""
        wrong = await wrong_provider(edge, "emsp_party_id", provider)
        if wrong:
            raise wrong_fields(wrong)
    return TokenEntry(
        token_ref=new_id(),
        uid_hmac=edge.uid_hmac(body.uid),
        tenant=tenant,
        emsp_party_id=provider,
        token_type=body.token_type,
        driver_ref=body.driver_ref,
        uid=body.uid,
    )
