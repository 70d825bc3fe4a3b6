"""What a station of 2.1 reckons that a transaction costs is a fact beside the transaction's own, exact and no bill."""

from decimal import Decimal
from typing import Any

import pytest

from ev_contracts.gateway import StationCostReported, TransactionEnded, TransactionUpdated

from .saying import AT, SAID, facts  # noqa: TID252 - tests are no package of the installation

COSTS = {
    "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"exclTax": 3.45, "inclTax": 4.1745}},
    "totalUsage": {"energy": 8.4, "chargingTime": 3_600, "idleTime": 120},
}
FAILED = {
    "totalCost": {"currency": "EUR", "typeOfCost": "MaxCost", "total": {"inclTax": 0.1}},
    "totalUsage": {"energy": 0, "chargingTime": 0, "idleTime": 0},
    "failureToCalculate": True,
    "failureReason": "no clock",
}


def event(kind: str, **more: Any) -> Any:
    return {
        "eventType": kind,
        "timestamp": AT,
        "triggerReason": "RunningCost" if kind == "Updated" else "EVDeparted",
        "seqNo": 7,
        "transactionInfo": {"transactionId": "tx-1", "tariffId": "VLT-AC-1"},
        **more,
    }


def told(**own: Any) -> StationCostReported:
    given: dict[str, Any] = {
        "transaction_id": "tx-1",
        "seq_no": 7,
        "tariff_id": "VLT-AC-1",
        "kind": "NormalCost",
        "currency": "EUR",
        "failed": False,
    }
    return StationCostReported(**SAID, **{**given, **own})


@pytest.mark.parametrize(("kind", "first"), [("Updated", TransactionUpdated), ("Ended", TransactionEnded)])
def test_a_stations_own_reckoning_is_a_fact(kind: str, first: type) -> None:
    transaction, cost = facts("2.1", "TransactionEvent", event(kind, costDetails=COSTS))
    assert isinstance(transaction, first)
    assert cost == told(
        final=kind == "Ended",
        total_excl_tax=Decimal("3.45"),
        total_incl_tax=Decimal("4.1745"),
        energy_told=Decimal("8.4"),
        duration_s=3_600,
        idle_s=120,
    )


def test_a_reckoning_that_failed_says_so() -> None:
    cost = facts("2.1", "TransactionEvent", event("Ended", costDetails=FAILED))[1]
    assert cost == told(
        final=True,
        kind="MaxCost",
        total_incl_tax=Decimal("0.1"),
        energy_told=Decimal(0),
        duration_s=0,
        idle_s=0,
        failed=True,
        failure_reason="no clock",
    )


def test_without_one_there_is_none() -> None:
    assert len(facts("2.1", "TransactionEvent", event("Ended"))) == 1
