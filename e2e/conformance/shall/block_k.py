"""Rows on charging profiles and load levelling (OCPP 2.0.1 part 2, block K)."""

from typing import Any

from conformance.cases import SHALL
from conformance.station import ACCEPTED, Payload
from conformance.v201.charger import Charger
from conformance.v201.smart import levelled, needs

_OUTSIDE = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}
_EXTERNAL = "ChargingStationExternalConstraints"


def _profile(number: int = 1, purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "stack_level": 1,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Relative",
        "charging_schedule": [_schedule()],
    } | more


def _schedule(**period: Any) -> Payload:
    return {
        "id": 1,
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period_s": 0, "limit": "10.0"} | period],
    }


def _setting(profile: Payload) -> Payload:
    return {"evse_number": 1, "charging_profile": profile}


async def _is_not_sent(charger: Charger, path: str, body: Payload) -> str:
    """Why the operator's command is refused; the station hears nothing of it."""
    shown = (await charger.stand.command(charger.station_id, path, body)).json()
    assert (shown["status"], shown["answer"]) == ("refused", "inexpressible"), shown
    assert charger.asked.empty()
    return str(shown["detail"])


@SHALL.case("K01.FR.03", "A profile for a transaction names it.")
async def names_it(charger: Charger) -> None:
    session = await charger.charges()
    nameless = _profile(3, "TxProfile")
    assert "K01.FR.03" in await _is_not_sent(charger, "set-charging-profile", _setting(nameless))
    named = _setting({**nameless, "transaction_id": session.transaction_id})
    sent, _ = await charger.obeys("set-charging-profile", named, "SetChargingProfile")
    assert sent["chargingProfile"]["transactionId"] == session.transaction_id


@SHALL.case("K01.FR.06", "No second profile of the same level, purpose and EVSE is set for the same time.")
async def no_second(charger: Charger) -> None:
    await charger.obeys("set-charging-profile", _setting(_profile(6)), "SetChargingProfile")
    response = await charger.stand.command(charger.station_id, "set-charging-profile", _setting(_profile(7)))
    assert (response.status_code, "profile-collides" in response.text) == (409, True)
    assert charger.asked.empty()
    await charger.obeys("set-charging-profile", _setting(_profile(7, stack_level=2)), "SetChargingProfile")


@SHALL.case("K01.FR.19", "A phase is named only where one phase is used.")
async def one_phase(charger: Charger) -> None:
    three = _profile(charging_schedule=[_schedule(number_phases=3, phase_to_use=2)])
    assert "K01.FR.19" in await _is_not_sent(charger, "set-charging-profile", _setting(three))
    charger.answers["GetVariables"] = _switches("true")
    one = _profile(charging_schedule=[_schedule(number_phases=1, phase_to_use=2)])
    charger.answers["SetChargingProfile"] = ACCEPTED
    told = (await charger.stand.command(charger.station_id, "set-charging-profile", _setting(one))).json()
    assert told["status"] == "succeeded", told


def _switches(value: str) -> Payload:
    """What an EVSE says of its phases."""
    component, variable = {"name": "SmartChargingCtrlr", "evse": {"id": 1}}, {"name": "ACPhaseSwitchingSupported"}
    said = {"attributeStatus": "Accepted", "component": component, "variable": variable, "attributeValue": value}
    return {"getVariableResult": [said]}


@SHALL.case("K01.FR.20", "A phase is named only to an EVSE that can switch phases.")
async def that_can_switch(charger: Charger) -> None:
    one = _setting(_profile(charging_schedule=[_schedule(number_phases=1, phase_to_use=2)]))
    charger.answers["GetVariables"] = _switches("false")
    shown = (await charger.stand.command(charger.station_id, "set-charging-profile", one)).json()
    assert (shown["status"], shown["answer"]) == ("refused", "inexpressible"), shown
    assert "K01.FR.20" in shown["detail"]
    (asked,) = (await charger.was_asked("GetVariables"))["getVariableData"]
    assert asked["component"]["evse"] == {"id": 1}
    assert charger.asked.empty()


@SHALL.case("K01.FR.22", "No profile is set for constraints from outside.")
async def not_from_outside(charger: Charger) -> None:
    assert "K01.FR.22" in await _is_not_sent(charger, "set-charging-profile", _setting(_profile(22, _EXTERNAL)))


