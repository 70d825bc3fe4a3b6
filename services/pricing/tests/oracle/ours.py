"""The engine's price of a case: the same tariff and session, in the words of our contracts."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any, NamedTuple

from calculator import Range, Reservation, Segment
from random_cases import Case
from random_sessions import RandomSession

from ev_contracts.common import (
    ChargingPeriod,
    DayOfWeek,
    MeterPoint,
    PriceComponent,
    PriceLimit,
    ReservationFacts,
    SessionFacts,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
    TaxIncluded,
)

SMALL = {
    "min_kwh": ("min_energy_wh", 1_000),
    "max_kwh": ("max_energy_wh", 1_000),
    "min_power": ("min_power_w", 1_000),
    "max_power": ("max_power_w", 1_000),
    "min_current": ("min_current_ma", 1_000),
    "max_current": ("max_current_ma", 1_000),
    "min_duration": ("min_duration_s", 1),
    "max_duration": ("max_duration_s", 1),
}


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine's ways in; of the real one or of a copy."""

    tariff_of: Callable[..., Any]
    session_of: Callable[..., Any]
    priced: Callable[..., Any]

    @classmethod
    def of(cls, module: Callable[[str], ModuleType]) -> "Engine":
        return cls(
            tariff_of=module("contract").tariff_of,
            session_of=module("splitting").session_of,
            priced=module("price").price,
        )

    def price(self, asked: "Asked") -> Range:
        """Without and with VAT, exactly."""
        tariff = self.tariff_of(asked.version)
        priced = self.priced(tariff, self.session_of(asked.facts, tariff, asked.zone))
        excl, incl = priced.excl_vat, priced.incl_vat
        assert isinstance(excl, Fraction)
        assert isinstance(incl, Fraction)
        return excl, incl


class Asked(NamedTuple):
    """A case in the words of our contracts."""

    version: TariffVersion
    facts: SessionFacts
    zone: str

    @classmethod
    def of(cls, case: Case) -> "Asked":
        return cls(version=version_of(case.tariff), facts=facts_of(case.session), zone=case.session.zone)


ENGINE = Engine.of(lambda name: importlib.import_module(f"pricing.domain.engine.{name}"))


def version_of(tariff: dict[str, Any]) -> TariffVersion:
    return TariffVersion(
        tariff_id="t",
        version=1,
        issuer_party_id="NL-VLT",
        currency=tariff["currency"],
        valid_from=LONG_AGO,
        content_hash="0" * 64,
        elements=tuple(_element(each) for each in tariff["elements"]),
        min_price=_limit(tariff.get("min_price")),
        max_price=_limit(tariff.get("max_price")),
        tax_included=TaxIncluded(tariff.get("tax_included", "NO").replace("N/A", "NOT_APPLICABLE")),
    )


def _element(element: dict[str, Any]) -> TariffElement:
    return TariffElement(
        components=tuple(_component(each) for each in element["price_components"]),
        restrictions=_restrictions(element["restrictions"]) if "restrictions" in element else None,
    )


def _component(component: dict[str, Any]) -> PriceComponent:
    return PriceComponent(
        type=TariffComponentType(component["type"]),
        price=Decimal(component["price"]),
        step_size=component["step_size"],
        vat_permille=int(Fraction(component["vat"]) * 10) if "vat" in component else None,
    )


def _restrictions(told: dict[str, Any]) -> TariffRestrictions:
    small = {
        SMALL[name][0]: int(Fraction(str(value)) * SMALL[name][1]) for name, value in told.items() if name in SMALL
    }
    same = {name: value for name, value in told.items() if name not in SMALL and name != "day_of_week"}
    days = tuple(DayOfWeek(each) for each in told.get("day_of_week", ()))
    return TariffRestrictions.model_validate({**small, **same, "day_of_week": days})


def _limit(told: dict[str, str] | None) -> PriceLimit | None:
    return None if told is None else PriceLimit(**{view: Decimal(amount) for view, amount in told.items()})


def facts_of(session: RandomSession) -> SessionFacts:
    """The session as the ledger tells it; of a reservation that ran out unused there is none."""
    cuts = [each.start for each in session.segments] + [each.end for each in session.segments[-1:]]
    held = session.reservation
    began_at = cuts[0] if held is None or cuts else held.end
    energy_wh = int(sum(each.energy_wh for each in session.segments))
    return SessionFacts(
        session_id="s",
        started_at=began_at,
        ended_at=cuts[-1] if cuts else began_at,
        energy_wh=energy_wh,
        meter_start_wh=1_000,
        meter_stop_wh=1_000 + energy_wh,
        periods=tuple(_period(each) for each in session.segments),
        curve=tuple(_curve(session)),
        reservation=None if held is None else _held(held),
    )


def _held(reservation: Reservation) -> ReservationFacts:
    return ReservationFacts(
        reservation_id="r", started_at=reservation.start, ended_at=reservation.end, expired=reservation.expired
    )


def _period(segment: Segment) -> ChargingPeriod:
    """Charging without energy may as well be told as withheld by the station: it is OCPI's TIME all the same."""
    charges = segment.runs == "TIME"
    is_withheld = charges and not segment.energy_wh and segment.start.second % 2 == 1
    return ChargingPeriod(
        started_at=segment.start,
        ended_at=segment.end,
        charging=charges and not is_withheld,
        energy_wh=int(segment.energy_wh),
        suspended_by="EVSE" if is_withheld else None if charges else "EV",
    )


def _curve(session: RandomSession) -> Iterator[MeterPoint]:
    energy_wh = 0
    for segment in session.segments:
        power, current = segment.power_kw, segment.current_a
        yield MeterPoint(
            at=segment.start,
            energy_wh=energy_wh,
            power_w=int(power[0] * 1_000) if power and session.is_measured else None,
            current_a_tenths=int(current[0] * 10) if current else None,
        )
        energy_wh += int(segment.energy_wh)
    yield from (MeterPoint(at=last.end, energy_wh=energy_wh) for last in session.segments[-1:])
