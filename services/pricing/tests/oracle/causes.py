"""Why another program may price a session otherwise: each cause with a way to take it out, and with who is right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

FLOWS = ("min_current", "max_current", "min_power", "max_power")

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What may make the two differ, how a case looks without it, and who is right."""

    name: str
    without: Callable[[Json], Json]
    verdict: str


def without_reservation(case: Json) -> Json:
    """Its session begins when the reservation ends; in place of an expired one is a free session of nothing."""
    session = {**case["session"], "reservation": None}
    periods = [each for each in session["charging_periods"] if not is_reserving(each)]
    elements = [each for each in case["tariff"]["elements"] if "reservation" not in each.get("restrictions", {})]
    if not periods:
        elements = [{"price_components": [{"type": "FLAT", "price": 0, "step_size": 1}]}]
        nothing = {"start_date_time": session["end_date_time"], "dimensions": [{"type": "TIME", "volume": 0}]}
        periods = [nothing]
    session |= {"charging_periods": periods, "start_date_time": periods[0]["start_date_time"]}
    return {**case, "session": session, "tariff": {**case["tariff"], "elements": elements}}


def is_reserving(period: Json) -> bool:
    return any(each["type"] == "RESERVATION_TIME" for each in period["dimensions"])


def without_steps(case: Json) -> Json:
    return with_elements(case, lambda part: {**part, "step_size": 1}, lambda told: told)


def without_flows(case: Json) -> Json:
    return with_elements(
        case, lambda part: part, lambda told: {name: each for name, each in told.items() if name not in FLOWS}
    )


def with_elements(case: Json, part: Callable[[Json], Json], told: Callable[[Json], Json]) -> Json:
    elements = [
        {
            "price_components": [part(each) for each in element["price_components"]],
            "restrictions": told(element.get("restrictions", {})),
        }
        for element in case["tariff"]["elements"]
    ]
    return {**case, "tariff": {**case["tariff"], "elements": elements}}


def without_limits(case: Json) -> Json:
    tariff = {name: each for name, each in case["tariff"].items() if name not in {"min_price", "max_price"}}
    return {**case, "tariff": tariff}


CAUSES: Sequence[Cause] = (
    Cause(
        name="reservation",
        without=without_reservation,
        verdict="we are right: OCPI prints these prices (mod_tariffs, examples 15 to 18); the program prices none",
    ),
    Cause(
        name="a step over what was free",
        without=without_steps,
        verdict="we are right, though it is contested: the program rounds up the whole session's quantity, we what was "
        "paid, as OCPI's example of switching to a free element does since it was corrected (#546)",
    ),
    Cause(
        name="a flow that nobody measured",
        without=without_flows,
        verdict="OCPI is silent: the program takes a bound on a flow that is not told for met; we take power for its "
        "mean, and hold that a current which nobody knows is within no bound",
    ),
    Cause(
        name="a limit in one view of VAT",
        without=without_limits,
        verdict="OCPI is silent: the program limits the one view and leaves the other, so that VAT may fall below "
        "nothing; we keep its share",
    ),
)
