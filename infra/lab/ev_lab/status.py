"""What runs and where every edge is reached, as facts that the table and the JSON are both made from."""

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from ev_lab import processes
from ev_lab.endpoints import Engine, endpoints, engine
from ev_lab.engine import LACKS
from ev_lab.services import SPECS, Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One address. `state` is `ready`, `stopped`, or what it lacks; `pid` None when it is not ours."""

    name: str
    kind: str
    address: str
    state: str
    pid: int | None = None
    resident_mb: int | None = None


WHAT = {
    "issuer": "OIDC issuer",
    "charger-gateway": "command API",
    "asset-registry": "command API",
    "accounts": "command API",
    "session-ledger": "command API",
    "pricing": "command API",
    "billing": "command API",
    "dashboards": "dashboards",
}


def edges(fleet: Fleet) -> Iterator[Edge]:
    """Every edge of the lab and of our services, the stopped ones too."""
    where = endpoints(fleet.paths)
    hosts = ",".join(f"{host}:{where.cassandra_port}" for host in where.cassandra_hosts)
    for name, address in (("kafka", where.kafka), ("registry", where.registry), ("cassandra", hosts)):
        ours = engine() is Engine.PROCESSES
        process = processes.running(fleet.paths, name) if ours else None
        state = LACKS[name](where) or "ready" if process or not ours else "stopped"
        yield Edge(name=name, kind="lab", address=address, state=state, **_weight(process))
    for name in SPECS:
        yield from _of_service(fleet, name)


def _of_service(fleet: Fleet, name: str) -> Iterator[Edge]:
    process = fleet.running(name)
    state = (fleet.lacks(name) or "ready") if process else ("stopped" if SPECS[name].is_built else "not built")
    kind = "read-model API" if name.startswith("projections-") else WHAT.get(name, "")
    weight = _weight(process)
    if name == "roaming":
        yield Edge(name=name, kind="command API", address=fleet.url(name), state=state, **weight)
        yield Edge(name="ocpi", kind="OCPI", address=f"{fleet.url(name)}/ocpi/versions", state=state)
        return
    yield Edge(name=name, kind=kind, address=fleet.url(name), state=state, **weight)
    if name == "charger-gateway":
        yield Edge(name="ocpp", kind="OCPP", address=f"{fleet.ocpp_url}<station id>", state=state)
        files = f"http://127.0.0.1:{fleet.port(name, 'files')}"
        yield Edge(name="files", kind="stations' files", address=files, state=state)


def _weight(process: psutil.Process | None) -> dict[str, int]:
    if process is None:
        return {}
    try:
        return {"pid": process.pid, "resident_mb": process.memory_info().rss // 1_000_000}
    except psutil.NoSuchProcess:
        return {}
