"""The station CA and the TLS context as the settings ask for them."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from charger_gateway.adapters.trust.local_ca import REVOKED, ROOT, LocalCa
from charger_gateway.adapters.trust.tls import TlsContext, TlsFiles


class TrustSettings(Protocol):
    """What of the settings matters here; paths, empty where they are not used."""

    @property
    def ocpp_tls_port(self) -> int | None: ...
    @property
    def tls_rsa_certificate(self) -> str: ...
    @property
    def tls_ec_certificate(self) -> str: ...
    @property
    def tls_station_roots(self) -> str: ...
    @property
    def tls_revocations(self) -> str: ...
    @property
    def station_ca_dir(self) -> str: ...
    @property
    def station_ca_operator(self) -> str: ...
    @property
    def tls_suites(self) -> str: ...


def open_ca(settings: TrustSettings, now: datetime) -> LocalCa | None:
    """The local station CA, made where its folder is empty; None where there is no folder."""
    if not settings.station_ca_dir:
        return None
    return LocalCa.open_or_make(Path(settings.station_ca_dir), operator=settings.station_ca_operator, now=now)


def open_tls(settings: TrustSettings, now: datetime) -> TlsContext | None:
    """None where TLS is off. Stations' certificates are those of the local CA, unless others are named.

    Raises OSError, ValueError, ssl.SSLError where a file is missing or broken: better no gateway than half of one.
    """
    chains = [Path(one) for one in (settings.tls_rsa_certificate, settings.tls_ec_certificate) if one]
    if settings.ocpp_tls_port is None or not chains:
        return None
    roots, revocations = settings.tls_station_roots, settings.tls_revocations
    if not roots and open_ca(settings, now) is not None:
        folder = Path(settings.station_ca_dir)
        roots, revocations = str(folder / ROOT), str(folder / REVOKED)
    files = TlsFiles(
        certificates=[(chain, chain.with_suffix(".key")) for chain in chains],
        station_roots=Path(roots) if roots else None,
        revocations=Path(revocations) if revocations else None,
        suites=settings.tls_suites,
    )
    return TlsContext(files)
