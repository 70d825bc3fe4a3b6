"""When a site is open, and what is known of its grid connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.assets import OpenSite, SiteOpened, SiteSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The site as it was opened; `version` counts its events."""

    site: SiteOpened
    version: int


SiteState = Unknown | Open


def decide(command: OpenSite, state: SiteState) -> Sequence[SiteOpened] | Refused:
    """What opening a site makes true."""
    opened = SiteOpened(**command.model_dump(exclude={"at"}), opened_at=command.at)
    match state:
        case Unknown():
            if command.grid_limit_w is not None and command.grid_limit_w <= 0:
                return Refused(reason="grid-limit-not-positive")
            return [opened]
        case Open():
            same = opened.model_copy(update={"opened_at": state.site.opened_at}) == state.site
            return [] if same else Refused(reason="site-differs", detail="the site is open with other particulars")
        case _:
            assert_never(state)


def evolve(state: SiteState, event: SiteOpened) -> SiteState:
    """The site after one more event."""
    match state:
        case Unknown():
            return Open(site=event, version=1)
        case Open():
            return Open(site=event, version=state.version + 1)
        case _:
            assert_never(state)


def snapshots(_before: SiteState, after: SiteState) -> Sequence[Snapshot]:
    """The site as others may follow it."""
    match after:
        case Unknown():
            return []
        case Open():
            record = SiteSnapshot(**after.site.model_dump(), version=after.version)
            return [Snapshot(topic="assets.site.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


site: Decider[OpenSite, SiteState, SiteOpened] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
