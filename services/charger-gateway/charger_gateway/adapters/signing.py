"""Certificates that stations ask for: the station CA signs, and the desk is asked to deliver."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from charger_gateway.ports import CsrRefused, StationCa
from chassis.clock import Clock
from chassis.decider import EventContext, To, derived_id
from ev_contracts.gateway import CertificateSigningRequested, DeliverSignedCertificate, ReportProgress

ACTOR = "station-ca"
"""Who asked for the delivery, in commands that nobody asked for."""
DELIVER_WITHIN = timedelta(hours=1)

log = structlog.get_logger("charger_gateway.signing")


class Signing:
    """Acts on a request that its station was promised an answer to; a CA that refuses is the answer."""

    def __init__(self, ca: StationCa, clock: Clock) -> None:
        self._ca = ca
        self._clock = clock

    async def act(self, event: object, context: EventContext) -> Sequence[To]:
        """The certificate's delivery, or that there is none. The same event gives the same command."""
        if not isinstance(event, CertificateSigningRequested) or not event.accepted:
            return []
        now = self._clock.now()
        try:
            chain = await asyncio.to_thread(self._ca.sign, event.csr, station_id=event.station_id, now=now)
        except CsrRefused as error:
            log.warning("certificate.refused", station=event.station_id, why=str(error))
            refused = ReportProgress(at=now, station_id=event.station_id, kind="signing", status="Refused")
            return [To(key=context.key, command=refused)]
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
