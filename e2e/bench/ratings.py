"""Ratings a second on one core, as JSON: a plain tariff, one by time of use, and one that asks for everything.

`python e2e/bench/ratings.py [--seconds 3]` needs nothing that runs. What is measured is `pricing.domain.rating.rate`,
from a session's facts to the rating that is posted; `engine` is the same without its lines and words. Garbage is
collected as rarely as in a service.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chassis.runner.service import collect_rarely
from ev_contracts.common import (
    ChargingPeriod,
    DayOfWeek,
    IdleFee,
    MeterPoint,
    PriceComponent,
    PriceLimit,
    Relation,
    RelationKind,
    SessionFacts,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
)
from pricing.domain.rating import priced_session, rate

ZONE = "Europe/Amsterdam"
START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
RELATION = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)


def component(kind: TariffComponentType, price: str, step_size: int = 1) -> PriceComponent:
    """At 21 % VAT."""
    return PriceComponent(type=kind, price=Decimal(price), vat_permille=210, step_size=step_size)


ENERGY = component(TariffComponentType.ENERGY, "0.35")
PARKING = component(TariffComponentType.PARKING_TIME, "1.20", 300)
FLAT = component(TariffComponentType.FLAT, "0.25")


def element(*components: PriceComponent, **restrictions: Any) -> TariffElement:
    """Restricted, if by anything."""
    return TariffElement(
        components=components, restrictions=TariffRestrictions(**restrictions) if restrictions else None
    )


def tariff(**parts: Any) -> TariffVersion:
    """In euros."""
    return TariffVersion(
        tariff_id="bench", version=1, issuer_party_id="NL-VLT", currency="EUR", valid_from=START,
        content_hash="0" * 64, **parts,
    )  # fmt: skip


SIMPLE = tariff(components=(ENERGY, PARKING, FLAT))
TIME_OF_USE = tariff(
    elements=(
        element(FLAT),
        element(component(TariffComponentType.ENERGY, "0.20"), start_time="22:00", end_time="07:00"),
        element(component(TariffComponentType.ENERGY, "0.45"), start_time="17:00", end_time="20:00"),
        element(ENERGY, PARKING),
    )
)
_WEEKEND = (DayOfWeek.SATURDAY, DayOfWeek.SUNDAY)
WORST = tariff(
    elements=(
        element(FLAT, start_date="2026-01-01", end_date="2027-01-01"),
        *(
            element(
                component(TariffComponentType.ENERGY, f"0.{20 + number}", 10 + number),
                component(TariffComponentType.TIME, f"0.{10 + number}", 60),
                start_time=f"{number:02}:00", end_time=f"{(number + 3) % 24:02}:30", min_power_w=number * 500,
                max_power_w=(number + 8) * 1_000, min_energy_wh=number * 700, max_duration_s=7_200 + number * 600,
                day_of_week=_WEEKEND if number % 3 else (),
            )
            for number in range(20)
        ),
        element(ENERGY, PARKING),
    ),
    min_price=PriceLimit(excl_vat=Decimal(1), incl_vat=Decimal("1.21")),
    max_price=PriceLimit(excl_vat=Decimal(50), incl_vat=Decimal("60.50")),
    idle_fee=IdleFee(
        price=Decimal(6), vat_permille=210, grace_s=900, free_from="22:00", free_until="07:00", at_most=Decimal(10)
    ),
)  # fmt: skip


def session(points: int) -> SessionFacts:
    """Three hours: charges two thirds of it, told in so many readings, then parks."""
    full_at, ended_at = START + timedelta(hours=2), START + timedelta(hours=3)
    step = timedelta(hours=2) / points
    curve = [
        MeterPoint(at=START + number * step, energy_wh=number * 22_000 // points, power_w=11_000 - number % 7 * 1_000)
        for number in range(points)
    ]
    curve.append(MeterPoint(at=full_at, energy_wh=22_000, power_w=0))
    return SessionFacts(
        session_id="bench", started_at=START, ended_at=ended_at, energy_wh=22_000, meter_start_wh=0,
        meter_stop_wh=22_000, curve=tuple(curve),
        periods=(
            ChargingPeriod(started_at=START, ended_at=full_at, charging=True, energy_wh=22_000),
            ChargingPeriod(started_at=full_at, ended_at=ended_at, charging=False, energy_wh=0),
        ),
    )  # fmt: skip


def per_second(work: Callable[[], object], seconds: float) -> float:
    """Of processor time, the best of three runs: what else the machine does counts little."""
    best = 0.0
    for _ in range(3):
        done, began = 0, time.process_time()
        while (took := time.process_time() - began) < seconds / 3:
            for _ in range(10):
                work()
            done += 10
        best = max(best, done / took)
    return round(best, 1)


def measured(version: TariffVersion, facts: SessionFacts, seconds: float) -> dict[str, float]:
    """Whole ratings, and the engine alone."""
    whole = per_second(
        lambda: rate(rating_id="r", relation=RELATION, tariff=version, facts=facts, time_zone=ZONE), seconds
    )
    return {"ratings": whole, "engine": per_second(lambda: priced_session(facts, version, ZONE), seconds)}


def main() -> int:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    seconds = parser.parse_args().seconds
    collect_rarely()
    told = {
        "simple": measured(SIMPLE, session(120), seconds),
        "time_of_use": measured(TIME_OF_USE, session(120), seconds),
        "worst": measured(WORST, session(120), seconds),
    }
    growth = {str(points): measured(WORST, session(points), seconds)["engine"] for points in (100, 1_000, 10_000)}
    print(json.dumps({"per_second_and_core": told, "worst_engine_by_readings": growth, "seconds": seconds}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
