"""The foreign clients: what each needs on the machine, how it is fetched and built under its lock, and how it runs."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients import pins
from clients.script import V16, V21, V201

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "clients"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_GO = "github.com/lorenzodonini/ocpp-go/example"
_GO_STATIONS = (
    (V16, "cp", "CENTRAL_SYSTEM_URL", ()),
    # It takes the data of a DataTransfer for bytes, which JSON has not, and panics.
    (V201, "chargingstation", "CSMS_URL", ("DataTransfer",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`run` gets the file of orders as its last argument; a client that is `autonomous` follows its own plan."""

    name: str
    version: str
    needs: tuple[str, ...]
    run: tuple[str, ...]
    build: str
    autonomous: bool = False
    url_in: str = ""
    spared: tuple[str, ...] = ()
    """Commands that it is not sent, because it dies of them."""

    @property
    def lacks(self) -> list[str]:
        """The tools that are not on this machine."""
        return [tool for tool in self.needs if shutil.which(tool) is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Commands that fetch and compile, each in a folder."""

    steps: tuple[tuple[str, ...], ...]
    folder: Path = field(default=HERE)


def builds() -> Mapping[str, Build]:
    """By the name that clients give."""
    java = BUILT / "java"
    return {
        "go": Build(
            folder=HERE / "go",
            steps=(
                (
                    "go",
                    "build",
                    "-mod=readonly",
                    "-o",
                    f"{BUILT / 'go'}/",
                    f"{_GO}/1.6/cp",
                    f"{_GO}/2.0.1/chargingstation",
                ),
            ),
        ),
        "js": Build(
            folder=HERE / "js", steps=(("npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"),)
        ),
        "java": Build(
            folder=HERE / "java",
            steps=(
                ("mvn", "-q", "-B", _COPY, f"-DoutputDirectory={java / 'lib'}"),
                ("javac", "-cp", f"{java / 'lib'}/*", "-d", str(java / "classes"), "Station.java"),
            ),
        ),
        "rust": Build(
            folder=BUILT / "crate",
            steps=(("cargo", "build", "--quiet", "--release", "--locked", "--target-dir", str(BUILT / "rust")),),
        ),
    }


def clients() -> Sequence[Client]:
    """All of them; Python's stands among the tests."""
    java, rust = BUILT / "java", str(BUILT / "rust" / "release" / "ev-foreign-station")
    station = ("java", "-cp", f"{java / 'classes'}:{java / 'lib'}/*", "Station")
    made = [
        Client(
            name="go ocpp-go",
            version=version,
            needs=("go",),
            run=(str(BUILT / "go" / binary),),
            build="go",
            autonomous=True,
            url_in=url,
            spared=spared,
        )
        for version, binary, url, spared in _GO_STATIONS
    ]
    node = ("node", str(HERE / "js" / "station.mjs"))
    for version in (V16, V201, V21):
        made.append(Client(name="js ocpp-rpc", version=version, needs=("node", "npm"), run=node, build="js"))
        made.append(Client(name="rust ocpp-client", version=version, needs=("cargo",), run=(rust,), build="rust"))
    made.append(Client(name="java ocpp", version=V16, needs=("java", "javac", "mvn"), run=station, build="java"))
    return sorted(made, key=lambda one: (one.name, one.version))


def build(name: str) -> None:
    """Raises CalledProcessError where a step fails."""
    wanted = builds()[name]
    if name == "rust":
        pins.prepare(HERE / "rust", wanted.folder)
    for step in wanted.steps:
        subprocess.run(step, cwd=wanted.folder, check=True)


def orders(client: Client, url: str, identity: str, password: str, **script: Any) -> str:
    """What the client is to do, as it reads it."""
    who = {"url": url, "identity": identity, "password": password, "version": client.version}
    return json.dumps({**who, **script})
