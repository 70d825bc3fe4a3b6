"""The station CA, the TLS context and the authorities outside, as the settings ask for them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from charger_gateway.adapters.signing import OF_STATIONS, OF_VEHICLES
from charger_gateway.adapters.trust.contracts import Contracts
from charger_gateway.adapters.trust.est import EstAccess, EstCa
from charger_gateway.adapters.trust.local_ca import REVOKED, ROOT, LocalCa
from charger_gateway.adapters.trust.outside import Outside
from charger_gateway.adapters.trust.provisioning import Provisioning
from charger_gateway.adapters.trust.responders import Responders
from charger_gateway.adapters.trust.revocations import Revocations
from charger_gateway.adapters.trust.roots import Roots
from charger_gateway.adapters.trust.store import TrustStore
from charger_gateway.adapters.trust.tls import TlsContext, TlsFiles
from charger_gateway.ports import Journal, StationCa
from charger_gateway.settings import Settings
from chassis.clock import Clock
from chassis.http.guarded import GuardedHttp
from chassis.settings import read_secret

EST_CREDENTIAL = "est-credential"
PROVISIONING_TOKEN = "provisioning-token"  # noqa: S105 - the name of a file


def open_ca(settings: Settings, now: datetime) -> LocalCa | None:
    """The local station CA, made where its folder is empty; None where there is no folder."""
    if not settings.station_ca_dir:
        return None
    return LocalCa.open_or_make(Path(settings.station_ca_dir), operator=settings.station_ca_operator, now=now)


def open_revocations(settings: Settings, journal: Journal, clock: Clock) -> Revocations | None:
    """None where another CA than the local one signs. Raises OSError, ValueError."""
    ca = None if settings.est_url else open_ca(settings, clock.now())
    return None if ca is None else Revocations(ca=ca, journal=journal, clock=clock)


def open_cas(settings: Settings, now: datetime) -> Mapping[str, StationCa]:
    """Who signs which kind of certificate. Raises OSError, ValueError, ssl.SSLError, MissingSecret."""
    cas: dict[str, StationCa] = {}
    stations: StationCa | None = _open_est(settings) if settings.est_url else open_ca(settings, now)
    if stations is not None:
        cas[OF_STATIONS] = stations
    if settings.v2g_ca_dir:
        cas[OF_VEHICLES] = LocalCa.open_below(Path(settings.v2g_ca_dir), operator=settings.station_ca_operator)
    return cas


def _open_est(settings: Settings) -> EstCa:
    credential = None
    if not settings.est_certificate:
        user, _, password = read_secret(settings, EST_CREDENTIAL).decode().partition(":")
        credential = (user, password)
    return EstCa(
        EstAccess(
            url=settings.est_url,
            roots=Path(settings.est_roots),
            certificate=Path(settings.est_certificate) if settings.est_certificate else None,
            credential=credential,
        )
    )


def open_tls(settings: Settings, clock: Clock) -> TlsContext | None:
    """None where TLS is off. Stations' certificates are those of the local CA, unless others are named.

    Raises OSError, ValueError, ssl.SSLError where a file is missing or broken: better no gateway than half of one.
    """
    chains = [Path(one) for one in (settings.tls_rsa_certificate, settings.tls_ec_certificate) if one]
    if settings.ocpp_tls_port is None or not chains:
        return None
    roots, revocations = settings.tls_station_roots, settings.tls_revocations
    ca = None if roots else open_ca(settings, clock.now())
    if ca is not None:
        folder = Path(settings.station_ca_dir)
        roots, revocations = str(folder / ROOT), str(folder / REVOKED)
    files = TlsFiles(
        certificates=[(chain, chain.with_suffix(".key")) for chain in chains],
        station_roots=Path(roots) if roots else None,
        revocations=Path(revocations) if revocations else None,
        suites=settings.tls_suites,
    )
    return TlsContext(files, renew=None if ca is None else lambda: ca.renew_revocations(now=clock.now()))


def open_trust_store(settings: Settings) -> TrustStore | None:
    """None where no folder is named. Raises OSError, ValueError."""
    return TrustStore(Path(settings.trust_store_dir)) if settings.trust_store_dir else None


def open_authorities(settings: Settings, clock: Clock) -> Outside:
    """Those that are named. Raises OSError, ValueError where the roots cannot be read, MissingSecret."""
    kinds = {OF_STATIONS} if settings.station_ca_dir or settings.est_url else set()
    kinds |= {OF_VEHICLES} if settings.v2g_ca_dir else set()
    provisioning = _open_provisioning(settings)
    if not settings.contract_roots:
        return Outside(signed_kinds=frozenset(kinds), provisioning=provisioning)
    roots = Roots(Path(settings.contract_roots))
    responders = Responders(
        http=GuardedHttp(allow_loopback=settings.ocsp_allow_loopback, allow_plain=True),
        hosts=[one.strip() for one in settings.ocsp_hosts.split(",") if one.strip()],
        roots=roots,
        clock=clock,
    )
    return Outside(
        signed_kinds=frozenset(kinds),
        responders=responders,
        contracts=Contracts(roots=roots, responders=responders, clock=clock, policy=settings.contract_revocation),
        provisioning=provisioning,
    )


def _open_provisioning(settings: Settings) -> Provisioning | None:
    if not settings.provisioning_url:
        return None
    named = (settings.secrets_dir / PROVISIONING_TOKEN).exists()
    return Provisioning(
        url=settings.provisioning_url, token=read_secret(settings, PROVISIONING_TOKEN).decode() if named else None
    )
