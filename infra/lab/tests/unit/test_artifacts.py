"""Only the lock's bytes are ever run."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from ev_lab.artifacts import LOCK, Artifact, Bring, fetch, read_lock, sha256_of
from ev_lab.errors import ArtifactBroken

GOOD = b"the lock's bytes"


def artifact(tmp_path: Path, content: bytes = GOOD) -> Artifact:
    original = tmp_path / "original"
    original.write_bytes(content)
    return Artifact(
        part="kafka",
        group="org.example",
        artifact="thing",
        version="1.0",
        classifier="",
        packaging="jar",
        sha256=sha256_of(original),
    )


def offering(repository: Path, *contents: bytes) -> Bring:
    """A far repository that gives these bytes, one after the other, the last for ever."""
    left = list(contents)

    def bring(wanted: Artifact) -> None:
        path = wanted.path_in(repository)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(left.pop(0) if len(left) > 1 else left[0])

    return bring


def test_the_committed_lock_names_no_address_and_each_artifact_once() -> None:
    assert "://" not in LOCK.read_text(encoding="utf-8")
    locked = read_lock()
    assert {artifact.part for artifact in locked} == {"kafka", "registry", "cassandra"}
    assert len({(artifact.part, artifact.group, artifact.artifact, artifact.classifier) for artifact in locked}) == len(
        locked
    )


def test_a_missing_artifact_is_brought(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    fetch(tmp_path / "m2", [wanted], bring=offering(tmp_path / "m2", GOOD))
    assert wanted.path_in(tmp_path / "m2").read_bytes() == GOOD


def test_a_download_that_breaks_once_is_tried_again(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    fetch(tmp_path / "m2", [wanted], bring=offering(tmp_path / "m2", GOOD[:4], GOOD))
    assert wanted.path_in(tmp_path / "m2").read_bytes() == GOOD


def test_a_truncated_file_is_deleted_and_fetched_again(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    broken = wanted.path_in(tmp_path / "m2")
    broken.parent.mkdir(parents=True)
    broken.write_bytes(GOOD[:4])
    fetch(tmp_path / "m2", [wanted], bring=offering(tmp_path / "m2", GOOD))
    assert broken.read_bytes() == GOOD


def test_bytes_other_than_the_locks_are_refused_by_name_and_not_kept(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    with pytest.raises(ArtifactBroken, match=r"org\.example:thing:1\.0 .* sha256"):
        fetch(tmp_path / "m2", [wanted], tries=2, bring=offering(tmp_path / "m2", b"somebody else's bytes"))
    assert not wanted.path_in(tmp_path / "m2").exists()


def test_a_file_swapped_after_the_check_is_noticed(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    fetch(tmp_path / "m2", [wanted], bring=offering(tmp_path / "m2", GOOD))
    wanted.path_in(tmp_path / "m2").write_bytes(b"swapped")
    fetch(tmp_path / "m2", [wanted], bring=offering(tmp_path / "m2", GOOD))
    assert wanted.path_in(tmp_path / "m2").read_bytes() == GOOD


def test_a_lock_reads_back_as_written(tmp_path: Path) -> None:
    wanted = artifact(tmp_path)
    path = tmp_path / "lock"
    path.write_text("# a comment\n" + json.dumps(asdict(wanted)) + "\n", encoding="utf-8")
    assert read_lock(path) == (wanted,)
