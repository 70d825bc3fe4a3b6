"""Which members the workspace has, and what each asks of the world outside it; standard library only."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEARCHED = ("contracts", "services/*", "infra/*", "e2e")
DEV_INPUT = ROOT / "requirements" / "dev.in"
# The extras that development needs of a member, over what its image needs.
DEV_EXTRAS = {"ev-contracts": ("tools",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One distribution of the workspace; `requires` holds the lines as written, our own members among them."""

    name: str
    folder: Path
    packages: tuple[str, ...]
    requires: tuple[str, ...]
    extras: dict[str, tuple[str, ...]]

    @property
    def is_service(self) -> bool:
        """Whether it is deployed, and so has an image and a lock of its own."""
        return self.folder.parent.name == "services" and not self.folder.name.startswith("_")


def distribution(requirement: str) -> str:
    """The normalised name that a requirement line asks for, without extras, versions and markers."""
    return re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def members(root: Path = ROOT) -> dict[str, Member]:
    """Every member by its distribution's name, in the order of their folders."""
    found = (path for pattern in SEARCHED for path in sorted(root.glob(f"{pattern}/pyproject.toml")))
    return {member.name: member for member in map(_read, found)}


def _read(path: Path) -> Member:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    project = content["project"]
    wheel = content.get("tool", {}).get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    return Member(
        name=distribution(project["name"]),
        folder=path.parent,
        packages=tuple(wheel.get("packages", ())),
        requires=tuple(project.get("dependencies", ())),
        extras={name: tuple(lines) for name, lines in project.get("optional-dependencies", {}).items()},
    )


def outside(name: str, workspace: dict[str, Member]) -> set[str]:
    """What a member asks for from outside the workspace, itself and by way of the members it stands on."""
    asked: set[str] = set()
    for line in workspace[name].requires:
        asked |= outside(distribution(line), workspace) if distribution(line) in workspace else {line}
    return asked


class Confused(ValueError):
    """A member asks an index for what is ours: a stranger's package of that name would be installed over our own."""


def refuse_confusion(workspace: dict[str, Member]) -> None:
    """Raises Confused where a requirement has the name of one of our packages and is no member of the workspace."""
    ours = {distribution(package) for member in workspace.values() for package in member.packages}
    for member in workspace.values():
        for line in (*member.requires, *(line for lines in member.extras.values() for line in lines)):
            if distribution(line) in ours - set(workspace):
                raise Confused(f"{member.name} requires {line!r}, the name of our package: name its distribution")


def lock_inputs(root: Path = ROOT) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name of the lock, its requirement lines, sorted): first `dev`, which covers everything, then one per image."""
    workspace = members(root)
    refuse_confusion(workspace)
    everything = {line for name in workspace for line in outside(name, workspace)}
    for name, extras in DEV_EXTRAS.items():
        if name in workspace:
            everything |= {line for extra in extras for line in workspace[name].extras.get(extra, ())}
    written = (root / "requirements" / "dev.in").read_text(encoding="utf-8").splitlines()
    tools = {line.strip() for line in written if line.strip() and not line.startswith("#")}
    yield "dev", tuple(sorted(everything | tools))
    for member in workspace.values():
        if member.is_service:
            yield member.folder.name, tuple(sorted(outside(member.name, workspace)))


if __name__ == "__main__":
    # What mypy looks at in one run: the packages, and the scripts that belong to none.
    for one in members().values():
        print("\n".join(str((one.folder / package).relative_to(ROOT)) for package in one.packages))
    print("infra/setup/lock.py\ninfra/setup/members.py\ninfra/setup/setup.py")
