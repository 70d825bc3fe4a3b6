"""Ratings in, books and invoices out, on the real log: once each, whatever is stopped, started and replayed."""

from datetime import timedelta

import httpx2
import rated
from stage import ENTRIES, INVOICES, PARTITIONS, RATINGS, World, world

from billing.domain.entry import imbalance
from billing.settings import Settings
from chassis.auth import undeclared_routes
from chassis.clock import FixedClock
from chassis.log import Entry, TopicPartition, read_to_end
from chassis.runner import HttpEdge
from chassis.testing import Seen, running
from ev_contracts.billing import EntryPosted, EntryRefused, InvoiceIssued


def check_books(entries: list[Seen], invoices: list[Seen], sessions: int) -> None:
    """Three entries and two invoices a session: each once, balanced at every offset, numbered without a gap."""
    for entry in entries:
        assert isinstance(entry.record, EntryPosted)
        assert imbalance(entry.record.lines) == {}
    assert len({each.record.entry_id for each in entries}) == len(entries) == 3 * sessions
    assert sorted(each.record.rating_id for each in invoices) == sorted(
        f"rating-{number}-{seller}" for number in range(sessions) for seller in ("cpo", "emsp")
    )
    for series in ("NL-VLT-2026", "NL-EMO-2026"):
        issued = [each.record for each in invoices if each.record.series == series]
        assert [each.sequence for each in issued] == list(range(1, sessions + 1))
        assert all(
            isinstance(each, InvoiceIssued) and each.invoice_number.endswith(f"{each.sequence:06d}") for each in issued
        )


async def test_every_rated_session_is_booked_and_invoiced_once_across_restarts(settings: Settings) -> None:
    async with world(settings) as first:
        async with running(first.service):
            await first.rate(range(20))
            # Stopped while it works: what is not committed is done by the next one.
            await first.counted(INVOICES, 5)
        await first.rate(range(20, 40))
    async with world(settings) as second, running(second.service):
        await second.rate(range(40, 50))
        await second.counted(INVOICES, 100)
        check_books(await second.counted(ENTRIES, 150), await second.counted(INVOICES, 100), 50)


async def test_a_reaction_that_reads_everything_again_adds_nothing(settings: Settings) -> None:
    async with world(settings) as first:
        async with running(first.service):
            await first.rate(range(10))
            before = [await first.counted(ENTRIES, 30), await first.counted(INVOICES, 20)]
        await first.forget_positions("posting", "invoicing")
    async with world(settings) as second, running(second.service):
        await second.rate(range(10, 11))
        after = [await second.counted(ENTRIES, 33), await second.counted(INVOICES, 22)]
        repeats = second.service.env.metrics.get("repeats", "src")
    assert repeats >= 50
    for earlier, later in zip(before, after, strict=True):
        known = {(each.context.key, each.context.stream_version): each.record for each in later}
        assert all(known[each.context.key, each.context.stream_version] == each.record for each in earlier)
    entries, invoices = after
    check_books(entries, invoices, 11)


async def test_an_unknown_party_is_held_in_the_books_and_others_go_on(settings: Settings) -> None:
    stranger = rated.RESALE.model_copy(update={"buyer_party_id": "NL-XYZ"})
    event = rated.session_rated(stranger, parties=rated.parties(emsp_party_id="NL-XYZ", emsp_tenant=None))
    async with world(settings) as it, running(it.service):
        await it.say(RATINGS, "volt/rating-x", event)
        await it.rate(range(1))
        await it.counted(INVOICES, 2)
        refused = [each.record for each in await it.counted(ENTRIES, 4) if isinstance(each.record, EntryRefused)]
        assert [each.reason for each in refused] == ["party-unknown"]


async def test_a_held_entry_is_posted_and_invoiced_once_its_party_is_registered(settings: Settings) -> None:
    stranger = rated.RESALE.model_copy(update={"buyer_party_id": "NL-XYZ"})
    event = rated.session_rated(stranger, parties=rated.parties(emsp_party_id="NL-XYZ", emsp_tenant=None))
    clock = FixedClock(rated.RATED)
    async with world(settings, clock) as it, running(it.service):
        await it.say(RATINGS, "volt/rating-x", event)
        await it.counted(ENTRIES, 1)
        party = rated.EMO.model_copy(update={"party_id": "NL-XYZ", "legal_entity_id": "kvk-9"})
        await it.say("assets.party.snapshot.v1", "_/NL-XYZ", party)
        clock.advance(timedelta(minutes=1))
        (invoice,) = await it.counted(INVOICES, 1)
        assert (invoice.record.buyer.party_id, invoice.record.sequence) == ("NL-XYZ", 1)
        assert [type(each.record) for each in await it.counted(ENTRIES, 2)] == [EntryRefused, EntryPosted]


async def test_a_poison_command_parks_its_entry_and_others_go_on_until_it_is_repaired(settings: Settings) -> None:
    async with world(settings) as it, running(it.service):
        bad = Entry(b"volt/entry-x", b"\x00garbage", [("ce_id", b"x")])
        await (await it.log.producer.send("billing.posting.command.v1", bad))
        await it.rate(range(2))
        check_books(await it.counted(ENTRIES, 6), await it.counted(INVOICES, 4), 2)
        (edge,) = [part for part in it.service.parts if isinstance(part, HttpEdge)]
        assert undeclared_routes(edge.app) == []
        base = f"http://127.0.0.1:{it.service.ports[it.service.parts.index(edge)]}"
        async with httpx2.AsyncClient(base_url=base, trust_env=False) as http:
            for caller, seen in (("emil", ["volt/entry-x"]), ("foreign", [])):
                answer = await http.get("/v1/parked", headers={"Authorization": f"Bearer {caller}"})
                assert [each["key"] for each in answer.json()["parked"]] == seen
            assert (await http.get("/v1/parked")).status_code == 401


async def test_a_poison_rating_is_kept_aside_and_others_go_on(settings: Settings) -> None:
    async with world(settings) as it, running(it.service):
        bad = Entry(b"volt/rating-x", b"\x00garbage", [("ce_id", b"x")])
        await (await it.log.producer.send(RATINGS, bad))
        await it.rate(range(2))
        check_books(await it.counted(ENTRIES, 6), await it.counted(INVOICES, 4), 2)
        assert len(await letters(it, "billing.parked.dlq.v1")) == 1


async def letters(it: World, topic: str) -> list[bytes | None]:
    """Dead letters as they stand; they are no records of the catalogue."""
    found: list[bytes | None] = []
    for partition in range(PARTITIONS):
        async for records in read_to_end(it.log, TopicPartition(topic, partition)):
            found.extend(record.key for record in records)
    return found
