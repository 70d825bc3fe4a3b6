"""What the gateway reads from its environment."""

from pathlib import Path
from typing import Literal

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Beside the common ones: where stations connect, and how much they may take."""

    ocpp_host: str = "127.0.0.1"
    ocpp_port: int = 0
    """In clear (security profile 1), for private networks; -1 turns it off."""
    ocpp_path: str = "/ocpp"
    ocpp_tls_port: int | None = None
    """Security profiles 2 and 3."""
    tls_rsa_certificate: str = ""
    """Chain as PEM; its key lies beside it as `.key`. The name must be the gateway's (FQDN as CN)."""
    tls_ec_certificate: str = ""
    tls_station_roots: str = ""
    """Roots of the stations' certificates; empty: those of `station_ca_dir`; neither: nobody comes by certificate."""
    tls_revocations: str = ""
    tls_suites: Literal["modern", "standard"] = "modern"
    """`standard` adds what OCPP names and has no forward secrecy."""
    url_accounts: str = ""
    """Where the vault of accounts answers; empty: stations are not told of reservations, for nobody knows the uid."""
    service_client_id: str = "service"
    """Our own client at the issuer, for asking the vault."""
    heartbeat_interval_s: int = 300
    """What a station is told at Boot; in business time."""
    pending_interval_s: int = 60
    """When a station that awaits its set-up shall boot again, unless it is asked to before."""
    rejected_interval_s: int = 300
    """When a suspended station may ask again."""
    most_connections: int = 20_000
    messages_per_s: float = 200.0
    """What one station may say, sustained; above it its socket is read more slowly."""
    messages_burst: int = 500
    connections_per_minute: int = 60
    """Of one station; beyond, it is told to come later (429)."""
    wrong_credentials_per_minute: int = 10
    """Per peer and identity; beyond, the handshake is refused without a look at the credential."""
    wrong_credentials_per_peer: int = 100
    """Per peer over all identities; generous, for many stations stand behind one address."""
    handshakes_per_s: float = 200.0
    """Sustained; beyond, stations are told to come later (503), so that a storm starves nobody who is connected."""
    handshakes_burst: int = 100
    give_way_s: float = 0.1
    """Once a message of a station waits so long for its answer, others are let in at a quarter of that rate."""
    most_handshakes: int = 2_000
    """Under way at once, TLS and HTTP; beyond, a new socket is told to come later (503), or cut where it speaks TLS."""
    most_handshakes_of_a_peer: int = 1_000
    """Beyond: 429, or cut."""
    drain_percent_per_s: float = 5.0
    """How fast a gateway that ends sends its stations away, so that they do not all knock at the next one at once."""
    log_timeout_s: float = 5.0
    """How long a station waits for the log before its socket is closed."""
    ping_interval_s: float = 30.0
    """How long a station may be silent before it is asked whether it is there."""
    probe_timeout_s: float = 5.0
    """How long an older socket of the same station has to answer a ping before it is displaced."""
    command_wait_s: float = 5.0
    """How long a caller of the command API waits for a station's answer before he gets a link."""
    cost_display_every_s: float = 30.0
    """How often a station that shows costs is told a running cost that changed, at most; in wall time."""
    cost_display_end_wait_s: float = 1.5
    """How long the answer to a session's end waits for its price, at stations of 2.x that show costs."""
    file_host: str = "127.0.0.1"
    file_port: int = 0
    file_url: str = ""
    """How stations reach the file endpoint (`https://files.example`); by default its own address."""
    file_dir: Path = Path("station-files")
    """Where what stations bring and fetch is kept; replicas share it, or each serves its own commands only."""
    file_bucket: str = ""
    """A bucket of S3-compatible storage in place of `file_dir`; its key is the secret `s3-key` (`access:secret`)."""
    file_bucket_endpoint: str = "https://s3.eu-central-1.amazonaws.com"
    """The bucket is addressed by its path below it."""
    file_bucket_region: str = "eu-central-1"
    most_file_bytes: int = 512 * 1024 * 1024
    station_ca_dir: str = ""
    """The folder of the local station CA, made where it is empty; without one SignCertificate is answered Rejected."""
    station_organisation: str = ""
    """What a station's certificate must name as its organisation (A00.FR.404); empty: that is not looked at."""
    v2g_ca_dir: str = ""
    """The folder of an authority below a V2G root (`ca.pem`, `ca.key`); without one V2G certificates are not signed."""
    est_url: str = ""
    """A CA by EST (`https://ca.example/.well-known/est`) in place of the local station CA."""
    est_roots: str = ""
    """Who certifies the EST server (PEM)."""
    est_certificate: str = ""
    """By which the gateway proves itself to the EST server (PEM; its key beside it as `.key`); else the secret
    `est-credential` (`user:password`)."""
    station_ca_operator: str = "EV Assets Manager"
    """Who stands as the organisation in the certificates that the local CA signs."""
    trust_store_dir: str = ""
    """Roots that stations shall hold (PEM), in folders `csms`, `manufacturer`, `v2g`, `mo`; those that they shall have
    no more in `retired`."""
    contract_roots: str = ""
    """Roots of V2G and of mobility operators, and authorities below them (PEM): whose contract certificates count."""
    contract_revocation: Literal["required", "soft"] = "required"
    """Whether a contract certificate of which no responder says anything is refused, or passes."""
    ocsp_hosts: str = ""
    """Responders that may be asked (`host`, or `host:port`; commas between): their addresses come from stations."""
    ocsp_allow_loopback: bool = False
    """The lab alone: responders may be on loopback."""
    provisioning_url: str = ""
    """The provisioning service of contract certificates; its bearer token is the secret `provisioning-token`, if any.
    """
