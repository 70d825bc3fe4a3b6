"""What a session of many readings costs the ledger: growth with its length, and readings a second.

`python e2e/bench/ledger.py [--readings 100,1000,10000]` needs no lab; `--loop` adds the decider loop on the lab's Kafka
(`loops.py` without its projection). Prints one line of JSON. Each reading is decided and evolved, and the aggregate is
written as its state record, as if each came in a batch of its own: that is the worst case. Garbage is collected as
rarely as in a service.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.decider import Refused, state_after
from chassis.runner.aggregates import AggregateCodec, Live
from chassis.runner.service import collect_rarely
from ev_contracts.common import CommercialModel, MeterReading, Parties, Place
from ev_contracts.sessions import AddReadings, EndSession, SessionClosed, StartSession
from session_ledger.domain.session import Command, session

BEGAN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STATION, SESSION = "NLBENCH00001", "0f8fad5b-d9cb-569f-a165-70867728950e"
EVERY_S = 30
PLACE = Place(
    site_id="oosterdok",
    station_id=STATION,
    evse_number=1,
    connector_number=1,
    evse_id="NL*VLT*E1",
    feeder_id="feeder-7",
    connection_id="connection-12",
    time_zone="Europe/Amsterdam",
    country="NL",
)
PARTIES = Parties(cpo_party_id="NL-VLT", commercial_model=CommercialModel.DIRECT)


def _start() -> StartSession:
    return StartSession(
        at=BEGAN,
        session_id=SESSION,
        station_id=STATION,
        transaction_id="1",
        ocpp_version="2.0.1",
        evse_number=1,
        connector_number=1,
        token_status="None",
        started_at=BEGAN,
        meter_start_wh=1_000,
        seq_no=0,
        offline=False,
        charging=True,
        place=PLACE,
        parties=PARTIES,
    )


def _reading(number: int) -> AddReadings:
    at = BEGAN + timedelta(seconds=EVERY_S * number)
    reading = MeterReading(sampled_at=at, register_wh=1_000 + 90 * number, power_w=10_800, current_sum_a_tenths=470)
    return AddReadings(
        at=at,
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        seq_no=number,
        occurred_at=at,
        offline=False,
        readings=(reading,),
    )


def _end(number: int) -> EndSession:
    at = BEGAN + timedelta(seconds=EVERY_S * number)
    return EndSession(
        at=at,
        session_id=SESSION,
        station_id=STATION,
        transaction_id="1",
        ended_at=at,
        meter_stop_wh=1_000 + 90 * number,
        reason="Local",
        seq_no=number,
        offline=False,
    )


def session_of(readings: int) -> Sequence[Command]:
    """A whole session with so many readings between its start and its end."""
    return [_start(), *(_reading(number) for number in range(1, readings + 1)), _end(readings + 1)]


def growth(readings: int) -> dict[str, Any]:
    """What one session costs, by processor time."""
    commands, codec, live = session_of(readings), AggregateCodec(session), Live(0, session.initial, {}, ())
    began, greatest, closed = time.process_time(), 0, None
    for command in commands:
        decided = session.decide(command, live.state)
        assert not isinstance(decided, Refused)
        closed = next((each for each in decided if isinstance(each, SessionClosed)), closed)
        live = Live(live.version + len(decided), state_after(session, decided, live.state), {}, ())
        greatest = max(greatest, len(codec.dumps(live)))
    took = time.process_time() - began
    assert closed is not None
    assert closed.facts.energy_wh == 90 * (readings + 1)
    return {
        "readings": readings,
        "processor_s": round(took, 3),
        "us_per_reading": round(took / readings * 1e6),
        "greatest_state_bytes": greatest,
        "curve_points": len(closed.facts.curve),
    }


def _loop(commands: int, stations: int) -> dict[str, Any]:
    import loops  # noqa: PLC0415 - needs the lab's packages, which the growth does not

    rate = asyncio.run(loops.decided(commands=commands, stations=stations))
    return {"stations": stations, "readings": commands, **rate}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="ledger")
    parser.add_argument("--readings", default="100,1000,10000")
    parser.add_argument("--loop", action="store_true")
    asked = parser.parse_args()
    collect_rarely()
    found: dict[str, Any] = {"growth": [growth(int(each)) for each in asked.readings.split(",")]}
    if asked.loop:
        found["loop"] = _loop(20_000, 200)
    print(json.dumps(found))
