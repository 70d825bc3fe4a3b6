"""What the ledger reads from its environment."""

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Secrets: `page-token-key`, `signed-value-key` (the gateway's, by which it seals signed meter records).

    The closing rules, in seconds of business time: how long a session waits for facts.
    """

    session_settle_s: int = 30
    """OCPP 1.6: silence after the stop and the last fact, before the session closes."""
    session_grace_s: int = 900
    """After the end, however much is missing."""
    session_silence_s: int = 172_800
    """Without a stop: silence before the session is taken for over (after its connector was taken again: grace)."""
