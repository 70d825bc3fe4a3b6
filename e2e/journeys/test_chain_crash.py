"""Every session is invoiced once and to the cent, whatever of ledger, pricing and billing is killed, and when.

`EV_LONG=1` runs the full numbers; the seed is printed and can be given as `EV_SEED`.
"""

import asyncio
import os
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import pytest
from chain import Said, Told, network, sessions

from chassis.clock import SystemClock
from chassis.log import Appender, KafkaLog
from chassis.telemetry import Tracing
from ev_checks.energy import energy_findings
from ev_checks.ledger import Ledger
from ev_checks.money import findings
from ev_checks.reading import codec_of, read_ledger
from ev_contracts.common import RelationKind
from ev_journeys.figures import RETAIL, WHOLESALE, Cents, cents
from ev_lab import contracts, ports
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet

CHAIN = ("session-ledger", "pricing", "billing")
LONG = os.environ.get("EV_LONG") == "1"
SESSIONS = 3_000 if LONG else 240
STATIONS = 40 if LONG else 12
DEATHS = 18 if LONG else 4
DEADLINE_S = 900 if LONG else 150
pytestmark = pytest.mark.timeout(DEADLINE_S + 60 * DEATHS)
# The stations tell of months ago: whoever is silent for a day has long been, and would be closed between two messages.
SETTINGS = {"EV_LOG_LEVEL": "warning", "EV_SESSION_SILENCE_S": str(10 * 365 * 86_400)}


@pytest.fixture
def chain(lab: Endpoints, lab_paths: LabPaths) -> Iterator[Fleet]:
    """The three services, on topics of their own."""
    namespace = f"chain{secrets.token_hex(3)}"
    contracts.make_topics(lab, namespace)
    fleet = Fleet(paths=lab_paths, namespace=namespace, extra=SETTINGS)
    try:
        yield fleet
    finally:
        fleet.stop(CHAIN)
        ports.forget(lab_paths.ports, f"{namespace}.")
        contracts.remove(lab, namespace)


class Teller:
    """Puts what was said on the log."""

    def __init__(self, appender: Appender) -> None:
        self._appender = appender

    async def tell(self, said: Sequence[Said]) -> None:
        """Returns once the log acknowledged all of it."""
        sent = [await self._appender.append_nowait(topic=t, key=key, record=record) for t, key, record in said]
        await asyncio.gather(*sent)


@asynccontextmanager
async def telling(lab: Endpoints, fleet: Fleet) -> AsyncIterator[Teller]:
    log = KafkaLog(lab.kafka, namespace=fleet.namespace)
    await log.start()
    try:
        codec = codec_of(fleet.paths.schema_ids)
        yield Teller(Appender(log=log, codec=codec, clock=SystemClock(), service="test", tracing=Tracing("test")))
    finally:
        await log.stop()


def kill(fleet: Fleet, name: str) -> None:
    """Kill -9, and start again without waiting for what it was doing."""
    process: Any = fleet.running(name)
    process.kill()
    process.wait(10)
    fleet.start([name], ready_within_s=DEADLINE_S)


async def test_every_session_is_invoiced_once_whatever_is_killed(lab: Endpoints, chain: Fleet) -> None:
    seed = int(os.environ.get("EV_SEED", secrets.randbelow(1_000_000)))
    print(f"seed {seed}")
    dice = random.Random(seed)
    told = list(sessions(SESSIONS, STATIONS, dice))
    async with telling(lab, chain) as teller:
        await teller.tell(list(network(STATIONS)))
        chain.start(CHAIN)
        rest = iter(told)
        for _ in range(DEATHS):
            await teller.tell([each for session in islice(rest, SESSIONS // DEATHS) for each in session.said])
            await asyncio.sleep(dice.random() * 3)  # death comes at any moment
            await asyncio.to_thread(kill, chain, dice.choice(CHAIN))
        await teller.tell([each for session in rest for each in session.said])
    ledger = await _all_invoiced(lab, chain, 2 * SESSIONS)
    assert findings(ledger) == []
    assert energy_findings([each.charged for each in told], ledger.closed) == []
    assert _invoiced(ledger) == _due(told)


async def _all_invoiced(lab: Endpoints, fleet: Fleet, count: int) -> Ledger:
    began = time.monotonic()
    while True:
        ledger = await read_ledger(lab.kafka, fleet.paths.schema_ids, namespace=fleet.namespace)
        done = len(ledger.invoices), len(ledger.entries), len(ledger.closed)
        if done[0] >= count and done[1] >= count * 3 // 2:
            print(f"{count} invoices, the last within {time.monotonic() - began:.1f} s of the last death")
            return ledger
        assert time.monotonic() - began < DEADLINE_S, f"invoices, entries, sessions: {done} of {count}"
        await asyncio.sleep(1)


Amounts = dict[tuple[str, str], Cents]


def _invoiced(ledger: Ledger) -> Amounts:
    relations = {each.rating.rating_id: each.rating.relation.kind for each in ledger.rated}
    return {
        (each.session_id, relations[each.rating_id]): Cents(
            net=each.net_minor, vat=each.vat_minor, gross=each.gross_minor
        )
        for each in ledger.invoices
    }


def _due(told: Sequence[Told]) -> Amounts:
    """From the stations' journal, by arithmetic that is not the platform's."""
    tariffs = {RelationKind.CPO_TO_EMSP: WHOLESALE, RelationKind.EMSP_TO_DRIVER: RETAIL}
    return {
        (f"session-{index:06d}", kind): cents(each.charged, tariff)
        for index, each in enumerate(told)
        for kind, tariff in tariffs.items()
    }
