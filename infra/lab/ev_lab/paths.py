"""Where the lab keeps its things: one folder in the checkout, so that two checkouts never meet."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPaths:
    """The lab's folder and what stands where in it; nothing is made until it is needed."""

    home: Path

    @classmethod
    def of_checkout(cls) -> "LabPaths":
        """`.lab` in this checkout, unless EV_LAB_DIR says another folder."""
        return cls(home=Path(os.environ.get("EV_LAB_DIR") or CHECKOUT / ".lab").resolve())

    @property
    def artifacts(self) -> Path:
        """Downloaded Maven artifacts; `clean` keeps them, `clean ALL=1` does not."""
        return self.home / "m2"

    @property
    def ports(self) -> Path:
        """Name of an edge -> the port chosen for it, as JSON."""
        return self.home / "ports.json"

    @property
    def secrets(self) -> Path:
        """One file a secret, readable by its owner alone."""
        return self.home / "secrets"

    @property
    def tls(self) -> Path:
        """What the gateway shows to stations, and the root to check it by."""
        return self.home / "tls"

    @property
    def station_ca(self) -> Path:
        """The gateway's own CA for stations; it makes it."""
        return self.home / "station-ca"

    @property
    def users(self) -> Path:
        """The issuer's demo users, as JSON; written by the seeding, defaults where absent."""
        return self.home / "users.json"

    @property
    def schema_ids(self) -> Path:
        """Fingerprint -> id in the lab's registry, as JSON."""
        return self.home / "schema-ids.json"

    def of(self, part: str) -> Path:
        """The folder of one part (data, temporary files and the pid file), made if absent."""
        folder = self.home / part
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def log_of(self, part: str) -> Path:
        """The file that a part's output goes to."""
        folder = self.home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{part}.log"

    def pid_of(self, part: str) -> Path:
        """The file that says which process runs a part."""
        folder = self.home / "run"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{part}.json"
