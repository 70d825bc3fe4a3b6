"""Whether and where a token may start a session, and which it may stop: by its state, its group, and the contracts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from charger_gateway.domain.places import StationEvse, here
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
    own = token.emsp_party_id == cpo_party_id or token.is_master_pass
    if not own and not any(contract.valid_from <= at for contract in contracts):
        return TokenVerdict(status="Invalid", token_ref=token.token_ref)
    status = word_of(token, at)
    return TokenVerdict(
        status=status,
        token_ref=token.token_ref,
        valid_until=token.valid_until if status == "Accepted" else None,
        group_id=token.group_id,
        master_pass_of=token.tenant if token.is_master_pass else None,
        language=token.language,
    )


def word_of(token: TokenSnapshot, at: datetime) -> str:
    """The token's own state in OCPP's words, whoever asks."""
    if token.status is not TokenStatus.VALID:
        return _REFUSALS[token.status]
    return "Expired" if token.valid_until is not None and token.valid_until <= at else "Accepted"


def at_station_of(verdict: TokenVerdict, tenant: str) -> TokenVerdict:
    """The verdict as it holds at a tenant's stations: elsewhere a master pass is nothing."""
    if verdict.master_pass_of in {None, tenant}:
        return verdict
    return TokenVerdict(status="Invalid", token_ref=verdict.token_ref)


def at_evses_of(verdict: TokenVerdict, evses: Sequence[StationEvse]) -> TokenVerdict:
    """The verdict as it holds at a station of these EVSEs; where the token may charge at all of them it says none."""
    if not verdict.places or not verdict.accepted:
        return verdict
    return replace(verdict, here=here(verdict.places, evses))


def to_charge(verdict: TokenVerdict, evse_number: int = 0) -> TokenVerdict:
    """The verdict on a token that would charge at an EVSE, or (0) at any of them (OCPP 2.0.1 C01.FR.18, C01.FR.22)."""
    if verdict.here is None or not verdict.accepted:
        return verdict
    word = verdict.here.refusal(evse_number)
    return verdict if word is None else replace(verdict, status=word, valid_until=None)


def to_start(verdict: TokenVerdict, evse_number: int = 0) -> TokenVerdict:
    """As `to_charge`, on a token that would start a session: a master pass only stops (OCPP 2.0.1 C16)."""
    if verdict.master_pass_of is None or not verdict.accepted:
        return to_charge(verdict, evse_number)
    return replace(verdict, status="Invalid", valid_until=None)


def to_begin(verdict: TokenVerdict, session_id: str, evse_number: int) -> TokenVerdict:
    """As `to_start`, now that the session begins: no more at once than the token and its group may have."""
    verdict = to_start(verdict, evse_number)
    if not verdict.accepted or all(limit.leaves_room_for(session_id) for limit in verdict.limits):
        return verdict
    return replace(verdict, status="ConcurrentTx", valid_until=None)
