"""Registration: one order, old shapes first, ids written once, and a registry that lost its store is noticed."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ev_contract_tools import history
from ev_contract_tools.release import RegistryError, register, shapes, subject, write_ids
from ev_contract_tools.source import fingerprint, load
from ev_contracts.catalogue import RECORDS, schema_ids

STARTED = "ev.sessions.SessionStarted"


class Registry(ThreadingHTTPServer):
    """As much of a Confluent-compatible registry as registration needs: the same text gets the same id."""

    def __init__(self, *, first_id: int = 1, refuses: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.first_id, self.refuses = first_id, refuses
        self.texts: list[str] = []
        self.subjects: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/apis/ccompat/v7"


class Answer(BaseHTTPRequestHandler):
    server: Registry

    def do_POST(self) -> None:
        name = self.path.removeprefix("/apis/ccompat/v7/subjects/").removesuffix("/versions")
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["schema"]
        if name == self.server.refuses:
            return self.answer(409, {"message": "incompatible"})
        self.server.subjects.append(name)
        if text not in self.server.texts:
            self.server.texts.append(text)
        return self.answer(200, {"id": self.server.first_id + self.server.texts.index(text)})

    def answer(self, status: int, content: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    yield from serving(Registry())


def serving(server: Registry) -> Iterator[Registry]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_record_is_registered_once_in_the_order_of_subjects(registry: Registry, copy: Path) -> None:
    ids = register(registry.url, RECORDS, root=copy)
    assert registry.subjects == sorted(registry.subjects)
    assert set(registry.subjects) == {subject(record) for record in RECORDS.values()}
    assert ids.keys() >= {record.fingerprint for record in RECORDS.values()}


def test_a_subject_is_the_topic_and_the_record() -> None:
    assert subject(RECORDS[STARTED]) == "sessions.session.event.v1-ev.sessions.SessionStarted"


def test_a_registration_may_be_repeated(registry: Registry, copy: Path) -> None:
    assert register(registry.url, RECORDS, root=copy) == register(registry.url, RECORDS, root=copy)


def test_released_shapes_are_registered_before_todays(copy: Path) -> None:
    history.release(load(copy))
    path = max((copy / "history/sessions/SessionStarted").glob("*.avsc"))
    old = json.loads(path.read_text(encoding="utf-8"))
    old["fields"] = old["fields"][:-1]
    path.write_text(json.dumps(old), encoding="utf-8")
    assert [mark for mark, _ in shapes(RECORDS[STARTED], copy)][-2:] == [fingerprint(old), RECORDS[STARTED].fingerprint]


def test_ids_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    write_ids(tmp_path / "lab" / "schema-ids.json", {"00ff": 7})
    write_ids(tmp_path / "lab" / "schema-ids.json", {"11ff": 8})
    assert dict(schema_ids(tmp_path / "lab" / "schema-ids.json")) == {"00ff": 7, "11ff": 8}


def test_a_registry_that_gives_other_ids_than_before_is_noticed(registry: Registry, copy: Path) -> None:
    ids = copy / "schema-ids.json"
    write_ids(ids, register(registry.url, RECORDS, root=copy))
    before = ids.read_text(encoding="utf-8")
    for emptied in serving(Registry(first_id=500)):
        with pytest.raises(RegistryError, match="has it lost its store"):
            write_ids(ids, register(emptied.url, RECORDS, root=copy))
    assert ids.read_text(encoding="utf-8") == before


def test_a_refusal_names_the_subject() -> None:
    for strict in serving(Registry(refuses=subject(RECORDS[STARTED]))):
        with pytest.raises(RegistryError, match=r"sessions.session.event.v1-ev.sessions.SessionStarted: HTTP 409"):
            register(strict.url, RECORDS)


def test_a_registry_that_does_not_answer_is_named(registry: Registry) -> None:
    url = "http://127.0.0.1:1/apis/ccompat/v7"
    with pytest.raises(RegistryError, match=r"127.0.0.1:1"):
        register(url, RECORDS)
