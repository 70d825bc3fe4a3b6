"""Taking one object of ours to a partner: where to, by which token, and what its answer means."""

from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from chassis.http.guarded import Answer, CallFailedError, CallRefusedError
from chassis.outbox import Retry
from ev_contracts.roaming import PartnerSnapshot
from roaming.adapters.ocpi.objects import Envelope
from roaming.adapters.ocpi.peer import Access, Peer, Target
from roaming.adapters.sealing import TokenSeal, UnsealableError
from roaming.domain.ocpi import Status, party_of

_LATER = frozenset({401, 403, 408, 425, 429})
"""The partner may change its mind: its credentials are being replaced, or it is busy."""
_LONGEST_MESSAGE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The partner has it."""

    location_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """The partner refused it for good."""

    status_code: int
    message: str | None


class Partners(Protocol):
    """Our partners as they stand."""

    def get(self, key: str) -> PartnerSnapshot | None:
        """The partner under `<tenant>/<partner_id>`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A partner that can be called."""

    partner: PartnerSnapshot
    sealed: bytes

    def receiver(self, module: str) -> str | None:
        """Where the partner takes objects of that module; None where it takes none."""
        wanted = (module, "RECEIVER")
        return next((one.url for one in self.partner.endpoints if (one.identifier, one.role) == wanted), None)


def connected(partner: PartnerSnapshot | None) -> Connected | None:
    """None where the partnership has ended meanwhile."""
    if partner is None or partner.status != "registered" or partner.token_b_sealed is None:
        return None
    return Connected(partner=partner, sealed=partner.token_b_sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Calls a partner with the token that it gave us."""

    peer: Peer
    seal: TokenSeal

    async def push(self, to: Connected, target: Target, body: bytes) -> Taken | NotTaken:
        """What the partner said of it. Raises Retry while that is not known."""
        partner = to.partner
        try:
            access = Access(token=self.seal.open(to.sealed, partner.partner_id), allowed_hosts=partner.allowed_hosts)
            answer = await self.peer.push(target, access, body, _routing(partner))
        except (CallRefusedError, CallFailedError, UnsealableError) as error:
            raise Retry(f"{type(error).__name__}: {error}") from error
        return _meant_by(answer)


def _meant_by(answer: Answer) -> Taken | NotTaken:
    if answer.status in _LATER or answer.status >= 500:
        raise Retry(f"HTTP {answer.status}")
    try:
        told = Envelope[object].model_validate_json(answer.body)
    except ValidationError as error:
        if answer.status < 400:
            raise Retry("the answer is not OCPI: whether it was taken is unknown") from error
        return NotTaken(status_code=Status.CLIENT_ERROR, message=f"HTTP {answer.status}")
    if told.status_code >= 3000:
        raise Retry(f"status_code {told.status_code}")
    if answer.status >= 400 or told.status_code >= 2000:
        message = told.status_message
        return NotTaken(status_code=told.status_code, message=message[:_LONGEST_MESSAGE] if message else None)
    return Taken(location_url=answer.headers.get("location"))


def _routing(partner: PartnerSnapshot) -> dict[str, str]:
    from_country, from_party = party_of(partner.our_party_id)
    to_country, to_party = party_of(partner.party_id)
    return {
        "OCPI-from-country-code": from_country, "OCPI-from-party-id": from_party,
        "OCPI-to-country-code": to_country, "OCPI-to-party-id": to_party,
    }  # fmt: skip
