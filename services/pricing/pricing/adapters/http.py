"""Pricing's API: sellers publish and assign tariffs, and ask what something would cost."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, FastAPI, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from chassis.auth import Caller, Guard
from chassis.clock import Clock
from chassis.http import (
    Accepted,
    Asking,
    CommandDesk,
    InTenant,
    Outcome,
    Problem,
    answer,
    create_app,
    refuse_if,
    tell,
)
from ev_contracts.common import (
    PriceComponent,
    Rating,
    Relation,
    RelationKind,
    TariffComponentType,
    TariffVersion,
)
from ev_contracts.pricing import AssignTariff, PublishTariff
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.quote import expected_facts
from pricing.domain.rating import rate


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone") from error


PartyId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]
# A tariff's versions and assignments are keyed behind `@` and `#`, so neither may stand in an id.
TariffId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Price = Annotated[Decimal, Field(max_digits=16, decimal_places=8, allow_inf_nan=False)]

TimeZone = Annotated[str, AfterValidator(_known_zone)]

_A_YEAR_S = 366 * 24 * 3600


class Body(BaseModel):
    """An unknown field is a mistake of the caller, and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ComponentBody(Body):
    """One OCPI price component; a price may be a string, so that no float stands between."""

    type: TariffComponentType
    price: Price
    vat_permille: int | None = None
    step_size: int = 1


class TariffBody(Body):
    """A version of a tariff; whether it makes sense is decided, not parsed."""

    tariff_id: TariffId
    issuer_party_id: PartyId
    name: Text
    currency: Currency
    components: tuple[ComponentBody, ...] = Field(max_length=20)
    valid_from: AwareDatetime


class AssignmentBody(Body):
    """To whom and where a tariff applies; what is left out does not narrow it."""

    assignment_id: TariffId
    seller_party_id: PartyId
    relation: RelationKind
    buyer_party_id: PartyId | None = None
    site_id: TariffId | None = None
    valid_from: AwareDatetime


class QuoteBody(Body):
    """How much of each kind; the version in force at `at` (default: now) prices it."""

    tariff_id: TariffId
    energy_wh: int = Field(ge=0, le=10_000_000)
    charging_s: int = Field(default=0, ge=0, le=_A_YEAR_S)
    parking_s: int = Field(default=0, ge=0, le=_A_YEAR_S)
    at: AwareDatetime | None = None
    time_zone: TimeZone = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the routes work with; `tariffs` follows this service's own snapshots."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    tariffs: SnapshotTariffs


def pricing_app(edge: Edge) -> FastAPI:
    """All routes; each names its act."""
    app = create_app("pricing")
    _add_command_routes(app, edge)
    _add_read_routes(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app


def _add_command_routes(app: FastAPI, edge: Edge) -> None:
    sets = edge.guard.act("set-price")

    @app.post("/v1/tariffs", status_code=201, tags=["tariffs"])
    async def publish_tariff(
        body: TariffBody, asked: Asking, caller: Annotated[Caller, Depends(sets)], tenant: InTenant = None
    ) -> Response:
        tenant = _tenant_of_seller(caller, tenant, body.issuer_party_id)
        components = tuple(PriceComponent(**each.model_dump()) for each in body.components)
        particulars = body.model_dump(exclude={"components"})
        command = PublishTariff(at=edge.clock.now(), components=components, **particulars)
        key = f"{tenant}/{body.tariff_id}"
        outcome = await tell(edge.desk, asked, entity="pricing.tariff", key=key, command=command)
        result = {"tenant": tenant, "tariff_id": body.tariff_id, **_version_in(outcome)}
        await _seen(edge, outcome)
        return answer(edge.desk, caller.principal.subject, outcome, result)

    @app.post("/v1/tariffs/{tariff_id}/assignments", status_code=201, tags=["tariffs"])
    async def assign_tariff(
        tariff_id: TariffId,
        body: AssignmentBody,
        asked: Asking,
        caller: Annotated[Caller, Depends(sets)],
        tenant: InTenant = None,
    ) -> Response:
        tenant = _tenant_of_seller(caller, tenant, body.seller_party_id)
        command = AssignTariff(at=edge.clock.now(), tariff_id=tariff_id, **body.model_dump())
        outcome = await tell(edge.desk, asked, entity="pricing.tariff", key=f"{tenant}/{tariff_id}", command=command)
        result = {"tenant": tenant, "tariff_id": tariff_id, "assignment_id": body.assignment_id}
        await _seen(edge, outcome)
        return answer(edge.desk, caller.principal.subject, outcome, result, elsewhere={"tariff-unknown"})


def _tenant_of_seller(caller: Caller, tenant: str | None, seller_party_id: str) -> str:
    """The tenant to act in; only the seller himself sets his price. Raises Problem."""
    if tenant is None and len(caller.principal.tenants) == 1:
        (tenant,) = caller.principal.tenants
    refuse_if({} if tenant else {"tenant": "say which tenant"})
    caller.require(tenant=tenant, party_id=seller_party_id)
    return str(tenant)


def _version_in(outcome: Outcome) -> dict[str, Any]:
    if not isinstance(outcome, Accepted) or not outcome.events:
        return {}
    tariff = outcome.events[-1]["payload"]["tariff"]
    return {"version": tariff["version"], "content_hash": tariff["content_hash"]}


async def _seen(edge: Edge, outcome: Outcome) -> None:
    """Wait until this edge reads what was just written; a table that lags delays nobody for long."""
    if isinstance(outcome, Accepted) and outcome.events:
        with contextlib.suppress(TimeoutError):
            await edge.tariffs.versions.refreshed()
            await edge.tariffs.assignments.refreshed()


def _add_read_routes(app: FastAPI, edge: Edge) -> None:
    reads = edge.guard.act("read-tariff")

    @app.get("/v1/tariffs/{tariff_id}", tags=["tariffs"])
    async def read_tariff(
        tariff_id: TariffId, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        versions = edge.tariffs.versions.all_of(tenant, tariff_id)
        if not versions:
            raise Problem(404, "not-found")
        told = [{"name": each.name, **each.tariff.model_dump(mode="json")} for each in versions]
        return {"tenant": tenant, "tariff_id": tariff_id, "versions": told}

    @app.post("/v1/quotes", tags=["quotes"])
    async def quote(
        body: QuoteBody, caller: Annotated[Caller, Depends(reads)], tenant: InTenant = None
    ) -> dict[str, Any]:
        tenant = caller.tenant(tenant)
        at = body.at or edge.clock.now()
        tariff = edge.tariffs.versions.in_force(tenant, body.tariff_id, at)
        if tariff is None:
            raise Problem(404, "not-found")
        return _quoted(tariff, body, tenant, at)


def _quoted(tariff: TariffVersion, body: QuoteBody, tenant: str, at: datetime) -> dict[str, Any]:
    relation = Relation(kind=RelationKind.UNKNOWN, seller_party_id=tariff.issuer_party_id, seller_tenant=tenant)
    rating: Rating = rate(
        rating_id="quote",
        relation=relation,
        tariff=tariff,
        facts=expected_facts(at, energy_wh=body.energy_wh, charging_s=body.charging_s, parking_s=body.parking_s),
        time_zone=body.time_zone,
    )
    told = rating.model_dump(mode="json", exclude={"rating_id", "relation"})
    return {"at": at.astimezone(UTC).isoformat(), **told}
