"""What makes the desk act besides people: which topics it reacts to, and by which rule."""

from collections.abc import Sequence

from charger_gateway.adapters.http import DESK
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.adapters.signing import Signing
from charger_gateway.adapters.trust.opening import open_cas
from charger_gateway.domain.station import STATION_EVENTS
from charger_gateway.policies import on_connection, on_registry, on_session, on_station_word
from charger_gateway.settings import Settings
from chassis.runner import Outbox, Policy, Wiring
from ev_contracts.gateway import CertificateSigningRequested, StationConnected
from ev_contracts.sessions import SessionStopWanted

STATIONS = "assets.station.event.v1"
CONTACTS = "gateway.contact-policy"
WORDS = "gateway.word-policy"
REGISTRATIONS = "gateway.registration-policy"
SIGNING = "gateway.signing-outbox"
STOPPING = "gateway.stopping-policy"
SESSIONS = "sessions.session.event.v1"
REACTIONS = (CONTACTS, WORDS, REGISTRATIONS, STOPPING, SIGNING)
"""All there may be: what is parked for one of them can be repaired whether or not it runs here."""


def reactions(settings: Settings, wiring: Wiring) -> Sequence[Policy | Outbox]:
    """Those that run by these settings: certificates are signed only where there is a CA."""
    policies = [
        Policy(name=CONTACTS, source=CONNECTIONS, target=DESK, of=(StationConnected,), react=on_connection),
        Policy(name=WORDS, source=STATION_EVENTS, target=DESK, react=on_station_word),
        Policy(name=REGISTRATIONS, source=STATIONS, target=DESK, react=on_registry),
        Policy(name=STOPPING, source=SESSIONS, target=DESK, of=(SessionStopWanted,), react=on_session),
    ]
    cas = open_cas(settings, wiring.env.clock.now())
    if not cas:
        return policies
    signing = Signing(cas, wiring.env.clock)
    return [
        *policies,
        Outbox(name=SIGNING, source=STATION_EVENTS, target=DESK, of=(CertificateSigningRequested,), act=signing.act),
    ]
