"""What every edge does alike: problems, bounds on bodies, request ids, sealed tokens, streams."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from chassis.http import Broadcast, Problem, Seal, WrongToken, body_hash, create_app, event_stream
from chassis.log import LogError


class Body(BaseModel, extra="forbid"):
    amount: int


def app() -> FastAPI:
    made = create_app("toy", max_body_bytes=100)

    @made.post("/bodies")
    async def take(body: Body) -> dict[str, int]:
        return {"amount": body.amount}

    @made.get("/problems")
    async def raise_problem() -> None:
        raise Problem(409, "not-now", "later", headers={"Retry-After": "1"})

    @made.get("/log")
    async def raise_log() -> None:
        raise LogError("away")

    return made


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://edge") as client:
        yield client


async def test_problems_are_problem_json(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/problems")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json() == {"type": "urn:problem:not-now", "title": "not-now", "status": 409, "detail": "later"}
    assert answer.headers["retry-after"] == "1"
    assert (await http.get("/log")).status_code == 503
    assert (await http.get("/nowhere")).json()["title"] == "not-found"
    assert (await http.get("/bodies")).json()["title"] == "method-not-allowed"


async def test_bad_bodies_name_the_field(http: httpx2.AsyncClient) -> None:
    wrong = await http.post("/bodies", json={"amount": "many", "more": 1})
    assert wrong.status_code == 422
    assert [error["field"] for error in wrong.json()["errors"]] == ["amount", "more"]
    broken = await http.post("/bodies", content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["title"]) == (400, "invalid-json")


async def test_a_body_over_the_limit_is_cut_off_declared_or_not(http: httpx2.AsyncClient) -> None:
    assert (await http.post("/bodies", content=b"x" * 101)).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 50

    assert (await http.post("/bodies", content=endless())).status_code == 413


async def test_a_request_keeps_its_id_or_gets_one(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/problems", headers={"X-Request-Id": "abc-1"})).headers["x-request-id"] == "abc-1"
    assert len((await http.get("/problems", headers={"X-Request-Id": "bad id\x01"})).headers["x-request-id"]) == 36


def test_a_sealed_token_is_ours_for_one_purpose_only() -> None:
    token = Seal(b"secret", "page").seal(["a", 1])
    assert Seal(b"secret", "page").open(token) == ["a", 1]
    for seal in (Seal(b"secret", "link"), Seal(b"other", "page")):
        with pytest.raises(WrongToken):
            seal.open(token)
    for forged in ("", "x", token[:-2], token + "A", "é"):
        with pytest.raises(WrongToken):
            Seal(b"secret", "page").open(forged)


def test_a_bodys_hash_does_not_depend_on_the_order_of_its_fields() -> None:
    assert body_hash({"a": 1, "b": 2}) == body_hash({"b": 2, "a": 1}) != body_hash({"a": 1, "b": 3})


async def test_subscribers_get_what_is_published_and_a_slow_one_is_cut_off() -> None:
    broadcast = Broadcast()
    quick, slow = broadcast.subscribe(), broadcast.subscribe()
    waiting = [asyncio.ensure_future(anext(each)) for each in (quick, slow)]
    await asyncio.sleep(0)
    broadcast.publish(0)
    assert await asyncio.gather(*waiting) == [0, 0]
    got = []
    for number in range(1, 400):
        broadcast.publish(number)
        got.append(await anext(quick))
    assert got == list(range(1, 400))
    rest = [each async for each in slow]
    assert rest == list(range(1, 257))


async def test_a_stream_is_named_events_that_no_proxy_buffers() -> None:
    async def messages() -> AsyncIterator[tuple[str, Any] | None]:
        yield ("row", {"a": 1})
        yield None

    response = event_stream(messages())
    body = b"".join([chunk if isinstance(chunk, bytes) else b"" async for chunk in response.body_iterator])
    assert body.split(b"\n\n") == [
        b"event: ping\ndata: {}",
        b'event: row\ndata: {"a":1}',
        b"event: ping\ndata: {}",
        b"",
    ]
    assert response.headers["x-accel-buffering"] == "no"
