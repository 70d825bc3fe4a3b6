"""Block K: charging profiles, limits from elsewhere and load levelling (OCPP 2.0.1)."""

from typing import Any

from conformance.cases import V201
from conformance.seeding import VALID
from conformance.station import ACCEPTED, Payload, now
from conformance.v201.asking import REJECTED, asked, status
from conformance.v201.charger import Charger, Transaction, token

_PERIODS = [{"startPeriod": 0, "limit": 6.0}]
_SCHEDULE = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": _PERIODS}


def _profile(number: int, purpose: str = "TxDefaultProfile", kind: str = "Absolute", **more: Any) -> dict[str, Any]:
    schedule = _SCHEDULE if kind == "Relative" else {**_SCHEDULE, "startSchedule": now()}
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    } | more


def _set(evse: int, profile: Payload) -> Payload:
    return {"evseId": evse, "chargingProfile": profile}


asked("K_01", "A default profile for one EVSE.", "SetChargingProfile", _set(1, _profile(1)))
asked(
    "K_02",
    "A profile for a session that the station has not is rejected.",
    "SetChargingProfile",
    _set(1, _profile(2, "TxProfile", "Relative", transactionId="nobody-s")),
    answer=REJECTED,
    outcome="refused",
)
asked("K_03", "The most of the station.", "SetChargingProfile", _set(0, _profile(3, "ChargingStationMaxProfile")))


@V201.case("TC_K_04_CSMS", "A profile replaces the one of its id.")
async def replaced(charger: Charger) -> None:
    for level in (0, 1):
        await charger.told("SetChargingProfile", _set(1, _profile(4, stackLevel=level)))


asked("K_05", "A profile is cleared by its id.", "ClearChargingProfile", {"chargingProfileId": 1})
_CRITERIA = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
asked(
    "K_06", "A profile is cleared by level and purpose.", "ClearChargingProfile", {"chargingProfileCriteria": _CRITERIA}
)
asked(
    "K_08",
    "Clearing what was never set is Unknown.",
    "ClearChargingProfile",
    {"chargingProfileId": 9_999},
    answer=status("Unknown"),
    outcome="refused",
)
asked("K_10", "A default profile for all EVSEs.", "SetChargingProfile", _set(0, _profile(10)))


@V201.case("TC_K_15_CSMS", "A station without smart charging says NotSupported.")
async def not_supported(charger: Charger) -> None:
    response = await charger.stand.command(charger.station_id, "raw/SetChargingProfile", _set(1, _profile(15)))
    assert (response.json()["status"], response.json()["answer"]) == ("refused", "NotImplemented")


_DAILY = {**_profile(19, kind="Recurring"), "recurrencyKind": "Daily"}
asked("K_19", "A profile that comes back each day.", "SetChargingProfile", _set(1, _DAILY))


def _reported(number: int, evse: int = 1) -> tuple[str, Payload]:
    report = {"requestId": number, "chargingLimitSource": "CSO", "tbc": False, "evseId": evse}
    return ("ReportChargingProfiles", {**report, "chargingProfile": [_profile(1)]})


for _number, _says, _criteria, _evse in (
    (29, "of the station", {"chargingLimitSource": ["CSO"]}, 0),
    (30, "of one EVSE", {"chargingLimitSource": ["CSO"]}, 1),
    (31, "of all EVSEs", {"chargingLimitSource": ["CSO"]}, None),
    (32, "by their ids", {"chargingProfileId": [1]}, None),
    (33, "of one EVSE and one level", {"stackLevel": 0}, 1),
    (34, "of one EVSE and one source", {"chargingLimitSource": ["EMS"]}, 1),
    (35, "of one EVSE and one purpose", {"chargingProfilePurpose": "TxDefaultProfile"}, 1),
    (36, "of one EVSE, purpose and level", {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, 1),
):
    asked(
        f"K_{_number}",
        f"The profiles {_says} are reported.",
        "GetChargingProfiles",
        {"requestId": _number, "chargingProfile": _criteria} | ({} if _evse is None else {"evseId": _evse}),
        _reported(_number, _evse or 0),
    )
_PROFILED: Payload = {
    "idToken": token(VALID, "Central"),
    "remoteStartId": 37,
    "evseId": 1,
    "chargingProfile": _profile(37, "TxProfile", "Relative"),
}
asked("K_37", "A remote start brings its profile.", "RequestStartTransaction", _PROFILED)


def _composite(evse: int) -> Payload:
    schedule = {"evseId": evse, "duration": 300, "scheduleStart": now(), "chargingRateUnit": "A"}
    return {"status": "Accepted", "schedule": {**schedule, "chargingSchedulePeriod": _PERIODS}}


_WANTED = {"duration": 300, "evseId": 1}
asked("K_43", "The schedule of one EVSE as it results.", "GetCompositeSchedule", _WANTED, answer=_composite(1))
_OF_ALL = {"duration": 300, "evseId": 0}
asked("K_44", "The schedule of the station as it results.", "GetCompositeSchedule", _OF_ALL, answer=_composite(0))


def _said(number: str, says: str, *messages: tuple[str, Payload], charging: bool = False) -> None:
    """The station says something of its own accord, and it is taken."""

    @V201.case(f"TC_K_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        running = await charger.charges() if charging else None
        for action, payload in messages:
            assert await charger.says(action, payload) == {}
        if running is not None:
            await running.goes_on("ChargingRateChanged")


_LIMIT: Payload = {"chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": False}, "evseId": 1}
_CLEARED: Payload = {"chargingLimitSource": "EMS", "evseId": 1}
_said("48", "A limit from elsewhere is taken.", ("NotifyChargingLimit", _LIMIT))
_said("50", "A limit from elsewhere ends.", ("ClearedChargingLimit", _CLEARED))
_said("51", "As before, within a session.", ("ClearedChargingLimit", _CLEARED), charging=True)
asked(
    "K_52",
    "A limit from elsewhere is reported as a profile.",
    "GetChargingProfiles",
    {"requestId": 52, "chargingProfile": {"chargingLimitSource": ["EMS"]}},
    _reported(52),
)


_AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 20, "evMaxVoltage": 400}
_NEEDS = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": _AC}


