"""What is parked and what followers go on without is listed to whoever may repair, within his tenants."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple

import httpx2
import pytest
import toy

from chassis.auth import Authority, Guard, Principal
from chassis.clock import FixedClock
from chassis.codec import Poison
from chassis.dead_letters import Parked, dumps_parked
from chassis.dead_letters.routes import repair_router
from chassis.http import create_app
from chassis.log import Entry, MemoryLog, TopicPartition
from chassis.runner import Env
from chassis.runner.positions import PARKED_KEY, beside
from chassis.testing import KnownCallers

SNAPSHOTS = TopicPartition("toys.tally.snapshot.v1", 0)
CALLERS = {
    "engineer": Principal(subject="engineer", roles=frozenset({"engineer"}), tenants=frozenset({"t"})),
    "platform": Principal(subject="platform", roles=frozenset({"platform"})),
    "reader": Principal(subject="reader", roles=frozenset({"reader"}), tenants=frozenset({"t"})),
}


@dataclass(frozen=True)
class Row:
    role: str
    when: tuple[str, ...] = ()


class Record(NamedTuple):
    offset: int
    key: bytes


@pytest.fixture
async def env() -> Env:
    log = MemoryLog()
    parked = dumps_parked({"t/1": Parked("undecodable", 3, 5), "u/1": Parked("undecodable", 4, 4)})
    await log.producer.send("toys.note-outbox.state.v1", Entry(PARKED_KEY, parked), 0)
    return toy.env(log, FixedClock(toy.NOON))


@pytest.fixture
async def http(env: Env) -> AsyncIterator[httpx2.AsyncClient]:
    authority = Authority({"repair": (Row("engineer", ("tenant",)), Row("platform"))})
    app = create_app("toy")
    app.include_router(
        repair_router(
            log=env.log,
            entities=["toys.tally"],
            guard=Guard(KnownCallers(CALLERS), authority),
            act="repair",
            reactions=["toys.note-outbox"],
            unreadable=env.unreadable,
        )
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://edge") as client:
        yield client


async def listed(http: httpx2.AsyncClient, who: str) -> list[tuple[str, str, str]]:
    answer = await http.get("/v1/parked", headers={"Authorization": f"Bearer {who}"})
    assert answer.status_code == 200
    return [(each["entity"], each["key"], each["reason"]) for each in answer.json()["parked"]]


async def test_each_repairer_sees_his_tenants_only(env: Env, http: httpx2.AsyncClient) -> None:
    for number, key in enumerate((b"t/2", b"_/3")):
        env.unreadable.hold(SNAPSHOTS.topic, SNAPSHOTS, Record(number, key), Poison("not-wire-format"))
    ours = [("toys.note-outbox", "t/1", "undecodable"), (SNAPSHOTS.topic, "t/2", "not-wire-format")]
    assert await listed(http, "engineer") == ours
    assert len(await listed(http, "platform")) == 4
    assert (await http.get("/v1/parked", headers={"Authorization": "Bearer reader"})).status_code == 403


@pytest.mark.parametrize(
    ("entity", "status"),
    [("toys.note-outbox", 409), (SNAPSHOTS.topic, 409), ("toys.direct.event.v1", 409), ("toys.unheard-of", 404)],
)
async def test_what_nobody_repairs_by_hand_says_so(
    env: Env, http: httpx2.AsyncClient, entity: str, status: int
) -> None:
    env.unreadable.hold(SNAPSHOTS.topic, SNAPSHOTS, Record(1, b"t/2"), Poison("not-wire-format"))
    held = Entry(beside(PARKED_KEY, "toys.direct.event.v1"), dumps_parked({"t/2": Parked("undecodable", 1, 1)}))
    await env.log.producer.send("toys.tally.state.v1", held, 0)
    wanted = {"entity": entity, "key": "t/2"}
    answer = await http.post("/v1/parked/unpark", json=wanted, headers={"Authorization": "Bearer engineer"})
    assert answer.status_code == status


def test_a_record_looked_at_twice_is_counted_once_and_its_key_is_held_from_the_first(env: Env) -> None:
    for offset in (4, 4, 6):
        env.unreadable.hold("looker", SNAPSHOTS, Record(offset, b"t/2"), Poison("not-wire-format"))
    (held,) = env.unreadable.waiting()
    assert (held.key, held.since) == ("t/2", 4)
    assert env.metrics.get("dead_letters", "not-wire-format") == 2
    assert env.metrics.get("parked", "looker") == 1
    env.unreadable.release("looker", SNAPSHOTS.topic, "t/2")
    assert env.metrics.get("parked", "looker") == 0
