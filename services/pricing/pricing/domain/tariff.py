"""Which tariffs there are: immutable versions, refused where they make no sense, and to whom and where they apply."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.common import RelationKind, TariffVersion
from ev_contracts.pricing import (
    AssignmentSnapshot,
    AssignTariff,
    PublishTariff,
    RetireTariff,
    TariffAssigned,
    TariffPublished,
    TariffRetired,
    TariffSnapshot,
)
from ev_contracts.record import Record
from pricing.domain.audience import audiences_of
from pricing.domain.faults import fault_of
from pricing.domain.nearest import nearest_ocpi
from pricing.domain.price_text import snapshot_of

_TO_DRIVERS = frozenset({RelationKind.CPO_TO_DRIVER, RelationKind.EMSP_TO_DRIVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """No version yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """All versions, the latest last; and the assignments by id."""

    versions: tuple[TariffPublished, ...]
    assignments: Mapping[str, TariffAssigned] = field(default_factory=dict)
    retires_at: datetime | None = None

    @property
    def latest(self) -> TariffVersion:
        """The version that was published last."""
        return self.versions[-1].tariff


TariffState = Unpublished | Published
Command = PublishTariff | AssignTariff | RetireTariff
Event = TariffPublished | TariffAssigned | TariffRetired


def decide(command: Command, state: TariffState) -> Sequence[Event] | Refused:
    """What publishing or assigning makes true."""
    match command:
        case PublishTariff():
            return _publish(command, state)
        case AssignTariff():
            return _assign(command, state)
        case RetireTariff():
            return _retire(command, state)
        case _:
            assert_never(command)


def _publish(command: PublishTariff, state: TariffState) -> Sequence[TariffPublished] | Refused:
    version = version_of(command, number=1 if isinstance(state, Unpublished) else state.latest.version + 1)
    fault = fault_of(version)
    if fault is not None:
        return fault
    match state:
        case Unpublished():
            pass
        case Published():
            if state.latest.issuer_party_id != command.issuer_party_id:
                return Refused(reason="tariff-of-another-issuer")
            if state.retires_at is not None:
                return Refused(reason="tariff-retired", detail=f"from {state.retires_at.isoformat()} on")
            if state.latest.currency != command.currency:
                return Refused(reason="currency-changed", detail="another currency is another tariff")
            known = {(each.tariff.content_hash, each.tariff.valid_from) for each in state.versions}
            if (version.content_hash, command.valid_from) in known:
                return []
        case _:
            assert_never(state)
    return [TariffPublished(tariff=version, name=command.name, published_at=command.at)]


def version_of(command: PublishTariff, *, number: int) -> TariffVersion:
    """What the command would publish, under this number."""
    return TariffVersion(
        tariff_id=command.tariff_id,
        version=number,
        issuer_party_id=command.issuer_party_id,
        currency=command.currency,
        components=command.components,
        valid_from=command.valid_from,
        content_hash=hash_of(command),
        elements=command.elements,
        min_price=command.min_price,
        max_price=command.max_price,
        tax_included=command.tax_included,
        tariff_type=command.tariff_type,
        valid_until=command.valid_until,
        idle_fee=command.idle_fee,
        feed_price=command.feed_price,
    )


_LATER = ("elements", "min_price", "max_price", "tax_included", "tariff_type", "valid_until", "idle_fee", "feed_price")
"""What a tariff may say since it may say more than flat components; unsaid, it leaves the hash as it was."""


