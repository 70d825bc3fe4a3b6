"""What a closed session's facts come to when the registry says, late, that its meter was changed meanwhile.

Of a closed session only its facts are kept. Where its register stood is read back from their curve, with the falls that
were known when it closed; from there on the rules are those of an open session, so that it comes to the same.
"""

from collections.abc import Sequence

from ev_contracts.common import MeterPoint, SessionFacts
from session_ledger.domain.account import on_the_line, shared_out, stretch_of
from session_ledger.domain.finals import Final
from session_ledger.domain.metering import Change, Doubt, Hole, Metered, Point
from session_ledger.domain.rows import ms_of, time_of
from session_ledger.domain.swaps import across

_NO_REGISTER = {"intervals", "power-integrated", "by-person"}


def recounted(final: Final, facts: SessionFacts, told: Sequence[Change]) -> Metered | Doubt | None:
    """The energy over these changes; None where they do not touch it."""
    holes, last_ms = final.holes, _last_ms(facts, final.holes)
    changes = [each for each in told if final.has_register or each.fitted_ms <= last_ms]
    if len(changes) < len(told) and not final.end_is_assumed:
        # Its last readings, which no register of its stop confirmed, were passed over: they may be the new meter's.
        return Doubt(cause="meter-change-unexplained", detail="what the new meter said was passed over")
    if not changes or facts.energy_rule in _NO_REGISTER:
        return None
    points = _registers(facts, holes, changes)
    begin, end = (points[0][0], facts.meter_start_wh), (ms_of(facts.ended_at), facts.meter_stop_wh)
    between = [each for each in points[1:] if begin[0] < each[0] < end[0]]
    plain = Metered(
        energy_wh=facts.energy_wh,
        begin_wh=facts.meter_start_wh,
        stop_wh=facts.meter_stop_wh,
        rule=facts.energy_rule or "registers",
        points=(),
        begin_ms=begin[0],
    )
    found = across(begin, between, end, changes, plain=plain)
    return None if found == plain else found


def _last_ms(facts: SessionFacts, holes: Sequence[Hole]) -> int:
    """When the register is last known to have moved."""
    reached_ms = next((ms_of(each.at) for each in facts.curve if each.energy_wh == facts.energy_wh), 0)
    return max(reached_ms, *(each.to_ms for each in holes)) if holes else reached_ms


def _registers(facts: SessionFacts, holes: Sequence[Hole], changes: Sequence[Change]) -> list[Point]:
    """Where the register stood at the start and at each point of the curve."""
    last_offset_wh = facts.meter_stop_wh - facts.energy_wh
    falls: list[tuple[int, int | None]] = [(each.to_ms, each.to_wh) for each in sorted(holes, key=lambda h: h.to_ms)]
    if not falls and last_offset_wh != facts.meter_start_wh:
        falls = [(changes[0].fitted_ms, None)]
    registers, offset_wh = [(ms_of(facts.started_at), facts.meter_start_wh)], facts.meter_start_wh
    for at, energy_wh in ((ms_of(each.at), each.energy_wh) for each in facts.curve):
        while falls and at >= falls[0][0]:
            to_wh = falls.pop(0)[1]
            offset_wh = last_offset_wh if to_wh is None else to_wh - energy_wh
        registers.append((at, offset_wh + energy_wh))
    return registers


def with_energy(facts: SessionFacts, found: Metered) -> SessionFacts:
    """The facts with this energy: the same times, each period's share anew."""
    shares = shared_out([stretch_of(each) for each in facts.periods], found.points)
    periods = (
        period.model_copy(update={"energy_wh": share_wh})
        for period, share_wh in zip(facts.periods, shares, strict=True)
    )
    return facts.model_copy(
        update={
            "energy_wh": found.energy_wh,
            "energy_rule": found.rule,
            "periods": tuple(periods),
            "curve": _curve(facts, found),
        }
    )


def _curve(facts: SessionFacts, found: Metered) -> tuple[MeterPoint, ...]:
    energies, told = dict(found.points), {ms_of(each.at): each for each in facts.curve}
    for at in told.keys() - energies.keys():
        energies[at] = on_the_line(found.points, at)
    return tuple(
        told[at].model_copy(update={"energy_wh": energies[at]})
        if at in told
        else MeterPoint(at=time_of(at), energy_wh=energies[at])
        for at in sorted(energies)
    )
