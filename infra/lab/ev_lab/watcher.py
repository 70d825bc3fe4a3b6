"""Stops what a test run started where that run was killed: the input ends with whoever started it, however it dies."""

import sys
from pathlib import Path

from ev_lab import processes
from ev_lab.paths import LabPaths


def main(home: str, prefix: str) -> None:
    """Wait for the end of the input, then stop every process of that lab whose name begins so."""
    sys.stdin.buffer.read()
    paths = LabPaths(home=Path(home))
    processes.stop_all(paths, processes.known(paths, prefix))


if __name__ == "__main__":
    main(*sys.argv[1:])
