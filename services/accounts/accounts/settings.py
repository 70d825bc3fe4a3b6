"""What the accounts read from their environment: nothing beyond what every service does."""

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Secrets by file: `page-token-key`, `token-key` (digests uids), `vault-master-key` (wraps subjects' keys)."""
