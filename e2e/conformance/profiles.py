"""Security profiles as both generations know them: who comes in over TLS, with which proof, and who does not."""

import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from charger_gateway.domain.station import STATION_EVENTS
from chassis.testing import eventually
from conformance.seeding import SECRET, TENANT, digest_of
from conformance.station import Station
from ev_contracts.assets import CredentialSnapshot
from ev_contracts.gateway import StationConnected, StationPasswordTaken

_CUT = (OSError, EOFError, InvalidHandshake)


async def profile_of(station: Station) -> int | None:
    """The security profile by which the gateway says that the station came."""
    connected = await station.stand.fact("gateway.connection.event.v1", station.station_id, StationConnected)
    return connected.security_profile


async def the_gateway_proves_itself(station: Station) -> None:
    """Its certificate is good under its root, and under no other."""
    await station.connect_securely(station.stand.certificates.client())
    assert await station.says("Heartbeat")
    assert await profile_of(station) == 2
    await station.disconnect()
    with pytest.raises(ssl.SSLCertVerificationError):
        await station.connect_securely(ssl.create_default_context())


async def the_station_proves_itself(station: Station) -> None:
    """Its certificate takes the place of a password."""
    await station.connect_securely(station.stand.certificates.client(station.station_id), additional_headers={})
    assert await station.says("Heartbeat")
    assert await profile_of(station) == 3


async def another_certificate_is_refused(station: Station) -> None:
    """One of a root that the gateway does not know, and one of another station; the right password does not help."""
    certificates = station.stand.certificates
    with pytest.raises(_CUT):
        await station.connect_securely(certificates.client(station.station_id, known=False))
    with pytest.raises(InvalidStatus) as refused:
        await station.connect_securely(certificates.client("OCTT0000"))
    assert refused.value.response.status_code == 401


async def an_old_version_is_refused(station: Station) -> None:
    """TLS 1.1 opens no socket."""
    context = station.stand.certificates.client()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(_CUT):
        await station.connect_securely(context)


async def a_password_rotates(station: Station, new: str) -> None:
    """The registry names a new password; the old one counts until the new one was used, and no longer."""
    before = datetime.now(UTC) + timedelta(hours=1)
    await station.stand.registry_says(
        CredentialSnapshot(
            station_id=station.station_id,
            tenant=TENANT,
            secret_hmac=digest_of(new),
            secret_hmac_before=digest_of(SECRET),
            before_ends_at=before,
            version=2,
        )
    )


async def the_registry_is_told(station: Station, password: str) -> None:
    """That the station took this password: the fact by which the registry rotates."""
    told = await station.stand.fact(STATION_EVENTS, station.station_id, StationPasswordTaken)
    assert told.secret_hmac == digest_of(password)


async def nothing_is_told(station: Station) -> None:
    """The registry hears of no password."""
    assert await station.stand.facts(STATION_EVENTS, station.station_id, StationPasswordTaken) == []


async def the_profile_rises(station: Station, profile: int = 2) -> None:
    """The registry asks for TLS, or for a certificate, from now on; returns once the gateway knows."""
    await station.stand.registry_says(
        CredentialSnapshot(
            station_id=station.station_id,
            tenant=TENANT,
            secret_hmac=digest_of(SECRET),
            security_profile=profile,
            version=2,
        )
    )
    await is_refused_by(station, SECRET)


async def comes_in_by(station: Station, secret: str) -> None:
    """It comes in, once the gateway knows of the change."""

    async def tried() -> bool:
        try:
            await station.connect(secret=secret)
        except InvalidStatus:
            return False
        return True

    await eventually(tried, what="the new password")


async def is_refused_by(station: Station, secret: str) -> None:
    """It does not come in any more, once the gateway knows of the change."""

    async def tried() -> bool:
        try:
            await station.connect(secret=secret)
        except InvalidStatus as refused:
            return refused.response.status_code == 401
        await station.disconnect()
        return False

    await eventually(tried, what="the refusal")
