"""Pushing a CDR: once it is known that the partner took it or refused it, that is reported; until then, again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.clock import Clock
from chassis.decider import EventContext, To
from chassis.outbox import Retry
from ev_contracts.assets import Connector
from ev_contracts.record import Record
from ev_contracts.roaming import CdrSendRequested, ReportCdrRejected, ReportCdrSent
from roaming.adapters.ocpi.courier import Courier, NotTaken, Partners, Taken, connected
from roaming.adapters.ocpi.peer import Target
from roaming.adapters.ocpi.wire import dumps
from roaming.adapters.tables import Network
from roaming.domain.cdr_json import CdrFacts, cdr_of
from roaming.domain.countries import is_country
from roaming.domain.ocpi import Status
from roaming.ports import TokenUnknownError, TokenVault


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrPush:
    """The act of the CDR outbox. The uid of the token is asked for here and goes nowhere but into the CDR."""

    courier: Courier
    partners: Partners
    network: Network
    vault: TokenVault
    clock: Clock

    async def act(self, event: Record, context: EventContext) -> Sequence[To]:
        """The command that reports the outcome. Raises Retry while there is none."""
        if not isinstance(event, CdrSendRequested):
            return ()
        to = connected(self.partners.get(f"{context.tenant}/{event.partner_id}"))
        if to is None:
            # The partnership ended meanwhile: nobody is there to take it.
            return [self._rejected(event, context, Status.CLIENT_ERROR, "the partnership has ended")]
        try:
            body = dumps(cdr_of(event, await self._facts(event, context)))
        except TokenUnknownError:
            return [self._rejected(event, context, Status.CLIENT_ERROR, "the token is no longer known")]
        url = to.receiver("cdrs")
        if url is None:
            raise Retry("the partner has no cdrs endpoint")
        return [self._outcome(event, context, await self.courier.push(to, Target(method="POST", url=url), body))]

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

    def _outcome(self, event: CdrSendRequested, context: EventContext, answer: Taken | NotTaken) -> To:
        match answer:
            case Taken(location_url=location_url):
                report = ReportCdrSent(at=self.clock.now(), cdr_id=event.cdr_id, location_url=location_url)
                return To(key=context.key, command=report)
            case NotTaken(status_code=status_code, message=message):
                return self._rejected(event, context, status_code, message)
            case _:
                assert_never(answer)

    def _rejected(self, event: CdrSendRequested, context: EventContext, status_code: int, message: str | None) -> To:
        report = ReportCdrRejected(
            at=self.clock.now(), cdr_id=event.cdr_id, status_code=int(status_code), status_message=message
        )  # fmt: skip
        return To(key=context.key, command=report)
