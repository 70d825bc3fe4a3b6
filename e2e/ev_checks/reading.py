"""Reads a ledger off the log, as anybody may who is allowed to consume the topics."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from chassis.codec import Codec
from chassis.log import KafkaLog, Log
from chassis.testing import read_topic
from ev_checks.ledger import Ledger
from ev_contracts.assets import PartySnapshot
from ev_contracts.billing import EntryPosted, EntryRefused, InvoiceIssued, NoteIssued
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.pricing import SessionRated, SessionRerated, SessionUnratable
from ev_contracts.sessions import GapFilled, GapFound, SessionClosed

R = TypeVar("R")


async def read_ledger(kafka: str, schema_ids: Path, *, namespace: str = "") -> Ledger:
    """Everything committed until now."""
    log = KafkaLog(kafka, namespace=namespace)
    codec = codec_of(schema_ids)
    await log.start()
    try:
        return await ledger_of(log, codec)
    finally:
        await log.stop()


def codec_of(schema_ids: Path) -> Codec:
    """Reads what this installation's registry gave ids to."""
    return Codec(records=RECORDS, topics=TOPICS, ids=json.loads(schema_ids.read_text(encoding="utf-8")))


async def ledger_of(log: Log, codec: Codec) -> Ledger:
    """The same on an open log. Downstream is read first: its causes are then in what is read after it."""
    invoices = await _records(log, codec, "billing.invoice.event.v1")
    entries = await _records(log, codec, "billing.posting.event.v1")
    ratings = await _records(log, codec, "pricing.rating.event.v1")
    sessions = await _records(log, codec, "sessions.session.event.v1")
    parties = _of(PartySnapshot, await _records(log, codec, "assets.party.snapshot.v1"))
    return Ledger(
        closed=_of(SessionClosed, sessions),
        gaps=tuple(each for each in sessions if isinstance(each, GapFound | GapFilled)),
        rated=_of(SessionRated, ratings),
        rerated=_of(SessionRerated, ratings),
        unratable=_of(SessionUnratable, ratings),
        entries=_of(EntryPosted, entries),
        refused=_of(EntryRefused, entries),
        invoices=_of(InvoiceIssued, invoices),
        notes=_of(NoteIssued, invoices),
        legal_entities={each.party_id: each.legal_entity_id for each in parties},
    )


async def _records(log: Log, codec: Codec, topic: str) -> list[object]:
    return [each.record for each in await read_topic(log, codec, topic)]


def _of(kind: type[R], records: Sequence[object]) -> tuple[R, ...]:
    return tuple(each for each in records if isinstance(each, kind))
