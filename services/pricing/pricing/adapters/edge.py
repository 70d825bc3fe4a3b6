"""What the routes of pricing work with."""

from dataclasses import dataclass

from chassis.auth import Guard
from chassis.clock import Clock
from chassis.http import CommandDesk
from pricing.adapters.places import Places
from pricing.adapters.tariff_book import SnapshotTariffs


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`tariffs` follows this service's own snapshots, `places` those of the registry and of accounts."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    tariffs: SnapshotTariffs
    places: Places
