//! A station on the Rust library `ocpp-client`, in its three versions. Says and answers what the file of orders holds, says
//! "done", stays until its input ends. In 2.1 it also sends one SEND, which nobody may answer.
use ocpp_client::{ocpp_1_6, ocpp_2_0_1, ocpp_2_1, ConnectOptions};
use serde_json::{from_value, json, Value};
use std::io::Read;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Registers a handler for each action: the answer of the orders, as the library's own type.
macro_rules! obeys {
    ($client:expr, $answers:expr, $version:ident, $($action:ident),* $(,)?) => {
        $(
            let answer: Value = $answers[stringify!($action)].clone();
            if from_value::<<$version::$action as ocpp_client::Action>::Response>(answer.clone()).is_err() {
                println!("failed {}: the library cannot hold the answer", stringify!($action));
            }
            $client
                .on::<$version::$action, _, _>(move |_request, _client| {
                    let answer = answer.clone();
                    async move { Ok(from_value(answer).expect("the orders hold an answer")) }
                })
                .await;
        )*
    };
}

/// Says one message, by its name; the library's own types carry it, and its answer.
macro_rules! says {
    ($client:expr, $action:expr, $payload:expr, $version:ident, $($name:ident),* $(,)?) => {
        match $action {
            $(
                stringify!($name) => match $client.call::<$version::$name>(from_value($payload)?).await {
                    Ok(answer) => serde_json::to_value(&answer).map_err(|error| error.to_string()),
                    Err(error) => Err(format!("{error}")),
                },
            )*
            unknown => Err(format!("{unknown} is none of the orders' messages")),
        }
    };
}

fn told(action: &str, result: Result<Value, String>) -> Option<i64> {
    match result {
        Ok(answer) => {
            println!("said {action}");
            answer["transactionId"].as_i64()
        }
        Err(error) => {
            println!("failed {action}: {error}");
            None
        }
    }
}

async fn stays() {
    println!("done");
    tokio::task::spawn_blocking(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
    })
    .await
    .ok();
}

async fn v16(address: &str, options: ConnectOptions<'_>, orders: &Value) -> Result<(), Failure> {
    let client = ocpp_client::connect_1_6(address, Some(options)).await?;
    let answers = &orders["answers"];
    obeys!(
        client, answers, ocpp_1_6, CancelReservation, CertificateSigned, ChangeAvailability, ChangeConfiguration,
        ClearCache, ClearChargingProfile, DataTransfer, DeleteCertificate, ExtendedTriggerMessage, GetCompositeSchedule,
        GetConfiguration, GetDiagnostics, GetInstalledCertificateIds, GetLocalListVersion, GetLog, InstallCertificate,
        RemoteStartTransaction, RemoteStopTransaction, ReserveNow, Reset, SendLocalList, SetChargingProfile,
        SignedUpdateFirmware, TriggerMessage, UnlockConnector, UpdateFirmware,
    );
    let mut number = 0;
    for message in orders["session"].as_array().ok_or("no session")? {
        let (action, mut payload) = (message[0].as_str().unwrap_or_default(), message[1].clone());
        if payload.get("transactionId").is_some() {
            payload["transactionId"] = json!(number);
        }
        let result = says!(
            client, action, payload, ocpp_1_6, BootNotification, StatusNotification, Heartbeat, Authorize,
            StartTransaction, MeterValues, StopTransaction, DataTransfer, DiagnosticsStatusNotification,
            FirmwareStatusNotification, LogStatusNotification, SecurityEventNotification, SignCertificate,
            SignedFirmwareStatusNotification,
        );
        number = told(action, result).unwrap_or(number);
    }
    stays().await;
    Ok(client.disconnect().await?)
}

