"""The engine and the second calculator agree exactly on random sessions and tariffs, and would not if the engine erred.

`EV_LONG=1` runs the full number; the seed is printed and can be given as `EV_SEED`.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from calculator import Range
from ours import ENGINE, Asked, Engine
from planted import BUGS, Bug, planted
from random_cases import RULES, Case, rules_of, throw

LONG = os.environ.get("EV_LONG") == "1"
HOW_MANY = 100_000 if LONG else 10_000
LEAST_SHARE = 0.05
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
CHUNK = 300
MOST_MUTANT_CASES = 6_000


def thrown(how_many: int) -> Iterator[Case]:
    dice = random.Random(SEED)
    return (throw(dice) for _ in range(how_many))


def told(case: Case) -> str:
    session = case.session
    return "\n  ".join([str(case.tariff), session.zone, str(session.reservation), *map(str, session.segments)])


@pytest.mark.timeout(3_600)
def test_two_calculators_agree_and_every_rule_is_put_to_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    disagreements = []
    for case in thrown(HOW_MANY):
        counts.update(rules_of(case))
        if ENGINE.price(Asked.of(case)) != case.price:
            disagreements.append(case)
    with capsys.disabled():
        print(f"\n{HOW_MANY} random sessions under random tariffs, seed {SEED}: {len(disagreements)} disagreements")
        print("\n".join(f"  {rule:26} {counts[rule]:>7} {counts[rule] / HOW_MANY:7.1%}" for rule in RULES))
    assert [told(case) for case in disagreements[:3]] == []
    assert [rule for rule in RULES if counts[rule] < LEAST_SHARE * HOW_MANY] == []


@cache
def asked(chunk: int) -> list[tuple[Asked, Range]]:
    dice = random.Random(f"{SEED} {chunk}")
    return [(Asked.of(case), case.price) for case in (throw(dice) for _ in range(CHUNK))]


@pytest.mark.parametrize("bug", BUGS, ids=[bug.what for bug in BUGS])
def test_a_planted_bug_is_caught(bug: Bug, capsys: pytest.CaptureFixture[str]) -> None:
    caught = tried = 0
    with planted(bug) as module:
        engine = Engine.of(module)
        while not caught and tried < MOST_MUTANT_CASES:
            caught += sum(engine.price(each) != right for each, right in asked(tried // CHUNK))
            tried += CHUNK
    with capsys.disabled():
        print(f"\n  {bug.what}: caught in {caught} of {tried} cases", end="")
    assert caught
