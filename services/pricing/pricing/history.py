"""`python -m pricing.history what-if|rerate`: a draft tariff on the sessions of the past, and their correction.

`what-if` writes a report and changes nothing. `rerate` asks for the price of each session anew by a corrected tariff;
only where it differs does the decider say so, and doing it twice adds nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from chassis.runner import Wiring, wire
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.common import TariffVersion
from pricing.adapters.bodies import TariffBody
from pricing.adapters.history import points_of, ratings_of
from pricing.domain.faults import fault_of
from pricing.domain.tariff import version_of
from pricing.domain.what_if import Asked, Draft, Past, past_of, report_of, rerate_commands
from pricing.settings import Settings

COMMANDS = "pricing.rating.command.v1"
_IN_FLIGHT = 500


def draft_of(content: bytes, *, number: int, at: datetime) -> TariffVersion:
    """A body as it would be published. Raises ValueError with what makes no sense, and where."""
    version = version_of(TariffBody.model_validate_json(content).command(at), number=number)
    fault = fault_of(version)
    if fault is not None:
        raise ValueError(f"{fault.reason}: {fault.detail}")
    return version


async def what_if(wiring: Wiring, tenant: str, asked: Asked, draft: TariffVersion) -> bytes:
    """The report, byte by byte the same for the same history."""
    return report_of(await _past(wiring, tenant, asked), await _fed(wiring, tenant, draft), asked)


async def rerate(wiring: Wiring, tenant: str, asked: Asked, corrected: TariffVersion, correction_id: str) -> int:
    """How many sessions were asked for anew; returns once the log has taken them all."""
    commands = rerate_commands(
        await _past(wiring, tenant, asked),
        await _fed(wiring, tenant, corrected),
        correction_id=correction_id,
        at=wiring.env.clock.now(),
    )
    sent, flying = 0, []
    for key, command in commands:
        flying.append(
            await wiring.appender.append_nowait(topic=COMMANDS, key=key, record=command, correlation_id=correction_id)
        )
        sent += 1
        if len(flying) == _IN_FLIGHT:
            await asyncio.gather(*flying)
            flying.clear()
    await asyncio.gather(*flying)
    return sent


async def _fed(wiring: Wiring, tenant: str, version: TariffVersion) -> Draft:
    """With the prices of the feed that it follows. Raises ValueError for a feed that never said any."""
    if version.feed_price is None:
        return Draft(version=version)
    points = await points_of(wiring.env.log, wiring.env.codec, tenant, version.feed_price.feed_id)
    if not points:
        raise ValueError(f"feed-unknown: /feed_price/feed_id: {version.feed_price.feed_id}")
    return Draft(version=version, points=points)


async def _past(wiring: Wiring, tenant: str, asked: Asked) -> Sequence[Past]:
    return past_of([each async for each in ratings_of(wiring.env.log, wiring.env.codec, tenant)], asked)


async def _main(arguments: argparse.Namespace) -> int:
    settings = Settings()
    wiring = wire("pricing", settings, records=RECORDS, topics=TOPICS)
    asked = Asked(tariff_id=arguments.tariff_id, start=arguments.start, end=arguments.end)
    try:
        draft = draft_of(arguments.draft.read_bytes(), number=arguments.version, at=wiring.env.clock.now())
    except (ValidationError, ValueError) as error:
        print(f"{arguments.draft}: {error}", file=sys.stderr)
        return 2
    await wiring.env.log.start()
    try:
        if arguments.verb == "what-if":
            sys.stdout.buffer.write(await what_if(wiring, arguments.tenant, asked, draft))
        else:
            sent = await rerate(wiring, arguments.tenant, asked, draft, arguments.correction_id)
            print(f"asked for {sent} sessions anew")
    except ValueError as error:
        print(f"{arguments.draft}: {error}", file=sys.stderr)
        return 2
    else:
        return 0
    finally:
        await wiring.env.log.stop()


def _day(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pricing.history", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("what-if", "rerate"):
        verb = verbs.add_parser(name)
        verb.add_argument("--tenant", required=True)
        verb.add_argument("--tariff-id", required=True, help="by which the sessions were rated")
        verb.add_argument("--from", dest="start", type=_day, required=True, help="started from then on")
        verb.add_argument("--until", dest="end", type=_day, required=True, help="and before then")
        verb.add_argument("--draft", type=Path, required=True, help="a tariff as POST /v1/tariffs takes it")
        verb.add_argument("--version", type=int, default=0, help="its number, where it is published")
        if name == "rerate":
            verb.add_argument("--correction-id", required=True, help="what to call this correction")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_parse())))
