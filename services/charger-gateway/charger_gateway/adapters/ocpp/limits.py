"""Bounds of what strangers and stations may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every bound of the sockets' side of this process."""

    most_connections: int = 20_000
    inbound_queue: int = 32
    handshake_timeout_s: float = 10.0
    """For TLS, and again for HTTP."""
    most_handshakes: int = 2_000
    """Under way at once, TLS and HTTP; beyond, a new socket is told to come later (503), or cut where it speaks TLS."""
    most_handshakes_of_a_peer: int = 1_000
    """Generous, for many stations stand behind one address; beyond, 429."""
    most_farewells: int = 1_000
    """Sockets whose question is waited for before they are told to come later, at once on one port."""
    farewell_timeout_s: float = 2.0
    probe_timeout_s: float = 5.0
    log_timeout_s: float = 5.0
    ping_interval_s: float = 30.0
    ping_timeout_s: float = 30.0
    drain_percent_per_s: float = 5.0
    """How many of its sockets a gateway that ends closes a second, but never fewer than 50."""
    drain_timeout_s: float = 30.0
    handshakes_per_s: float = 200.0
    """What is let in, sustained; above it stations are told to come later, and those connected keep their time."""
    handshakes_burst: int = 100
    give_way_s: float = 0.1
    """Once a message waits so long for its answer, newcomers are let in at a quarter of that rate."""
    connections_per_minute: int = 60
    """Of one identity, once it is proven."""
    wrong_credentials_per_minute: int = 10
    """Of one peer for one identity."""
    wrong_credentials_per_peer: int = 100
    """Of one peer for all identities, unknown ones among them."""
    messages_per_s: float = 200.0
    """What one station may say, sustained; above it its socket is read more slowly."""
    messages_burst: int = 500
