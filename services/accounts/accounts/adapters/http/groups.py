"""Routes of groups: a group is created, and tokens of its tenant are put into it and taken out.

Master passes are groups with routes, and an act, of their own: only the operator issues what stops any session.
"""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response

from accounts.adapters.http.bodies import GroupId, LimitBody, MemberBody, PlacesBody, Reference
from accounts.adapters.http.edge import Edge
from accounts.adapters.http.tokens import known_token, tell_token
from chassis.auth import Caller
from chassis.http import Asked, Asking, InTenant, Problem, answer, tell
from ev_contracts.accounts import CreateGroup, GroupSnapshot, JoinGroup, LeaveGroup, LimitGroup, RestrictGroup

_OfAGroup = CreateGroup | LimitGroup | RestrictGroup
_GROUP_ID_CHARS = 20
"""OCPP 1.6 reads 20 characters of a parentIdTag, 2.x 36 of a groupIdToken."""


def add_group_routes(app: FastAPI, edge: Edge) -> None:
    """Both kinds of groups, by the same routes under two names."""
    for path, act, is_master_pass in (
        ("/v1/groups", "issue-token", False),
        ("/v1/master-pass-groups", "issue-master-pass", True),
    ):
        _add_groups(app, edge, path=path, act=act, is_master_pass=is_master_pass)
        _add_members(app, edge, path=path, act=act, is_master_pass=is_master_pass)


def _add_groups(app: FastAPI, edge: Edge, *, path: str, act: str, is_master_pass: bool) -> None:
    acts = edge.guard.act(act)

    @app.post(path, status_code=201, tags=["groups"])
    async def create_group(
        asked: Asking, caller: Annotated[Caller, Depends(acts)], tenant: InTenant = None
    ) -> Response:
        tenant = caller.tenant(tenant)
        # Random; with an idempotency key a keyed digest of it, so that a retry means the same group.
        group_id = f"G{edge.blind('group', tenant, asked.key_or_new())}".upper()[:_GROUP_ID_CHARS]
        command = CreateGroup(at=edge.clock.now(), group_id=group_id, tenant=tenant, is_master_pass=is_master_pass)
        return await _tell_group(edge, caller, asked, tenant=tenant, command=command)

    @app.post(f"{path}/{{group_id}}/limit", status_code=201, tags=["groups"])
    async def limit_group(
        group_id: GroupId,
        body: LimitBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(acts)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        _known_group(edge, tenant, group_id, is_master_pass=is_master_pass)
        command = LimitGroup(at=edge.clock.now(), group_id=group_id, sessions_at_once=body.sessions_at_once)
        return await _tell_group(edge, caller, asked, tenant=tenant, command=command)

    @app.post(f"{path}/{{group_id}}/places", status_code=201, tags=["groups"])
    async def restrict_group(
        group_id: GroupId,
        body: PlacesBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(acts)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = caller.tenant(tenant)
        _known_group(edge, tenant, group_id, is_master_pass=is_master_pass)
        command = RestrictGroup(at=edge.clock.now(), group_id=group_id, places=body.places())
        return await _tell_group(edge, caller, asked, tenant=tenant, command=command)

    @app.get(f"{path}/{{group_id}}", tags=["groups"])
    async def read_group(
        group_id: GroupId, caller: Annotated[Caller, Depends(acts)], tenant: InTenant = None
    ) -> dict[str, Any]:
        return _known_group(edge, caller.tenant(tenant), group_id, is_master_pass=is_master_pass).model_dump(
            mode="json"
        )


def _add_members(app: FastAPI, edge: Edge, *, path: str, act: str, is_master_pass: bool) -> None:
    acts = edge.guard.act(act)

    @app.post(f"{path}/{{group_id}}/tokens", status_code=201, tags=["groups"])
    async def join_group(
        group_id: GroupId, body: MemberBody, asked: Asking, caller: Annotated[Caller, Depends(acts)]
    ) -> Response:
        token = known_token(edge, caller, body.token_ref)
        _known_group(edge, token.tenant, group_id, is_master_pass=is_master_pass)
        command = JoinGroup(
            at=edge.clock.now(), uid_hmac=token.uid_hmac, group_id=group_id, is_master_pass=is_master_pass
        )
        return await tell_token(edge, caller, asked, command, {"token_ref": token.token_ref, "group_id": group_id})

    @app.post(f"{path}/{{group_id}}/tokens/{{token_ref}}/removal", status_code=201, tags=["groups"])
    async def leave_group(
        group_id: GroupId, token_ref: Reference, asked: Asking, caller: Annotated[Caller, Depends(acts)]
    ) -> Response:
        token = known_token(edge, caller, token_ref)
        _known_group(edge, token.tenant, group_id, is_master_pass=is_master_pass)
        command = LeaveGroup(at=edge.clock.now(), uid_hmac=token.uid_hmac, group_id=group_id)
        return await tell_token(edge, caller, asked, command, {"token_ref": token.token_ref, "group_id": group_id})


async def _tell_group(edge: Edge, caller: Caller, asked: Asked, *, tenant: str, command: _OfAGroup) -> Response:
    key = f"{tenant}/{command.group_id}"
    outcome = await tell(edge.desk, asked, entity="accounts.group", key=key, command=command, table=edge.groups)
    return answer(edge.desk, caller.principal.subject, outcome, {"tenant": tenant, "group_id": command.group_id})


def _known_group(edge: Edge, tenant: str, group_id: str, *, is_master_pass: bool) -> GroupSnapshot:
    """Raises Problem 404, also for a group of the other kind or of another tenant."""
    group = edge.groups.get(f"{tenant}/{group_id}")
    if group is None or group.is_master_pass is not is_master_pass:
        raise Problem(404, "not-found")
    return group
