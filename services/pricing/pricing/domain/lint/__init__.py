"""What is questionable in a tariff that is well formed: advice to whoever sets the price, for nonsense is refused."""

from collections.abc import Sequence

from pricing.domain.engine.tariff import Tariff
from pricing.domain.lint.afir import against_afir
from pricing.domain.lint.finding import Finding
from pricing.domain.lint.reach import out_of_reach
from pricing.domain.lint.restrictions import contradictions, unlike_a_reservation
from pricing.domain.lint.values import odd_limits, odd_prices, overlaps

__all__ = ["Finding", "lint"]


def lint(tariff: Tariff, *, power_w: int | None = None, others: Sequence[Tariff] = ()) -> Sequence[Finding]:
    """All findings, rule by rule; none is good.

    `power_w` is the most that the connector gives; without it AFIR, which holds for ad hoc prices, is not asked.
    `others` are tariffs for the same buyers, places and type: of them one at a time should be valid.
    """
    return [
        *contradictions(tariff),
        *unlike_a_reservation(tariff),
        *out_of_reach(tariff),
        *odd_prices(tariff),
        *odd_limits(tariff),
        *overlaps(tariff, others),
        *(against_afir(tariff, power_w) if power_w is not None else ()),
    ]
