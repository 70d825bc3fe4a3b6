"""Where the lab's Kafka, registry and Cassandra are reached, whichever engine runs them."""

import os
from dataclasses import dataclass
from enum import StrEnum

from ev_lab import ports
from ev_lab.errors import LabError
from ev_lab.paths import LabPaths

CONFLUENT_API = "/apis/ccompat/v7"
PORT_NAMES = ("kafka", "kafka-controller", "registry", "cassandra", "cassandra-storage")


class Engine(StrEnum):
    """Who runs them: plain processes of this checkout, or somebody else at addresses given by the environment."""

    PROCESSES = "processes"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Addresses as our services' settings take them; `registry` is the root of its Confluent-compatible API."""

    kafka: str
    registry: str
    cassandra_hosts: tuple[str, ...]
    cassandra_port: int
    datacenter: str

    @property
    def environment(self) -> dict[str, str]:
        """The same as variables for a service's process."""
        return {
            "EV_KAFKA": self.kafka,
            "EV_REGISTRY": self.registry,
            "EV_CASSANDRA": ",".join(f"{host}:{self.cassandra_port}" for host in self.cassandra_hosts),
            "EV_CASSANDRA_PORT": str(self.cassandra_port),
            "EV_CASSANDRA_DATACENTER": self.datacenter,
        }


def engine() -> Engine:
    """EV_LAB's value, `processes` where unset. Raises LabError on another word."""
    word = os.environ.get("EV_LAB", "") or Engine.PROCESSES.value
    try:
        return Engine(word)
    except ValueError as error:
        raise LabError(f"EV_LAB={word} is no engine; choose one of {', '.join(Engine)}") from error


def endpoints(paths: LabPaths | None = None) -> Endpoints:
    """The addresses in force, without asking whether anything answers there. Raises LabError where one is not known."""
    if engine() is Engine.EXTERNAL:
        return _external()
    known = ports.choose((paths or LabPaths.of_checkout()).ports, PORT_NAMES)
    return Endpoints(
        kafka=f"127.0.0.1:{known['kafka']}",
        registry=f"http://127.0.0.1:{known['registry']}{CONFLUENT_API}",
        cassandra_hosts=("127.0.0.1",),
        cassandra_port=known["cassandra"],
        datacenter="datacenter1",
    )


def _external() -> Endpoints:
    missing = [name for name in ("EV_KAFKA", "EV_REGISTRY", "EV_CASSANDRA") if not os.environ.get(name)]
    if missing:
        raise LabError(f"EV_LAB=external needs {' and '.join(missing)} in the environment")
    pairs = [part.strip().partition(":") for part in os.environ["EV_CASSANDRA"].split(",")]
    found = {port for _, _, port in pairs if port} or {os.environ.get("EV_CASSANDRA_PORT") or "9042"}
    if len(found) > 1:
        raise LabError("the hosts of EV_CASSANDRA must share one port")
    return Endpoints(
        kafka=os.environ["EV_KAFKA"],
        registry=os.environ["EV_REGISTRY"].rstrip("/"),
        cassandra_hosts=tuple(host for host, _, _ in pairs),
        cassandra_port=int(found.pop()),
        datacenter=os.environ.get("EV_CASSANDRA_DATACENTER") or "datacenter1",
    )
