"""`python -m chassis.dead_letters list|unpark ENTITY [KEY]`: repair by hand, with a service's settings."""

import argparse
import asyncio
import sys

from chassis.dead_letters.repair import unpark, waiting
from chassis.log import KafkaLog
from chassis.settings import BaseServiceSettings


async def _main(arguments: argparse.Namespace) -> int:
    settings = BaseServiceSettings()
    log = KafkaLog(settings.kafka, namespace=settings.namespace)
    await log.start()
    try:
        if arguments.verb == "list":
            for each in await waiting(log, arguments.entity):
                print(f"{each.entity}/{each.partition} {each.key} {each.reason} since {each.since}")
            return 0
        outcome = await unpark(log, arguments.entity, arguments.key)
        print(outcome)
        return 0 if outcome == "unparked" else 1
    finally:
        await log.stop()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chassis.dead_letters")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list").add_argument("entity")
    one = verbs.add_parser("unpark")
    one.add_argument("entity")
    one.add_argument("key")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_parse())))
