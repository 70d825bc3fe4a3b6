"""The actions of OCPP 2.0.1 and 2.1 that stations call, and the pure translation behind each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from charger_gateway.adapters.ocpp.interpreter import Asked, Handler, Interpreter, Said
from charger_gateway.domain import certificates, device_model, notices, reports, smart_charging, station_costs
from charger_gateway.domain import translate_v21 as v21
from charger_gateway.domain import translate_v201 as v201
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import Heard, TokenVerdict, Translated

_CONTRACT = "iso15118CertificateHashData"


def authorize(interpreter: Interpreter, payload: Any, heard: Heard) -> Said:
    """A contract certificate is judged beside its token; what nobody can check is not vouched for (C07)."""
    verdict = interpreter.verdict_v201(payload, heard)
    if _CONTRACT not in payload and "certificate" not in payload:
        return _with_price(interpreter, v201.authorize(verdict), verdict, heard)

    async def run() -> Translated:
        judged = await interpreter.authorities.contract_status(payload)
        answered = v201.authorize(certificates.limited_by(verdict, judged))
        answered = _with_price(interpreter, answered, verdict, heard)
        uid_hmac = token_key(payload["idToken"]["idToken"], interpreter.token_key)
        return certificates.with_contract(answered, judged, heard, uid_hmac=uid_hmac)

    return Asked(run)


def _with_price(interpreter: Interpreter, said: Translated, verdict: TokenVerdict, heard: Heard) -> Translated:
    """A good token's driver is told what he pays, where the station shows it (I01)."""
    told = said.answer["idTokenInfo"]
    if interpreter.prices is None or told["status"] != "Accepted":
        return said
    message = interpreter.prices.asked(verdict.token_ref, heard)
    if message is None:
        return said
    return replace(said, answer={**said.answer, "idTokenInfo": {**told, "personalMessage": message}})


def contract_certificate(interpreter: Interpreter, payload: Any, heard: Heard) -> Asked:
    """Relayed to a provisioning service."""

    async def run() -> Translated:
        found = await interpreter.authorities.contract_certificate(payload)
        return certificates.contract_certificate(payload, heard, found)

    return Asked(run)


def certificate_status(interpreter: Interpreter, payload: Any, heard: Heard) -> Asked:
    """Relayed to the certificate's responder."""

    async def run() -> Translated:
        found = await interpreter.authorities.certificate_status(payload["ocspRequestData"])
        return certificates.certificate_status(payload, heard, found)

    return Asked(run)


def _chain_status(interpreter: Interpreter, payload: Any, heard: Heard) -> Asked:
    async def run() -> Translated:
        found = await interpreter.authorities.chain_status(payload["certificateStatusRequests"])
        return certificates.chain_status(payload, heard, found)

    return Asked(run)


def _vat_number(interpreter: Interpreter, payload: Any, heard: Heard) -> Asked:
    async def run() -> Translated:
        number = payload["vatNumber"]
        company = await interpreter.authorities.company(number)
        hmac = token_key(number, interpreter.token_key)
        return v21.vat_number(payload, heard, vat_number_hmac=hmac, company=company)

    return Asked(run)


def sign_certificate(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    """Accepted where somebody signs such a one."""
    signs = interpreter.authorities.signs(payload.get("certificateType"), payload["csr"], station_id=heard.station_id)
    return notices.sign_certificate(payload, heard, signs=signs)


def _unknown_vendor(_interpreter: Interpreter, _payload: Any, _heard: Heard) -> Translated:
    return Translated(answer={"status": "UnknownVendorId"})


def _transaction_event(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    told = interpreter.with_signed(payload, "meterValue", heard)
    said = v201.transaction_event(told, heard, interpreter.verdict_v201(payload, heard))
    if interpreter.prices is None:
        return said
    price = interpreter.prices.in_session(said.facts[0].record, heard)
    return replace(said, answer={**said.answer, **price}) if price else said


def _transaction_event_v21(interpreter: Interpreter, payload: Any, heard: Heard) -> Translated:
    said = _transaction_event(interpreter, payload, heard)
    return replace(said, facts=(*said.facts, *station_costs.reckoned(payload, heard)))


SERVED_V201: Mapping[str, Handler] = {
    "BootNotification": lambda i, p, h: v201.boot(p, h, i.intervals),
    "Heartbeat": lambda _i, _p, h: v201.heartbeat(h),
    "StatusNotification": lambda _i, p, h: v201.status_notification(p, h),
    "Authorize": authorize,
    "TransactionEvent": _transaction_event,
    "MeterValues": lambda i, p, h: v201.meter_values(i.with_signed(p, "meterValue", h), h),
    "DataTransfer": _unknown_vendor,
    "NotifyEvent": lambda _i, p, h: device_model.event(p, h),
    "NotifyReport": lambda _i, p, h: device_model.report(p, h),
    "NotifyMonitoringReport": lambda _i, p, h: device_model.monitoring_report(p, h),
    "NotifyCustomerInformation": lambda _i, p, h: reports.customer_information(p, h),
    "NotifyDisplayMessages": lambda _i, p, h: reports.display_messages(p, h),
    "ReportChargingProfiles": lambda _i, p, h: smart_charging.charging_profiles(p, h),
    "NotifyChargingLimit": lambda _i, p, h: smart_charging.charging_limit(p, h),
    "ClearedChargingLimit": lambda _i, p, h: smart_charging.cleared_limit(p, h),
    "NotifyEVChargingNeeds": lambda _i, p, h: smart_charging.charging_needs(p, h),
    "NotifyEVChargingSchedule": lambda _i, p, h: smart_charging.charging_schedule(p, h),
    "SecurityEventNotification": lambda _i, p, h: notices.security_event(p, h),
    "SignCertificate": sign_certificate,
    "FirmwareStatusNotification": lambda _i, p, h: notices.firmware_status(p, h, signed=True),
    "PublishFirmwareStatusNotification": lambda _i, p, h: notices.firmware_publication(p, h),
    "LogStatusNotification": lambda _i, p, h: notices.log_status(p, h),
    "ReservationStatusUpdate": lambda _i, p, h: notices.reservation_status(p, h),
    "Get15118EVCertificate": contract_certificate,
    "GetCertificateStatus": certificate_status,
}

SERVED_V21: Mapping[str, Handler] = {
    **SERVED_V201,
    "TransactionEvent": _transaction_event_v21,
    "BatterySwap": lambda i, p, h: v21.battery_swap(p, h, i.verdict_v201(p, h)),
    "NotifyDERAlarm": lambda _i, p, h: v21.der_alarm(p, h),
    "NotifyDERStartStop": lambda _i, p, h: v21.der_start_stop(p, h),
    "ReportDERControl": lambda _i, p, h: v21.der_report(p, h),
    "NotifyPriorityCharging": lambda _i, p, h: v21.priority_charging(p, h),
    "NotifySettlement": lambda _i, p, h: v21.settlement(p, h),
    "VatNumberValidation": _vat_number,
    "GetCertificateChainStatus": _chain_status,
    "PullDynamicScheduleUpdate": lambda _i, p, h: v21.dynamic_schedule(p, h),
    "OpenPeriodicEventStream": lambda _i, p, h: v21.open_stream(p, h),
    "ClosePeriodicEventStream": lambda _i, p, h: v21.close_stream(p, h),
}