@SHALL.case("K01.FR.39", "No second profile of the same level is set for a transaction.")
async def no_second_of_a_session(charger: Charger) -> None:
    session = await charger.charges()
    of_it = {"transaction_id": session.transaction_id}
    first = _setting(_profile(39, "TxProfile", **of_it))
    await charger.obeys("set-charging-profile", first, "SetChargingProfile")
    second = _setting(_profile(40, "TxProfile", **of_it))
    response = await charger.stand.command(charger.station_id, "set-charging-profile", second)
    assert (response.status_code, "profile-collides" in response.text) == (409, True)


@SHALL.case("K02.FR.01", "Profiles stay within limits from outside.")
async def within_limits(charger: Charger) -> None:
    session = await charger.charges()
    limit = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1, "chargingSchedule": [_OUTSIDE]}
    assert await charger.says("NotifyChargingLimit", limit) == {}
    await needs(charger, session, limit=8.0)
    assert await charger.says("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1}) == {}
    await needs(charger, session)


@SHALL.case("K02.FR.03", "A profile that is changed for the running transaction is one for that transaction.")
async def of_that_transaction(charger: Charger) -> None:
    session = await levelled(charger)
    profile = await needs(charger, session)
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", session.transaction_id)


@SHALL.case("K02.FR.07", "No profile of a session is set for constraints from outside.")
async def no_session_from_outside(charger: Charger) -> None:
    session = await charger.charges()
    outside = _profile(7, _EXTERNAL, transaction_id=session.transaction_id)
    assert "K01.FR.22" in await _is_not_sent(charger, "set-charging-profile", _setting(outside))


@SHALL.case("K09.FR.03", "Profiles are asked for by their ids or by other marks.")
async def asked_one_way(charger: Charger) -> None:
    both = {"charging_profile_ids": [1], "stack_level": 0}
    assert "K09.FR.03" in await _is_not_sent(charger, "get-charging-profiles", both)
    assert "K09.FR.03" in await _is_not_sent(charger, "get-charging-profiles", {"evse_number": 1})
    sent, _ = await charger.obeys("get-charging-profiles", {"charging_profile_ids": [1]}, "GetChargingProfiles")
    assert sent["chargingProfile"] == {"chargingProfileId": [1]}


@SHALL.case("K10.FR.02", "Profiles are cleared by their id or by other marks.")
async def cleared_one_way(charger: Charger) -> None:
    both = {"charging_profile_id": 1, "stack_level": 0}
    assert "K10.FR.02" in await _is_not_sent(charger, "clear-charging-profile", both)
    assert "K10.FR.02" in await _is_not_sent(charger, "clear-charging-profile", {})
    sent, _ = await charger.obeys("clear-charging-profile", {"charging_profile_id": 1}, "ClearChargingProfile")
    assert sent == {"chargingProfileId": 1}


@SHALL.case("K10.FR.06", "No profile of constraints from outside is cleared.")
async def not_cleared(charger: Charger) -> None:
    outside = {"charging_profile_purpose": _EXTERNAL}
    assert "K10.FR.06" in await _is_not_sent(charger, "clear-charging-profile", outside)


@SHALL.case("K15.FR.02", "A vehicle's needs are answered.")
async def answered(charger: Charger) -> None:
    direct = {"requestedEnergyTransfer": "DC", "dcChargingParameters": {"evMaxCurrent": 200, "evMaxVoltage": 400}}
    answer = await charger.says("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": direct})
    assert answer["status"] == "Rejected"


@SHALL.case("K15.FR.07", "A vehicle's needs are followed by a profile for its transaction, as long as both can hold.")
async def followed(charger: Charger) -> None:
    capped = _setting(_profile(15, charging_schedule=[_schedule()]))
    await charger.obeys("set-charging-profile", capped, "SetChargingProfile")
    session = await charger.charges()
    profile = await needs(charger, session, limit=10.0)
    assert profile["transactionId"] == session.transaction_id


@SHALL.case("K16.FR.12", "Needs that are told anew are followed by a profile again.")
async def again(charger: Charger) -> None:
    session = await levelled(charger)
    another = _setting(_profile(16, "TxProfile", transaction_id=session.transaction_id))
    charger.answers["SetChargingProfile"] = ACCEPTED
    await charger.obeys("set-charging-profile", another, "SetChargingProfile")
    await needs(charger, session, limit=10.0)


@SHALL.case("K17.FR.02", "A vehicle's needs that it tells of its own accord are answered.")
async def answered_within(charger: Charger) -> None:
    session = await levelled(charger)
    assert (await needs(charger, session))["id"] > 0


@SHALL.case("K17.FR.07", "Needs that a vehicle tells of its own accord are followed by a profile.")
async def followed_within(charger: Charger) -> None:
    session = await levelled(charger)
    assert (await needs(charger, session))["transactionId"] == session.transaction_id
