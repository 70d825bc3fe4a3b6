"""What the pages read from their environment."""

from pathlib import Path

from chassis.settings import BaseServiceSettings
from dashboards.ports import GATEWAY

ASSETS = Path(__file__).resolve().parents[1] / "node_modules"


class Settings(BaseServiceSettings):
    """Secret: `page-token-key`, under which the session cookie is sealed."""

    url_projections_cpo: str = ""
    url_projections_emsp: str = ""
    url_projections_owner: str = ""
    url_projections_dso: str = ""
    url_projections_driver: str = ""
    url_charger_gateway: str = ""
    public_url: str = ""
    """Where browsers reach these pages (https://… in production); empty: as the request came."""
    client_id: str = "dashboards"
    assets_dir: Path = ASSETS
    """Third-party scripts and styles, as npm laid them down."""

    def read_model(self, role: str) -> str:
        """The root of a role's read-model API, or of the gateway's films. KeyError for a role that has none."""
        urls = {
            "cpo": self.url_projections_cpo,
            "emsp": self.url_projections_emsp,
            "owner": self.url_projections_owner,
            "dso": self.url_projections_dso,
            "driver": self.url_projections_driver,
            GATEWAY: self.url_charger_gateway,
        }
        return urls[role]
