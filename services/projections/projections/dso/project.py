"""What each event makes true in a grid operator's read model. Pure; repeats and another order give the same rows."""

from collections.abc import Sequence

from chassis.cassandra import Write
from chassis.decider import EventContext
from ev_contracts.assets import SiteOpened
from ev_contracts.projections import FeederLoadMeasured
from ev_contracts.record import Record
from projections.writing import row

SOURCES = ("assets.site.event.v1", "projections.feeder-load.sample.v1")

STREAMED = {"load": ("feeder_id", "connection_id")}
"""Table -> the column that says who may hear of a change, and the one that says of what."""


def project(event: Record, ctx: EventContext) -> Sequence[Write]:
    """The rows as of this event."""
    match event:
        case SiteOpened():
            key = {"feeder_id": event.feeder_id, "tenant": ctx.tenant, "connection_id": event.connection_id}
            values = event.model_dump(include={"grid_limit_w", "city", "postal_code", "time_zone"})
            return (row("connections", ctx, key, values),)
        case FeederLoadMeasured():
            key = event.model_dump(include={"feeder_id", "window_start_at", "tenant", "connection_id"})
            values = event.model_dump(include={"window_s", "energy_wh", "mean_power_w", "evses", "measured_at"})
            return (row("load", ctx, {**key, "day": f"{event.window_start_at:%Y-%m-%d}"}, values),)
        case _:
            return ()