def hash_of(command: PublishTariff) -> str:
    """sha256 hex over the canonical JSON of issuer, currency and all that prices; a number counts by value."""
    components = [
        {
            "type": each.type.value,
            "price": _plain(each.price),
            "vat_permille": each.vat_permille,
            "step_size": each.step_size,
            **({"taxes": _canonical(each.taxes)} if each.taxes else {}),
        }
        for each in command.components
    ]
    content = {"issuer_party_id": command.issuer_party_id, "currency": command.currency, "components": components}
    said = {name for name in _LATER if getattr(command, name) != PublishTariff.model_fields[name].default}
    more: dict[str, Canonical] = {name: _canonical(getattr(command, name)) for name in said}
    return hashlib.sha256(json.dumps({**content, **more}, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


Canonical = Mapping[str, "Canonical"] | Sequence["Canonical"] | str | int | None


def _canonical(value: object) -> Canonical:
    """For the hash: records by their fields, numbers and times by value."""
    match value:
        case Record():
            fields: dict[str, Canonical] = {}
            for name in type(value).model_fields:
                fields[name] = _canonical(getattr(value, name))
            return fields
        case tuple():
            return tuple(_canonical(each) for each in value)
        case Decimal():
            return _plain(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case str() | int() | None:
            return value
        case _:
            raise TypeError(type(value).__name__)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _assign(command: AssignTariff, state: TariffState) -> Sequence[TariffAssigned] | Refused:
    match state:
        case Unpublished():
            return Refused(reason="tariff-unknown")
        case Published():
            fault = _misfit(command, state)
            if fault is not None:
                return fault
            assigned = TariffAssigned(**command.model_dump(exclude={"at"}), assigned_at=command.at)
            known = state.assignments.get(command.assignment_id)
            if known is None:
                return [assigned]
            same = assigned.model_copy(update={"assigned_at": known.assigned_at}) == known
            return [] if same else Refused(reason="assignment-differs", detail="take another assignment id")
        case _:
            assert_never(state)


def _misfit(command: AssignTariff, state: Published) -> Refused | None:
    if command.seller_party_id != state.latest.issuer_party_id:
        return Refused(reason="seller-not-issuer", detail="only the seller sets a price")
    if state.retires_at is not None:
        return Refused(reason="tariff-retired", detail=f"from {state.retires_at.isoformat()} on")
    if command.connector_number is not None and command.station_id is None:
        return Refused(reason="connector-of-no-station", detail="a connector's number counts in a station only")
    if command.relation is RelationKind.UNKNOWN:
        return Refused(reason="relation-unknown")
    if command.buyer_party_id is not None and command.relation is not RelationKind.CPO_TO_EMSP:
        return Refused(reason="buyer-is-no-party", detail="a driver is no party; leave the buyer out")
    return _odd_audience(command)


def _odd_audience(command: AssignTariff) -> Refused | None:
    if len(audiences_of(command)) > 1:
        return Refused(reason="audience-told-twice", detail="a plan, a group, a partner or ad hoc: one of them")
    if command.plan_id is not None and command.relation is RelationKind.CPO_TO_EMSP:
        return Refused(reason="audience-of-another-relation", detail="only drivers subscribe to a plan")
    if command.ad_hoc and command.relation is not RelationKind.CPO_TO_DRIVER:
        return Refused(reason="audience-of-another-relation", detail="whoever charges ad hoc buys from the operator")
    return None


def _retire(command: RetireTariff, state: TariffState) -> Sequence[TariffRetired] | Refused:
    match state:
        case Unpublished():
            return Refused(reason="tariff-unknown")
        case Published():
            if command.seller_party_id != state.latest.issuer_party_id:
                return Refused(reason="seller-not-issuer", detail="only the seller retires his tariff")
            if command.retires_at < command.at:
                # What has begun keeps its price, so nothing is retired backwards.
                return Refused(reason="retired-in-the-past", detail=f"{command.retires_at.isoformat()}")
            if state.retires_at is not None and state.retires_at <= command.retires_at:
                return []
            retired = TariffRetired(tariff_id=command.tariff_id, retires_at=command.retires_at, retired_at=command.at)
            return [retired]
        case _:
            assert_never(state)


def evolve(state: TariffState, event: Event) -> TariffState:
    """The tariff after one more event."""
    held = state if isinstance(state, Published) else Published(versions=())
    match event:
        case TariffPublished():
            return replace(held, versions=(*held.versions, event))
        case TariffAssigned():
            return replace(held, assignments={**held.assignments, event.assignment_id: event})
        case TariffRetired():
            return replace(held, retires_at=event.retires_at)
        case _:
            assert_never(event)


def snapshots(before: TariffState, after: TariffState) -> Sequence[Snapshot]:
    """What is new: each version and each assignment under a key of its own, for a late session needs the old ones."""
    if not isinstance(after, Published):
        return []
    old = before if isinstance(before, Published) else Published(versions=())
    versions = [
        Snapshot(
            topic="pricing.tariff.snapshot.v1",
            key=f"@{each.tariff.version}",
            record=_snapshot(each, after.retires_at),
        )
        for each in after.versions[0 if after.retires_at != old.retires_at else len(old.versions) :]
    ]
    assignments = [
        Snapshot(
            topic="pricing.assignment.snapshot.v1",
            key=f"#{each.assignment_id}",
            record=AssignmentSnapshot(**each.model_dump()),
        )
        for each in after.assignments.values()
        if each.assignment_id not in old.assignments
    ]
    return [*versions, *assignments, *_texts(old, after)]


def _texts(old: Published, after: Published) -> Sequence[Snapshot]:
    """Of every assignment to drivers, anew with each version: whoever stands at a display reads what he pays."""
    is_new = (old.versions, old.retires_at) != (after.versions, after.retires_at)
    return [
        Snapshot(
            topic="pricing.price-text.snapshot.v1",
            key=f"#{each.assignment_id}",
            record=snapshot_of(each, after.versions, after.retires_at),
        )
        for each in after.assignments.values()
        if each.relation in _TO_DRIVERS and (is_new or each.assignment_id not in old.assignments)
    ]


def _snapshot(published: TariffPublished, retires_at: datetime | None) -> TariffSnapshot:
    nearest = nearest_ocpi(published.tariff)
    return TariffSnapshot(
        tariff=published.tariff,
        name=published.name,
        retires_at=retires_at,
        published_at=published.published_at,
        ocpi_elements=nearest.elements if nearest else (),
        ocpi_differences=nearest.differences if nearest else (),
    )


tariff: Decider[Command, TariffState, Event] = Decider(
    initial=Unpublished(), decide=decide, evolve=evolve, snapshots=snapshots
)
