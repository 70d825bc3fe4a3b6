"""Charged is ended: the platform closed exactly the sessions that the stations saw, with the meters' own readings."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ev_actors.journal import Charged
from ev_checks.ledger import Finding
from ev_contracts.sessions import GapFilled, GapFound, SessionClosed


def energy_findings(charged: Sequence[Charged], closed: Sequence[SessionClosed]) -> list[Finding]:
    """What one side has and the other lacks. A station's meter only rises, so its two readings name the session."""
    return list(_differences(Counter(map(_as_seen, charged)), Counter(map(_as_closed, closed))))


def gap_findings(told: Sequence[GapFound | GapFilled]) -> list[Finding]:
    """Energy that a meter counted and no session has, once all are closed; `told` in the order of the log.

    Where every station says all that it did, there is none.
    """
    found: dict[str, GapFound] = {}
    for each in told:
        if isinstance(each, GapFound):
            found[each.gap_id] = each
        else:
            found.pop(each.gap_id, None)
    return [
        Finding("energy of no session", each.station_id, f"{each.cause}, {each.energy_wh} Wh")
        for each in found.values()
    ]


def _differences(seen: Counter[tuple[str, int, int]], closed: Counter[tuple[str, int, int]]) -> Iterator[Finding]:
    for (station_id, start_wh, stop_wh), count in (seen - closed).items():
        yield Finding("charged but not closed", station_id, f"{start_wh} to {stop_wh} Wh, {count} times")
    for (station_id, start_wh, stop_wh), count in (closed - seen).items():
        yield Finding("closed but not charged", station_id, f"{start_wh} to {stop_wh} Wh, {count} times")


def _as_seen(charged: Charged) -> tuple[str, int, int]:
    return charged.station_id, charged.meter_start_wh, charged.meter_stop_wh


def _as_closed(closed: SessionClosed) -> tuple[str, int, int]:
    facts = closed.facts
    # An energy that is not the difference of its readings can match nothing that a station saw.
    consistent = facts.energy_wh == facts.meter_stop_wh - facts.meter_start_wh
    return closed.station_id, facts.meter_start_wh, facts.meter_stop_wh if consistent else -1
