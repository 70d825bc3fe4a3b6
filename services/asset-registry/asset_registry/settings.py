"""What the registry reads from its environment: nothing beyond what every service does."""

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Secrets by file: `page-token-key`, `station-master-secret` (makes secrets), `credential-key` (digests them)."""
