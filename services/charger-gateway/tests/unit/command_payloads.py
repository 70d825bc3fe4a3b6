"""What each command's example is in each version of OCPP, as the specifications write it."""

from typing import Any

HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "9f2c", "issuerKeyHash": "51ab", "serialNumber": "1a2b"}
PROFILE_V2X: dict[str, Any] = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "startSchedule": "2026-11-20T17:00:00.000Z",
            "duration": 3600,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16, "numberPhases": 3},
                {"startPeriod": 1800, "limit": 9.5},
            ],
        }
    ],
}
TARIFF = {
    "tariffId": "VLT-AC-1",
    "currency": "EUR",
    "energy": {"prices": [{"priceKwh": 0.45}], "taxRates": [{"type": "VAT", "tax": 21}]},
}
WELCOME = {"format": "UTF8", "language": "nl", "content": "Welkom"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
CARD = {"idToken": "04A2B3C4", "type": "ISO14443"}


def _v2x(action: str, payload: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Both versions say it alike."""
    return {"2.0.1": (action, payload), "2.1": (action, payload)}


EXPECTED: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "StartTransactionRemotely": {"1.6": ("RemoteStartTransaction", {"idTag": "04A2B3C4", "connectorId": 1})}
    | _v2x("RequestStartTransaction", {"remoteStartId": 388396067, "evseId": 1, "idToken": CARD}),
    "StopTransactionRemotely": {"1.6": ("RemoteStopTransaction", {"transactionId": 1843920175})}
    | _v2x("RequestStopTransaction", {"transactionId": "1843920175"}),
    "TriggerStationMessage": {"1.6": ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})}
    | _v2x("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
    "ResetStation": {"1.6": ("Reset", {"type": "Soft"})} | _v2x("Reset", {"type": "OnIdle"}),
    "CancelReservation": {"1.6": ("CancelReservation", {"reservationId": 501})}
    | _v2x("CancelReservation", {"reservationId": 501}),
    "DeliverSignedCertificate": {"1.6": ("CertificateSigned", {"certificateChain": PEM})}
    | _v2x("CertificateSigned", {"certificateChain": PEM, "certificateType": "ChargingStationCertificate"}),
    "ChangeAvailability": {"1.6": ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})}
    | _v2x("ChangeAvailability", {"evse": {"id": 1}, "operationalStatus": "Inoperative"}),
    "ClearCache": {"1.6": ("ClearCache", {})} | _v2x("ClearCache", {}),
    "ClearChargingProfile": {"1.6": ("ClearChargingProfile", {"id": 7})}
    | _v2x("ClearChargingProfile", {"chargingProfileId": 7}),
    "TransferData": {
        "1.6": (
            "DataTransfer",
            {"vendorId": "org.openchargealliance.iso15118pnc", "messageId": "GetStatus", "data": "green"},
        )
    }
    | _v2x(
        "DataTransfer", {"vendorId": "org.openchargealliance.iso15118pnc", "messageId": "GetStatus", "data": "green"}
    ),
    "DeleteCertificate": {"1.6": ("DeleteCertificate", {"certificateHashData": HASH})}
    | _v2x("DeleteCertificate", {"certificateHashData": HASH}),
    "GetCompositeSchedule": {
        "1.6": ("GetCompositeSchedule", {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"})
    }
    | _v2x("GetCompositeSchedule", {"evseId": 1, "duration": 3600, "chargingRateUnit": "A"}),
    "GetInstalledCertificateIds": {
        "1.6": ("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"})
    }
    | _v2x("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]}),
    "GetLocalListVersion": {"1.6": ("GetLocalListVersion", {})} | _v2x("GetLocalListVersion", {}),
    "GetLog": {
        "1.6": (
            "GetLog",
            {
                "logType": "DiagnosticsLog",
                "requestId": 45,
                "log": {
                    "remoteLocation": "https://files.volt.example/upload/a1",
                    "oldestTimestamp": "2026-11-20T00:00:00.000Z",
                },
                "retries": 2,
                "retryInterval": 60,
            },
        )
    }
    | _v2x(
        "GetLog",
        {
            "logType": "DiagnosticsLog",
            "requestId": 45,
            "retries": 2,
            "retryInterval": 60,
            "log": {
                "remoteLocation": "https://files.volt.example/upload/a1",
                "oldestTimestamp": "2026-11-20T00:00:00.000Z",
            },
        },
    ),
    "GetDiagnostics": {
        "1.6": (
            "GetDiagnostics",
            {
                "location": "https://files.volt.example/upload/a2",
                "startTime": "2026-11-20T00:00:00.000Z",
                "retries": 2,
                "retryInterval": 60,
            },
        )
    },
    "GetVariables": {"1.6": ("GetConfiguration", {"key": ["HeartbeatInterval"]})}
    | _v2x(
        "GetVariables",
        {"getVariableData": [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}]},
    ),
    "InstallCertificate": {
        "1.6": ("InstallCertificate", {"certificateType": "CentralSystemRootCertificate", "certificate": PEM})
    }
    | _v2x("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": PEM}),
    "ReserveNow": {
        "1.6": (
            "ReserveNow",
            {"connectorId": 1, "expiryDate": "2026-11-20T18:00:00.000Z", "idTag": "04A2B3C4", "reservationId": 501},
        )
    }
    | _v2x("ReserveNow", {"id": 501, "expiryDateTime": "2026-11-20T18:00:00.000Z", "evseId": 1, "idToken": CARD}),
    "SendLocalList": {
        "1.6": (
            "SendLocalList",
            {
                "listVersion": 12,
                "updateType": "Full",
                "localAuthorizationList": [
                    {"idTag": "04A2B3C4", "idTagInfo": {"status": "Accepted", "expiryDate": "2026-12-31T00:00:00.000Z"}}
                ],
            },
        )
    }
    | _v2x(
        "SendLocalList",
        {
            "versionNumber": 12,
            "updateType": "Full",
            "localAuthorizationList": [
                {
                    "idToken": CARD,
                    "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "2026-12-31T00:00:00.000Z"},
                }
            ],
        },
    ),
    "SetChargingProfile": {
        "1.6": (
            "SetChargingProfile",
            {
                "connectorId": 1,
                "csChargingProfiles": {
                    "chargingProfileId": 7,
                    "stackLevel": 1,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Absolute",
                    "chargingSchedule": {
                        "duration": 3600,
                        "startSchedule": "2026-11-20T17:00:00.000Z",
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [
                            {"startPeriod": 0, "limit": 16, "numberPhases": 3},
                            {"startPeriod": 1800, "limit": 9.5},
                        ],
                    },
                },
            },
        )
    }
    | _v2x("SetChargingProfile", {"evseId": 1, "chargingProfile": PROFILE_V2X}),
    "SetVariables": {"1.6": ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"})}
    | _v2x(
        "SetVariables",
        {
            "setVariableData": [
                {
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": "HeartbeatInterval"},
                    "attributeValue": "300",
                }
            ]
        },
    ),
    "UnlockConnector": {"1.6": ("UnlockConnector", {"connectorId": 1})}
    | _v2x("UnlockConnector", {"evseId": 1, "connectorId": 1}),
    "UpdateFirmware": {
        "1.6": (
            "UpdateFirmware",
            {
                "location": "https://files.volt.example/fw/3.1.bin",
                "retrieveDate": "2026-11-20T20:00:00.000Z",
                "retries": 3,
                "retryInterval": 120,
            },
        )
    }
    | _v2x(
        "UpdateFirmware",
        {
            "requestId": 49,
            "retries": 3,
            "retryInterval": 120,
            "firmware": {
                "location": "https://files.volt.example/fw/3.1.bin",
                "retrieveDateTime": "2026-11-20T20:00:00.000Z",
            },
        },
    ),
    "ClearDisplayMessage": {} | _v2x("ClearDisplayMessage", {"id": 3}),
    "ClearVariableMonitoring": {} | _v2x("ClearVariableMonitoring", {"id": [11, 12]}),
    "ShowRunningCost": {
        "1.6": (
            "DataTransfer",
            {
                "vendorId": "org.openchargealliance.costmsg",
                "messageId": "RunningCost",
                "data": '{"transactionId":784213,"cost":4.37,'
                '"timestamp":"2026-11-20T17:02:11.240Z","state":"Charging"}',
            },
        )
    }
    | _v2x("CostUpdated", {"transactionId": "784213", "totalCost": 4.37}),
    "RequestCustomerInformation": {}
    | _v2x("CustomerInformation", {"requestId": 41, "report": True, "clear": False, "idToken": CARD}),
    "GetBaseReport": {} | _v2x("GetBaseReport", {"requestId": 42, "reportBase": "FullInventory"}),
    "GetChargingProfiles": {}
    | _v2x(
        "GetChargingProfiles",
        {"requestId": 43, "evseId": 1, "chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}},
    ),
    "GetDisplayMessages": {} | _v2x("GetDisplayMessages", {"requestId": 44, "id": [3]}),
    "GetMonitoringReport": {}
    | _v2x(
        "GetMonitoringReport",
        {
            "requestId": 46,
            "monitoringCriteria": ["ThresholdMonitoring"],
            "componentVariable": [
                {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Temperature"}}
            ],
        },
    ),
    "GetReport": {}
    | _v2x(
        "GetReport",
        {
            "requestId": 47,
            "componentCriteria": ["Problem"],
            "componentVariable": [{"component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}}],
        },
    ),
    "GetTransactionStatus": {} | _v2x("GetTransactionStatus", {"transactionId": "7f3a1c"}),
    "PublishFirmware": {}
    | _v2x(
        "PublishFirmware",
        {
            "location": "https://files.volt.example/fw/3.1.bin",
            "checksum": "d41d8cd98f00b204e9800998ecf8427e",
            "requestId": 48,
        },
    ),
    "SetDisplayMessage": {}
    | _v2x("SetDisplayMessage", {"message": {"id": 3, "priority": "NormalCycle", "state": "Idle", "message": WELCOME}}),
    "SetMonitoringBase": {} | _v2x("SetMonitoringBase", {"monitoringBase": "All"}),
    "SetMonitoringLevel": {} | _v2x("SetMonitoringLevel", {"severity": 4}),
    "SetNetworkProfile": {}
    | _v2x(
        "SetNetworkProfile",
        {
            "configurationSlot": 1,
            "connectionData": {
                "ocppVersion": "OCPP20",
                "ocppInterface": "Wired0",
                "ocppTransport": "JSON",
                "messageTimeout": 30,
                "ocppCsmsUrl": "wss://ocpp.volt.example/ocpp",
                "securityProfile": 2,
            },
        },
    ),
    "SetVariableMonitoring": {}
    | _v2x(
        "SetVariableMonitoring",
        {
            "setMonitoringData": [
                {
                    "component": {"name": "EVSE", "evse": {"id": 1}},
                    "variable": {"name": "Temperature"},
                    "type": "UpperThreshold",
                    "value": 85,
                    "severity": 3,
                    "transaction": False,
                }
            ]
        },
    ),
    "UnpublishFirmware": {} | _v2x("UnpublishFirmware", {"checksum": "d41d8cd98f00b204e9800998ecf8427e"}),
    "SendAfrrSignal": {"2.1": ("AFRRSignal", {"timestamp": "2026-11-20T17:02:00.000Z", "signal": -20})},
    "AdjustPeriodicEventStream": {
        "2.1": ("AdjustPeriodicEventStream", {"id": 5, "params": {"interval": 10, "values": 4}})
    },
    "ChangeTransactionTariff": {"2.1": ("ChangeTransactionTariff", {"transactionId": "7f3a1c", "tariff": TARIFF})},
    "ClearDerControl": {"2.1": ("ClearDERControl", {"isDefault": False, "controlId": "c-1"})},
    "ClearTariffs": {"2.1": ("ClearTariffs", {"tariffIds": ["VLT-AC-1"], "evseId": 1})},
    "GetDerControl": {"2.1": ("GetDERControl", {"requestId": 50, "controlId": "c-1"})},
    "GetPeriodicEventStreams": {"2.1": ("GetPeriodicEventStream", {})},
    "GetTariffs": {"2.1": ("GetTariffs", {"evseId": 0})},
    "NotifyAllowedEnergyTransfer": {
        "2.1": (
            "NotifyAllowedEnergyTransfer",
            {"transactionId": "7f3a1c", "allowedEnergyTransfer": ["AC_three_phase", "DC"]},
        )
    },
    "NotifyWebPaymentStarted": {"2.1": ("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60})},
    "RequestBatterySwap": {"2.1": ("RequestBatterySwap", {"requestId": 51, "idToken": CARD})},
    "SetDerControl": {
        "2.1": (
            "SetDERControl",
            {
                "isDefault": False,
                "controlId": "c-1",
                "controlType": "FixedVar",
                "fixedVar": {
                    "priority": 1,
                    "setpoint": 12.5,
                    "unit": "PctMaxVar",
                    "startTime": "2026-11-20T18:00:00.000Z",
                    "duration": 900,
                },
            },
        )
    },
    "SetDefaultTariff": {"2.1": ("SetDefaultTariff", {"evseId": 0, "tariff": TARIFF})},
    "UpdateDynamicSchedule": {
        "2.1": ("UpdateDynamicSchedule", {"chargingProfileId": 7, "scheduleUpdate": {"limit": 12}})
    },
    "UsePriorityCharging": {"2.1": ("UsePriorityCharging", {"transactionId": "7f3a1c", "activate": True})},
}
