"""Brings Kafka, registry and Cassandra up and down; what runs already is left alone, and data is kept."""

import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ev_lab import artifacts, parts, ports, processes, readiness
from ev_lab.certificates import make_certificates
from ev_lab.endpoints import PORT_NAMES, Endpoints, Engine, endpoints, engine
from ev_lab.errors import LabError, PartDied
from ev_lab.paths import LabPaths
from ev_lab.ports import only_one
from ev_lab.secrets import make_secrets

READY_WITHIN_S = 90.0
LACKS: dict[str, Callable[[Endpoints], str]] = {
    "kafka": readiness.kafka_lacks,
    "registry": readiness.registry_lacks,
    "cassandra": readiness.cassandra_lacks,
}
Say = Callable[[str], None]


def up(paths: LabPaths, say: Say = print) -> Endpoints:
    """Starts what does not run and waits until all three do their work. Raises LabError."""
    where = endpoints(paths)
    if engine() is Engine.EXTERNAL:
        _demand_answers(where)
        return where
    with only_one(paths.home / "up.lock"):
        artifacts.fetch(paths.artifacts)
        make_secrets(paths)
        make_certificates(paths)
        processes.allow_many_files()
        began = time.monotonic()
        with ThreadPoolExecutor(3) as pool:
            waiting = [(part.name, pool.submit(_bring_up, paths, part, where)) for part in all_parts(paths)]
            for name, result in waiting:
                words = result.result()
                say(f"{name} {words}")
        say(f"lab ready in {time.monotonic() - began:.1f} s")
    return where


def _bring_up(paths: LabPaths, part: parts.Part, where: Endpoints) -> str:
    """Starts one part if it does not run, and waits for it; what happened, in words."""
    if processes.running(paths, part.name) and not LACKS[part.name](where):
        return "runs already"
    if not processes.running(paths, part.name):
        ports.demand_free(part.name, part.ports, paths.ports)
        for errand in part.before():
            _run_to_end(paths, errand)
        processes.start(paths, part.launch)
    seconds = processes.wait_ready(paths, part.name, lambda: LACKS[part.name](where), READY_WITHIN_S)
    return f"ready after {seconds:.1f} s"


def _run_to_end(paths: LabPaths, errand: processes.Launch) -> None:
    with paths.log_of(errand.name).open("ab") as log:
        status = subprocess.run(
            list(errand.command), check=False, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=errand.folder
        ).returncode
    if status:
        end = processes.tail(paths, errand.name)
        raise PartDied(f"{errand.name} failed with status {status}; its log ends:\n{end}")


def _demand_answers(where: Endpoints) -> None:
    for name, lacks in LACKS.items():
        if trouble := lacks(where):
            raise LabError(f"the external {name} is not usable: {trouble}")


def all_parts(paths: LabPaths) -> tuple[parts.Part, ...]:
    """The three, with their ports of this checkout."""
    port = ports.choose(paths.ports, PORT_NAMES)
    return (
        parts.kafka(paths, port["kafka"], port["kafka-controller"]),
        parts.registry(paths, port["registry"]),
        parts.cassandra(paths, port["cassandra"], port["cassandra-storage"]),
    )


def start_part(paths: LabPaths, name: str) -> None:
    """Starts one of the three again (after `processes.stop` or a kill) and waits until it is ready."""
    part = next(part for part in all_parts(paths) if part.name == name)
    _bring_up(paths, part, endpoints(paths))


def down(paths: LabPaths) -> list[str]:
    """Stops the three and keeps their data; the names of those that ran. An external lab is not ours to stop."""
    return [] if engine() is Engine.EXTERNAL else processes.stop_all(paths, list(LACKS))


def clean(paths: LabPaths, *, downloads: bool = False) -> None:
    """Stops the three and removes all they kept; the downloaded artifacts too when asked.

    The registry's data goes with Kafka's: ids in the records mean nothing without it.
    """
    down(paths)
    for entry in paths.home.iterdir() if paths.home.is_dir() else ():
        if entry == paths.artifacts and not downloads:
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
