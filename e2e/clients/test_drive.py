"""Which answers of a foreign client count as answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest

from clients.drive import Run, commanded
from clients.script import V16, answers
from conformance.seeding import SECRET
from conformance.stand import Stand
from ev_actors.link import Identity
from ev_actors.raw import RawStation

pytestmark = pytest.mark.asyncio(loop_scope="session")
ODD: Mapping[str, list[Any]] = {
    "Reset": [4, "FormationViolation", "this cannot be read", {}],
    "ClearCache": [4, "InternalError", "", {}],
    "UnlockConnector": [3, {"status": "as it pleases"}],
    "ReserveNow": [4, "NotImplemented", "", {}],
    "CancelReservation": [4, "NotSupported", "", {}],
    "ChangeAvailability": [3, {"status": "Rejected"}],
}


@contextlib.asynccontextmanager
async def _obeying(stand: Stand, station_id: str) -> AsyncIterator[None]:
    url = stand.url(station_id).removesuffix(f"/{station_id}")
    async with RawStation(Identity(station_id=station_id, secret=SECRET, url=url)) as station:

        async def obey() -> None:
            while True:
                _, message_id, action, _ = await station.asked.get()
                kind, *rest = ODD.get(action, [3, answers(V16)[action]])
                await station.raw(orjson.dumps([kind, message_id, *rest]).decode())

        obeying = asyncio.create_task(obey())
        try:
            yield
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)


async def test_an_error_or_a_broken_answer_is_no_answer(stand: Stand) -> None:
    run, station_id = Run(client="odd", version=V16), stand.take()
    async with _obeying(stand, station_id):
        await commanded(stand, station_id, run)
    assert sorted(one.partition(" ")[0] for one in run.unanswered) == ["ClearCache", "Reset", "UnlockConnector"]
    assert sorted(run.unsupported) == ["CancelReservation", "ReserveNow"]
    # A refusal in the action's own words is an answer.
    assert sorted(run.answered) == sorted(answers(V16).keys() - (ODD.keys() - {"ChangeAvailability"}))
