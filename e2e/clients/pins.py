"""Cargo's lock without its registry's address, which our locks never hold: written out of one and made whole again."""

import re
import shutil
import subprocess
from pathlib import Path

_SOURCE = re.compile(r"^source = .*\n", re.MULTILINE)
_CHECKSUM = re.compile(r"^checksum = ", re.MULTILINE)


def without_address(lock: str) -> str:
    """What is kept: names, versions and checksums."""
    return _SOURCE.sub("", lock)


def whole(pins: str, source: str) -> str:
    """The lock again: each package with a checksum comes from the registry, whose line is `source`."""
    return _CHECKSUM.sub(f"{source}\nchecksum = ", pins)


def prepare(crate: Path, into: Path) -> None:
    """A copy of the crate with its whole lock; cargo itself says how the registry of this machine is called."""
    into.mkdir(parents=True, exist_ok=True)
    shutil.copy(crate / "Cargo.toml", into)
    shutil.copytree(crate / "src", into / "src", dirs_exist_ok=True)
    lock = into / "Cargo.lock"
    if not lock.is_file():
        subprocess.run(["cargo", "generate-lockfile", "--quiet"], cwd=into, check=True)
    found = _SOURCE.search(lock.read_text(encoding="utf-8"))
    assert found is not None, "cargo wrote a lock without a source"
    pins = (crate / "Cargo.pins").read_text(encoding="utf-8")
    lock.write_text(whole(pins, found.group().rstrip()), encoding="utf-8")
