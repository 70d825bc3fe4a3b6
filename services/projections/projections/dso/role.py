"""The grid operator's read model as a value."""

from collections.abc import Sequence
from functools import partial

from chassis.runner import Task, Transform
from chassis.runner.parts import Part
from chassis.runner.wiring import Wiring
from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from projections.dso.api import routes_over
from projections.dso.grants import granted_by
from projections.dso.meters import ends_of_windows, metered
from projections.dso.project import SOURCES, STREAMED, project
from projections.dso.windows import run_windows
from projections.role import Role
from projections.settings import Settings


def role(settings: Settings) -> Role:
    """With the table of the parties' grants, which its routes and its one condition ask, and the stream analysis."""

    def more_parts(wiring: Wiring) -> Sequence[Part]:
        if not settings.windows:
            return ()
        readings = Transform(
            name="projections.connection-meter",
            source="sessions.session.event.v1",
            target_topic="projections.connection-meter.sample.v1",
            react=metered,
            lasting=ends_of_windows,
        )
        analysis = partial(run_windows, settings, env=wiring.env, appender=wiring.appender)
        if settings.schema_ids is None:  # the log is in memory, where no stream table can follow it
            return (readings,)
        return (readings, Task(name="windows", run=analysis))

    parties: Table[PartySnapshot] = Table("assets.party.snapshot.v1")
    return Role(
        sources=SOURCES,
        project=project,
        streamed=STREAMED,
        add_routes=routes_over(parties),
        tables=(parties,),
        conditions={"granted": granted_by(parties)},
        more_parts=more_parts,
    )
