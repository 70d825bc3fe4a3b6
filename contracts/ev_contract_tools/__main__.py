"""`python -m ev_contract_tools generate | check | release | topics`: what the Makefile's contracts verbs call."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ev_contract_tools import checks, generate, history
from ev_contract_tools.release import RegistryError, register, write_ids
from ev_contract_tools.source import BadContractError, load
from ev_contract_tools.topics import TopicError, create_topics
from ev_contracts.catalogue import RECORDS, TOPICS


def main(arguments: Sequence[str]) -> int:
    """Exit status 0, 1 where a check found something, 2 where a contract, the registry or the broker is in the way."""
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.run(asked)
    except (BadContractError, RegistryError, TopicError) as error:
        print(error, file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ev_contract_tools", description="Work with the contracts.")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    verbs.add_parser("generate", help="write everything that is generated").set_defaults(run=_generate)
    verbs.add_parser("check", help="complain about what breaks the law of contracts").set_defaults(run=_check)
    release = verbs.add_parser(
        "release", help="add shapes that differ to history/; with --registry register all and write ids"
    )
    release.add_argument("--registry", default=os.environ.get("EV_REGISTRY", ""))
    release.add_argument("--ids", type=Path, default=Path(os.environ.get("EV_SCHEMA_IDS") or ".lab/schema-ids.json"))
    release.set_defaults(run=_release)
    topics = verbs.add_parser("topics", help="create the catalogue's topics")
    topics.add_argument("--kafka", default=os.environ.get("EV_KAFKA", ""))
    topics.add_argument("--namespace", default=os.environ.get("EV_NAMESPACE", ""))
    topics.add_argument("--replication", type=int, default=1)
    topics.set_defaults(run=_topics)
    return parser


def _generate(_asked: argparse.Namespace) -> int:
    for path in generate.write(load()):
        print("wrote", path)
    return 0


def _check(_asked: argparse.Namespace) -> int:
    problems = checks.problems(load())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def _release(asked: argparse.Namespace) -> int:
    if _check(asked):
        return 1
    for path in history.release(load()):
        print("released", path)
    if asked.registry:
        ids = register(asked.registry, RECORDS)
        write_ids(asked.ids, ids)
        print(f"{len(ids)} shapes stand in the registry; their ids in {asked.ids}")
    return 0


def _topics(asked: argparse.Namespace) -> int:
    created = asyncio.run(create_topics(asked.kafka, TOPICS, namespace=asked.namespace, replication=asked.replication))
    print(f"{len(created)} topics created, {len(TOPICS) - len(created)} stood there")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
