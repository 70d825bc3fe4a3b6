"""An operator takes a certificate back that the local station CA signed: it stands on the CA's list, and on the log."""

import asyncio
from dataclasses import dataclass

from charger_gateway.adapters.trust.local_ca import LocalCa
from charger_gateway.domain.station import STATION_EVENTS
from charger_gateway.ports import Journal, KnownStation
from chassis.clock import Clock
from ev_contracts.gateway import StationCertificateRevoked


class NotIssued(Exception):
    """The CA signed no such certificate for the station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """Of the local CA; every other has a list of its own."""

    ca: LocalCa
    journal: Journal
    clock: Clock

    async def revoke(
        self, station: KnownStation, certificate_pem: str, *, requested_by: str, reason: str | None
    ) -> StationCertificateRevoked:
        """What was revoked; once more changes nothing. Raises NotIssued, LogError (revoked, but not told)."""
        certificate = self.ca.issued(certificate_pem, station_id=station.station_id)
        if certificate is None:
            raise NotIssued
        now = self.clock.now()
        await asyncio.to_thread(self.ca.revoke, certificate_pem, now=now)
        revoked = StationCertificateRevoked(
            station_id=station.station_id,
            serial_number=f"{certificate.serial_number:x}",
            requested_by=requested_by,
            reason=reason,
            revoked_at=now,
        )
        await self.journal.append(STATION_EVENTS, f"{station.tenant}/{station.station_id}", revoked)
        return revoked
