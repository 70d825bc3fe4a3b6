"""The owner's read model as a value."""

from projections.owner.api import add_routes
from projections.owner.project import SOURCES, STREAMED, project
from projections.role import Role
from projections.settings import Settings


def role(_settings: Settings) -> Role:
    """Nothing of it depends on the installation."""
    return Role(sources=SOURCES, project=project, streamed=STREAMED, add_routes=add_routes)
