"""What OCPP 2.x forbids its management system to say, beyond what a schema can: judged before anything is sent."""

from charger_gateway.adapters.ocpp.commands.model import CannotSay
from charger_gateway.domain.actions import StationAction
from ev_contracts.gateway import (
    ChargingProfile,
    ClearChargingProfile,
    GetChargingProfiles,
    RequestCustomerInformation,
    SetChargingProfile,
    StartTransactionRemotely,
)

_FROM_OUTSIDE = "ChargingStationExternalConstraints"


def obey(asked: StationAction) -> None:
    """Raises CannotSay, with the row of the specification that forbids it."""
    match asked:
        case SetChargingProfile():
            _session_is_named(asked.charging_profile)
            _profile(asked.charging_profile)
        case StartTransactionRemotely() if asked.charging_profile is not None:
            _profile(asked.charging_profile)
        case GetChargingProfiles():
            _asks_one_way(asked)
        case ClearChargingProfile():
            _clears_one_way(asked)
        case RequestCustomerInformation():
            _customer_is_named(asked)
        case _:
            pass


def _session_is_named(profile: ChargingProfile) -> None:
    if profile.charging_profile_purpose == "TxProfile" and profile.transaction_id is None:
        raise CannotSay("a TxProfile names its transaction (K01.FR.03)")


def _profile(profile: ChargingProfile) -> None:
    if profile.charging_profile_purpose == _FROM_OUTSIDE:
        raise CannotSay("external constraints are not the management system's to set (K01.FR.22)")
    periods = (period for schedule in profile.charging_schedule for period in schedule.charging_schedule_period)
    if any(period.phase_to_use is not None and period.number_phases != 1 for period in periods):
        raise CannotSay("a phase is named only where one phase is used (K01.FR.19)")


def _asks_one_way(asked: GetChargingProfiles) -> None:
    others = (asked.charging_profile_purpose, asked.stack_level, asked.charging_limit_sources or None)
    if bool(asked.charging_profile_ids) == any(one is not None for one in others):
        raise CannotSay("profiles are asked for by their ids or by other marks (K09.FR.03)")


def _clears_one_way(asked: ClearChargingProfile) -> None:
    others = (asked.charging_profile_purpose, asked.stack_level, asked.evse_number)
    if (asked.charging_profile_id is not None) == any(one is not None for one in others):
        raise CannotSay("profiles are cleared by an id or by other marks (K10.FR.02)")
    if asked.charging_profile_purpose == _FROM_OUTSIDE:
        raise CannotSay("external constraints are not the management system's to clear (K10.FR.06)")


def _customer_is_named(asked: RequestCustomerInformation) -> None:
    named = (asked.id_token_sealed, asked.customer_identifier_sealed, asked.customer_certificate)
    if all(one is None for one in named):
        raise CannotSay("a customer is named by a token, a certificate or an identifier (N09.FR.04, N10.FR.08)")
