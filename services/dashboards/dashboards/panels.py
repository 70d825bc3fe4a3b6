"""Which panels each role's page has: what it asks the role's API, and when it asks again."""

from collections.abc import Mapping
from dataclasses import dataclass

ROLES: Mapping[str, str] = {
    "cpo": "Operator",
    "emsp": "Service provider",
    "owner": "Owner",
    "dso": "Grid",
    "driver": "Driver",
}
"""Role -> what its page is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of a page, filled from one read-model path. `on` are the live events that refresh it."""

    name: str
    title: str
    path: str
    on: tuple[str, ...]
    empty: str
    filters: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """Its own template; panels of one kind share one by their name."""
        return f"panels/{self.name}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A role's page: one question a panel, and the stream that keeps it live."""

    role: str
    intro: str
    stream: str
    panels: tuple[Panel, ...]

    def panel(self, name: str) -> Panel | None:
        """The panel of that name."""
        return next((panel for panel in self.panels if panel.name == name), None)


_SESSIONS = Panel(
    name="sessions",
    title="Sessions",
    path="/v1/sessions",
    on=("sessions",),
    empty="No session yet. One appears here as soon as a vehicle is plugged in.",
    filters=("status", "month", "station_id", "page"),
)
_INVOICES = Panel(
    name="invoices",
    title="Invoices",
    path="/v1/invoices",
    on=("invoices",),
    empty="No invoice yet. A session is invoiced as soon as it is final.",
    filters=("month", "page"),
)
PAGES: Mapping[str, Page] = {
    page.role: page
    for page in (
        Page(
            role="cpo",
            intro="Your stations, what charges at them now, and what has been invoiced.",
            stream="/v1/stream/network",
            panels=(
                Panel(
                    name="stations",
                    title="Stations",
                    path="/v1/stations",
                    on=("stations", "connectors"),
                    empty="No station yet. Register one: POST /v1/stations at the asset registry.",
                    filters=("connected", "faulted", "site_id", "page"),
                ),
                _SESSIONS,
                _INVOICES,
            ),
        ),
        Page(
            role="emsp",
            intro="Your drivers' sessions, what they cost, what you bought and what you sold.",
            stream="/v1/stream/drivers",
            panels=(_SESSIONS, _INVOICES),
        ),
        Page(
            role="owner",
            intro="What your stations earned: each session, its meter readings and your share.",
            stream="/v1/stream/statement",
            panels=(
                Panel(
                    name="statement",
                    title="Statement",
                    path="/v1/statement",
                    on=("statement_lines",),
                    empty="No line yet. Each invoiced session on your sites becomes one.",
                    filters=("month", "page"),
                ),
            ),
        ),
        Page(
            role="dso",
            intro="Load per feeder and connection in windows of 15 minutes: sums only, never a session.",
            stream="/v1/stream/load",
            panels=(
                Panel(
                    name="load",
                    title="Load",
                    path="/v1/feeders",
                    on=("load",),
                    empty="No feeder is granted to you, or nothing has charged on it yet.",
                    filters=("day",),
                ),
            ),
        ),
        Page(
            role="driver",
            intro="Your sessions and receipts.",
            stream="/v1/stream/sessions",
            panels=(_SESSIONS, _INVOICES),
        ),
    )
}
