"""The Java artifacts the lab runs on, exactly those of the committed lock: fetched once, checked by sha256 each time.

The lock holds group, artifact, version, classifier, packaging and sha256, and no address. The resolver writes straight
to a file's final name and takes a truncated one for whole, so the check here is the one that counts.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.maven import MavenContext, PythonResolver
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from ev_lab.errors import ArtifactBroken

LOCK = Path(__file__).parent / "artifacts.lock"
TRIES = 4
FETCHED_AT_ONCE = 6
Callback = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
Bring = Callable[["Artifact"], None]
"""Writes an artifact's file, from wherever; raises as networks and disks do."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Artifact:
    """One line of the lock: which part needs it, its coordinates, what its bytes must hash to."""

    part: str
    group: str
    artifact: str
    version: str
    classifier: str
    packaging: str
    sha256: str

    @property
    def name(self) -> str:
        """The coordinates as a person writes them."""
        ends = [end for end in (self.classifier, self.packaging if self.packaging != "jar" else "") if end]
        return ":".join([self.group, self.artifact, self.version, *ends])

    def path_in(self, repository: Path) -> Path:
        """Where the resolver puts it, by Maven's layout of repositories."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        file = f"{self.artifact}-{self.version}{classifier}.{self.packaging}"
        return repository.joinpath(*self.group.split("."), self.artifact, self.version, file)


def read_lock(path: Path = LOCK) -> tuple[Artifact, ...]:
    """All artifacts of all parts, in the lock's order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(Artifact(**json.loads(line)) for line in lines if line.startswith("{"))


def sha256_of(path: Path) -> str:
    """Sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def paths_of(part: str, repository: Path, locked: Iterable[Artifact] | None = None) -> tuple[Path, ...]:
    """The files that one part needs, which `fetch` has brought."""
    chosen = read_lock() if locked is None else locked
    return tuple(artifact.path_in(repository) for artifact in chosen if artifact.part == part)


def fetch(
    repository: Path,
    locked: Sequence[Artifact] | None = None,
    *,
    tries: int = TRIES,
    bring: Bring | None = None,
) -> None:
    """Brings every artifact of the lock into the repository; a file that is not the lock's is fetched again.

    A file that was checked before and has kept its size and time is not read again. Raises ArtifactBroken.
    """
    wanted = list(read_lock() if locked is None else locked)
    repository.mkdir(parents=True, exist_ok=True)
    checked = _Checked(repository / "checked.json")
    missing = [artifact for artifact in wanted if not checked.is_good(artifact, artifact.path_in(repository))]
    if not missing:
        return
    with _progress(len(missing)) as (callback, done), ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
        source = bring or _from_maven(repository, callback)
        for artifact in pool.map(lambda wanted: _bring(source, wanted, repository, tries), missing):
            checked.remember(artifact, artifact.path_in(repository))
            done()
    checked.save()


def _from_maven(repository: Path, callback: Callback) -> Bring:
    resolver = PythonResolver(progress_callback=callback)
    context = MavenContext(resolver=resolver, repo_cache=repository, local_repos=[], timeout=60)

    def bring(artifact: Artifact) -> None:
        version = context.project(artifact.group, artifact.artifact).at_version(artifact.version)
        version.artifact(artifact.classifier, artifact.packaging).resolve()

    return bring


def _bring(bring: Bring, artifact: Artifact, repository: Path, tries: int) -> Artifact:
    path, trouble = artifact.path_in(repository), "never tried"
    for _ in range(tries):
        trouble = _try_once(bring, artifact, path)
        if not trouble:
            return artifact
        path.unlink(missing_ok=True)
    raise ArtifactBroken(f"{artifact.name} cannot be had after {tries} tries: {trouble}")


def _try_once(bring: Bring, artifact: Artifact, path: Path) -> str:
    """Empty when the file is there and the lock's, else what is wrong."""
    try:
        bring(artifact)
    except (requests.RequestException, RuntimeError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    if not path.is_file():
        return f"nothing was written to {path}"
    found = sha256_of(path)
    return "" if found == artifact.sha256 else f"its sha256 is {found}, the lock says {artifact.sha256}"


class _Checked:
    """Which files were found good, by size and modification time, so that an `up` need not read 220 MB."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @staticmethod
    def _mark(artifact: Artifact, path: Path) -> str:
        status = path.stat()
        return f"{artifact.sha256} {status.st_size} {status.st_mtime_ns}"

    def is_good(self, artifact: Artifact, path: Path) -> bool:
        """Whether the file stands there as the lock says; one unknown so far is read and remembered."""
        if not path.is_file():
            return False
        if self._marks.get(artifact.name) == self._mark(artifact, path):
            return True
        if sha256_of(path) != artifact.sha256:
            path.unlink()
            return False
        self.remember(artifact, path)
        return True

    def remember(self, artifact: Artifact, path: Path) -> None:
        self._marks[artifact.name] = self._mark(artifact, path)

    def save(self) -> None:
        self._path.write_text(json.dumps(self._marks, indent=1, sort_keys=True), encoding="utf-8")


@contextmanager
def _progress(files: int) -> Iterator[tuple[Callback, Callable[[], None]]]:
    """A bar a file above 1 MB and one for the whole; silent when standard output is no terminal, but for one line."""
    columns = (TextColumn("{task.description:<44}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, transient=True) as progress:
        if not progress.console.is_terminal:
            print(f"lab: fetching {files} Java artifacts (about 220 MB in all)", flush=True)
        whole = progress.add_task(f"{files} artifacts", total=None)

        @contextmanager
        def one(filename: str, total: int) -> Iterator[Callable[[int], None]]:
            task = progress.add_task(filename[:44], total=total, visible=total > 1_000_000)

            def update(count: int) -> None:
                progress.update(task, advance=count)
                progress.update(whole, advance=count)

            yield update
            progress.remove_task(task)

        left = [files]

        def done() -> None:
            left[0] -= 1
            progress.update(whole, description=f"{left[0]} artifacts to go")

        yield one, done
