"""What a station of 2.1 reckons itself that a transaction costs, by a tariff that it was given."""

from charger_gateway.domain.station import STATION_EVENTS, Fact, Heard, noticed
from charger_gateway.domain.values import Payload, exact, long, maybe
from ev_contracts.gateway import StationCostReported

_COSTS = "costDetails"


def reckoned(payload: Payload, heard: Heard) -> tuple[Fact, ...]:
    """The fact of a transaction's event that tells it. Raises BadField."""
    if _COSTS not in payload:
        return ()
    details, transaction = payload[_COSTS], payload["transactionInfo"]
    cost, usage = details["totalCost"], details["totalUsage"]
    record = StationCostReported(
        **noticed(heard),
        transaction_id=transaction["transactionId"],
        seq_no=long(payload, "seqNo"),
        final=payload["eventType"] == "Ended",
        tariff_id=transaction.get("tariffId"),
        kind=cost["typeOfCost"],
        currency=cost["currency"],
        total_excl_tax=maybe(exact, cost["total"], "exclTax"),
        total_incl_tax=maybe(exact, cost["total"], "inclTax"),
        energy_told=exact(usage, "energy"),
        duration_s=long(usage, "chargingTime"),
        idle_s=long(usage, "idleTime"),
        failed=details.get("failureToCalculate", False),
        failure_reason=details.get("failureReason"),
    )
    return (Fact(topic=STATION_EVENTS, record=record),)
