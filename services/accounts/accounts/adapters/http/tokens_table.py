"""Tokens as they stand, found by their reference as well as by the HMAC of their uid."""

from chassis.tables import Table
from ev_contracts.accounts import TokenSnapshot


class TokenTable(Table[TokenSnapshot]):
    """Follows the tokens' snapshots."""

    def __init__(self) -> None:
        super().__init__("accounts.token.snapshot.v1")
        self._by_reference: dict[str, TokenSnapshot] = {}

    def on_change(self, key: str, old: TokenSnapshot | None, new: TokenSnapshot | None) -> None:  # noqa: ARG002
        """Keeps the index."""
        if old is not None:
            self._by_reference.pop(old.token_ref, None)
        if new is not None:
            self._by_reference[new.token_ref] = new

    def by_reference(self, token_ref: str) -> TokenSnapshot | None:
        """The token of a reference."""
        return self._by_reference.get(token_ref)
