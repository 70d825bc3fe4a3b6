"""The repair of parked aggregates over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chassis.auth import Caller, Guard
from chassis.dead_letters.repair import unpark, waiting
from chassis.dead_letters.unreadable import Unreadable
from chassis.http.problems import Problem
from chassis.log.keys import tenant_of
from chassis.log.port import Log


class UnparkRequest(BaseModel, extra="forbid"):
    """Which aggregate to try again."""

    entity: Annotated[str, Field(max_length=100)]
    key: Annotated[str, Field(max_length=300)]


def repair_router(
    *,
    log: Log,
    entities: Sequence[str],
    guard: Guard,
    act: str,
    reactions: Sequence[str] = (),
    unreadable: Unreadable | None = None,
) -> APIRouter:
    """`GET /v1/parked` and `POST /v1/parked/unpark`, both the act of who may repair, within his tenants.

    `reactions` are policies, transforms and outboxes: what they parked is listed too, and tried again at each start;
    so is what waits of an entity's direct input, under that topic's name.
    `unreadable` is what those who merely follow a topic go on without; listed under the topic's name.
    """
    router = APIRouter(tags=["repair"])
    repairer = guard.act(act)

    @router.get("/v1/parked")
    async def list_parked(caller: Annotated[Caller, Depends(repairer)]) -> Response:
        found = list(await waiting(log, *entities, *reactions))
        found += unreadable.waiting() if unreadable is not None else ()
        return _json(200, {"parked": [_plain(each) for each in found if caller.may(tenant=tenant_of(each.key))]})

    @router.post("/v1/parked/unpark")
    async def unpark_one(wanted: UnparkRequest, caller: Annotated[Caller, Depends(repairer)]) -> Response:
        caller.require(tenant=tenant_of(wanted.key))
        if wanted.entity in reactions:
            raise Problem(409, "repaired-at-start", "a reaction tries its parked records again when its service starts")
        if unreadable is not None and any(wanted.entity == each.entity for each in unreadable.waiting()):
            raise Problem(409, "repaired-by-the-next", "a readable record of the key, or a start that can read it")
        if wanted.entity not in entities:
            held = [each.entity for each in await waiting(log, *entities)]
            if wanted.entity in held:
                raise Problem(409, "repaired-at-start", "a direct input tries its parked records again at each start")
            raise Problem(404, "not-found")
        outcome = await unpark(log, wanted.entity, wanted.key)
        if outcome == "not-parked":
            raise Problem(404, "not-found", "nothing of this key is parked")
        return _json(200 if outcome == "unparked" else 409, {"outcome": outcome})

    return router


def _plain(each: Any) -> dict[str, Any]:
    return {"entity": each.entity, "partition": each.partition, "key": each.key, "reason": each.reason}


def _json(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
