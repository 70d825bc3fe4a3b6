"""What the gateway needs of the world, in its own words."""

from asyncio import Future
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from charger_gateway.domain.certificates import ContractCertificate, ContractJudged
from charger_gateway.domain.places import StationEvse
from charger_gateway.domain.station import Heard, TokenVerdict
from chassis.log import Appended
from ev_contracts.assets import Connector, RegistrationState
from ev_contracts.gateway import OcspEvidence
from ev_contracts.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStation:
    """Whose an identity is and how it proves itself; without `secret_hmac` no credential is in force."""

    station_id: str
    tenant: str
    secret_hmac: bytes | None
    version: int = 0
    """Of the credential."""
    secret_hmac_before: bytes | None = None
    """The credential before: it counts until `before_ends_at`, or until the one in force was first used."""
    before_ends_at: datetime | None = None
    security_profile: int = 0
    """The lowest OCPP security profile that it may use; 0 requires none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationShape:
    """What the registry says of a station; all of it absent while the registration is on its way."""

    cpo_party_id: str | None = None
    connectors: Sequence[tuple[int, int]] = ()
    plugs: Mapping[int, Sequence[Connector]] = field(default_factory=dict)
    """What each EVSE's connectors can carry."""
    evses: Sequence[StationEvse] = ()
    retired: bool = False
    registration: RegistrationState = RegistrationState.ACCEPTED
    serial_number: str | None = None


class Directory(Protocol):
    """Local state of what a station waits for: it answers at once, also while the rest of the platform is down."""

    def station(self, station_id: str) -> KnownStation | None:
        """The identity; None where nobody registered it."""
        ...

    def shape(self, tenant: str, station_id: str) -> StationShape:
        """EVSEs, connectors and operator."""
        ...

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        """What a station of this operator is told of a token."""
        ...


class Prices(Protocol):
    """What drivers pay, in words, for stations that show it."""

    def asked(self, token_ref: str | None, heard: Heard) -> Mapping[str, Any] | None:
        """OCPP's message for the driver of a good token who asks; None where there is nothing to tell."""
        ...

    def asked_of_v16(self, id_tag: str, token_ref: str | None, heard: Heard) -> None:
        """As `asked`, of 1.6, whose answer has no place for it: the station is told by a message of its own, soon."""
        ...

    def in_session(self, record: Record, heard: Heard) -> Mapping[str, Any]:
        """What the answer to an event of a session says of its price, where that is another than was told last."""
        ...


class Journal(Protocol):
    """The log as sockets use it."""

    def append(self, topic: str, key: str, record: Record) -> "Future[Appended]":
        """Where the record stands, once it is durable; may take as long as the log does.

        The future's LogError says that the log did not take it: nothing that rests on it may be acknowledged.
        """
        ...

    def note(self, topic: str, key: str, record: Record) -> None:
        """A sample: sent without waiting, lost where the log is down, dropped where too many wait. Raises nothing."""
        ...


class FrameKeeper(Protocol):
    """Where frames are kept as they were."""

    def keep(self, *, station_id: str, epoch: int, number: int, inbound: bool, at: datetime, raw: bytes) -> str:
        """Keep a frame without waiting; returns its reference."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """A token in clear: for the wire and for the seal, never for the log."""

    uid: str
    type: str


class AlreadyThere(Exception):
    """An object of this name is kept already; none is ever written anew."""


class StorageUnavailable(Exception):
    """The storage of files does not answer, or not as it should."""


class Objects(Protocol):
    """Where files lie; each is kept whole or not at all, once. All may raise StorageUnavailable."""

    async def keep(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Its size. Raises AlreadyThere, and what `chunks` raises: then nothing is kept."""
        ...

    async def size(self, key: str) -> int | None:
        """In bytes; None where there is none."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, not held in memory; there must be such an object."""
        ...


class CsrRefused(Exception):
    """A signing request that no CA of ours may sign; the text says why."""


class CaUnavailable(Exception):
    """The CA cannot say now: it is to be asked again later."""

    def __init__(self, why: str, *, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class StationCa(Protocol):
    """Who signs certificates of stations: those by which they prove themselves to us, or to vehicles (V2G)."""

    def sign(self, csr_pem: str, *, station_id: str, now: datetime, renews: bool = False) -> str:
        """The certificate and its chain as PEM; may block, within a deadline. Raises CsrRefused, CaUnavailable.

        `renews` says that the station proved itself by a certificate when it asked.
        """
        ...


class Authorities(Protocol):
    """Who vouches for others outside of the platform; None means "not available", and the station is told so.

    The payloads are OCPP's own requests. Each answers within its own deadline and raises nothing.
    """

    def signs(self, certificate_type: str | None, csr: str, *, station_id: str) -> bool:
        """Whether a station's request for a certificate of OCPP's kind (none: 1.6's only one) will be signed."""
        ...

    async def contract_certificate(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        """From a certificate provisioning service (ISO 15118), by a Get15118EVCertificate request."""
        ...

    async def certificate_status(self, request: Mapping[str, Any]) -> OcspEvidence | None:
        """What an OCSP responder signed, by OCPP's ocspRequestData; or why that counts for nothing."""
        ...

    async def chain_status(self, requests: Sequence[Mapping[str, Any]]) -> Sequence[OcspEvidence] | None:
        """As `certificate_status`, one per question, in their order, by OCPP's certificateStatusRequests."""
        ...

    async def contract_status(self, request: Mapping[str, Any]) -> ContractJudged | None:
        """What the contract certificate in an Authorize request is worth."""
        ...

    async def company(self, vat_number: str) -> Mapping[str, Any] | None:
        """Name and address in OCPP's form, from a register of VAT numbers."""
        ...

    async def close(self) -> None:
        """Release what they hold; nothing is asked any more."""
        ...
