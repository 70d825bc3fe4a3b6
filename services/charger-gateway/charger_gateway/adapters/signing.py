"""Certificates that stations ask for: the CA of their kind signs, and the desk is asked to deliver."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from charger_gateway.ports import CaUnavailable, CsrRefused, StationCa
from chassis.clock import Clock
from chassis.decider import EventContext, To, derived_id
from chassis.outbox import Retry
from ev_contracts.gateway import CertificateSigningRequested, DeliverSignedCertificate, ReportProgress

ACTOR = "station-ca"
"""Who asked for the delivery, in commands that nobody asked for."""
DELIVER_WITHIN = timedelta(hours=1)
OF_STATIONS = "ChargingStationCertificate"
OF_VEHICLES = "V2GCertificate"
_WAITS = timedelta(hours=24)
"""How long a CA that cannot say is asked again."""

log = structlog.get_logger("charger_gateway.signing")


def kind_of(certificate_type: str | None) -> str:
    """OCPP's kind of a certificate; 1.6 knows one and does not name it."""
    return certificate_type or OF_STATIONS


class Signing:
    """Acts on a request that its station was promised an answer to; a CA that refuses is the answer."""

    def __init__(self, cas: Mapping[str, StationCa], clock: Clock) -> None:
        self._cas = cas
        self._clock = clock

    async def act(self, event: object, context: EventContext) -> Sequence[To]:
        """The certificate's delivery, or that there is none. The same event gives the same command. Raises Retry."""
        if not isinstance(event, CertificateSigningRequested) or not event.accepted:
            return []
        now = self._clock.now()
        try:
            chain = await asyncio.to_thread(self._signed, event, now)
        except CsrRefused as error:
            log.warning("certificate.refused", station=event.station_id, why=str(error))
            refused = ReportProgress(at=now, station_id=event.station_id, kind="signing", status="Refused")
            return [To(key=context.key, command=refused)]
        except CaUnavailable as error:
            raise Retry(str(error), after_s=error.after_s) from error
        delivery = DeliverSignedCertificate(
            at=now,
            command_id=derived_id("signed-certificate", context.event_id),
            station_id=event.station_id,
            requested_by=ACTOR,
            expires_at=now + DELIVER_WITHIN,
            certificate_chain=chain,
            certificate_type=event.certificate_type,
            request_id=event.request_id,
        )
        return [To(key=context.key, command=delivery)]

    def _signed(self, event: CertificateSigningRequested, now: datetime) -> str:
        ca = self._cas.get(kind_of(event.certificate_type))
        if ca is None:
            raise CsrRefused("nobody signs certificates of this kind any more")
        try:
            return ca.sign(event.csr, station_id=event.station_id, now=now, renews=event.by_certificate is True)
        except CaUnavailable as error:
            if now - event.received_at > _WAITS:
                raise CsrRefused(f"the CA could not say for a day: {error}") from error
            raise
