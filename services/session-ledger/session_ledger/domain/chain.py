"""Whether every Wh of a connector's register belongs to a session: what lies between two sessions is a named gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from session_ledger.domain.metering import METER_SWAP, Change
from session_ledger.domain.rows import time_of

LINKS_AT_MOST = 16
BESIDE = timedelta(minutes=15)
"""A technician's watch: a change told this near to a session's begin, which does not count it, came before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A closed session's part of its connector's register; `rule` is how its begin and its energy were found."""

    session_id: str
    begin_at: datetime
    begin_wh: int
    stop_at: datetime
    stop_wh: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Two neighbours in time whose readings do not meet."""

    before: Link
    after: Link
    changes: tuple[Change, ...] = ()
    """Of the meter, meanwhile."""

    @property
    def energy_wh(self) -> int:
        """What flowed unseen; nothing that can be known where the register fell, or where no technician read it."""
        begins = (self.before.stop_wh, *(each.fitted_wh for each in self.changes))
        ends = (*(each.removed_wh for each in self.changes), self.after.begin_wh)
        known = [(one, other) for one, other in zip(begins, ends, strict=True) if one is not None and other is not None]
        return sum(max(0, other - one) for one, other in known)

    @property
    def name(self) -> str:
        """The same for the same readings."""
        meters = "".join(f"/{each.removed_wh}/{each.fitted_wh}" for each in self.changes)
        return f"{self.before.session_id}/{self.before.stop_wh}/{self.after.session_id}/{self.after.begin_wh}{meters}"

    @property
    def cause(self) -> str:
        """Why, as far as the registers themselves say it."""
        if self.changes:
            return METER_SWAP
        if self.after.begin_wh < self.before.stop_wh:
            return "register-fell"
        return self.after.rule if self.after.rule in {"begin-missing", "begin-placeholder"} else "between-sessions"


def with_link(links: Sequence[Link], new: Link) -> tuple[Link, ...]:
    """The chain with this session in its place, once."""
    others = [each for each in links if each.session_id != new.session_id]
    return tuple(sorted((*others, new), key=lambda each: (each.begin_at, each.session_id)))


def latest(links: Sequence[Link]) -> tuple[Link, ...]:
    """The links that are remembered; a session older than all of them is joined to none."""
    return tuple(links[-LINKS_AT_MOST:])


def gaps_of(links: Sequence[Link], changes: Sequence[Change] = ()) -> dict[str, Between]:
    """Name -> gap, in order of time."""
    found = [
        Between(before=one, after=other, changes=tuple(each for each in changes if _is_between(one, each, other)))
        for one, other in pairwise(links)
    ]
    return {each.name: each for each in found if each.changes or each.before.stop_wh != each.after.begin_wh}


def _is_between(before: Link, change: Change, after: Link) -> bool:
    """Whether the meter was changed after the one session and before the other, as far as neither counts it."""
    at = time_of(change.fitted_ms)
    first_at = before.stop_at if before.rule == METER_SWAP else min(before.stop_at, before.begin_at + BESIDE)
    last_at = after.begin_at if after.rule == METER_SWAP else min(after.stop_at, after.begin_at + BESIDE)
    return first_at < at <= last_at
