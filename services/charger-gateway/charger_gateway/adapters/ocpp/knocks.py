"""Unknown stations that knock: told to the registry, so that a person may let them in; never so many that it hurts."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from charger_gateway.ports import Journal
from chassis.telemetry import Metrics
from ev_contracts.gateway import UnknownStationKnocked

KNOCKS = "gateway.knock.sample.v1"

_REGISTRABLE = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")
_PREFIX = {4: 24, 6: 48}
_MOST_OFFERED = 8
_LONGEST_NAME = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One attempt to connect under an identity that nobody registered."""

    identity: str
    peer: str
    secure: bool
    subprotocols: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockLimits:
    """Within one window an identity is told of once, and so many are told of in all and from one network."""

    window_s: float = 600.0
    most: int = 60
    most_of_a_network: int = 10
    most_remembered: int = 1_000


@dataclass(slots=True, kw_only=True)
class _Heard:
    told_at: float | None = None
    untold: int = 0


class Knocks:
    """Tells the log of unknown stations; what it does not tell is counted."""

    def __init__(
        self,
        *,
        journal: Journal,
        metrics: Metrics,
        now: Callable[[], datetime],
        limits: KnockLimits | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._metrics = metrics
        self._now = now
        self._limits = limits or KnockLimits()
        self._steady = steady
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._told: list[tuple[float, str]] = []
        """When and of which network something was told within the window."""

    def heard(self, knock: Knock) -> None:
        """Tell of it without waiting, or count it."""
        if _REGISTRABLE.fullmatch(knock.identity) is None:
            self._metrics.add("knocks_untold", 1, "no identity")
            return
        heard = self._remembered(knock.identity)
        heard.untold += 1
        moment, network = self._steady(), network_of(knock.peer)
        if heard.told_at is not None and moment - heard.told_at < self._limits.window_s:
            self._metrics.add("knocks_untold", 1, "told before")
        elif not self._has_room(moment, network):
            self._metrics.add("knocks_untold", 1, "too many")
        else:
            self._told.append((moment, network))
            self._journal.note(KNOCKS, f"_/{knock.identity}", self._record(knock, network, heard.untold))
            heard.told_at, heard.untold = moment, 0

    def _remembered(self, identity: str) -> _Heard:
        heard = self._heard.setdefault(identity, _Heard())
        self._heard.move_to_end(identity)
        while len(self._heard) > self._limits.most_remembered:
            self._heard.popitem(last=False)
        return heard

    def _has_room(self, moment: float, network: str) -> bool:
        self._told = [one for one in self._told if moment - one[0] < self._limits.window_s]
        of_this = sum(told_of == network for _, told_of in self._told)
        return len(self._told) < self._limits.most and of_this < self._limits.most_of_a_network

    def _record(self, knock: Knock, network: str, times: int) -> UnknownStationKnocked:
        offered = tuple(name[:_LONGEST_NAME] for name in knock.subprotocols[:_MOST_OFFERED])
        return UnknownStationKnocked(
            station_id=knock.identity,
            source_network=network,
            secure=knock.secure,
            subprotocols=offered,
            times=times,
            knocked_at=self._now(),
        )


def network_of(peer: str) -> str:
    """The network alone: whose address it is need not be kept."""
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    return str(ip_network((address, _PREFIX[address.version]), strict=False))
