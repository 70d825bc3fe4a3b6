"""From exact fractions to money: eight decimals beside the minor unit, and lines that sum to their totals."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import lcm

from ev_contracts.common import Money
from pricing.domain.currencies import minor_digits

_SCALE = 8
_E8 = 10**_SCALE
_UNIT = Decimal(1).scaleb(-_SCALE)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def decimal_of(exact: Fraction) -> Decimal:
    """The fraction at eight decimals, half-even: a tie goes to the even neighbour, so that ties cost nobody more."""
    return decimal_ratio(exact.numerator, exact.denominator)


def decimal_ratio(numerator: int, denominator: int) -> Decimal:
    """Likewise, of a fraction that need not be made: making one costs more than this."""
    return _WIDE.multiply(_half_even(numerator * _E8, denominator), _UNIT)


def minor_of(exact: Fraction, currency: str) -> int:
    """The fraction in the currency's minor unit, half-even."""
    return _half_even(exact.numerator * 10 ** minor_digits(currency), exact.denominator)


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def sum_of(parts: Sequence[Fraction]) -> Fraction:
    """The exact sum, over one denominator: half the work of adding one by one."""
    denominator = lcm(*(part.denominator for part in parts))
    return Fraction(sum(part.numerator * (denominator // part.denominator) for part in parts), denominator)


def money_of(exact: Fraction, rounded_minor: int, currency: str) -> Money:
    """An exact amount beside what is posted for it."""
    return Money(amount=decimal_of(exact), rounded_minor=rounded_minor, currency=currency)


def shares_of(total_minor: int, parts: Sequence[Fraction], currency: str) -> Sequence[int]:
    """The parts in the minor unit so that they sum to the total: the largest remainders get what is left.

    `total_minor` must lie within one of the sum of the parts; what is too much is taken from the smallest remainder
    that has something to give. Equal remainders are served in order.
    """
    scale = 10 ** minor_digits(currency)
    exact = [divmod(part.numerator * scale, part.denominator) for part in parts]
    shares = [whole for whole, _ in exact]
    left = total_minor - sum(shares)
    if not left:
        return shares
    common = lcm(*(part.denominator for part in parts))
    remainders = [rest * (common // part.denominator) for (_, rest), part in zip(exact, parts, strict=True)]
    by_remainder = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
    for place in by_remainder[: max(0, left)]:
        shares[place] += 1
    givers = [place for place in reversed(by_remainder) if shares[place] > 0]
    for place in givers[: max(0, -left)]:
        shares[place] -= 1
    return shares
