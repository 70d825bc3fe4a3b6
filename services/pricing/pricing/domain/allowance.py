"""How much of a month's allowances each rating took: never more together than the plan allows.

The aggregate is a subscription's month. A rating that asks again, because its session or its tariff was corrected,
draws anew in place of what it took before: the difference is drawn or given back, and asking twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chassis.decider import Decider, Snapshot
from ev_contracts.common import AllowanceDraw, AllowanceKind
from ev_contracts.pricing import AllowanceAsked, AllowanceDrawn, AllowanceSnapshot, DrawAllowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """By rating, what it took last."""

    subscription_id: str = ""
    month: str = ""
    taken: Mapping[str, AllowanceDrawn] = field(default_factory=dict)

    def drawn(self, kind: AllowanceKind, *, but: str | None = None) -> int:
        """By all ratings together, but for one."""
        others = (each for rating_id, each in self.taken.items() if rating_id != but)
        return sum(draw.drawn for each in others for draw in each.draws if draw.kind is kind)


def decide(command: DrawAllowance, state: Month) -> Sequence[AllowanceDrawn]:
    """Always answered, for a rating waits for it; an answer to an older question than the last is the last one's."""
    known = state.taken.get(command.rating_id)
    if known is not None and known.drawing > command.drawing:
        return []
    if known is not None and known.drawing == command.drawing:
        return [known]
    return [
        AllowanceDrawn(
            subscription_id=command.subscription_id,
            month=command.month,
            rating_id=command.rating_id,
            drawing=command.drawing,
            draws=tuple(_draw(each, command.rating_id, state) for each in command.asked),
            drawn_at=command.at,
        )
    ]


def _draw(asked: AllowanceAsked, rating_id: str, state: Month) -> AllowanceDraw:
    """As much as is left; a plan that allows less than before takes nothing back from others."""
    available = max(0, asked.allowed - state.drawn(asked.kind, but=rating_id))
    drawn = min(asked.wanted, available)
    return AllowanceDraw(kind=asked.kind, allowed=asked.allowed, drawn=drawn, left=available - drawn)


def evolve(state: Month, event: AllowanceDrawn) -> Month:
    """The month after one more event."""
    return replace(
        state,
        subscription_id=event.subscription_id,
        month=event.month,
        taken={**state.taken, event.rating_id: event},
    )


def snapshots(before: Month, after: Month) -> Sequence[Snapshot]:
    """What all took together, for whoever says what is left."""
    if before == after:
        return []
    kinds = {draw.kind: draw.allowed for each in after.taken.values() for draw in each.draws}
    draws = tuple(
        AllowanceDraw(kind=kind, allowed=allowed, drawn=after.drawn(kind), left=max(0, allowed - after.drawn(kind)))
        for kind, allowed in sorted(kinds.items())
    )
    record = AllowanceSnapshot(subscription_id=after.subscription_id, month=after.month, draws=draws)
    return [Snapshot(topic="pricing.allowance.snapshot.v1", key="", record=record)]


allowance: Decider[DrawAllowance, Month, AllowanceDrawn] = Decider(
    initial=Month(), decide=decide, evolve=evolve, snapshots=snapshots
)
