"""The same on the lab's real log, with roaming stopped while a partner is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from samples import SESSION_RATED, SESSION_RERATED
from stage import Stage, on_stage, partner_app, port_of, serving

from chassis.log import KafkaLog
from chassis.testing import eventually
from ev_contracts.pricing import SessionRated, SessionRerated
from ev_contracts.roaming import CdrCorrectionDue, CdrSendRequested, CdrSent
from roaming.settings import Settings

CDRS = "roaming.cdr.event.v1"
SESSIONS = 20


def rated(number: int) -> SessionRated:
    rating = SESSION_RATED.rating.model_copy(update={"rating_id": f"rating-{number}"})
    facts = SESSION_RATED.facts.model_copy(update={"session_id": f"session-{number}"})
    return SESSION_RATED.model_copy(update={"rating": rating, "facts": facts})


def corrected(number: int, revision: int) -> SessionRerated:
    rating = SESSION_RERATED.rating.model_copy(update={"rating_id": f"rating-{number}"})
    facts = SESSION_RERATED.facts.model_copy(update={"session_id": f"session-{number}"})
    return SESSION_RERATED.model_copy(update={"rating": rating, "facts": facts, "revision": revision})


@contextlib.asynccontextmanager
async def on_kafka(settings: Settings, secrets: Path) -> AsyncIterator[Stage]:
    """Roaming on a log of its own client, and a second client for the test."""
    test_log = KafkaLog(settings.kafka, namespace=settings.namespace)
    await test_log.start()
    try:
        own_log = KafkaLog(settings.kafka, namespace=settings.namespace)
        async with on_stage(own_log, secrets, settings, test_log=test_log) as stage:
            yield stage
    finally:
        await test_log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later


async def count(stage: Stage, kind: type) -> int:
    return sum(isinstance(each.record, kind) for each in await stage.seen(CDRS))


async def test_every_cdr_reaches_a_partner_that_was_away_even_if_roaming_is_restarted_meanwhile(
    settings: Settings, tmp_path: Path
) -> None:
    async with on_kafka(settings, tmp_path) as first:
        await first.know_the_network()
        async with serving(partner_app(first.partner), port_of(first.partner)):
            await first.register()
        for number in range(SESSIONS):
            await first.say("pricing.rating.event.v1", f"volt/rating-{number}", rated(number))

        async def all_due() -> bool:
            return await count(first, CdrSendRequested) == SESSIONS

        await eventually(all_due, deadline_s=30)
    async with on_kafka(settings, tmp_path) as second, serving(partner_app(first.partner), port_of(first.partner)):

        async def all_sent() -> bool:
            return await count(second, CdrSent) == SESSIONS

        await eventually(all_sent, deadline_s=30)
    assert sorted(cdr["session_id"] for cdr in first.partner.cdrs.values()) == sorted(
        f"session-{number}" for number in range(SESSIONS)
    )
    assert len(first.partner.posts) == SESSIONS


async def test_corrections_reach_a_partner_that_was_away_in_order_and_once_across_a_restart(
    settings: Settings, tmp_path: Path
) -> None:
    numbers = range(5)
    async with on_kafka(settings, tmp_path) as first:
        await first.know_the_network()
        async with serving(partner_app(first.partner), port_of(first.partner)):
            await first.register()
        for number in numbers:
            for event in (rated(number), corrected(number, 1), corrected(number, 2)):
                await first.say("pricing.rating.event.v1", f"volt/rating-{number}", event)

        async def all_noted() -> bool:
            return await count(first, CdrCorrectionDue) == 2 * len(numbers)

        await eventually(all_noted, deadline_s=30)
    async with on_kafka(settings, tmp_path) as second, serving(partner_app(first.partner), port_of(first.partner)):

        async def all_sent() -> bool:
            return await count(second, CdrSent) == 3 * len(numbers)

        await eventually(all_sent, deadline_s=30)
    cdrs = [first.partner.cdrs[each] for each in first.partner.posts]
    for number in numbers:
        told = [each for each in cdrs if each["session_id"] == f"session-{number}"]
        # The first revision was never told: the partner was away until there was a second.
        assert [each["total_cost"]["incl_vat"] for each in told] == [5.07, -5.07, 3.86]
        assert [each.get("credit_reference_id") for each in told] == [None, told[0]["id"], None]
        assert len({each["id"] for each in told}) == 3
