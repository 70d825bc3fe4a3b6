"""The ledger's API for whoever may stop a session: at what it shall stop, and whether it did."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self

from fastapi import Depends, FastAPI, Response
from pydantic import Field, StrictInt, StringConstraints, model_validator

from chassis.auth import Caller, Principal, Resource
from chassis.http import Asking, Problem, answer, tell
from ev_contracts.common import RelationKind, SessionTargets
from ev_contracts.sessions import SetTargets, TargetSnapshot
from session_ledger.adapters.http import ENTITY, Edge, Id, ReasonBody

PATH = "/v1/sessions/{session_id}/targets"


class TargetsBody(ReasonBody):
    """At what the session stops; none of them takes back what was set before."""

    energy_wh: Annotated[StrictInt, Field(gt=0, le=10**9)] | None = None
    cost: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=8)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    duration_s: Annotated[StrictInt, Field(gt=0, le=30 * 86_400)] | None = None
    soc_percent: Annotated[StrictInt, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if (self.cost is None) != (self.currency is None):
            raise ValueError("cost and currency go together")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEdge:
    """What these routes need beside what all have."""

    edge: Edge
    tenant_of: Callable[[str], str | None]
    target: Callable[[str], tuple[str, TargetSnapshot] | None]


def own_session(principal: Principal, resource: Resource) -> bool:
    """The session is one of the caller's own customers'."""
    return bool(principal.party_id) and resource.get("emsp_party_id") == principal.party_id


def add_targets(app: FastAPI, targets: TargetEdge) -> None:
    """Setting and reading; each names its act."""
    edge = targets.edge
    sets, reads = edge.guard.act("set-target"), edge.guard.act("read-target")

    @app.post(PATH, status_code=201, tags=["targets"])
    async def set_targets(
        session_id: Id, body: TargetsBody, asked: Asking, caller: Annotated[Caller, Depends(sets)]
    ) -> Response:
        tenant = targets.tenant_of(body.station_id)
        if tenant is None:
            raise Problem(404, "not-found")
        by, claim = caller.principal.subject, _claim(caller, tenant, body.reason)
        given = body.model_dump(exclude={"station_id", "reason"})
        names = {"session_id": session_id, "station_id": body.station_id}
        wanted = SessionTargets(**given)
        told = SetTargets(at=edge.clock.now(), by=by, reason=body.reason, targets=wanted, **names, **claim)
        outcome = await tell(edge.desk, asked, entity=ENTITY, key=f"{tenant}/{body.station_id}", command=told)
        return answer(edge.desk, by, outcome, {"tenant": tenant, **names}, elsewhere={"session-unknown"})

    @app.get(PATH, tags=["targets"])
    async def targets_of(session_id: Id, caller: Annotated[Caller, Depends(reads)]) -> dict[str, Any]:
        found = targets.target(session_id)
        if found is None:
            raise Problem(404, "not-found")
        key, aim = found
        whose = {"subject": aim.driver_ref, "emsp_party_id": aim.emsp_party_id}
        caller.require(tenant=key.partition("/")[0], **whose)
        sees_price = aim.payer is not RelationKind.EMSP_TO_DRIVER or caller.may(**whose)
        return _shown(aim, sees_price=sees_price)


def _claim(caller: Caller, tenant: str, reason: str) -> dict[str, str]:
    """Whose session it must be, for the aggregate alone knows whose it is; an operator's own stations are enough.

    Raises Problem: 403, 404, 422 without a reason.
    """
    if caller.may(tenant=tenant, reason=reason):
        return {}
    who = caller.principal
    driver_ref = str(who.claims.get("driver_ref") or who.subject)
    caller.require(tenant=tenant, reason=reason, subject=driver_ref, emsp_party_id=who.party_id)
    if caller.may(subject=driver_ref):
        return {"driver_ref": driver_ref}
    return {"emsp_party_id": who.party_id}


def _shown(aim: TargetSnapshot, *, sees_price: bool) -> dict[str, Any]:
    """A price is shown to those alone between whom it is agreed."""
    told = aim.model_dump(mode="json", exclude={"driver_ref", "emsp_party_id", "targets", "payer"})
    hidden = set() if sees_price else {"cost", "currency"}
    return {**told, "targets": aim.targets.model_dump(mode="json", exclude=hidden)}