async def needs(charger: Charger, running: Transaction, limit: float = 20.0) -> Payload:
    """The vehicle's needs are answered with a promise, and the promise with a profile of its session."""
    answer = await charger.says("NotifyEVChargingNeeds", {"evseId": running.evse, "chargingNeeds": _NEEDS})
    assert answer["status"] in {"Accepted", "Processing"}
    charger.answers["SetChargingProfile"] = ACCEPTED
    sent = await charger.was_asked("SetChargingProfile")
    profile: Payload = sent["chargingProfile"]
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", running.transaction_id)
    (schedule,) = profile["chargingSchedule"]
    assert [period["limit"] for period in schedule["chargingSchedulePeriod"]] == [limit]
    return profile


async def _chooses(charger: Charger, schedule: Payload) -> str:
    said = {"timeBase": now(), "evseId": 1, "chargingSchedule": schedule}
    return str((await charger.says("NotifyEVChargingSchedule", said))["status"])


async def levelled(charger: Charger) -> Transaction:
    """A session whose vehicle told its needs and follows the profile that it was sent."""
    running = await charger.charges()
    profile = await needs(charger, running)
    assert await _chooses(charger, profile["chargingSchedule"][0]) == "Accepted"
    await running.goes_on("ChargingStateChanged", state="Charging")
    return running


@V201.case("TC_K_53_CSMS", "A vehicle tells its needs, and is sent a profile.")
async def levels(charger: Charger) -> None:
    await levelled(charger)
    assert charger.asked.empty()


@V201.case("TC_K_55_CSMS", "A vehicle's schedule beyond the limits is answered with a profile anew.")
async def beyond_the_limits(charger: Charger) -> None:
    running = await levelled(charger)
    steep = {**_SCHEDULE, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20.1}]}
    assert await _chooses(charger, steep) == "Rejected"
    anew = await charger.was_asked("SetChargingProfile")
    assert anew["chargingProfile"]["transactionId"] == running.transaction_id


@V201.case("TC_K_57_CSMS", "A vehicle tells other needs within its session, and is sent another profile.")
async def otherneeds(charger: Charger) -> None:
    await needs(charger, await levelled(charger))


async def _another_profile(charger: Charger, running: Transaction) -> Payload:
    profile = _profile(58, "TxProfile", stackLevel=1, transactionId=running.transaction_id)
    await charger.told("SetChargingProfile", _set(1, profile))
    return profile


@V201.case("TC_K_58_CSMS", "The operator sets another profile within a vehicle's session.")
async def another_profile(charger: Charger) -> None:
    profile = await _another_profile(charger, await levelled(charger))
    assert await _chooses(charger, profile["chargingSchedule"][0]) == "Accepted"


@V201.case("TC_K_59_CSMS", "As before, and the vehicle tells its needs anew.")
async def another_profile_andneeds(charger: Charger) -> None:
    running = await levelled(charger)
    profile = await _another_profile(charger, running)
    # What the operator set by a raw call stands, so the plan stays within it.
    await needs(charger, running, profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"])


@V201.case("TC_K_60_CSMS", "A profile for the running session names it.")
async def of_the_session(charger: Charger) -> None:
    running = await charger.charges()
    profile = _profile(60, "TxProfile", "Relative", transactionId=running.transaction_id)
    await charger.told("SetChargingProfile", _set(1, profile))


@V201.case("TC_K_70_CSMS", "Profiles of several purposes and levels stand beside each other.")
async def several(charger: Charger) -> None:
    for profile in (_profile(70, "ChargingStationMaxProfile"), _profile(71), _profile(72, stackLevel=1)):
        evse = 0 if profile["chargingProfilePurpose"] == "ChargingStationMaxProfile" else 1
        await charger.told("SetChargingProfile", _set(evse, profile))
