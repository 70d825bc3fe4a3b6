"""The lab that runs is left alone by a second `up`, and a namespace leaves nothing behind."""

import time

from ev_contracts.catalogue import TOPICS
from ev_lab import contracts, engine, processes
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet
from ev_lab.status import edges


def test_up_leaves_alone_what_runs(lab: Endpoints, lab_paths: LabPaths) -> None:
    before = {name: processes.running(lab_paths, name) for name in engine.LACKS}
    said: list[str] = []
    assert engine.up(lab_paths, said.append) == lab
    assert {name: processes.running(lab_paths, name) for name in engine.LACKS} == before
    assert "kafka runs already" in said


def test_each_part_does_its_work(lab: Endpoints) -> None:
    assert {name: lacks(lab) for name, lacks in engine.LACKS.items()} == dict.fromkeys(engine.LACKS, "")


def test_a_namespace_has_every_topic_of_the_catalogue(lab: Endpoints, namespace: str) -> None:
    assert len(contracts.make_topics(lab, namespace)) == len(TOPICS)
    assert contracts.make_topics(lab, namespace) == []


def test_a_removed_namespace_leaves_no_topic(lab: Endpoints, topics: str) -> None:
    contracts.remove(lab, topics)
    deadline = time.monotonic() + 10
    while left := contracts.topics_of(lab, topics):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_status_tells_every_edge(lab: Endpoints, lab_paths: LabPaths) -> None:
    found = {edge.name: edge for edge in edges(Fleet(paths=lab_paths))}
    assert found["kafka"].address == lab.kafka
    assert found["kafka"].state == "ready"
    assert found["ocpp"].address.startswith("ws://127.0.0.1:")


def test_the_issuer_runs_in_a_namespace(fleet: Fleet) -> None:
    assert fleet.start(["issuer"]) == ["issuer"]
    assert fleet.start(["issuer"]) == []
    assert fleet.stop(["issuer"]) == ["issuer"]
