"""What a display shows at each reading of a random session is what the second calculator makes of it until then."""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from calculator import Segment
from ours import version_of
from random_cases import Case, throw

from ev_contracts.sessions import EnergyDelivered, SessionStarted, SuspensionEnded, SuspensionStarted
from pricing.domain.running import RunningCost

HOW_MANY = 10_000 if os.environ.get("EV_LONG") == "1" else 300
SEED = os.environ.get("EV_SEED") or str(random.randrange(10**9))
pytestmark = pytest.mark.timeout(3_600)
IDS = {"session_id": "s", "station_id": "c", "evse_number": 1, "connector_number": 1}


def reading(segments: Sequence[Segment], done: int, *, is_measured: bool) -> EnergyDelivered:
    """At the end of so many segments; what flows is that of the next."""
    following = segments[done] if done < len(segments) and is_measured else None
    energy_wh = int(sum(each.energy_wh for each in segments[:done]))
    return EnergyDelivered(
        **IDS,
        measured_at=segments[done - 1].end if done else segments[0].start,
        register_wh=energy_wh,
        energy_wh=energy_wh,
        power_w=int(following.power_kw[0] * 1_000) if following and following.power_kw else None,
        current_sum_a_tenths=int(following.current_a[0] * 10) if following and following.current_a else None,
        started_at=segments[0].start,
        charging_s=0,
        parking_s=0,
    )


def turn(before: Segment | None, segment: Segment) -> SessionStarted | SuspensionStarted | SuspensionEnded | None:
    """What the ledger tells where this segment begins."""
    charges = segment.runs == "TIME"
    if before is None:
        return SessionStarted(
            **IDS, transaction_id="t", ocpp_version="2.1", started_at=segment.start, token_status="Accepted",
            offline=False, charging=charges,
        )  # fmt: skip
    if before.runs == segment.runs:
        return None
    names = {"session_id": "s", "station_id": "c", "at": segment.start}
    return SuspensionEnded(**names) if charges else SuspensionStarted(**names, suspended_by="EV")


def shown(case: Case) -> Iterator[tuple[Case, tuple[object, object]]]:
    """At each reading the case as it is until then, and what is shown."""
    session = case.session
    running = RunningCost(version_of(case.tariff), session.zone, session.segments[0].start)
    for done, segment in enumerate(session.segments):
        told = turn(session.segments[done - 1] if done else None, segment)
        if told is not None:
            running.note(told)
        running.reach(reading(session.segments, done, is_measured=session.is_measured))
        priced = running.reach(reading(session.segments, done + 1, is_measured=session.is_measured))
        until = replace(case, session=replace(session, segments=session.segments[: done + 1]))
        yield until, (priced.excl_vat, priced.incl_vat)


def test_every_reading_shows_what_the_session_costs_until_then(capsys: pytest.CaptureFixture[str]) -> None:
    dice, readings = random.Random(SEED), 0
    for _ in range(HOW_MANY):
        case = throw(dice)
        if not case.session.segments:
            continue
        without = replace(case, session=replace(case.session, reservation=None))
        for until, price in shown(without):
            assert price == until.price, f"seed {SEED}: {until}"
            readings += 1
    with capsys.disabled():
        print(f"\n{readings} readings of {HOW_MANY} random sessions, seed {SEED}: no disagreement")
