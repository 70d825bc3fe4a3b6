"""What a read model reads from its environment: whose it is, and which build of it."""

from enum import StrEnum

from pydantic import AliasChoices, Field

from chassis.settings import BaseServiceSettings


class RoleName(StrEnum):
    """Whose read model a process is."""

    CPO = "cpo"
    EMSP = "emsp"
    OWNER = "owner"
    DSO = "dso"
    DRIVER = "driver"


class Settings(BaseServiceSettings):
    """Secret by file: `page-token-key`. A rebuild is the next `model_version`: another keyspace and consumer group."""

    role: RoleName = Field(validation_alias=AliasChoices("EV_ROLE", "ROLE"))
    model_version: int = Field(default=1, ge=1)
    windows: bool = True
    """Whether this process takes part in the stream analysis of load (role dso); a rebuild must not."""

    @property
    def model_name(self) -> str:
        """Name of the projection and, after the namespace, of its keyspace."""
        return f"{self.role.value}_v{self.model_version}"
