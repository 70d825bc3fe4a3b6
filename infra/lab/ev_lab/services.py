"""Our own services as processes beside the lab: which there are, what each is given, where it is reached.

A namespace makes a second set of them (own topics, groups, keyspaces, ports and data) on the same Kafka and Cassandra.
"""

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2
import psutil

from ev_lab import ports, processes
from ev_lab.endpoints import endpoints
from ev_lab.errors import LabError
from ev_lab.paths import CHECKOUT, LabPaths

READY_WITHIN_S = 60.0
ROLES = ("cpo", "emsp", "owner", "dso", "driver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One process: its package, the variables that name its ports, and what it is given beside the common ones."""

    name: str
    package: str
    folder: Path
    ports: Mapping[str, str] = field(default_factory=lambda: {"http": "EV_HTTP_PORT"})
    folders: Mapping[str, str] = field(default_factory=dict)
    """Variable -> folder of its data; one that a service keeps beside `EV_DATA_DIR`."""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_built(self) -> bool:
        """Whether it can be started: its package has an entry point."""
        return importlib.util.find_spec(f"{self.package}.__main__") is not None


def _service(name: str, **more: Mapping[str, str]) -> Spec:
    return Spec(name=name, package=name.replace("-", "_"), folder=CHECKOUT / "services" / name, **more)


def _projection(role: str) -> Spec:
    folder = CHECKOUT / "services" / "projections"
    return Spec(name=f"projections-{role}", package="projections", folder=folder, extra={"EV_ROLE": role})


SPECS: Mapping[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec(name="issuer", package="ev_lab.issuer", folder=CHECKOUT / "infra" / "lab"),
        _service("asset-registry"),
        _service("accounts"),
        _service("session-ledger"),
        _service("pricing"),
        _service("billing"),
        _service("roaming", extra={"EV_ROAMING_ALLOW_LOOPBACK": "1"}),
        _service(
            "charger-gateway",
            ports={
                "http": "EV_HTTP_PORT",
                "ocpp": "EV_OCPP_PORT",
                "ocpps": "EV_OCPP_TLS_PORT",
                "files": "EV_FILE_PORT",
            },
            folders={"EV_FILE_DIR": "files"},
            extra={"EV_DRAIN_PERCENT_PER_S": "100"},  # no other replica is there to be spared a storm
        ),
        *(_projection(role) for role in ROLES),
        _service("dashboards"),
    )
}
"""In the order in which they are started; the issuer first, because the others ask it for its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One set of our services. `clock` is EV_CLOCK for all of them; `extra` goes to each as it is."""

    paths: LabPaths
    namespace: str = ""
    clock: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_environment(cls) -> "Fleet":
        """The set of this checkout, with EV_NAMESPACE, EV_CLOCK, EV_LOG_LEVEL and EV_OTLP_ENDPOINT as set here."""
        passed = {name: os.environ[name] for name in ("EV_LOG_LEVEL", "EV_OTLP_ENDPOINT") if os.environ.get(name)}
        return cls(
            paths=LabPaths.of_checkout(),
            namespace=os.environ.get("EV_NAMESPACE", ""),
            clock=os.environ.get("EV_CLOCK", ""),
            extra=passed,
        )

    def process_name(self, name: str) -> str:
        """The name of its pid file and log: the service's, after its namespace if there is one."""
        return f"{self.namespace}.{name}" if self.namespace else name

    def port(self, name: str, edge: str = "http") -> int:
        """The port of one edge of a service, the same at each start."""
        label = f"{self.process_name(name)}.{edge}"
        return ports.choose(self.paths.ports, [label])[label]

    def url(self, name: str) -> str:
        """The root of a service's HTTP edge."""
        return f"http://127.0.0.1:{self.port(name)}"

    @property
    def ocpp_url(self) -> str:
        """What a station appends its id to."""
        return f"ws://127.0.0.1:{self.port('charger-gateway', 'ocpp')}/ocpp/"

    @property
    def secure_ocpp_url(self) -> str:
        """The same over TLS; its root lies in the lab's folder (`tls/root.pem`)."""
        return f"wss://localhost:{self.port('charger-gateway', 'ocpps')}/ocpp/"

    def environment(self, spec: Spec) -> dict[str, str]:
        """Everything that its settings read."""
        labels = [f"{self.process_name(other.name)}.{edge}" for other in SPECS.values() for edge in other.ports]
        chosen = ports.choose(self.paths.ports, labels)
        addresses = {
            f"EV_URL_{name.upper().replace('-', '_')}": f"http://127.0.0.1:{chosen[f'{self.process_name(name)}.http']}"
            for name in SPECS
        }
        data = self.paths.of(f"data/{self.namespace or 'default'}/{spec.name}")
        own = {variable: str(chosen[f"{self.process_name(spec.name)}.{edge}"]) for edge, variable in spec.ports.items()}
        return {
            **endpoints(self.paths).environment,
            **addresses,
            "EV_SCHEMA_IDS": str(self.paths.schema_ids),
            "EV_NAMESPACE": self.namespace,
            "EV_CLOCK": self.clock,
            "EV_OIDC_ISSUER": addresses["EV_URL_ISSUER"],
            "EV_DATA_DIR": str(data),
            "EV_SECRETS_DIR": str(self.paths.secrets),
            **self._trust(),
            "EV_USERS": str(self.paths.users),
            "EV_HTTP_HOST": "127.0.0.1",
            **own,
            **{variable: str(data / folder) for variable, folder in spec.folders.items()},
            **spec.extra,
            **self.extra,
        }

    def _trust(self) -> dict[str, str]:
        """Beside a lab that others started there may be no certificates; then there is no TLS."""
        shown = {f"EV_TLS_{kind}_CERTIFICATE": self.paths.tls / f"gateway-{kind.lower()}.pem" for kind in ("RSA", "EC")}
        if not all(path.exists() for path in shown.values()):
            return {}
        return {name: str(path) for name, path in shown.items()} | {"EV_STATION_CA_DIR": str(self.paths.station_ca)}

    def start(self, names: Sequence[str] = (), *, ready_within_s: float = READY_WITHIN_S) -> list[str]:
        """Starts those of the names (all that are built, when none is given) that do not run, and waits for them.

        The names of those that were started. Raises LabError.
        """
        chosen = [spec_of(name) for name in names] or [spec for spec in SPECS.values() if spec.is_built]
        late = [spec for spec in chosen if self.running(spec.name) is None]
        for spec in late:
            self._launch(spec)
        for spec in chosen:
            process = self.process_name(spec.name)
            processes.wait_ready(self.paths, process, partial(self.lacks, spec.name), ready_within_s)
        return [spec.name for spec in late]

    def _launch(self, spec: Spec) -> None:
        name = self.process_name(spec.name)
        ports.demand_free(name, [self.port(spec.name, edge) for edge in spec.ports], self.paths.ports)
        command = [sys.executable, "-m", spec.package]
        launch = processes.Launch(name=name, command=command, environment=self.environment(spec), folder=spec.folder)
        processes.start(self.paths, launch)

    def running(self, name: str) -> psutil.Process | None:
        """Its living process, for tests that kill or stop it."""
        return processes.running(self.paths, self.process_name(name))

    def lacks(self, name: str) -> str:
        """Empty when it answers that it is ready, else what it says."""
        path = "/health/live" if name == "issuer" else "/health/ready"
        try:
            answer = httpx2.get(f"{self.url(name)}{path}", timeout=2)
        except httpx2.HTTPError as error:
            return f"{self.url(name)} does not answer: {type(error).__name__}"
        return "" if answer.is_success else f"{path} answers {answer.status_code} {answer.text[:200]}"

    def stop(self, names: Sequence[str] = ()) -> list[str]:
        """Stops those of the names that run (all, when none is given); their names."""
        labels = {self.process_name(name): name for name in (names or tuple(SPECS))}
        return [labels[label] for label in processes.stop_all(self.paths, list(labels))]


def spec_of(name: str) -> Spec:
    """The service of that name; `projections` alone is no process. Raises LabError that lists them."""
    if name not in SPECS:
        raise LabError(f"no service {name!r}; there are: {', '.join(SPECS)}")
    if not SPECS[name].is_built:
        raise LabError(f"{name} cannot be started: {SPECS[name].package} has no __main__")
    return SPECS[name]
