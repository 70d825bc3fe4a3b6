"""Who may sign in to the lab: one demo user a role, and whatever the demo's seeding adds."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A demo user and what his token will claim. `username` is unique."""

    username: str
    name: str
    roles: tuple[str, ...]
    party_id: str | None = None
    tenants: tuple[str, ...] = ()
    driver_ref: str | None = None

    def claims(self) -> dict[str, object]:
        """The claims beside the standard ones; absent facts are left out."""
        named: dict[str, object] = {"name": self.name, "roles": list(self.roles), "tenants": list(self.tenants)}
        if self.party_id:
            named["party_id"] = self.party_id
        if self.driver_ref:
            named["driver_ref"] = self.driver_ref
        return named


DEFAULT_USERS = (
    User(username="platform", name="Petra, platform", roles=("platform",)),
    User(username="cpo", name="Carla, Volt operations", roles=("cpo",), party_id="NL-VLT", tenants=("volt",)),
    User(
        username="cpo-engineer",
        name="Emil, Volt engineering",
        roles=("cpo", "cpo-engineer"),
        party_id="NL-VLT",
        tenants=("volt",),
    ),
    User(username="emsp", name="Mila, Emobi customer care", roles=("emsp",), party_id="NL-EMO", tenants=("emo",)),
    User(username="owner", name="Otto, Parkhuis", roles=("owner",), party_id="NL-OWN"),
    User(username="dso", name="Dirk, Gridnet", roles=("dso",), party_id="NL-GRD"),
    User(
        username="driver",
        name="Dana, driver",
        roles=("driver",),
        party_id="NL-EMO",
        tenants=("emo",),
        driver_ref="drv-dana",
    ),
    User(username="service", name="A service of the platform", roles=("service",), tenants=("volt", "emo")),
)
"""The parties are those that the demo and the journeys register."""


class NoSuchUser(LookupError):
    """No user of that name or role; the message lists those there are."""


class UserBook:
    """The users of one lab, read anew at each look-up so that seeding takes effect at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[User, ...]:
        """Every user, the file's before a default of the same name."""
        if not self._path.exists():
            return DEFAULT_USERS
        entries = json.loads(self._path.read_text(encoding="utf-8"))
        own = tuple(
            User(**{**entry, "roles": tuple(entry["roles"]), "tenants": tuple(entry.get("tenants", ()))})
            for entry in entries
        )
        names = {user.username for user in own}
        return own + tuple(user for user in DEFAULT_USERS if user.username not in names)

    def named(self, username: str) -> User:
        """The user of that name; raises NoSuchUser."""
        return self._first(lambda user: user.username == username, f"user {username!r}")

    def in_role(self, role: str) -> User:
        """The user named like the role, else the first who has it; raises NoSuchUser."""
        try:
            return self.named(role)
        except NoSuchUser:
            return self._first(lambda user: role in user.roles, f"role {role!r}")

    def write(self, users: tuple[User, ...]) -> None:
        """Replace the file's users, whole."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps([asdict(user) for user in users], indent=2), encoding="utf-8")
        draft.replace(self._path)

    def _first(self, wanted: Callable[[User], bool], what: str) -> User:
        users = self.all()
        for user in users:
            if wanted(user):
                return user
        raise NoSuchUser(f"no {what}; there are: {', '.join(user.username for user in users)}")
