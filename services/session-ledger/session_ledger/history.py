"""`python -m session_ledger.history recall`: a closed session that the ledger has forgotten, contested again.

What it came to is read from the log; from then on it is corrected, disputed and resolved as any closed session.
"""

import argparse
import asyncio
import sys

from chassis.log.envelope import context_of
from chassis.log.port import TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner import Wiring, wire
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.record import Record
from ev_contracts.sessions import RecallSession, SessionClosed, SessionCorrected
from session_ledger.settings import Settings

EVENTS = "sessions.session.event.v1"
COMMANDS = "sessions.session.command.v1"

Told = SessionClosed | SessionCorrected


async def told_of(wiring: Wiring, tenant: str, session_id: str) -> tuple[SessionClosed, Told] | None:
    """The close of a session, and what was told of it last; None where the log has no such. Raises Poison, LogError."""
    closed: SessionClosed | None = None
    last: Told | None = None
    for partition in range(await wiring.env.log.partitions(EVENTS)):
        async for records in read_to_end(wiring.env.log, TopicPartition(EVENTS, partition)):
            for record in records:
                headers = dict(record.headers)
                if record.value is None or context_of(EVENTS, partition, record, headers).tenant != tenant:
                    continue
                event: Record = wiring.env.codec.decode(EVENTS, record.value, headers)
                if isinstance(event, SessionClosed | SessionCorrected) and event.session_id == session_id:
                    last = event
                    closed = event if isinstance(event, SessionClosed) else closed
    return None if closed is None or last is None else (closed, last)


async def recall(wiring: Wiring, tenant: str, session_id: str, *, by: str, reason: str) -> bool:
    """Whether there was such a session; returns once the log has taken the command."""
    found = await told_of(wiring, tenant, session_id)
    if found is None:
        return False
    closed, last = found
    command = RecallSession(
        at=wiring.env.clock.now(),
        by=by,
        reason=reason,
        end_reason=closed.end_reason,
        transaction_id=closed.transaction_id,
        **last.model_dump(include={"session_id", "station_id"}),
        facts=last.facts,
        place=last.place,
        parties=last.parties,
    )
    await wiring.appender.append(topic=COMMANDS, key=f"{tenant}/{closed.station_id}", record=command)
    return True


async def _main(arguments: argparse.Namespace) -> int:
    wiring = wire("session-ledger", Settings(), records=RECORDS, topics=TOPICS)
    await wiring.env.log.start()
    try:
        session_id = arguments.session_id
        if not await recall(wiring, arguments.tenant, session_id, by=arguments.by, reason=arguments.reason):
            print(f"{session_id}: no such session was closed in the books of {arguments.tenant}", file=sys.stderr)
            return 2
        print(f"{session_id} is contested; POST /v1/sessions/{session_id}/correction, or …/dispute/resolution")
        return 0
    finally:
        await wiring.env.log.stop()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="session_ledger.history", description=__doc__)
    verb = parser.add_subparsers(dest="verb", required=True).add_parser("recall")
    verb.add_argument("--tenant", required=True)
    verb.add_argument("--by", required=True, help="who asks")
    verb.add_argument("--reason", required=True, help="and why")
    verb.add_argument("session_id")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_parse())))