macro_rules! second_generation {
    ($name:ident, $connect:path, $version:ident, [$($more:ident),*], [$($said:ident),*], $also:expr) => {
        async fn $name(address: &str, options: ConnectOptions<'_>, orders: &Value) -> Result<(), Failure> {
            let client = $connect(address, Some(options)).await?;
            let answers = &orders["answers"];
            obeys!(
                client, answers, $version, CancelReservation, CertificateSigned, ChangeAvailability, ClearCache,
                ClearChargingProfile, ClearDisplayMessage, ClearVariableMonitoring, CostUpdated, CustomerInformation,
                DataTransfer, DeleteCertificate, GetBaseReport, GetChargingProfiles, GetCompositeSchedule,
                GetDisplayMessages, GetInstalledCertificateIds, GetLocalListVersion, GetLog, GetMonitoringReport,
                GetReport, GetTransactionStatus, GetVariables, InstallCertificate, PublishFirmware,
                RequestStartTransaction, RequestStopTransaction, ReserveNow, Reset, SendLocalList, SetChargingProfile,
                SetDisplayMessage, SetMonitoringBase, SetMonitoringLevel, SetNetworkProfile, SetVariableMonitoring,
                SetVariables, TriggerMessage, UnlockConnector, UnpublishFirmware, UpdateFirmware, $($more),*
            );
            for message in orders["session"].as_array().ok_or("no session")? {
                let (action, payload) = (message[0].as_str().unwrap_or_default(), message[1].clone());
                let result = says!(
                    client, action, payload, $version, BootNotification, StatusNotification, Heartbeat, Authorize,
                    TransactionEvent, DataTransfer, ClearedChargingLimit, FirmwareStatusNotification,
                    Get15118EVCertificate, GetCertificateStatus, LogStatusNotification, MeterValues,
                    NotifyChargingLimit, NotifyCustomerInformation, NotifyDisplayMessages, NotifyEVChargingNeeds,
                    NotifyEVChargingSchedule, NotifyEvent, NotifyMonitoringReport, NotifyReport,
                    PublishFirmwareStatusNotification, ReportChargingProfiles, ReservationStatusUpdate,
                    SecurityEventNotification, SignCertificate, $($said),*
                );
                told(action, result);
            }
            $also(&client).await;
            stays().await;
            Ok(client.disconnect().await?)
        }
    };
}

async fn nothing_more(_client: &ocpp_2_0_1::OCPP2_0_1Client) {}

async fn one_send(client: &ocpp_2_1::OCPP2_1Client) {
    let data = json!({"t": 0, "v": "1"});
    let stream = json!({"id": 1, "pending": 0, "basetime": "2026-11-26T12:00:00Z", "data": [data]});
    let sent = match from_value(stream) {
        Ok(payload) => client
            .send_notify_periodic_event_stream(payload)
            .await
            .map(|()| json!({}))
            .map_err(|error| format!("{error}")),
        Err(error) => Err(error.to_string()),
    };
    told("NotifyPeriodicEventStream", sent);
}

second_generation!(v201, ocpp_client::connect_2_0_1, ocpp_2_0_1, [], [], nothing_more);
second_generation!(
    v21, ocpp_client::connect_2_1, ocpp_2_1,
    [
        AFRRSignal, AdjustPeriodicEventStream, ChangeTransactionTariff, ClearDERControl, ClearTariffs, GetDERControl,
        GetPeriodicEventStream, GetTariffs, NotifyAllowedEnergyTransfer, NotifyWebPaymentStarted, RequestBatterySwap,
        SetDERControl, SetDefaultTariff, UpdateDynamicSchedule, UsePriorityCharging
    ],
    [
        BatterySwap, ClosePeriodicEventStream, GetCertificateChainStatus, NotifyDERAlarm, NotifyDERStartStop,
        NotifyPriorityCharging, NotifySettlement, OpenPeriodicEventStream, PullDynamicScheduleUpdate, ReportDERControl,
        VatNumberValidation
    ],
    one_send
);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("the file of orders")?;
    let orders: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let text = |name: &str| orders[name].as_str().unwrap_or_default().to_owned();
    let (identity, password) = (text("identity"), text("password"));
    let address = format!("{}/{identity}", text("url"));
    let options = ConnectOptions {
        username: Some(&identity),
        password: Some(password.as_bytes()),
        ..Default::default()
    };
    match text("version").as_str() {
        "1.6" => v16(&address, options, &orders).await,
        "2.0.1" => v201(&address, options, &orders).await,
        _ => v21(&address, options, &orders).await,
    }
}
