"""The lab's secrets: made at random at the first `up`, one file each, never in the repository."""

import secrets

from ev_lab.paths import LabPaths

SECRETS = (
    "page-token-key",
    "station-master-secret",
    "credential-key",
    "token-key",
    "vault-master-key",
    "frame-key",
    "transaction-key",
    "session-cookie-key",
    "service-client-secret",
    "roaming-token-key",
    "dead-letter-key",
    "signed-value-key",
)


def make_secrets(paths: LabPaths) -> None:
    """A random secret (64 hex digits) for each name that has none; what is there stays."""
    paths.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in SECRETS:
        file = paths.secrets / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32), encoding="utf-8")
