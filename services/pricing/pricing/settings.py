"""What pricing reads from its environment: what all services share, and nothing else."""

from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Secret: `page-token-key`."""
