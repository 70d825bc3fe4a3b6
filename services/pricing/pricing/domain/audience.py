"""To whom and where an assignment sells: to a plan's subscribers, a group, a partner, drivers ad hoc, or everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ev_contracts.common import Parties, ProfileType, Relation
from ev_contracts.pricing import AssignmentSnapshot, AssignTariff, TariffAssigned

AD_HOC = "AD_HOC_USER"
"""OCPI TokenType of whoever has no contract."""
REGULAR, AD_HOC_PAYMENT = "REGULAR", "AD_HOC_PAYMENT"
"""OCPI TariffType; those of charging preferences are PROFILE_ and the preference."""


class Audience(IntEnum):
    """By how narrow it is: of two assignments for one place the one for the narrower audience is tried first."""

    PUBLIC = 0
    AD_HOC = 1
    PARTNER = 2
    GROUP = 3
    PLAN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is known of who buys, beside the relation."""

    group_id: str | None = None
    plan_id: str | None = None
    is_ad_hoc: bool = False
    profile_type: ProfileType | None = None
    """What he would rather have."""


ANYBODY = Buyer()

Assigned = AssignmentSnapshot | AssignTariff | TariffAssigned


def buyer_of(parties: Parties, profile_type: ProfileType | None = None) -> Buyer:
    """Of a session; its plan is looked up by whoever knows the subscriptions."""
    return Buyer(group_id=parties.group_id, is_ad_hoc=parties.token_type == AD_HOC, profile_type=profile_type)


def types_for(buyer: Buyer) -> Sequence[str]:
    """OCPI TariffType: those that are valid for a buyer, what he asked for before what holds for everybody."""
    is_special = buyer.profile_type not in {None, ProfileType.REGULAR, ProfileType.UNKNOWN}
    asked = (f"PROFILE_{buyer.profile_type}",) if is_special else ()
    return (*asked, *((AD_HOC_PAYMENT,) if buyer.is_ad_hoc else ()), REGULAR)


def audiences_of(assigned: Assigned) -> list[Audience]:
    """Those that it names; more than one makes no sense, and none is the public."""
    told = (
        (Audience.PLAN, assigned.plan_id is not None),
        (Audience.GROUP, assigned.group_id is not None),
        (Audience.PARTNER, assigned.buyer_party_id is not None),
        (Audience.AD_HOC, assigned.ad_hoc),
    )
    return [audience for audience, is_named in told if is_named]


def audience_of(assigned: Assigned) -> Audience:
    """The narrowest that it names."""
    return max(audiences_of(assigned), default=Audience.PUBLIC)


def place_rank(assigned: Assigned) -> int:
    """How narrow a place is: everywhere, a site, a station, a connector."""
    if assigned.connector_number is not None:
        return 3
    if assigned.station_id is not None:
        return 2
    return int(assigned.site_id is not None)


BEFORE_ANY_PLACE = 4
"""What is added to the rank of what a buyer asked for: it is tried before all else, wherever that holds."""


def reaches(assigned: AssignmentSnapshot, relation: Relation, buyer: Buyer) -> bool:
    """Whether this buyer is of its audience."""
    return (
        assigned.plan_id in {None, buyer.plan_id}
        and assigned.group_id in {None, buyer.group_id}
        and assigned.buyer_party_id in {None, relation.buyer_party_id}
        and (buyer.is_ad_hoc or not assigned.ad_hoc)
    )
