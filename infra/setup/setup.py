"""Brings the virtual environment to what the locks say; quick where nothing changed. Standard library only.

Run by any Python 3.11 or newer before anything is installed: environment, installer, locked packages, our members.
"""

import fcntl
import hashlib
import subprocess
import sys
import venv
from collections.abc import Iterator

from members import ROOT, Member, members, refuse_confusion

ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
UV = ENVIRONMENT / "bin" / "uv"
STAMP = ENVIRONMENT / ".setup"
REQUIREMENTS = ROOT / "requirements"
PAGES = ROOT / "services" / "dashboards"
NPM = ENVIRONMENT / "bin" / "npm"
OLDEST = (3, 11)


def wanted(workspace: dict[str, Member]) -> str:
    """Fingerprint of all that decides what stands in the environment."""
    paths = [REQUIREMENTS / "bootstrap.txt", REQUIREMENTS / "dev.lock", PAGES / "package-lock.json"]
    paths += [member.folder / "pyproject.toml" for member in workspace.values()]
    content = b"\0".join(path.read_bytes() for path in paths)
    return hashlib.sha256(content + str(sys.version_info[:2]).encode()).hexdigest()


def steps(workspace: dict[str, Member]) -> Iterator[tuple[str, list[str]]]:
    """What to run, in order, each with the words that a person reads meanwhile."""
    bootstrap = str(REQUIREMENTS / "bootstrap.txt")
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--require-hashes"]
    uv = [str(UV), "pip"]
    if not UV.exists():
        yield "the installer", [*pip, "--requirement", bootstrap]
    # uv is kept: it stands in the environment without standing in dev.lock.
    sync = [*uv, "sync", "--quiet", "--require-hashes", str(REQUIREMENTS / "dev.lock"), bootstrap]
    yield "the locked packages (about 200 MB when the cache is empty)", [*sync, "--python", str(PYTHON)]
    ours = [part for member in workspace.values() for part in ("--editable", str(member.folder))]
    yield (
        f"our {len(workspace)} members",
        [*uv, "install", "--quiet", "--no-deps", "--no-build-isolation", "--python", str(PYTHON), *ours],
    )
    npm = [str(NPM), "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(PAGES)]
    yield "the pages' scripts and styles", npm


def main() -> int:
    """Returns 0 when the environment is as the locks say, else 1 with what failed."""
    if sys.version_info < OLDEST:
        print(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    with (REQUIREMENTS / "bootstrap.txt").open(encoding="utf-8") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        return bring_up_to_date()


def bring_up_to_date() -> int:
    """The same, for whoever is alone in this checkout."""
    workspace = members()
    refuse_confusion(workspace)
    want = wanted(workspace)
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == want and (PAGES / "node_modules").is_dir():
        return 0
    if not PYTHON.exists():
        print("setup: the environment", flush=True)
        venv.create(ENVIRONMENT, with_pip=True)
    for words, command in steps(workspace):
        print(f"setup: {words}", flush=True)
        status = subprocess.run(command, check=False, cwd=ROOT).returncode
        if status:
            print(f"setup: {words} failed (status {status}); the lines above say why", file=sys.stderr)
            return 1
    STAMP.write_text(want, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
