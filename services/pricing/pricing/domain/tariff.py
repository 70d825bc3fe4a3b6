"""Which tariffs there are: immutable versions, refused where they make no sense, and to whom and where they apply."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.common import PriceComponent, RelationKind, TariffComponentType, TariffVersion
from ev_contracts.pricing import (
    AssignmentSnapshot,
    AssignTariff,
    PublishTariff,
    TariffAssigned,
    TariffPublished,
    TariffSnapshot,
)
from pricing.domain.currencies import is_currency

_VAT_AT_MOST_PERMILLE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """No version yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """All versions, the latest last; and the assignments by id."""

    versions: tuple[TariffPublished, ...]
    assignments: Mapping[str, TariffAssigned] = field(default_factory=dict)

    @property
    def latest(self) -> TariffVersion:
        """The version that was published last."""
        return self.versions[-1].tariff


TariffState = Unpublished | Published
Command = PublishTariff | AssignTariff
Event = TariffPublished | TariffAssigned


def decide(command: Command, state: TariffState) -> Sequence[Event] | Refused:
    """What publishing or assigning makes true."""
    match command:
        case PublishTariff():
            return _publish(command, state)
        case AssignTariff():
            return _assign(command, state)
        case _:
            assert_never(command)


def _publish(command: PublishTariff, state: TariffState) -> Sequence[TariffPublished] | Refused:
    fault = _fault_of(command)
    if fault is not None:
        return fault
    content_hash = hash_of(command)
    match state:
        case Unpublished():
            number = 1
        case Published():
            if state.latest.issuer_party_id != command.issuer_party_id:
                return Refused(reason="tariff-of-another-issuer")
            if state.latest.currency != command.currency:
                return Refused(reason="currency-changed", detail="another currency is another tariff")
            known = {(each.tariff.content_hash, each.tariff.valid_from) for each in state.versions}
            if (content_hash, command.valid_from) in known:
                return []
            number = state.latest.version + 1
        case _:
            assert_never(state)
    version = TariffVersion(
        tariff_id=command.tariff_id,
        version=number,
        issuer_party_id=command.issuer_party_id,
        currency=command.currency,
        components=command.components,
        valid_from=command.valid_from,
        content_hash=content_hash,
    )
    return [TariffPublished(tariff=version, name=command.name, published_at=command.at)]


def _fault_of(command: PublishTariff) -> Refused | None:
    """The first thing in a tariff that makes no sense."""
    if not is_currency(command.currency):
        return Refused(reason="currency-unknown", detail=command.currency)
    if not command.components:
        return Refused(reason="no-components", detail="a free tariff says so with a price of 0")
    types = [each.type for each in command.components]
    if len(set(types)) < len(types):
        return Refused(reason="component-repeated")
    return next((fault for each in command.components if (fault := _component_fault(each))), None)


def _component_fault(component: PriceComponent) -> Refused | None:
    if component.type is TariffComponentType.UNKNOWN:
        return Refused(reason="component-unknown")
    if component.price < 0:
        return Refused(reason="price-negative", detail=f"{component.type.value} {component.price}")
    if component.step_size < 1:
        return Refused(reason="step-size-below-one", detail=f"{component.type.value} {component.step_size}")
    if component.vat_permille is not None and not 0 <= component.vat_permille <= _VAT_AT_MOST_PERMILLE:
        return Refused(reason="vat-out-of-range", detail=f"{component.type.value} {component.vat_permille} permille")
    return None


def hash_of(command: PublishTariff) -> str:
    """sha256 hex over the canonical JSON of issuer, currency and components; a price counts by value, not spelling."""
    components = [
        {
            "type": each.type.value,
            "price": f"{each.price.normalize():f}",
            "vat_permille": each.vat_permille,
            "step_size": each.step_size,
        }
        for each in command.components
    ]
    content = {"issuer_party_id": command.issuer_party_id, "currency": command.currency, "components": components}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _assign(command: AssignTariff, state: TariffState) -> Sequence[TariffAssigned] | Refused:
    match state:
        case Unpublished():
            return Refused(reason="tariff-unknown")
        case Published():
            if command.seller_party_id != state.latest.issuer_party_id:
                return Refused(reason="seller-not-issuer", detail="only the seller sets a price")
            if command.relation is RelationKind.UNKNOWN:
                return Refused(reason="relation-unknown")
            if command.buyer_party_id is not None and command.relation is not RelationKind.CPO_TO_EMSP:
                return Refused(reason="buyer-is-no-party", detail="a driver is no party; leave the buyer out")
            assigned = TariffAssigned(**command.model_dump(exclude={"at"}), assigned_at=command.at)
            known = state.assignments.get(command.assignment_id)
            if known is None:
                return [assigned]
            same = assigned.model_copy(update={"assigned_at": known.assigned_at}) == known
            return [] if same else Refused(reason="assignment-differs", detail="take another assignment id")
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
            record=TariffSnapshot(tariff=each.tariff, name=each.name),
        )
        for each in after.versions[len(old.versions) :]
    ]
    assignments = [
        Snapshot(
            topic="pricing.assignment.snapshot.v1",
            key=f"#{each.assignment_id}",
            record=AssignmentSnapshot(**each.model_dump(exclude={"assigned_at"})),
        )
        for each in after.assignments.values()
        if each.assignment_id not in old.assignments
    ]
    return [*versions, *assignments]


tariff: Decider[Command, TariffState, Event] = Decider(
    initial=Unpublished(), decide=decide, evolve=evolve, snapshots=snapshots
)
