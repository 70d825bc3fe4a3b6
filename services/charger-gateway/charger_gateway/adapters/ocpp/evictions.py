"""Stations that are in and may be no more: whose credential or certificate was taken back, their sockets are closed."""

from collections.abc import Coroutine, Iterator
from typing import Protocol

import structlog

from charger_gateway.adapters.ocpp.unawaited import Unawaited
from charger_gateway.adapters.trust.tls import Shown, TlsContext
from charger_gateway.ports import Directory, KnownStation

_CLOSE_POLICY = 1008

log = structlog.get_logger("charger_gateway.evictions")


class Held(Protocol):
    """A live connection, and what it was opened with."""

    connection_id: str
    station: KnownStation
    shown: Shown | None

    def close(self, code: int, reason: str) -> Coroutine[None, None, None]: ...


class Sockets(Protocol):
    """The process's connections."""

    def connection(self, station_id: str) -> Held | None: ...
    def connections(self) -> Iterator[Held]: ...


class Evictions:
    """Looks at a connection as it begins, and again when the registry, roots or revocations tell of a change."""

    def __init__(self, sockets: Sockets, directory: Directory, tls: TlsContext | None, closing: Unawaited) -> None:
        self._sockets = sockets
        self._directory = directory
        self._tls = tls
        self._closing = closing

    def credential_changed(self, station_id: str) -> None:
        """The registry's word on how a station proves itself. Never blocks."""
        held = self._sockets.connection(station_id)
        if held is not None:
            self.look_at(held)

    def trust_changed(self) -> None:
        """Roots or revocations: some certificate may count no more. Never blocks."""
        for one in self._sockets.connections():
            if one.shown is not None:
                self.look_at(one)

    def look_at(self, held: Held) -> None:
        """Closes it where it would not be let in any more: what was taken back may have been while it came."""
        why = self._why(held)
        if why is None:
            return
        log.warning("station.evicted", station=held.station.station_id, why=why)
        station, connection = held.station.station_id, held.connection_id
        self._closing.start(held.close(_CLOSE_POLICY, why), station=station, connection_id=connection)

    def _why(self, held: Held) -> str | None:
        known = self._directory.station(held.station.station_id)
        if known is None or known.secret_hmac is None or known.tenant != held.station.tenant:
            return "credential-revoked"
        if self._tls is None or held.shown is None:
            return None
        if self._tls.has_revoked(held.shown):
            return "certificate-revoked"
        return None if self._tls.trusts(held.shown) else "certificate-untrusted"
