"""Who asks is told what became of his own command, whatever else is told under its id."""

import asyncio
from typing import Any

import orjson
import toy

from chassis.clock import FixedClock
from chassis.http import CommandClient
from chassis.http.commands import Outcome, Rejected
from chassis.log import Appender, Entry, MemoryLog, TopicPartition
from chassis.log.envelope import REPLY_TO
from chassis.log.reading import read_to_end
from chassis.telemetry import Tracing
from chassis.testing import eventually

COMMANDS, REPLIES = "toys.tally.command.v1", "toys.edge.reply.v1"


async def test_a_late_reply_to_the_same_key_with_another_body_is_not_taken_for_ones_own() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    client = CommandClient(log=log, appender=appender, clock=clock, reply_topic=REPLIES)
    listening = asyncio.create_task(client.run())
    command = toy.Add(at=toy.NOON, number=1, amount=6)
    asking = asyncio.create_task(
        client.ask(entity="toys.tally", key="t/1", command=command, idempotency_key="k", body_hash="six")
    )
    asked = await eventually(lambda: sent(log))
    for body, outcome, reason in (("five", "accepted", ""), ("six", "refused", "idempotency-key-reused")):
        reply = {
            "command_id": asked["ce_id"].decode(),
            "outcome": outcome,
            "reason": reason,
            "detail": "",
            "events": (),
        }
        topic, _, partition = asked[REPLY_TO].decode().rpartition("/")
        told = orjson.dumps({**reply, "key": "t/1", "body_hash": body})
        await (await log.producer.send(topic, Entry(asked["ce_id"], told), int(partition)))
    outcome_told: Outcome = await asking
    assert isinstance(outcome_told, Rejected)
    listening.cancel()
    await asyncio.wait([listening])


async def sent(log: MemoryLog) -> dict[str, Any]:
    """The headers of the command, once it is there."""
    for partition in range(await log.partitions(COMMANDS)):
        async for records in read_to_end(log, TopicPartition(COMMANDS, partition)):
            return dict(records[0].headers)
    return {}
