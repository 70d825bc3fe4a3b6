"""Writes the hashed lock files from the members' requirements, and says which of them are stale.

Each lock opens with the fingerprint of the requirement lines it was made from: staleness is seen without a network.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from members import ROOT, lock_inputs

FINGERPRINT = "# made by `make lock` from requirements with sha256 "
UV = ROOT / ".venv" / "bin" / "uv"
COMPILE = ("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes")
# The lock must install from any index, so it names none.
PLAIN = ("--no-emit-index-url", "--no-header", "--no-annotate")


def fingerprint(lines: Sequence[str]) -> str:
    """Sha256 of the requirement lines, in hex."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def stale(root: Path = ROOT) -> list[str]:
    """Names of the locks that were not made from the requirements as they are now, the missing ones included."""
    return [name for name, lines in lock_inputs(root) if not _is_fresh(root / "requirements" / f"{name}.lock", lines)]


def _is_fresh(path: Path, lines: Sequence[str]) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8").startswith(FINGERPRINT + fingerprint(lines))


def write(name: str, lines: Sequence[str], *, upgrade: bool) -> None:
    """Resolves one lock; an image's lock takes the versions of `dev`, so that what was tested is what is shipped."""
    path = ROOT / "requirements" / f"{name}.lock"
    bound = () if name == "dev" else ("--constraints", str(ROOT / "requirements" / "dev.lock"))
    newest = ("--upgrade",) if upgrade else ()
    command = [str(UV), *COMPILE, *PLAIN, *bound, *newest, "--output-file", str(path), "-"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    path.write_text(f"{FINGERPRINT}{fingerprint(lines)}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """`lock.py [--upgrade]` writes all locks; `lock.py --check` names the stale ones and fails."""
    if "--check" in arguments:
        late = stale()
        for name in late:
            print(f"requirements/{name}.lock is stale: run make lock", file=sys.stderr)
        return 1 if late else 0
    for name, lines in lock_inputs():
        print(f"lock {name}")
        write(name, lines, upgrade="--upgrade" in arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
