"""Block K: charging profiles, limits from elsewhere and load levelling (OCPP 2.0.1)."""

from typing import Any

from conformance.cases import V201
from conformance.lacks import LEVELLING
from conformance.seeding import VALID
from conformance.station import ACCEPTED, Payload, now
from conformance.v201.asking import REJECTED, asked, status
from conformance.v201.charger import Charger, token

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


async def _levels(charger: Charger) -> None:
    await charger.charges()
    needs = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": _AC}
    answer = await charger.says("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
    assert answer["status"] in {"Accepted", "Processing"}
    charger.answers["SetChargingProfile"] = ACCEPTED
    sent = await charger.was_asked("SetChargingProfile")
    assert sent["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    taken = {"timeBase": now(), "evseId": 1, "chargingSchedule": _SCHEDULE}
    assert (await charger.says("NotifyEVChargingSchedule", taken))["status"] == "Accepted"


_AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400}


@V201.case("TC_K_53_CSMS", "A vehicle tells its needs, and is sent a profile.", missing=LEVELLING)
async def levels(charger: Charger) -> None:
    await _levels(charger)


@V201.case("TC_K_55_CSMS", "A vehicle's schedule beyond the limits is answered with a profile anew.", missing=LEVELLING)
async def beyond_the_limits(charger: Charger) -> None:
    await _levels(charger)
    charger.answers["SetChargingProfile"] = ACCEPTED
    steep = {**_SCHEDULE, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 999.0}]}
    answer = await charger.says("NotifyEVChargingSchedule", {"timeBase": now(), "evseId": 1, "chargingSchedule": steep})
    assert answer["status"] == "Rejected"
    await charger.was_asked("SetChargingProfile")


@V201.case(
    "TC_K_57_CSMS", "A vehicle tells other needs within its session, and is sent another profile.", missing=LEVELLING
)
async def other_needs(charger: Charger) -> None:
    await _levels(charger)
    await _levels(charger)


@V201.case("TC_K_58_CSMS", "The operator sets another profile within a vehicle's session.", missing=LEVELLING)
async def another_profile(charger: Charger) -> None:
    await _levels(charger)
    profile = _profile(58, "TxProfile", "Relative", transactionId="the-session-s")
    await charger.told("SetChargingProfile", _set(1, profile))


@V201.case("TC_K_59_CSMS", "As before, and the vehicle tells its needs anew.", missing=LEVELLING)
async def another_profile_and_needs(charger: Charger) -> None:
    await _levels(charger)
    await _levels(charger)


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
