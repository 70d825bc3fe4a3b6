"""What billing needs to know of others, in its own words."""

from typing import Protocol

from ev_contracts.assets import PartySnapshot


class PartyBook(Protocol):
    """The parties of the platform as they stand."""

    def get(self, key: str) -> PartySnapshot | None:
        """The party under `_/<party_id>`; None where nobody registered it (yet)."""
        ...


class Facts(Protocol):
    """What the reactions look at beside the event."""

    @property
    def parties(self) -> PartyBook:
        """Legal names and legal entities."""
        ...
