"""Whether every Wh of a connector's register belongs to a session: what lies between two sessions is a named gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

LINKS_AT_MOST = 16


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

    @property
    def energy_wh(self) -> int:
        """What flowed unseen; nothing that can be known where the register fell."""
        return max(0, self.after.begin_wh - self.before.stop_wh)

    @property
    def name(self) -> str:
        """The same for the same two readings."""
        return f"{self.before.session_id}/{self.before.stop_wh}/{self.after.session_id}/{self.after.begin_wh}"

    @property
    def cause(self) -> str:
        """Why, as far as the registers themselves say it."""
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


def gaps_of(links: Sequence[Link]) -> dict[str, Between]:
    """Name -> gap, in order of time."""
    found = [Between(before=one, after=other) for one, other in pairwise(links)]
    return {each.name: each for each in found if each.before.stop_wh != each.after.begin_wh}
