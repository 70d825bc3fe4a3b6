"""What a CDR says of a token, from the accounts' vault."""

from chassis.vault import VaultClient
from roaming.domain.cdr_json import CdrToken
from roaming.ports import TokenUnknownError

_OCPI_TYPES = frozenset({"AD_HOC_USER", "APP_USER", "OTHER", "RFID"})


class AccountsVault:
    """Implements `TokenVault`. The uid is never logged and never kept."""

    def __init__(self, *, url: str, issuer: str, client_id: str, client_secret: str) -> None:
        self._client = VaultClient(url=url, issuer=issuer, client_id=client_id, client_secret=client_secret)

    async def close(self) -> None:
        """Release the connections."""
        await self._client.close()

    async def token(self, token_ref: str) -> CdrToken:
        """What a CDR says of the token. Raises TokenUnknownError, and Retry where the vault does not answer."""
        known = await self._client.token(token_ref)
        if known is None:
            raise TokenUnknownError
        return CdrToken(
            uid=known.uid,
            type=known.token_type if known.token_type in _OCPI_TYPES else "OTHER",
            # A token without a contract of its own is its own contract: the reference is unique at its EMSP.
            contract_id=known.contract_id or known.token_ref,
        )
