"""The file endpoint: stations by the credential in the address, operators by their token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from charger_gateway.adapters.files import Credential, FileStore, Found, file_id_of, is_name, station_of, upload_id
from charger_gateway.domain.jobs import MOST_ATTEMPTS, attempt_id
from charger_gateway.ports import AlreadyThere, KnownStation, StorageUnavailable
from chassis.auth import Caller, Guard
from chassis.http import InTenant, Problem, create_app
from chassis.log import LogError

_BY_ADDRESS = "/v1/files/{direction}/{file_id}/{nonce}/{expires}/{signature}"
_THERE = 409
PUBLIC = frozenset({_BY_ADDRESS, f"{_BY_ADDRESS}/{{name:path}}"})
"""Routes whose address itself is the proof."""


Arrived = Callable[[KnownStation, str], Awaitable[None]]
"""Tells the desk that a command's file came. Raises LogError."""


def create_files(
    store: FileStore,
    guard: Guard,
    station: Callable[[str], KnownStation | None],
    *,
    arrived: Arrived,
    most_bytes: int,
) -> FastAPI:
    """An app of its own: stations must reach it, and its bodies are big."""
    app = create_app("EV Assets Manager: files of stations", max_body_bytes=most_bytes)
    _add_stations(app, store, station, arrived)
    _add_operators(app, store, guard, station)
    return app


def _proven(store: FileStore, credential: Credential, direction: str) -> None:
    """Raises Problem: a wrong, expired or foreign address names nothing."""
    if credential.direction != direction or not store.proves(credential):
        raise Problem(404, "not-found")


async def _maybe(store: FileStore, folder: str, file_id: str) -> Found | None:
    """Raises Problem."""
    try:
        return await store.found(folder, file_id)
    except StorageUnavailable as error:
        raise Problem(503, "storage-unavailable") from error


async def _found(store: FileStore, folder: str, file_id: str) -> Found:
    """Raises Problem."""
    found = await _maybe(store, folder, file_id)
    if found is None:
        raise Problem(404, "not-found")
    return found


async def _kept(store: FileStore, folder: str, file_id: str, request: Request) -> int:
    """Raises Problem."""
    try:
        return await store.keep(folder, file_id, request.stream())
    except AlreadyThere as error:
        raise Problem(_THERE, "already-there") from error
    except StorageUnavailable as error:
        raise Problem(503, "storage-unavailable") from error


async def _tell(arrived: Arrived, station: KnownStation, command_id: str) -> None:
    """Raises Problem."""
    try:
        await arrived(station, command_id)
    except LogError as error:
        raise Problem(503, "log-unavailable", headers={"Retry-After": "5"}) from error


def _attempt(file_id: str, command_id: str) -> str:
    """What one attempt brought: the next one may bring it again."""
    return f"{file_id}/{command_id}"


def _credential(direction: str, file_id: str, nonce: str, expires: int, signature: str) -> Credential:
    return Credential(direction=direction, file_id=file_id, nonce=nonce, expires=expires, signature=signature)


_Credential = Annotated[Credential, Depends(_credential)]


def _add_stations(
    app: FastAPI, store: FileStore, station: Callable[[str], KnownStation | None], arrived: Arrived
) -> None:
    async def bring(request: Request, credential: _Credential) -> Response:
        """Take what a station brings, once an attempt; a name after the address changes nothing."""
        _proven(store, credential, "upload")
        known = station(station_of(credential.file_id))
        if known is None:
            raise Problem(404, "not-found")
        try:
            size = await _kept(store, "uploads", _attempt(credential.file_id, credential.nonce), request)
        except Problem as problem:
            if problem.status == _THERE:  # the word on it may not have stood on the log then
                await _tell(arrived, known, credential.nonce)
            raise
        await _tell(arrived, known, credential.nonce)
        return JSONResponse({"bytes": size}, 201)

    for path in sorted(PUBLIC):
        app.api_route(path, methods=["PUT", "POST"], tags=["files"], include_in_schema=path == _BY_ADDRESS)(bring)

    @app.get(_BY_ADDRESS, tags=["files"])
    async def fetch(credential: _Credential) -> Response:
        """Give a station its firmware, whole, once."""
        _proven(store, credential, "download")
        found = await _found(store, "firmware", credential.file_id)
        if await store.is_used(credential):
            raise Problem(410, "already-fetched")
        return _sent(store.fetched(found, credential), found.size)


def _sent(chunks: AsyncIterator[bytes], size: int) -> Response:
    headers = {"Content-Length": str(size)}
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)


def _add_operators(app: FastAPI, store: FileStore, guard: Guard, station: Callable[[str], KnownStation | None]) -> None:
    may_command = guard.act("command-station")

    @app.put("/v1/firmware/{name}", tags=["files"])
    async def keep_firmware(
        name: str, request: Request, caller: Annotated[Caller, Depends(may_command)], tenant: InTenant = None
    ) -> Response:
        """Keep a firmware under a name that is never given again."""
        if not is_name(name):
            raise Problem(422, "invalid-request", errors=({"field": "name", "message": "letters, digits, . _ -"},))
        size = await _kept(store, "firmware", file_id_of(caller.tenant(tenant), name), request)
        return JSONResponse({"name": name, "bytes": size}, 201)

    @app.get("/v1/stations/{station_id}/uploads/{job_id}", tags=["files"])
    async def upload(station_id: str, job_id: str, caller: Annotated[Caller, Depends(may_command)]) -> Response:
        """What a station brought for a job."""
        known = station(station_id)
        if known is None:
            raise Problem(404, "not-found")
        caller.require(tenant=known.tenant)
        found = await _newest(store, upload_id(station_id, job_id), job_id)
        return _sent(store.read(found), found.size)


async def _newest(store: FileStore, file_id: str, job_id: str) -> Found:
    """What the latest attempt brought that brought anything. Raises Problem."""
    for attempt in range(MOST_ATTEMPTS, 0, -1):
        found = await _maybe(store, "uploads", _attempt(file_id, attempt_id(job_id, 0, attempt)))
        if found is not None:
            return found
    raise Problem(404, "not-found")
