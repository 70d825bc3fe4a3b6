"""Processes that outlive the command that started them, known again by pid and time of birth."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ev_lab.errors import PartDied, PartSilent
from ev_lab.paths import LabPaths

KEPT_FROM_ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ", "SSL_CERT_FILE")
TAIL_LINES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How one process is started; `environment` is all that it gets beside the kept few."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


def start(paths: LabPaths, launch: Launch) -> psutil.Process:
    """Starts it in a session of its own, its output appended to its log file; returns at once."""
    environment = {name: os.environ[name] for name in KEPT_FROM_ENVIRONMENT if name in os.environ}
    with paths.log_of(launch.name).open("ab") as log:
        child = subprocess.Popen(
            list(launch.command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**environment, **launch.environment},
            cwd=launch.folder,
        )
    # It is meant to outlive us: without a return code Python would warn of a child that is forgotten while it runs.
    child.returncode = 0
    process = psutil.Process(child.pid)
    mark = {"pid": child.pid, "born": process.create_time()}
    paths.pid_of(launch.name).write_text(json.dumps(mark), encoding="utf-8")
    return process


def running(paths: LabPaths, name: str) -> psutil.Process | None:
    """The living process of that name, or None: a stale or recycled pid and a zombie are dead."""
    try:
        mark = json.loads(paths.pid_of(name).read_text(encoding="utf-8"))
        process = psutil.Process(mark["pid"])
        alive = process.create_time() == mark["born"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess, json.JSONDecodeError):
        return None
    return process if alive else None


@contextlib.contextmanager
def watched(paths: LabPaths, prefix: str = "") -> Iterator[None]:
    """What runs under a name that begins so is stopped on the way out, and also where this process is killed within.

    A process of its own watches, not the kernel's death signal: that comes as soon as the thread ends which started
    the process, and tests start from threads.
    """
    command = [sys.executable, "-m", "ev_lab.watcher", str(paths.home), prefix]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True):
        try:
            yield
        finally:
            stop_all(paths, known(paths, prefix))


def known(paths: LabPaths, prefix: str = "") -> list[str]:
    """The names under which something was started and not yet stopped, of those that begin so."""
    marks = paths.pid_of("any").parent.glob("*.json")
    return sorted(path.stem for path in marks if path.stem.startswith(prefix))


def stop(paths: LabPaths, name: str, timeout_s: float = 20) -> bool:
    """Asks it to end, kills it after the time-out; whether there was one."""
    return stop_all(paths, [name], timeout_s) == [name]


def stop_all(paths: LabPaths, names: Sequence[str], timeout_s: float = 20) -> list[str]:
    """Asks all at once to end, kills what is left after the time-out; the names of those that ran."""
    alive = {name: process for name in names if (process := running(paths, name))}
    for process in alive.values():
        _quietly(process.terminate)
    _, left = psutil.wait_procs(list(alive.values()), timeout=timeout_s)
    for process in left:
        _quietly(process.kill)
    psutil.wait_procs(left, timeout=5)
    for name in names:
        paths.pid_of(name).unlink(missing_ok=True)
    return list(alive)


def _quietly(signal: Callable[[], None]) -> None:
    try:
        signal()
    except psutil.NoSuchProcess:
        return


def tail(paths: LabPaths, name: str, lines: int = TAIL_LINES) -> str:
    """The last lines of its log."""
    path = paths.log_of(name)
    if not path.is_file():
        return "(no log)"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def wait_ready(paths: LabPaths, name: str, missing: Callable[[], str], timeout_s: float) -> float:
    """Seconds until `missing` says nothing. Raises PartDied or PartSilent with the end of the log."""
    began = time.monotonic()
    while trouble := missing():
        waited = time.monotonic() - began
        if running(paths, name) is None:
            raise PartDied(f"{name} ended while starting. Its log, {paths.log_of(name)}, ends:\n{tail(paths, name)}")
        if waited > timeout_s:
            end = tail(paths, name)
            raise PartSilent(f"{name} is not ready after {timeout_s:.0f} s ({trouble}). Its log ends:\n{end}")
        time.sleep(0.1)
    return time.monotonic() - began


def allow_many_files() -> None:
    """Lifts the limit on open files to what the system permits; children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
