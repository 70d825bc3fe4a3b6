"""Pushing a CDR: once it is known that the partner took it or refused it, that is reported; until then, again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from chassis.clock import Clock
from chassis.decider import EventContext, To
from chassis.http.guarded import Answer, CallFailedError, CallRefusedError
from chassis.outbox import Retry
from ev_contracts.assets import Connector
from ev_contracts.record import Record
from ev_contracts.roaming import CdrSendRequested, PartnerSnapshot, ReportCdrRejected, ReportCdrSent
from roaming.adapters.ocpi.objects import Envelope
from roaming.adapters.ocpi.peer import Access, Peer
from roaming.adapters.ocpi.wire import dumps
from roaming.adapters.sealing import TokenSeal, UnsealableError
from roaming.adapters.tables import Network
from roaming.domain.cdr_json import CdrFacts, cdr_of
from roaming.domain.countries import is_country
from roaming.domain.ocpi import Status, party_of
from roaming.ports import TokenUnknownError, TokenVault

_LATER = frozenset({401, 403, 408, 425, 429})
"""The partner may change its mind: its credentials are being replaced, or it is busy."""
_LONGEST_MESSAGE = 255


class Partners(Protocol):
    """Our partners as they stand."""

    def get(self, key: str) -> PartnerSnapshot | None:
        """The partner under `<tenant>/<partner_id>`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrPush:
    """The act of the CDR outbox. The uid of the token is asked for here and goes nowhere but into the CDR."""

    peer: Peer
    seal: TokenSeal
    partners: Partners
    network: Network
    vault: TokenVault
    clock: Clock

    async def act(self, event: Record, context: EventContext) -> Sequence[To]:
        """The command that reports the outcome. Raises Retry while there is none."""
        if not isinstance(event, CdrSendRequested):
            return ()
        partner = self.partners.get(f"{context.tenant}/{event.partner_id}")
        if partner is None or partner.status != "registered" or partner.token_b_sealed is None:
            # The partnership ended meanwhile: nobody is there to take it.
            return [self._rejected(event, context, Status.CLIENT_ERROR, "the partnership has ended")]
        try:
            body = dumps(cdr_of(event, await self._facts(event, context)))
        except TokenUnknownError:
            return [self._rejected(event, context, Status.CLIENT_ERROR, "the token is no longer known")]
        answer = await self._post(partner, partner.token_b_sealed, body)
        return [self._outcome(event, context, answer)]

    async def _post(self, partner: PartnerSnapshot, sealed: bytes, body: bytes) -> Answer:
        url = next(
            (each.url for each in partner.endpoints if (each.identifier, each.role) == ("cdrs", "RECEIVER")), None
        )
        if url is None:
            raise Retry("the partner has no cdrs endpoint")
        try:
            access = Access(token=self.seal.open(sealed, partner.partner_id), allowed_hosts=partner.allowed_hosts)
            return await self.peer.post(url, access, body, _routing(partner))
        except (CallRefusedError, CallFailedError, UnsealableError) as error:
            raise Retry(f"{type(error).__name__}: {error}") from error

    async def _facts(self, event: CdrSendRequested, context: EventContext) -> CdrFacts:
        site = self.network.sites.get(f"{context.tenant}/{event.place.site_id}")
        tariff = self.network.tariffs.get(
            f"{event.rating.relation.seller_tenant}/{event.rating.tariff_id}@{event.rating.tariff_version}"
        )
        connector = self._connector(event, context)
        if site is None or tariff is None or connector is None:
            raise Retry("a site, connector or tariff is not known here yet")
        if not is_country(site.country):
            raise Retry(f"site {site.site_id} stands in no country of ISO 3166-1")
        if event.parties.token_ref is None:
            raise TokenUnknownError
        return CdrFacts(
            token=await self.vault.token(event.parties.token_ref),
            site=site,
            connector=connector,
            tariff=tariff.tariff,
            nearest=tariff.ocpi_elements,
            differences=tariff.ocpi_differences,
        )

    def _connector(self, event: CdrSendRequested, context: EventContext) -> Connector | None:
        station = self.network.stations.get(f"{context.tenant}/{event.place.station_id}")
        for evse in station.evses if station else ():
            if evse.evse_number == event.place.evse_number:
                same = (each for each in evse.connectors if each.connector_number == event.place.connector_number)
                # OCPP 1.6 numbers connectors through the station: one connector is meant whatever its number.
                return next(same, evse.connectors[0] if len(evse.connectors) == 1 else None)
        return None

    def _outcome(self, event: CdrSendRequested, context: EventContext, answer: Answer) -> To:
        if answer.status in _LATER or answer.status >= 500:
            raise Retry(f"HTTP {answer.status}")
        try:
            told = Envelope[object].model_validate_json(answer.body)
        except ValidationError as error:
            if answer.status < 400:
                raise Retry("the answer is not OCPI: whether it was taken is unknown") from error
            return self._rejected(event, context, Status.CLIENT_ERROR, f"HTTP {answer.status}")
        if told.status_code >= 3000:
            raise Retry(f"status_code {told.status_code}")
        if answer.status >= 400 or told.status_code >= 2000:
            return self._rejected(event, context, told.status_code, told.status_message)
        report = ReportCdrSent(
            at=self.clock.now(), cdr_id=event.cdr_id, location_url=answer.headers.get("location")
        )  # fmt: skip
        return To(key=context.key, command=report)

    def _rejected(self, event: CdrSendRequested, context: EventContext, status_code: int, message: str | None) -> To:
        report = ReportCdrRejected(
            at=self.clock.now(), cdr_id=event.cdr_id, status_code=int(status_code),
            status_message=message[:_LONGEST_MESSAGE] if message else None,
        )  # fmt: skip
        return To(key=context.key, command=report)


def _routing(partner: PartnerSnapshot) -> dict[str, str]:
    from_country, from_party = party_of(partner.our_party_id)
    to_country, to_party = party_of(partner.party_id)
    return {
        "OCPI-from-country-code": from_country, "OCPI-from-party-id": from_party,
        "OCPI-to-country-code": to_country, "OCPI-to-party-id": to_party,
    }  # fmt: skip
