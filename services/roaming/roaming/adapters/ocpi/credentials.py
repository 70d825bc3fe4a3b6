"""The credentials module: the handshake by which a partner registers, changes its tokens, and leaves."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, NoReturn, Protocol

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from chassis.clock import Clock
from chassis.http import Accepted, CommandClient, Pending, Rejected
from ev_contracts.roaming import CompleteHandshake, EndPartnership, PartnerEndpoint, PartnerSnapshot, ReplaceCredentials
from roaming.adapters.ocpi.objects import Credentials, Endpoint, first_fault
from roaming.adapters.ocpi.peer import Access, Peer
from roaming.adapters.ocpi.server import Caller, Gate
from roaming.adapters.ocpi.wire import OcpiError, envelope
from roaming.adapters.sealing import TokenSeal, fingerprint
from roaming.domain.ocpi import Status, party_of

_LARGEST_BODY = 64 * 1024
_DECISION_S = 5.0
_TOKEN_BYTES = 32


class PartnerVersions(Protocol):
    """Where the edge sees that a decision has taken effect here."""

    async def awaited(
        self, key: str, holds: Callable[[PartnerSnapshot], bool], *, timeout_s: float
    ) -> PartnerSnapshot | None:
        """The partner as soon as `holds` is true of it; None when that does not come in time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What the credentials module works with."""

    gate: Gate
    peer: Peer
    seal: TokenSeal
    commands: CommandClient
    partners: PartnerVersions
    clock: Clock
    public_url: str
    name_of: Callable[[str], str | None]

    def ours(self, caller: Caller, token: str) -> dict[str, object]:
        """Our credentials object, with the token that the partner is to use."""
        country_code, party_id = party_of(caller.partner.our_party_id)
        name = self.name_of(caller.partner.our_party_id) or caller.partner.our_party_id
        role = {
            "role": "CPO", "party_id": party_id, "country_code": country_code, "business_details": {"name": name}
        }  # fmt: skip
        return {"token": token, "url": f"{self.public_url}/versions", "roles": [role]}

    async def exchange(
        self, caller: Caller, body: bytes, kind: type[CompleteHandshake | ReplaceCredentials]
    ) -> Response:
        """Parse theirs, ask their platform with it, decide, and answer with ours; on any fault nothing changes."""
        theirs = _parsed(body)
        if not theirs.speaks_for(caller.partner.party_id):
            raise OcpiError(Status.INVALID_PARAMETERS, f"roles must name {caller.partner.party_id} as EMSP")
        access = Access(token=theirs.token, allowed_hosts=caller.partner.allowed_hosts)
        endpoints = await self.peer.endpoints(theirs.url, access)
        token_c = secrets.token_urlsafe(_TOKEN_BYTES)
        country_code, party_id = party_of(caller.partner.party_id)
        command = kind(
            at=self.clock.now(), partner_id=caller.partner.partner_id, token_c_sha256=fingerprint(token_c),
            token_b_sealed=self.seal.seal(theirs.token, caller.partner.partner_id), versions_url=theirs.url,
            country_code=country_code, ocpi_party_id=party_id, endpoints=_kept(endpoints),
        )  # fmt: skip
        await self.decide(caller, command)
        return envelope(self.ours(caller, token_c))

    async def decide(self, caller: Caller, command: CompleteHandshake | ReplaceCredentials | EndPartnership) -> None:
        """Have it decided and wait until it holds here: the token before is dead when we answer."""
        outcome = await self.commands.ask(
            entity="roaming.partner", key=caller.key, command=command, timeout_s=_DECISION_S
        )
        match outcome:
            case Accepted(events=events):
                if events:
                    await self._reach(caller.key, int(events[-1]["stream_version"]))
            case Rejected(reason=reason):
                _refuse(reason)
            case Pending():
                raise OcpiError(Status.SERVER_ERROR, "not decided in time; ask us again", http_status=503)

    async def _reach(self, key: str, version: int) -> None:
        known = await self.partners.awaited(key, lambda partner: partner.version >= version, timeout_s=_DECISION_S)
        if known is None:
            raise OcpiError(Status.SERVER_ERROR, "decided, but not in force yet", http_status=503)


def credentials_router(handshake: Handshake) -> APIRouter:
    """GET, POST, PUT, DELETE; 405 where the partner is registered already, or not yet."""
    router = APIRouter(tags=["credentials"])
    any_token = Depends(handshake.gate.any_token)

    @router.get("/credentials")
    def read(caller: Annotated[Caller, any_token]) -> Response:
        return envelope(handshake.ours(caller, caller.token))

    @router.post("/credentials")
    async def register(request: Request, caller: Annotated[Caller, any_token]) -> Response:
        if caller.is_registered:
            _method_not_allowed("registered already: use PUT")
        return await handshake.exchange(caller, await _body(request), CompleteHandshake)

    @router.put("/credentials")
    async def replace(request: Request, caller: Annotated[Caller, any_token]) -> Response:
        if not caller.is_registered:
            _method_not_allowed("not registered: use POST")
        return await handshake.exchange(caller, await _body(request), ReplaceCredentials)

    @router.delete("/credentials")
    async def end(caller: Annotated[Caller, any_token]) -> Response:
        if not caller.is_registered:
            _method_not_allowed("not registered")
        command = EndPartnership(at=handshake.clock.now(), partner_id=caller.partner.partner_id)
        await handshake.decide(caller, command)
        return envelope()

    return router


def _refuse(reason: str) -> NoReturn:
    if reason in {"already-registered", "not-registered", "not-invited"}:
        # Somebody else was quicker with the same token.
        _method_not_allowed(reason)
    raise OcpiError(Status.CLIENT_ERROR, reason)


def _method_not_allowed(message: str) -> NoReturn:
    raise OcpiError(Status.CLIENT_ERROR, message, http_status=405)


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > _LARGEST_BODY:
        raise OcpiError(Status.CLIENT_ERROR, "at most 64 KiB", http_status=413)
    return body


def _parsed(body: bytes) -> Credentials:
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise OcpiError(Status.CLIENT_ERROR, "not JSON", http_status=400) from error
    try:
        return Credentials.model_validate(plain)
    except ValidationError as error:
        raise OcpiError(Status.INVALID_PARAMETERS, first_fault(error)) from error


def _kept(endpoints: Sequence[Endpoint]) -> tuple[PartnerEndpoint, ...]:
    return tuple(
        PartnerEndpoint(identifier=each.identifier, role=each.role.upper(), url=each.url) for each in endpoints
    )
