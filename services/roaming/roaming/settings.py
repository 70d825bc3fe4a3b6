"""What roaming reads from its environment."""

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Beside what all services share. Secrets: `roaming-token-key`, `page-token-key`, `service-client-secret`."""

    ocpi_public_url: str = ""
    """How partners reach us, up to and with `/ocpi`; empty means this process's own address."""
    url_accounts: str = ""
    """Where the vault of accounts answers."""
    service_client_id: str = "service"
    """Our own client at the issuer, for asking the vault."""
    roaming_session_pause_s: int = 60
    """The least time between two states of a running session that a partner is told; its end is told at once."""
    roaming_allow_loopback: bool = False
    """The lab alone: partners may be on loopback, by plain HTTP."""

    @property
    def ocpi_url(self) -> str:
        """The address that we tell partners."""
        return (self.ocpi_public_url or f"http://{self.http_host}:{self.http_port}/ocpi").rstrip("/")
