"""People's side of roaming: inviting a partner, looking at one, and ending a partnership."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.auth import Caller, Guard
from chassis.clock import Clock
from chassis.http import Accepted, Asking, CommandDesk, InTenant, Problem, answer, refuse_if, tell
from chassis.tables import Table
from ev_contracts.assets import PartyRole, PartySnapshot
from ev_contracts.roaming import EndPartnership, InvitePartner, PartnerSnapshot
from roaming.adapters.sealing import fingerprint

_TOKEN_BYTES = 32
_MOST_HOSTS = 10

PartyId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]
HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")]


class Invitation(BaseModel):
    """Whom to invite, in whose name, and where we may call them."""

    model_config = ConfigDict(extra="forbid")

    party_id: PartyId
    our_party_id: PartyId
    allowed_hosts: Annotated[list[HostName], Field(min_length=1, max_length=_MOST_HOSTS)]
    expires_in_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24 * 7


class Parties(Protocol):
    """The parties of the platform."""

    def get(self, key: str) -> PartySnapshot | None:
        """The party under `_/<party_id>`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDesk:
    """What these routes work with."""

    desk: CommandDesk
    guard: Guard
    partners: Table[PartnerSnapshot]
    parties: Parties
    clock: Clock
    versions_url: str
    secret: bytes

    def token_a(self, tenant: str, body: Invitation, idempotency_key: str | None) -> str:
        """Random; with an idempotency key a function of it, so that a retry is told the same."""
        if idempotency_key is None:
            return secrets.token_urlsafe(_TOKEN_BYTES)
        what = f"token-a|{tenant}|{body.our_party_id}|{body.party_id}|{idempotency_key}"
        return hmac.new(self.secret, what.encode(), hashlib.sha256).hexdigest()


def add_partner_routes(app: FastAPI, desk: PartnerDesk) -> None:
    """POST /v1/partners; GET and DELETE /v1/partners/{partner_id}."""
    router = APIRouter(prefix="/v1/partners", tags=["partners"])
    manager = Depends(desk.guard.act("manage-partner"))

    @router.post("", status_code=201)
    async def invite(
        body: Invitation, asked: Asking, caller: Annotated[Caller, manager], tenant: InTenant = None
    ) -> Response:
        """The partner's token A, to be given to it out of band; only a retry with the same key shows it again."""
        tenant = caller.tenant(tenant)
        _check_our_party(desk.parties.get(f"_/{body.our_party_id}"), tenant)
        token_a = desk.token_a(tenant, body, asked.idempotency_key)
        command = _invitation(body, token_a, desk.clock.now())
        outcome = await tell(
            desk.desk, asked, entity="roaming.partner", key=f"{tenant}/{command.partner_id}", command=command,
            body=body.model_dump(), table=desk.partners,
        )  # fmt: skip
        shown: dict[str, object] = {"partner_id": command.partner_id, "versions_url": desk.versions_url}
        if isinstance(outcome, Accepted):
            shown |= _invited(outcome, token_a)
        return answer(desk.desk, caller.principal.subject, outcome, shown)

    @router.get("/{partner_id}")
    def read(partner_id: str, caller: Annotated[Caller, manager], tenant: InTenant = None) -> dict[str, object]:
        partner = desk.partners.get(f"{caller.tenant(tenant)}/{partner_id}")
        if partner is None:
            raise Problem(404, "not-found")
        # Hashes and sealed tokens stay inside.
        return partner.model_dump(mode="json", exclude={"token_a_sha256", "token_c_sha256", "token_b_sealed"})

    @router.delete("/{partner_id}", status_code=201)
    async def end(
        partner_id: str, asked: Asking, caller: Annotated[Caller, manager], tenant: InTenant = None
    ) -> Response:
        """From here on no token of the partner opens anything, and nothing more is sent to it."""
        tenant = caller.tenant(tenant)
        outcome = await tell(
            desk.desk, asked, entity="roaming.partner", key=f"{tenant}/{partner_id}",
            command=EndPartnership(at=desk.clock.now(), partner_id=partner_id), table=desk.partners,
        )  # fmt: skip
        shown = {"partner_id": partner_id}
        return answer(desk.desk, caller.principal.subject, outcome, shown, elsewhere=("not-registered",))

    app.include_router(router)


def _check_our_party(party: PartySnapshot | None, tenant: str) -> None:
    """Nobody connects partners in another tenant's name: they would get its CDRs."""
    if party is None or party.tenant != tenant or PartyRole.CPO not in party.roles:
        refuse_if({"our_party_id": "no CPO of this tenant"})


def _invitation(body: Invitation, token_a: str, now: datetime) -> InvitePartner:
    return InvitePartner(
        at=now, partner_id=f"{body.our_party_id}-{body.party_id}", party_id=body.party_id,
        our_party_id=body.our_party_id, token_a_sha256=fingerprint(token_a),
        token_a_expires_at=now + timedelta(hours=body.expires_in_hours), allowed_hosts=tuple(body.allowed_hosts),
    )  # fmt: skip


def _invited(outcome: Accepted, token_a: str) -> dict[str, object]:
    """What the decision says of this very token; nothing where another request's token was decided on."""
    for event in outcome.events:
        if event["payload"].get("token_a_sha256") == fingerprint(token_a):
            return {"token_a": token_a, "token_a_expires_at": event["payload"]["token_a_expires_at"]}
    return {}
