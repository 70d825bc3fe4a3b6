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


_NO_SESSION = "No session yet. One appears here as soon as a vehicle is plugged in."
_NO_INVOICE = "No invoice yet. A session is invoiced as soon as it is final."

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
                Panel(
                    name="sessions",
                    title="Sessions",
                    path="/v1/sessions",
                    on=("sessions",),
                    empty=_NO_SESSION,
                    filters=("status", "month", "station_id", "page"),
                ),
                Panel(
                    name="invoices",
                    title="Invoices",
                    path="/v1/invoices",
                    on=("invoices",),
                    empty=_NO_INVOICE,
                    filters=("month", "page"),
                ),
            ),
        ),
        Page(
            role="emsp",
            intro="Your drivers' sessions: what you pay, what you earn; the invoices you sold and got.",
            stream="/v1/stream/sessions",
            panels=(
                Panel(
                    name="sessions",
                    title="Sessions of your drivers",
                    path="/v1/sessions",
                    on=("sessions",),
                    empty=_NO_SESSION,
                    filters=("status", "month", "driver_ref", "page"),
                ),
                Panel(
                    name="invoices",
                    title="Invoices",
                    path="/v1/invoices",
                    on=("invoices",),
                    empty=_NO_INVOICE,
                    filters=("direction", "month", "page"),
                ),
            ),
        ),
        Page(
            role="owner",
            intro="What your stations earned: each session, its meter readings, your share.",
            stream="/v1/stream/statements",
            panels=(
                Panel(
                    name="months",
                    title="Statements",
                    path="/v1/statements",
                    on=("statement_lines",),
                    empty="No statement yet. Each invoiced session on your sites becomes a line of its month.",
                ),
            ),
        ),
        Page(
            role="dso",
            intro="Load per feeder in windows of 15 minutes. Sums only: never a session, a token or a price.",
            stream="/v1/stream/feeders",
            panels=(
                Panel(
                    name="feeders",
                    title="Feeders",
                    path="/v1/feeders",
                    on=("load",),
                    empty="No feeder is granted to you. An operator grants one: POST /v1/parties/{id}/grants.",
                ),
            ),
        ),
        Page(
            role="driver",
            intro="Your sessions and your receipts.",
            stream="/v1/stream/me",
            panels=(
                Panel(
                    name="sessions",
                    title="Your sessions",
                    path="/v1/me/sessions",
                    on=("sessions",),
                    empty="No session yet. Plug in, and it appears here.",
                    filters=("month", "page"),
                ),
                Panel(
                    name="invoices",
                    title="Your receipts",
                    path="/v1/me/receipts",
                    on=("receipts",),
                    empty="No receipt yet. It comes as soon as a session is final.",
                    filters=("month", "page"),
                ),
            ),
        ),
    )
}

SESSION_PATHS: Mapping[str, str] = {"cpo": "/v1/sessions", "emsp": "/v1/sessions", "driver": "/v1/me/sessions"}
"""Where a role reads one session; owner and grid operator never do."""
INVOICE_PATHS: Mapping[str, str] = {"cpo": "/v1/invoices", "emsp": "/v1/invoices", "driver": "/v1/me/receipts"}
"""Where a role reads one invoice."""
