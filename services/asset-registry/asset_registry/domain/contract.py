"""Which contracts between parties are in force from when; every version stays readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.assets import (
    AgreeCommercialModel,
    AgreeOwnership,
    CommercialModelAgreed,
    CommercialSnapshot,
    OwnershipAgreed,
    OwnershipSnapshot,
)
from ev_contracts.common import CommercialModel

ContractCommand = AgreeOwnership | AgreeCommercialModel
ContractEvent = OwnershipAgreed | CommercialModelAgreed
Agreed = TypeVar("Agreed", OwnershipAgreed, CommercialModelAgreed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owning:
    """The newest version of an ownership contract."""

    newest: OwnershipAgreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """The newest version of a commercial contract."""

    newest: CommercialModelAgreed


ContractState = Unknown | Owning | Trading


def decide(command: ContractCommand, state: ContractState) -> Sequence[ContractEvent] | Refused:
    """What agreeing to a contract, or to its next version, makes true."""
    match command:
        case AgreeOwnership():
            return _own(command, state)
        case AgreeCommercialModel():
            return _trade(command, state)
        case _:
            assert_never(command)


def _own(command: AgreeOwnership, state: ContractState) -> Sequence[ContractEvent] | Refused:
    if not 0 <= command.share_permille <= 1000:
        return Refused(reason="share-out-of-range", detail="0 to 1000 permille")
    if not command.site_ids:
        return Refused(reason="contract-without-site")
    agreed = OwnershipAgreed(**command.model_dump(exclude={"at"}), contract_version=1, agreed_at=command.at)
    match state:
        case Unknown():
            return [agreed]
        case Owning():
            return _next_version(
                agreed, state.newest, same_parties=agreed.owner_party_id == state.newest.owner_party_id
            )
        case Trading():
            return Refused(reason="contract-of-another-kind")
        case _:
            assert_never(state)


def _trade(command: AgreeCommercialModel, state: ContractState) -> Sequence[ContractEvent] | Refused:
    if command.model is CommercialModel.UNKNOWN:
        return Refused(reason="model-unknown")
    agreed = CommercialModelAgreed(**command.model_dump(exclude={"at"}), contract_version=1, agreed_at=command.at)
    match state:
        case Unknown():
            return [agreed]
        case Owning():
            return Refused(reason="contract-of-another-kind")
        case Trading():
            return _next_version(agreed, state.newest, same_parties=agreed.emsp_party_id == state.newest.emsp_party_id)
        case _:
            assert_never(state)


def _next_version(agreed: Agreed, newest: Agreed, *, same_parties: bool) -> Sequence[Agreed] | Refused:
    """The next version, nothing where it says what the newest says, or why it cannot follow."""
    if not same_parties or agreed.cpo_party_id != newest.cpo_party_id:
        return Refused(reason="contract-parties-differ", detail="other parties make another contract")
    settled = {"contract_version": newest.contract_version, "agreed_at": newest.agreed_at}
    if agreed.model_copy(update=settled) == newest:
        return []
    if agreed.valid_from < newest.valid_from:
        return Refused(reason="starts-before-the-version-it-follows", detail=newest.valid_from.isoformat())
    return [agreed.model_copy(update={"contract_version": newest.contract_version + 1})]


def evolve(_state: ContractState, event: ContractEvent) -> ContractState:
    """The contract after one more version."""
    match event:
        case OwnershipAgreed():
            return Owning(newest=event)
        case CommercialModelAgreed():
            return Trading(newest=event)
        case _:
            assert_never(event)


def snapshots(_before: ContractState, after: ContractState) -> Sequence[Snapshot]:
    """Each version under a key of its own: a late session needs the contract of then."""
    match after:
        case Unknown():
            return []
        case Owning():
            record: OwnershipSnapshot | CommercialSnapshot = OwnershipSnapshot(
                **after.newest.model_dump(exclude={"agreed_at"})
            )
        case Trading():
            record = CommercialSnapshot(**after.newest.model_dump(exclude={"agreed_at"}))
        case _:
            assert_never(after)
    return [Snapshot(topic="assets.contract.snapshot.v1", key=f"@{record.contract_version}", record=record)]


contract: Decider[ContractCommand, ContractState, ContractEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
