"""Contracts as they stand: every version, found by the contract."""

from chassis.tables import Table
from ev_contracts.assets import CommercialSnapshot, OwnershipSnapshot

ContractVersion = OwnershipSnapshot | CommercialSnapshot


class ContractTable(Table[ContractVersion]):
    """Follows the contracts' snapshots, whose keys are `<tenant>/<contract_id>@<version>`."""

    def __init__(self) -> None:
        super().__init__("assets.contract.snapshot.v1")
        self._newest: dict[str, int] = {}

    def on_change(self, key: str, old: ContractVersion | None, new: ContractVersion | None) -> None:  # noqa: ARG002
        """Keeps the newest version of each contract; a version is never taken back."""
        if new is not None:
            contract = key.rpartition("@")[0]
            self._newest[contract] = max(new.contract_version, self._newest.get(contract, 0))

    def versions(self, contract: str) -> list[ContractVersion]:
        """All versions of `<tenant>/<contract_id>`, the oldest first."""
        numbers = range(1, self._newest.get(contract, 0) + 1)
        return [version for number in numbers if (version := self.get(f"{contract}@{number}")) is not None]
