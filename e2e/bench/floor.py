"""The least that a durable gateway can be: parse, validate, Avro, append (acks=all), answer. A limit to compare with.

`python e2e/bench/floor.py --kafka HOST:PORT --port PORT`; prints `ready` once stations can connect.
"""

import argparse
import asyncio
import importlib.util
import io
import itertools
import json
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
import jsonschema_rs
import orjson
import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

ACTIONS = ("BootNotification", "Authorize", "StartTransaction", "MeterValues", "StopTransaction")
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
PREFIX = b"\0\0\0\0\x07"
SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "FrameAccepted",
        "fields": [
            {"name": "station", "type": "string"},
            {"name": "action", "type": "string"},
            {"name": "message_id", "type": "string"},
            {"name": "received_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "payload", "type": "bytes"},
            {"name": "transaction_id", "type": ["null", "long"], "default": None},
            {"name": "meter_wh", "type": ["null", "long"], "default": None},
        ],
    }
)


class Floor:
    """Answers stations once the log has taken their message; knows nobody and decides nothing."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._transactions = itertools.count(1)
        self._validators = {action: _validator(action) for action in ACTIONS}

    async def serve(self, socket: ServerConnection) -> None:
        """One station."""
        assert socket.request is not None
        station = socket.request.path.rpartition("/")[2]
        async for raw in socket:
            message = orjson.loads(raw)
            self._validators[message[2]].validate(message[3])
            await self._append(station, message)
            answer = self._answer(message[2])
            await socket.send(orjson.dumps([3, message[1], answer]), text=True)

    async def _append(self, station: str, message: Any) -> None:
        _, message_id, action, payload = message
        buffer = io.BytesIO()
        buffer.write(PREFIX)
        record = {
            "station": station,
            "action": action,
            "message_id": message_id,
            "received_at": datetime.now(UTC),
            "payload": orjson.dumps(payload),
            "transaction_id": payload.get("transactionId"),
            "meter_wh": payload.get("meterStart"),
        }
        fastavro.schemaless_writer(buffer, SCHEMA, record)
        headers = [("ce_id", message_id.encode()), ("ce_type", action.encode()), ("ce_source", b"/floor")]
        await (await self._producer.send(self._topic, buffer.getvalue(), key=station.encode(), headers=headers))

    def _answer(self, action: str) -> dict[str, Any]:
        if action == "MeterValues":
            return {}
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
        if action == "StartTransaction":
            return {"transactionId": next(self._transactions), **ACCEPTED}
        return ACCEPTED


def _validator(action: str) -> Any:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations
    schema = Path(spec.submodule_search_locations[0]) / "v16" / "schemas" / f"{action}.json"
    return jsonschema_rs.validator_for(json.loads(schema.read_text(encoding="utf-8-sig")))


async def main(kafka: str, port: int) -> None:
    """Serve until SIGTERM; the topic goes with it."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    topic = f"floor-{int(time.time())}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 4, 1)])
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, enable_idempotence=True, acks="all", linger_ms=2, max_batch_size=262_144
    )
    await producer.start()
    floor = Floor(producer, topic)
    try:
        async with serve(
            floor.serve, "127.0.0.1", port, subprotocols=[Subprotocol("ocpp1.6")], compression=None, backlog=1024
        ):
            print("ready", flush=True)
            await ended.wait()
    finally:
        await producer.stop()
        await admin.delete_topics([topic])
        await admin.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    uvloop.run(main(given.kafka, given.port))
