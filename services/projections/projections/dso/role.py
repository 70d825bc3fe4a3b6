"""The grid operator's read model as a value."""

from chassis.tables import Table
from ev_contracts.assets import PartySnapshot
from projections.dso.api import routes_over
from projections.dso.grants import granted_by
from projections.dso.project import SOURCES, STREAMED, project
from projections.role import Role
from projections.settings import Settings


def role(_settings: Settings) -> Role:
    """With the table of the parties' grants, which its routes and its one condition ask."""
    parties: Table[PartySnapshot] = Table("assets.party.snapshot.v1")
    return Role(
        sources=SOURCES,
        project=project,
        streamed=STREAMED,
        add_routes=routes_over(parties),
        tables=(parties,),
        conditions={"granted": granted_by(parties)},
    )
