"""Whether the platform has come to rest on what its stations were acknowledged: on the log, in the books, on pages."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import httpx2

from chassis.log import KafkaLog
from chassis.testing import read_topic
from ev_actors.journal import Charged, Journal, Said
from ev_checks.energy import energy_findings, gap_findings
from ev_checks.ledger import Ledger
from ev_checks.money import findings
from ev_checks.reading import codec_of, read_ledger
from ev_contracts.gateway import MeterSampled, TransactionEnded, TransactionStarted, TransactionUpdated
from ev_journeys.faults import World, due, invoiced, until
from ev_seed.client import Declined

INVOICE = {"cpo": "invoice_number", "emsp": "sold_invoice_number"}
"""The seller's role -> the field that says that he has invoiced a session."""

Row = tuple[str, int, int, bool]
"""Station, first meter reading, energy, and whether it is invoiced."""


async def ledger_of(here: World) -> Ledger:
    """What stands on the world's log."""
    return await read_ledger(here.where.kafka, here.paths.schema_ids)


async def all_is_settled(here: World, charged: Sequence[Charged], *, within_s: float) -> None:
    """Each session that a station was acknowledged is closed, rated, booked, invoiced once, sent, shown; no other."""

    async def settled() -> bool | None:
        return not await _unsettled(here, charged) or None

    try:
        await until(settled, within_s=within_s, every_s=2)
    except TimeoutError:
        raise AssertionError(await _unsettled(here, charged)) from None
    assert here.lacking() == {}


async def _unsettled(here: World, charged: Sequence[Charged]) -> list[str]:
    """What is not yet as it must be, in words."""
    ledger = await ledger_of(here)
    energy = (*energy_findings(charged, ledger.closed), *gap_findings(ledger.gaps))
    wrong = [str(finding) for finding in (*energy, *findings(ledger))]
    if invoiced(ledger) != due(charged):
        wrong.append(f"invoiced {len(ledger.invoices)}: {invoiced(ledger)}, due {due(charged)}")
    if len(here.partner.cdrs) != len(charged):
        wrong.append(f"{len(here.partner.cdrs)} CDRs of {len(charged)}")
    if wrong:
        return wrong
    expected = Counter((each.station_id, each.meter_start_wh, each.energy_wh, True) for each in charged)
    for role in INVOICE:
        try:
            shown = await _shown(here, role)
        except (httpx2.TimeoutException, Declined) as error:
            wrong.append(f"{role}: {error!r}")
            continue
        if shown != expected:
            wrong.append(f"{role} lacks {expected - shown} and shows {shown - expected}")
    return wrong


async def _shown(here: World, role: str) -> Counter[Row]:
    rows = await here.all_of(role, "/v1/sessions")
    return Counter(
        (row["station_id"], row["meter_start_wh"], row.get("energy_wh", 0), INVOICE[role] in row) for row in rows
    )


async def missing_on_log(here: World, journal: Journal) -> list[tuple[str, datetime]]:
    """Moments of transactions that a station was acknowledged, and that no fact on the log tells of."""
    log = KafkaLog(here.where.kafka)
    await log.start()
    try:
        seen = await read_topic(log, codec_of(here.paths.schema_ids), "gateway.transaction.event.v1")
    finally:
        await log.stop()
    told: set[tuple[str, datetime]] = set()
    for each in seen:
        match each.record:
            case TransactionStarted(station_id=station_id, started_at=at):
                told.add((station_id, at))
            case TransactionEnded(station_id=station_id, ended_at=at):
                told.add((station_id, at))
            case TransactionUpdated(station_id=station_id, occurred_at=at):
                told.add((station_id, at))
            case MeterSampled(station_id=station_id, readings=readings):
                told.update((station_id, reading.sampled_at) for reading in readings)
            case _:
                pass
    acknowledged = [(said.station_id, at) for said in journal.said if said.answer is not None for at in _moments(said)]
    return [each for each in acknowledged if each not in told]


def _moments(said: Said) -> list[datetime]:
    match said.action:
        case "StartTransaction" | "StopTransaction" | "TransactionEvent":
            return [datetime.fromisoformat(str(said.payload["timestamp"]))]
        case "MeterValues":
            values: list[dict[str, str]] = said.payload["meter_value"]  # type: ignore[assignment]  # as v16 builds it
            return [datetime.fromisoformat(each["timestamp"]) for each in values]
        case _:
            return []
