"""A process is known again after its starter is gone, and never mistaken for another."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ev_lab import processes
from ev_lab.errors import PartDied, PartSilent
from ev_lab.paths import LabPaths

SLEEPS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
FAILS = [sys.executable, "-c", "raise SystemExit('the disk is full')"]
QUIET = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
STUBBORN = [sys.executable, "-c", QUIET]


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[LabPaths]:
    lab = LabPaths(home=tmp_path)
    yield lab
    processes.stop_all(lab, ["part"], timeout_s=1)


def start(paths: LabPaths, command: list[str]) -> psutil.Process:
    launch = processes.Launch(name="part", command=command, environment={"GIVEN": "1"}, folder=paths.home)
    return processes.start(paths, launch)


def speaks(paths: LabPaths) -> None:
    processes.wait_ready(paths, "part", lambda: "" if paths.log_of("part").stat().st_size else "silent", 10)


def test_a_started_process_runs_until_it_is_stopped(paths: LabPaths) -> None:
    started = start(paths, SLEEPS)
    assert processes.running(paths, "part") == started
    assert processes.stop(paths, "part")
    assert processes.running(paths, "part") is None
    assert not processes.stop(paths, "part")


def test_it_gets_only_what_it_is_given(paths: LabPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EV_SECRET_OF_THE_SHELL", "1")
    started = start(paths, SLEEPS)
    speaks(paths)  # a process that has just been made shows no environment for a moment
    environment = started.environ()
    assert environment["GIVEN"] == "1"
    assert "EV_SECRET_OF_THE_SHELL" not in environment


def test_a_recycled_pid_is_somebody_else(paths: LabPaths) -> None:
    start(paths, SLEEPS)
    mark = json.loads(paths.pid_of("part").read_text(encoding="utf-8"))
    paths.pid_of("part").write_text(json.dumps({**mark, "born": mark["born"] - 100}), encoding="utf-8")
    assert processes.running(paths, "part") is None
    paths.pid_of("part").write_text(json.dumps(mark), encoding="utf-8")


def test_one_that_does_not_listen_is_killed(paths: LabPaths) -> None:
    stubborn = start(paths, STUBBORN)
    speaks(paths)
    assert processes.stop(paths, "part", timeout_s=0.2)
    assert not stubborn.is_running()


def test_one_that_dies_while_starting_is_reported_with_the_end_of_its_log(paths: LabPaths) -> None:
    start(paths, FAILS)
    with pytest.raises(PartDied, match="the disk is full"):
        processes.wait_ready(paths, "part", lambda: "not yet", 10)


def test_one_that_is_never_ready_is_reported_with_what_it_lacks(paths: LabPaths) -> None:
    start(paths, SLEEPS)
    with pytest.raises(PartSilent, match=r"not ready after 0 s \(no leader\)"):
        processes.wait_ready(paths, "part", lambda: "no leader", 0.1)


RUN = """
import sys, time
from pathlib import Path
from ev_lab import processes
from ev_lab.paths import LabPaths
paths = LabPaths(home=Path(sys.argv[1]))
with processes.watched(paths, "run."):
    processes.start(paths, processes.Launch(name="run.part", command=sys.argv[2:], environment={}, folder=paths.home))
    print("here", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_started_ends_and_nothing_else(paths: LabPaths) -> None:
    other = start(paths, SLEEPS)
    with subprocess.Popen([sys.executable, "-c", RUN, str(paths.home), *SLEEPS], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"here\n"
        started = processes.running(paths, "run.part")
        assert started is not None
        run.kill()
    psutil.wait_procs([started], timeout=20)
    assert not started.is_running()
    assert other.is_running()
