"""Long jobs by HTTP: firmware, logs, local lists, certificates, roots; what became of them; giving them up."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StrictStr, create_model

from charger_gateway.adapters.files import file_id_of, upload_id
from charger_gateway.adapters.http.bodies import Hiding, clear_model, record_of
from charger_gateway.adapters.http.edge import DESK, Asked, Body, Edge, IdempotencyKey, asked_of
from charger_gateway.adapters.http.roots import RootKinds, roots_of
from charger_gateway.domain.command_book import JobView
from charger_gateway.domain.jobs import MOST_ATTEMPTS
from charger_gateway.domain.progress import OURS
from charger_gateway.domain.trust_store import KNOWN_IN
from chassis.auth import Caller
from chassis.http import Accepted, Pending, Problem, body_hash
from ev_contracts.gateway import (
    CancelJob,
    GetDiagnostics,
    GetInstalledCertificateIds,
    GetLocalListVersion,
    GetLog,
    JobStep,
    LocalListEntry,
    SendLocalList,
    StartJob,
    TriggerStationMessage,
    TrustedRoot,
    UpdateFirmware,
)

_PATH = "/v1/stations/{station_id}/jobs"


class JobBody(Body):
    """How long a job may take and how often it tries; a job has no expiry but its deadline."""

    deadline_s: Annotated[StrictInt, Field(ge=1, le=7 * 86_400)] = 3_600
    most_attempts: Annotated[StrictInt, Field(ge=1, le=MOST_ATTEMPTS)] = 3
    retry_after_s: Annotated[StrictInt, Field(ge=1, le=86_400)] = 60


class LogUpload(JobBody):
    """Have a log brought to the file endpoint."""

    log_type: Literal["DiagnosticsLog", "SecurityLog", "DataCollectorLog"] = "DiagnosticsLog"
    oldest_at: AwareDatetime | None = None
    latest_at: AwareDatetime | None = None
    diagnostics: StrictBool = False
    """By GetDiagnostics: OCPP 1.6 without the security extension."""


class FirmwareUpdate(JobBody):
    """Have a firmware fetched and installed; `firmware` names one that was put at the file endpoint."""

    firmware: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")] | None = None
    location: Annotated[StrictStr, Field(min_length=1, max_length=512)] | None = None
    retrieve_at: AwareDatetime | None = None
    install_at: AwareDatetime | None = None
    signing_certificate: StrictStr | None = None
    signature: StrictStr | None = None


class CertificateExchange(JobBody):
    """Have the station ask for a new certificate."""

    certificate: Literal["SignChargingStationCertificate", "SignV2GCertificate"] = "SignChargingStationCertificate"


class TrustStoreSync(JobBody):
    """Have the station hold the roots of the operator's trust store, of all kinds that it knows or of those named."""

    certificate_types: RootKinds = ()
    delete_retired: StrictBool = False
    """Whether those that the store calls retired are deleted, whatever they were for."""


class LocalListSync(JobBody):
    """Bring the local list to a version, in parts of at most `part_size` tokens, and ask for the version after it."""

    list_version: Annotated[StrictInt, Field(ge=1)]
    update_type: Literal["Full", "Differential"] = "Full"
    part_size: Annotated[StrictInt, Field(ge=1, le=1_000)] = 100
    entries: tuple[Any, ...] = ()


_ENTRIES: Any = Annotated[tuple[clear_model(LocalListEntry), ...], Field(max_length=5_000)]  # type: ignore[misc]  # made
_LOCAL_LIST: type[LocalListSync] = create_model(
    "LocalListSync", __base__=LocalListSync, __doc__=LocalListSync.__doc__, entries=(_ENTRIES, ())
)


