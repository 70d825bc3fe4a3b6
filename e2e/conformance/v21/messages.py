"""What a 2.1 station says that an older one cannot, and what it is asked (OCPP 2.1)."""

from decimal import Decimal
from typing import Any

from charger_gateway.domain.station import STATION_EVENTS
from conformance.cases import V21
from conformance.pem import HASH
from conformance.seeding import VALID
from conformance.station import ACCEPTED, Payload
from conformance.v21.charger import Charger21
from conformance.v201.charger import token
from ev_contracts.gateway import (
    BatterySwapReported,
    CertificateChainStatusRequested,
    DerAlarmReported,
    DerControlsReported,
    DerControlSwitched,
    DynamicSchedulePulled,
    EventStreamClosed,
    EventStreamOpened,
    EventStreamSampled,
    PriorityChargingSwitched,
    SettlementReported,
    VatNumberValidationRequested,
)

AT = "2026-11-26T12:00:00Z"


def _said(action: str, says: str, payload: Payload, kind: type, *path: str, is_now: object, sent: bool = False) -> None:
    """The station says it, and the field stands in its own record; `path` leads to it."""

    @V21.case(action, says)
    async def case(charger: Charger21) -> None:
        if sent:
            await charger.streams(action, payload)
        else:
            await charger.says(action, payload)
        found: Any = await charger.stand.fact(topic_of(kind), charger.station_id, kind)
        for name in path:
            found = found[int(name)] if name.isdigit() else getattr(found, name)
        assert found == is_now


def topic_of(kind: type) -> str:
    """Streamed values are samples; all else that a station says of itself are its events."""
    return "gateway.event-stream.sample.v1" if kind is EventStreamSampled else STATION_EVENTS


_BATTERY = {"evseId": 1, "serialNumber": "BAT-1", "soC": 12.5, "soH": 97}
_SWAP = {"batteryData": [_BATTERY], "eventType": "BatteryIn", "idToken": token(VALID), "requestId": 4}
_said(
    "BatterySwap",
    "A battery's serial number.",
    _SWAP,
    BatterySwapReported,
    "batteries",
    "0",
    "serial_number",
    is_now="BAT-1",
)
_ALARM = {"controlType": "FreqDroop", "gridEventFault": "UnderFrequency", "timestamp": AT}
_said("NotifyDERAlarm", "The grid's fault.", _ALARM, DerAlarmReported, "grid_fault", is_now="UnderFrequency")
_SWITCH = {"controlId": "der-1", "started": True, "timestamp": AT, "supersededIds": ["der-0"]}
_said(
    "NotifyDERStartStop", "What a control puts aside.", _SWITCH, DerControlSwitched, "superseded_ids", is_now=("der-0",)
)
_FIXED = {
    "id": "f-1",
    "isDefault": True,
    "isSuperseded": False,
    "fixedPF": {"priority": 0, "displacement": 0.95, "excitation": True},
}
_CONTROLS = {"requestId": 9, "fixedPFInject": [_FIXED]}
_said(
    "ReportDERControl",
    "A control's kind.",
    _CONTROLS,
    DerControlsReported,
    "controls",
    "0",
    "kind",
    is_now="FixedPFInject",
)
_PRIORITY = {"transactionId": "tx-1", "activated": True}
_said(
    "NotifyPriorityCharging", "Whether it charges first.", _PRIORITY, PriorityChargingSwitched, "activated", is_now=True
)
_SETTLED = {"pspRef": "psp-7", "status": "Settled", "settlementAmount": 12.4, "settlementTime": AT}
_said("NotifySettlement", "The exact amount.", _SETTLED, SettlementReported, "amount", is_now=Decimal("12.4"))
_VAT = {"vatNumber": "NL001234567B01"}
_said("VatNumberValidation", "The number's country.", _VAT, VatNumberValidationRequested, "vat_country", is_now="NL")
_CHAIN = {
    "certificateStatusRequests": [{"certificateHashData": HASH, "source": "CRL", "urls": ["http://crl.example/"]}]
}
_said(
    "GetCertificateChainStatus",
    "Where a certificate's state is to be asked.",
    _CHAIN,
    CertificateChainStatusRequested,
    *("questions", "0", "urls"),
    is_now=("http://crl.example/",),
)
_PULL = {"chargingProfileId": 5}
_said("PullDynamicScheduleUpdate", "Which profile.", _PULL, DynamicSchedulePulled, "charging_profile_id", is_now=5)
_OPEN = {"constantStreamData": {"id": 2, "variableMonitoringId": 3, "params": {"interval": 60, "values": 10}}}
_said("OpenPeriodicEventStream", "A stream's pace.", _OPEN, EventStreamOpened, "values_at_most", is_now=10)
_said("ClosePeriodicEventStream", "Which stream.", {"id": 2}, EventStreamClosed, "stream_id", is_now=2)
_VALUES = {"id": 2, "pending": 1, "basetime": AT, "data": [{"t": 0, "v": "21.5"}]}
_said(
    "NotifyPeriodicEventStream",
    "A value of a stream; nothing is answered.",
    _VALUES,
    EventStreamSampled,
    "values",
    "0",
    "value",
    is_now="21.5",
    sent=True,
)


def _asked(action: str, says: str, payload: Payload, answer: Payload = ACCEPTED) -> None:
    """The operator asks it, and it arrives whole."""

    @V21.case(action, says)
    async def case(charger: Charger21) -> None:
        await charger.told(action, payload, answer)


_asked("AFRRSignal", "A signal of the grid.", {"timestamp": AT, "signal": 7})
_asked("AdjustPeriodicEventStream", "A stream's new pace.", {"id": 2, "params": {"interval": 30}})
_TARIFF = {"tariffId": "t-1", "currency": "EUR"}
_asked("ChangeTransactionTariff", "A tariff for a session.", {"tariff": _TARIFF, "transactionId": "tx-1"})
_asked("ClearDERControl", "Whether defaults are cleared.", {"isDefault": False})
_CLEARED = [{"status": "Accepted", "tariffId": "t-1"}]
_asked("ClearTariffs", "Which tariffs.", {"tariffIds": ["t-1"]}, {"clearTariffsResult": _CLEARED})
_asked("GetDERControl", "Of which controls.", {"requestId": 3, "controlType": "FreqDroop"})
_asked("GetPeriodicEventStream", "Which streams there are.", {}, {})
_asked("GetTariffs", "Of which EVSE.", {"evseId": 1})
_ALLOWED = {"allowedEnergyTransfer": ["DC"], "transactionId": "tx-1"}
_asked("NotifyAllowedEnergyTransfer", "Which transfers are allowed.", _ALLOWED)
_asked("NotifyWebPaymentStarted", "For how long.", {"evseId": 1, "timeout": 90}, {})
_asked("RequestBatterySwap", "Whose battery.", {"idToken": token(VALID), "requestId": 4})
_DROOP = {"priority": 1, "overFreq": 50.2, "underFreq": 49.8, "overDroop": 0.05, "underDroop": 0.05, "responseTime": 1}
_asked(
    "SetDERControl",
    "A droop.",
    {"isDefault": True, "controlId": "d-1", "controlType": "FreqDroop", "freqDroop": _DROOP},
)
_asked("SetDefaultTariff", "A tariff of an EVSE.", {"evseId": 1, "tariff": _TARIFF})
_UPDATE = {"chargingProfileId": 5, "scheduleUpdate": {"limit": 6.0}}
_asked("UpdateDynamicSchedule", "A profile's new limit.", _UPDATE)
_asked("UsePriorityCharging", "Whether a session goes first.", {"transactionId": "tx-1", "activate": True})
