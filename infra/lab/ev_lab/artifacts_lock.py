"""Writes the lock of Java artifacts: resolves what each part stands on, fetches it, notes what its bytes hash to."""

import json
from dataclasses import asdict
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver
from jgo.parse import Coordinate

from ev_lab.artifacts import LOCK, Artifact, sha256_of

# What each part starts from; the rest follows. Without the second one of Kafka's, its failures are silent.
ROOTS = {
    "kafka": (
        Coordinate("org.apache.kafka", "kafka_2.13", "4.1.0", scope="compile"),
        Coordinate("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3", scope="compile"),
    ),
    "cassandra": (Coordinate("org.apache.cassandra", "cassandra-all", "5.0.5", scope="compile"),),
}
REGISTRY = ("io.apicurio", "apicurio-registry-app", "3.0.9", "all", "tar.gz")
HEAD = "# Made by `make lab-lock`: what the lab runs on, by coordinates and sha256. No addresses.\n"


def write_lock(repository: Path, path: Path = LOCK) -> int:
    """Resolves everything anew and writes the lock, sorted; returns how many artifacts it holds."""
    context = MavenContext(resolver=PythonResolver(), repo_cache=repository, timeout=60)
    found = {entry for part, roots in ROOTS.items() for entry in _closure(context, part, roots)}
    group, name, version, classifier, packaging = REGISTRY
    found.add(_entry("registry", context.project(group, name).at_version(version).artifact(classifier, packaging)))
    lines = [json.dumps(asdict(artifact)) for artifact in sorted(found)]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _closure(context: MavenContext, part: str, roots: tuple[Coordinate, ...]) -> list[Artifact]:
    """Each root by itself: together, the managed versions of one would rule the other's (log4j's bring an old client).

    Where two want the same artifact, the earlier root's version stays.
    """
    chosen: dict[tuple[str, str, str], Artifact] = {}
    for root in roots:
        asked, implied = context.resolver.resolve([context.create_dependency(root)])
        for dependency in (*asked, *implied):
            if dependency.scope in {"compile", "runtime"}:
                entry = _entry(part, dependency.artifact)
                chosen.setdefault((entry.group, entry.artifact, entry.classifier), entry)
    return list(chosen.values())


def _entry(part: str, artifact: object) -> Artifact:
    """One line of the lock for a resolved artifact of the resolver's (which carries no types)."""
    path = Path(artifact.resolve())  # type: ignore[attr-defined]  # jgo's Artifact
    return Artifact(
        part=part,
        group=artifact.groupId,  # type: ignore[attr-defined]  # as above
        artifact=artifact.artifactId,  # type: ignore[attr-defined]  # as above
        version=artifact.version,  # type: ignore[attr-defined]  # as above
        classifier=artifact.classifier or "",  # type: ignore[attr-defined]  # as above
        packaging=artifact.packaging or "jar",  # type: ignore[attr-defined]  # as above
        sha256=sha256_of(path),
    )