def add_routes(app: FastAPI, edge: Edge) -> None:
    """A route for each kind of job, and two for any job."""
    may_command = edge.guard.act("command-station")
    for kind, model, steps in _KINDS:
        _add(app, edge, kind=kind, model=model, steps=steps, may_command=may_command)

    @app.get(_PATH + "/{job_id}", tags=["jobs"])
    async def job(station_id: str, job_id: str, caller: Annotated[Caller, Depends(may_command)]) -> Response:
        station = edge.station(station_id)
        caller.require(tenant=station.tenant)
        view = await edge.job(station, job_id)
        if view is None:
            raise Problem(404, "not-found")
        return JSONResponse(_shown(view))

    @app.delete(_PATH + "/{job_id}", tags=["jobs"])
    async def cancel(
        station_id: str,
        job_id: str,
        caller: Annotated[Caller, Depends(may_command)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Go on no more; what was sent stays sent."""
        asked = asked_of(edge.station(station_id), caller, Body(), idempotency_key)
        command = CancelJob(
            at=edge.clock.now(), job_id=job_id, station_id=station_id, requested_by=asked.principal.subject
        )
        return await _tell(edge, asked, command, job_id)


def _add(app: FastAPI, edge: Edge, *, kind: str, model: type[JobBody], steps: Any, may_command: Any) -> None:
    async def start(
        station_id: str,
        body: JobBody,
        caller: Annotated[Caller, Depends(may_command)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        asked = asked_of(edge.station(station_id), caller, body, idempotency_key)
        now = edge.clock.now()
        command = StartJob(
            at=now,
            job_id=asked.command_id,
            station_id=station_id,
            kind=kind,
            requested_by=asked.principal.subject,
            reason=body.reason,
            deadline_at=now + timedelta(seconds=edge.business_seconds(body.deadline_s)),
            most_attempts=body.most_attempts,
            retry_after_s=max(1, round(edge.business_seconds(body.retry_after_s))),
            steps=tuple(steps(edge, asked, body, now)),
            trusted_roots=_roots_for(edge, asked, body) if isinstance(body, TrustStoreSync) else (),
        )
        return await _tell(edge, asked, command, asked.command_id)

    start.__annotations__["body"] = model
    start.__name__ = f"start_{kind.replace('-', '_')}"
    app.post(f"{_PATH}/{kind}", tags=["jobs"], summary=model.__doc__, status_code=202)(start)


async def _tell(edge: Edge, asked: Asked, command: StartJob | CancelJob, job_id: str) -> Response:
    outcome = await edge.desk.client.ask(
        entity=DESK,
        key=asked.key,
        command=command,
        idempotency_key=asked.idempotency_key,
        body_hash=body_hash([type(command).__name__, job_id, asked.body.model_dump(mode="json")]),
    )
    if not isinstance(outcome, Accepted | Pending):
        return edge.desk.respond(outcome, caller=asked.principal.subject)
    link = f"/v1/stations/{asked.station.station_id}/jobs/{job_id}"
    return JSONResponse({"job_id": job_id, "link": link}, 202, {"Location": link})


def _template(asked: Asked, now: datetime) -> dict[str, Any]:
    """What each attempt gets anew stands here only because a command has it."""
    return {
        "at": now,
        "command_id": asked.command_id,
        "station_id": asked.station.station_id,
        "requested_by": asked.principal.subject,
        "reason": asked.body.reason,
        "expires_at": now,
    }


def _log_steps(_edge: Edge, asked: Asked, body: LogUpload, now: datetime) -> list[JobStep]:
    place = f"{OURS}upload/{upload_id(asked.station.station_id, asked.command_id)}"
    span = {"oldest_at": body.oldest_at, "latest_at": body.latest_at, "remote_location": place}
    if body.diagnostics:
        return [JobStep(get_diagnostics=GetDiagnostics(**_template(asked, now), **span))]
    return [JobStep(get_log=GetLog(**_template(asked, now), **span, log_type=body.log_type))]


def _firmware_steps(_edge: Edge, asked: Asked, body: FirmwareUpdate, now: datetime) -> list[JobStep]:
    """Raises Problem 422 where it is not said which firmware, or ours in the words that only we use."""
    if (body.firmware is None) == (body.location is None) or (body.location or "").startswith(OURS):
        message = "one of firmware (kept here) and location (elsewhere)"
        raise Problem(422, "invalid-request", errors=({"field": "firmware", "message": message},))
    ours = f"{OURS}download/{file_id_of(asked.station.tenant, body.firmware or '')}"
    update = UpdateFirmware(
        **_template(asked, now),
        location=body.location or ours,
        retrieve_at=body.retrieve_at or now,
        install_at=body.install_at,
        signing_certificate=body.signing_certificate,
        signature=body.signature,
    )
    return [JobStep(update_firmware=update)]


def _certificate_steps(_edge: Edge, asked: Asked, body: CertificateExchange, now: datetime) -> list[JobStep]:
    return [JobStep(trigger_station_message=TriggerStationMessage(**_template(asked, now), message=body.certificate))]


def _root_steps(_edge: Edge, asked: Asked, _body: TrustStoreSync, now: datetime) -> list[JobStep]:
    """The question; its answer decides the others."""
    return [JobStep(get_installed_certificate_ids=GetInstalledCertificateIds(**_template(asked, now)))]


def _roots_for(edge: Edge, asked: Asked, body: TrustStoreSync) -> tuple[TrustedRoot, ...]:
    """Raises Problem 409 where there are none, or where it is not known yet of which kinds; 503."""
    types = body.certificate_types
    return roots_of(edge, lambda: types or _root_kinds_of(edge, asked), delete_retired=body.delete_retired)


def _root_kinds_of(edge: Edge, asked: Asked) -> tuple[str, ...]:
    version = edge.version_of(asked.key)
    if version is None:
        message = "which kinds of roots its version knows is known once it connects: else name them"
        raise Problem(409, "station-not-connected", message)
    return KNOWN_IN[version]


def _list_steps(edge: Edge, asked: Asked, body: LocalListSync, now: datetime) -> list[JobStep]:
    """The first part replaces the list (Full), the others add to it; each has the next version, the last the wanted."""

    def hide(value: Any) -> bytes:
        return edge.seal.hide(asked.command_id, value)

    hiding = Hiding(hide=hide, token_of=edge.token_of)
    parts = [body.entries[at : at + body.part_size] for at in range(0, len(body.entries), body.part_size)] or [()]
    steps = []
    for number, part in enumerate(parts):
        version = body.list_version - len(parts) + 1 + number
        if version < 1:
            message = f"{len(parts)} parts need a version of at least {len(parts)}"
            raise Problem(422, "invalid-request", errors=({"field": "list_version", "message": message},))
        kind = body.update_type if number == 0 else "Differential"
        entries = tuple(record_of(LocalListEntry, one, hiding) for one in part)
        said = SendLocalList(**_template(asked, now), list_version=version, update_type=kind, entries=entries)
        steps.append(JobStep(send_local_list=said))
    return [*steps, JobStep(get_local_list_version=GetLocalListVersion(**_template(asked, now)))]


_KINDS: tuple[tuple[str, type[JobBody], Any], ...] = (
    ("log-upload", LogUpload, _log_steps),
    ("firmware-update", FirmwareUpdate, _firmware_steps),
    ("certificate-exchange", CertificateExchange, _certificate_steps),
    ("local-list-sync", _LOCAL_LIST, _list_steps),
    ("trust-store-sync", TrustStoreSync, _root_steps),
)


def _shown(view: JobView) -> dict[str, Any]:
    links = [f"/v1/stations/{view.station_id}/commands/{command_id}" for command_id in view.command_ids]
    return {
        "job_id": view.job_id,
        "station_id": view.station_id,
        "kind": view.kind,
        "status": view.status,
        "step": view.step,
        "steps": view.steps,
        "attempt": view.attempt,
        "why": view.why,
        "requested_by": view.requested_by,
        "reason": view.reason,
        "started_at": view.started_at.isoformat(),
        "deadline_at": view.deadline_at.isoformat(),
        "retry_at": None if view.retry_at is None else view.retry_at.isoformat(),
        "decided_at": None if view.decided_at is None else view.decided_at.isoformat(),
        "commands": links,
    }
