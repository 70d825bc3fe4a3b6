"""Pushing a session: the latest state alone, one at a time, so that an older one never overwrites a newer one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from chassis.clock import Clock
from chassis.decider import EventContext, To
from chassis.outbox import Retry
from ev_contracts.record import Record
from ev_contracts.roaming import (
    ReportSessionPushed,
    ReportSessionPushRefused,
    SessionPushRequested,
    SessionPushSnapshot,
)
from roaming.adapters.ocpi.courier import Connected, Courier, NotTaken, Partners, Taken, connected
from roaming.adapters.ocpi.peer import Target
from roaming.adapters.ocpi.wire import dumps
from roaming.adapters.tables import Network
from roaming.domain.ocpi import party_of
from roaming.domain.session_json import session_of
from roaming.ports import TokenUnknownError, TokenVault


class Latest(Protocol):
    """The last state of each session that a partner is to be told."""

    def get(self, key: str) -> SessionPushSnapshot | None:
        """What stands under `<tenant>/<session_id>`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPush:
    """The act of the session outbox. The uid of the token is asked for here and goes nowhere but into the Session."""

    courier: Courier
    partners: Partners
    latest: Latest
    network: Network
    vault: TokenVault
    clock: Clock

    async def act(self, event: Record, context: EventContext) -> Sequence[To]:
        """The command that reports the outcome; none where a later state waits behind this one. Raises Retry."""
        if not isinstance(event, SessionPushRequested):
            return ()
        latest = self.latest.get(context.key)
        if latest is not None and latest.sequence > event.sequence:
            return ()
        to = connected(self.partners.get(f"{context.tenant}/{event.partner_id}"))
        if to is None:
            return [self._refused(event, context, "partnership-ended")]
        url = to.receiver("sessions")
        if url is None:
            return [self._refused(event, context, "no-sessions-endpoint")]
        return [await self._put(event, context, to, url)]

    async def _put(self, event: SessionPushRequested, context: EventContext, to: Connected, url: str) -> To:
        try:
            body = await self._body(event)
        except TokenUnknownError:
            return self._refused(event, context, "token-unknown")
        country_code, party_id = party_of(event.parties.cpo_party_id)
        target = Target(method="PUT", url=f"{url.rstrip('/')}/{country_code}/{party_id}/{event.session_id}")
        match await self.courier.push(to, target, body):
            case Taken():
                report = ReportSessionPushed(
                    at=self.clock.now(), session_id=event.session_id, sequence=event.sequence
                )  # fmt: skip
                return To(key=context.key, command=report)
            case NotTaken() as no:
                return self._refused(event, context, "refused-by-partner", no)
            case _ as never:
                assert_never(never)

    async def _body(self, event: SessionPushRequested) -> bytes:
        seller = self.network.parties.get(f"_/{event.parties.cpo_party_id}")
        if seller is None:
            raise Retry("the operator is not known here yet")
        if event.parties.token_ref is None:
            raise TokenUnknownError
        return dumps(session_of(event, await self.vault.token(event.parties.token_ref), seller.currency))

    def _refused(
        self, event: SessionPushRequested, context: EventContext, reason: str, no: NotTaken | None = None
    ) -> To:
        report = ReportSessionPushRefused(
            at=self.clock.now(), session_id=event.session_id, sequence=event.sequence, reason=reason,
            status_code=no and no.status_code, status_message=no and no.message,
        )  # fmt: skip
        return To(key=context.key, command=report)
