"""What every route of the accounts works with."""

import hashlib
import hmac
from dataclasses import dataclass

from accounts.ports import Access, Vault
from chassis.auth import Caller, Guard
from chassis.clock import Clock
from chassis.http import CommandDesk
from chassis.tables import KeyedTable, Table
from ev_contracts.accounts import GroupSnapshot, SubscriptionSnapshot, TokenSnapshot
from ev_contracts.assets import PartyRole, PartySnapshot

_KNOWN_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The doors of this service."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    vault: Vault
    token_key: bytes
    parties: Table[PartySnapshot]
    tokens: KeyedTable[TokenSnapshot]
    """Also by their reference."""
    subscriptions: Table[SubscriptionSnapshot]
    groups: Table[GroupSnapshot]

    def uid_hmac(self, uid: str) -> str:
        """What the log knows a uid by: HMAC-SHA-256 in hex; cards are read in either case, so upper case counts."""
        return hmac.digest(self.token_key, uid.upper().encode(), hashlib.sha256).hex()

    def blind(self, *words: str) -> str:
        """A keyed digest of personal words: equal for equal words, and telling nothing."""
        return hmac.digest(self.token_key, "\0".join(("blind", *words)).encode(), hashlib.sha256).hex()

    async def note(self, caller: Caller, subject: str, outcome: str) -> None:
        """Append to the vault's audit before anything is told."""
        await self.vault.note(
            Access(
                at=self.clock.now(),
                caller=caller.principal.subject,
                act=caller.act,
                subject=subject,
                outcome=outcome,
            )
        )


async def wrong_provider(edge: Edge, field: str, party_id: str, *, tenant: str | None = None) -> dict[str, str]:
    """The field error, or nothing, of a party that must be a service provider (and keep its books in a tenant).

    A party that has just been registered elsewhere is waited for a moment.
    """
    party = await edge.parties.awaited(f"_/{party_id}", lambda _: True, timeout_s=_KNOWN_WITHIN_S)
    if party is None or (tenant is not None and party.tenant != tenant):
        return {field: "no such party" if tenant is None else "no such party in this tenant"}
    return {} if PartyRole.EMSP in party.roles else {field: "the party is no EMSP"}
