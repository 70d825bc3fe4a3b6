"""Whether a token may start a session at a station: its own state, and the contracts that let its provider in."""

from collections.abc import Sequence
from datetime import datetime

from charger_gateway.domain.station import TokenVerdict
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot

_REFUSALS = {
    TokenStatus.UNKNOWN: "Invalid",
    TokenStatus.BLOCKED: "Blocked",
    TokenStatus.EXPIRED: "Expired",
}

UNKNOWN_TOKEN = TokenVerdict(status="Invalid")


def judge(
    token: TokenSnapshot | None, *, cpo_party_id: str | None, contracts: Sequence[CommercialSnapshot], at: datetime
) -> TokenVerdict:
    """The verdict at an instant; `contracts` are those between this operator and the token's provider.

    A blocked token of a provider without a contract is Invalid: a foreign customer's state is not this operator's.
    """
    if token is None:
        return UNKNOWN_TOKEN
    own = token.emsp_party_id == cpo_party_id
    if not own and not any(contract.valid_from <= at for contract in contracts):
        return TokenVerdict(status="Invalid", token_ref=token.token_ref)
    if token.status is not TokenStatus.VALID:
        return TokenVerdict(status=_REFUSALS[token.status], token_ref=token.token_ref)
    if token.valid_until is not None and token.valid_until <= at:
        return TokenVerdict(status="Expired", token_ref=token.token_ref)
    return TokenVerdict(status="Accepted", token_ref=token.token_ref, valid_until=token.valid_until)
