"""Python's `ocpp` station, in each version that the gateway speaks: a session, and an answer to every command."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.routing import on
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from clients.drive import Run, commanded, summed_up
from clients.script import V16, V21, V201, answers, session
from conformance.seeding import SECRET
from conformance.stand import Stand
from conformance.station import basic

pytestmark = pytest.mark.asyncio(loop_scope="session")
# Release 2.1.0 has a field of the one spelt unlike its own conversion of names, and calls the soC of a battery SoC.
_CANNOT_SAY = frozenset({(V21, "Get15118EVCertificate"), (V21, "BatterySwap")})
_MODULES = {V16: "ocpp.v16", V201: "ocpp.v201", V21: "ocpp.v21"}


def _handler(module: Any, action: str, answer: Mapping[str, Any]) -> Callable[..., Any]:
    result = getattr(module.call_result, action)(**camel_to_snake_case(answer))

    def handle(_self: Any, **_payload: Any) -> Any:
        return result

    handle.__name__ = f"on_{action}"
    marked: Callable[..., Any] = on(action)(handle)
    return marked


def station_of(module: Any, version: str) -> type:
    """A station class of the library that answers every command of its version."""
    handlers = {f"on_{action}": _handler(module, action, answer) for action, answer in answers(version).items()}
    return type("ForeignStation", (module.ChargePoint,), handlers)


@contextlib.asynccontextmanager
async def _online(stand: Stand, station_id: str, version: str, module: Any) -> AsyncIterator[Any]:
    subprotocol = Subprotocol(f"ocpp{version}")
    headers = basic(station_id, SECRET)
    async with connect(stand.url(station_id), subprotocols=[subprotocol], additional_headers=headers) as ws:
        station = station_of(module, version)(station_id, ws, response_timeout=10)
        reading = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _says(station: Any, module: Any, action: str, payload: Mapping[str, Any]) -> Any:
    return await station.call(getattr(module.call, action)(**camel_to_snake_case(payload)), suppress=False)


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_a_session_and_every_command(stand: Stand, version: str) -> None:
    module = importlib.import_module(_MODULES[version])
    run = Run(client="python ocpp", version=version)
    station_id = stand.take()
    number = 0
    async with _online(stand, station_id, version, module) as station:
        for action, payload in session(version):
            if (version, action) in _CANNOT_SAY:
                continue
            known = {"transactionId": number} if version == V16 and "transactionId" in payload else {}
            answer = await _says(station, module, action, {**payload, **known})
            number = getattr(answer, "transaction_id", None) or number
            run.said.append(action)
        await commanded(stand, station_id, run)
    await summed_up(stand, station_id, run)
    assert (run.started, run.ended, run.unanswered, run.unsupported) == (1, 1, [], []), run.line()
    assert sorted(run.answered) == sorted(answers(version))
