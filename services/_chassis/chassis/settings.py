"""What every service reads from its environment (prefix `EV_`), once, at start."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class BaseServiceSettings(BaseSettings):
    """The settings all services share; a service subclasses it with its own."""

    model_config = SettingsConfigDict(env_prefix="EV_", frozen=True, extra="ignore", populate_by_name=True)

    kafka: str = "127.0.0.1:9092"
    registry: str = ""
    schema_ids: Path | None = None
    """File fingerprint -> registry id, written at release; None only where the log is in memory."""
    cassandra_hosts: Annotated[
        tuple[str, ...], NoDecode, Field(validation_alias=AliasChoices("EV_CASSANDRA_HOSTS", "EV_CASSANDRA"))
    ] = ("127.0.0.1",)
    """`host` or `host:port`, separated by commas."""
    cassandra_port: int = 9042
    cassandra_datacenter: str = "datacenter1"
    namespace: str = ""
    """Prefix of topics, groups, transactional ids and keyspaces, so that several systems share one lab."""
    http_host: str = "127.0.0.1"
    http_port: int = 0
    oidc_issuer: str = ""
    oidc_audience: str = "ev-assets-manager"
    clock: str = ""
    """Lab only: `<start ISO>@<rate>`."""
    otlp_endpoint: str = ""
    traces_one_in: Annotated[int, Field(ge=1)] = 1
    """Of what enters at an edge, one in so many is traced through all services: all are to have the same."""
    data_dir: Path = Path(".data")
    secrets_dir: Path = Path(".secrets")
    log_level: str = "info"
    session_timeout_ms: int = 6000
    """How long the log waits for a silent consumer before another takes its partitions."""
    instance_id: str = ""
    """Static group membership (the pod's name), so that a rolling restart moves no partition."""

    @field_validator("cassandra_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("schema_ids", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return value or None


class MissingSecret(RuntimeError):
    """A secret file is absent, empty, or readable by everyone: the service must not start."""


def read_secret(settings: BaseServiceSettings, name: str) -> bytes:
    """The bytes of `secrets_dir/<name>` without the trailing newline. Raises MissingSecret."""
    path = settings.secrets_dir / name
    try:
        secret = path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise MissingSecret(f"secret {name!r} cannot be read at {path}: {error.strerror}") from error
    if not secret:
        raise MissingSecret(f"secret {name!r} at {path} is empty")
    return secret
