"""A person's command: appended with an address for the reply, waited for, and asked for again by its id."""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from fastapi import APIRouter, Depends, Response

from chassis.clock import Clock, new_id
from chassis.decider import derived_id
from chassis.http.problems import Problem, problem
from chassis.http.tokens import Seal, WrongToken
from chassis.log.appender import Appender
from chassis.log.envelope import ASK, BODY_HASH, REPLY_TO
from chassis.log.port import Entry, Log, LogError, TopicPartition

_FETCH_S = 0.5
_PAUSE_S = 0.5
_WAIT_S = 2.0
_UNPROCESSABLE = frozenset({"idempotency-key-reused", "undecodable", "bad-headers", "record-not-on-topic"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The decider said yes; `events` are dictionaries {type, id, stream_version, payload}."""

    command_id: str
    key: str
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The decider said no."""

    command_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Not decided in time; ask again with the command id."""

    command_id: str
    entity: str
    key: str


Outcome = Accepted | Rejected | Pending


def body_hash(body: Any) -> str:
    """Of a request's body as parsed JSON, whatever the order of its fields."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()[:32]


class CommandClient:
    """One partition of the context's reply topic listens for this process; the service starts and stops it."""

    def __init__(self, *, log: Log, appender: Appender, clock: Clock, reply_topic: str) -> None:
        self._log = log
        self._appender = appender
        self._clock = clock
        self._topic = reply_topic
        self._partition = 0
        self._waiting: dict[tuple[str, str], asyncio.Future[dict[str, Any]]] = {}
        """By command and body: who comes with another body under the same key waits for an answer of his own."""
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Listen for replies for ever; a log that is away is waited for."""
        while True:
            try:
                await self._listen()
            except LogError:
                self.ready.clear()
                await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        count = await self._log.partitions(self._topic)
        # Any choice is right, also one shared with another process: replies to others are dropped.
        self._partition = int(new_id().replace("-", "")[:8], 16) % count
        at = TopicPartition(self._topic, self._partition)
        consumer = await self._log.assigned({at: (await self._log.ends([at]))[at]})
        try:
            self.ready.set()
            while True:
                found = await consumer.fetch(at, timeout_s=_FETCH_S)
                for record in found.get(at, ()):
                    self._tell(record.key, record.value)
        finally:
            await consumer.stop()

    def _tell(self, key: bytes | None, value: bytes | None) -> None:
        if value is None:
            return
        reply = orjson.loads(value)
        waiting = self._waiting.get(((key or b"").decode(), reply.get("body_hash", "")))
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def ask(
        self,
        *,
        entity: str,
        key: str,
        command: Any,
        idempotency_key: str | None = None,
        body_hash: str = "",
        correlation_id: str = "",
        timeout_s: float = _WAIT_S,
    ) -> Outcome:
        """Append and wait for the decision. With an idempotency key a retry is told what the first one was told."""
        command_id = derived_id("command", entity, key, idempotency_key) if idempotency_key else new_id()
        async with self._wait_for(command_id, body_hash) as waiting:
            try:
                async with asyncio.timeout(timeout_s):
                    await self.ready.wait()
                    sent = await self._appender.append_nowait(
                        topic=f"{entity}.command.v1",
                        key=key,
                        record=command,
                        event_id=command_id,
                        correlation_id=correlation_id,
                        extra=((REPLY_TO, self._reply_to()), (BODY_HASH, body_hash.encode())),
                    )
            except TimeoutError as error:
                raise LogError("the command could not be handed to the log") from error
            return await self._outcome(Pending(command_id=command_id, entity=entity, key=key), waiting, sent, timeout_s)

    async def ask_again(self, pending: Pending, *, timeout_s: float = _WAIT_S) -> Outcome:
        """What has become of a command; Pending where the decider has not seen it (yet, or any more)."""
        async with self._wait_for(pending.command_id, "") as waiting:
            headers = [(ASK, pending.command_id.encode()), (REPLY_TO, self._reply_to())]
            topic = f"{pending.entity}.command.v1"
            sent = await self._log.producer.send(topic, Entry(pending.key.encode(), b"", headers))
            return await self._outcome(pending, waiting, sent, timeout_s)

    @contextlib.asynccontextmanager
    async def _wait_for(self, command_id: str, body_hash: str) -> Any:
        asked = (command_id, body_hash)
        known = self._waiting.get(asked)
        waiting = known or asyncio.get_running_loop().create_future()
        self._waiting[asked] = waiting
        try:
            yield waiting
        finally:
            if self._waiting.get(asked) is waiting:
                del self._waiting[asked]

    def _reply_to(self) -> bytes:
        return f"{self._topic}/{self._partition}".encode()

    async def _outcome(
        self,
        pending: Pending,
        waiting: "asyncio.Future[dict[str, Any]]",
        sent: "asyncio.Future[Any]",
        timeout_s: float,
    ) -> Outcome:
        try:
            async with asyncio.timeout(timeout_s):
                await sent
                reply = await asyncio.shield(waiting)
        except TimeoutError:
            return pending
        match reply["outcome"]:
            case "accepted":
                return Accepted(command_id=pending.command_id, key=reply["key"], events=tuple(reply["events"]))
            case "refused":
                return Rejected(command_id=pending.command_id, reason=reply["reason"], detail=reply["detail"])
            case _:
                return pending


class Asking(Protocol):
    """A proven caller."""

    @property
    def subject(self) -> str: ...


class Prover(Protocol):
    """What of a guard the status route needs."""

    def anyone(self) -> Any: ...


class CommandDesk:
    """What routes need around the client: answers by the outcome, and the status of a command by its link."""

    def __init__(self, client: CommandClient, seal: Seal) -> None:
        self.client = client
        self._seal = seal

    def respond(self, outcome: Outcome, *, caller: str, result: Any = None, status: int = 201) -> Response:
        """201 (or `status`) with `result` (default: the events), 409 or 422 with the refusal, or 202 and a link."""
        match outcome:
            case Accepted():
                body = (
                    result if result is not None else {"command_id": outcome.command_id, "events": list(outcome.events)}
                )
                return Response(orjson.dumps(body, default=str), status, media_type="application/json")
            case Rejected():
                return problem(422 if outcome.reason in _UNPROCESSABLE else 409, outcome.reason, outcome.detail)
            case Pending():
                token = self._seal.seal([caller, outcome.command_id, outcome.entity, outcome.key])
                body = {"command_id": outcome.command_id, "status": "pending", "link": f"/v1/commands/{token}"}
                return Response(
                    orjson.dumps(body),
                    202,
                    media_type="application/json",
                    headers={"Location": f"/v1/commands/{token}"},
                )

    def router(self, guard: Prover) -> APIRouter:
        """`GET /v1/commands/{token}`: only whoever sent the command may ask, everybody else gets 404."""
        router = APIRouter()

        @router.get("/v1/commands/{token}", tags=["commands"])
        async def command_status(token: str, principal: Asking = Depends(guard.anyone())) -> Response:  # noqa: B008, FAST002
            try:
                caller, command_id, entity, key = self._seal.open(token)
            except (WrongToken, ValueError) as error:
                raise Problem(404, "not-found") from error
            if caller != principal.subject:
                raise Problem(404, "not-found")
            asked = await self.client.ask_again(Pending(command_id=command_id, entity=entity, key=key))
            return self.respond(asked, caller=caller, status=200)

        return router
