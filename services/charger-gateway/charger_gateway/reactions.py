"""What makes the desk act besides people: which topics it reacts to, and by which rule."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from charger_gateway.adapters.holding import Holding
from charger_gateway.adapters.http import DESK
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.adapters.seal import DeskSeal
from charger_gateway.adapters.signing import Signing
from charger_gateway.adapters.trust.opening import open_cas, open_trust_store
from charger_gateway.domain.station import STATION_EVENTS
from charger_gateway.policies import on_connection, on_registry, on_session, on_station_word
from charger_gateway.settings import Settings
from chassis.runner import Outbox, Policy, Wiring
from chassis.settings import MissingSecret, read_secret
from chassis.vault import VaultClient
from ev_contracts.gateway import CertificateSigningRequested, StationConnected, TrustedRoot
from ev_contracts.sessions import ReservationBegan, ReservationCancelled, SessionStarted, SessionStopWanted

STATIONS = "assets.station.event.v1"
CONTACTS = "gateway.contact-policy"
WORDS = "gateway.word-policy"
REGISTRATIONS = "gateway.registration-policy"
SIGNING = "gateway.signing-outbox"
STOPPING = "gateway.stopping-policy"
SESSIONS = "sessions.session.event.v1"
HOLDING = "gateway.holding-outbox"
RESERVATIONS = "sessions.reservation.event.v1"
REACTIONS = (CONTACTS, WORDS, REGISTRATIONS, STOPPING, SIGNING, HOLDING)
"""All there may be: what is parked for one of them can be repaired whether or not it runs here."""


def reactions(settings: Settings, wiring: Wiring) -> Sequence[Policy | Outbox]:
    """Those that run by these settings: certificates are signed where there is a CA, reservations told by a vault."""
    policies = [
        Policy(
            name=CONTACTS,
            source=CONNECTIONS,
            target=DESK,
            of=(StationConnected,),
            react=on_connection,
            facts=_trusted_roots(settings),
        ),
        Policy(name=WORDS, source=STATION_EVENTS, target=DESK, react=on_station_word),
        Policy(name=REGISTRATIONS, source=STATIONS, target=DESK, react=on_registry),
        Policy(name=STOPPING, source=SESSIONS, target=DESK, of=(SessionStopWanted, SessionStarted), react=on_session),
    ]
    return [*policies, *_signing(settings, wiring), *_holding(settings, wiring)]


def _trusted_roots(settings: Settings) -> Callable[[], Sequence[TrustedRoot]]:
    store = open_trust_store(settings)
    return tuple[TrustedRoot] if store is None else store.readable


def _signing(settings: Settings, wiring: Wiring) -> Sequence[Outbox]:
    cas = open_cas(settings, wiring.env.clock.now())
    if not cas:
        return []
    act = Signing(cas, wiring.env.clock).act
    return [Outbox(name=SIGNING, source=STATION_EVENTS, target=DESK, of=(CertificateSigningRequested,), act=act)]


def _holding(settings: Settings, wiring: Wiring) -> Sequence[Outbox]:
    if not settings.url_accounts:
        return []
    secret = b""
    with suppress(MissingSecret):  # the lab's issuer asks for none
        secret = read_secret(settings, "service-client-secret")
    vault = VaultClient(
        url=settings.url_accounts,
        issuer=settings.oidc_issuer,
        client_id=settings.service_client_id,
        client_secret=secret.decode(),
    )
    act = Holding(vault, DeskSeal(read_secret(settings, "frame-key")), wiring.env.clock).act
    told = (ReservationBegan, ReservationCancelled)
    return [Outbox(name=HOLDING, source=RESERVATIONS, target=DESK, of=told, act=act)]
