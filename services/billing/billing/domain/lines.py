"""A rating's lines in the words of an invoice or a note."""

from billing.domain.taxes import taxes_of
from ev_contracts.billing import InvoiceLine
from ev_contracts.common import LineScope, RatedLine, Rating, TariffComponentType

_WORDS = {
    TariffComponentType.ENERGY: ("Energy", "kWh"),
    TariffComponentType.TIME: ("Charging time", "h"),
    TariffComponentType.PARKING_TIME: ("Parking time", "h"),
    TariffComponentType.FLAT: ("Session fee", "piece"),
}


def unknown_line(rating: Rating) -> str | None:
    """Why these lines cannot be told to a buyer, in kebab-case; None where they can."""
    return None if all(line.type in _WORDS for line in rating.lines) else "unknown-component"


def lines_in_words(rating: Rating) -> tuple[InvoiceLine, ...]:
    """All lines, in the rating's order; their amounts sum to its totals."""
    return tuple(_line(line) for line in rating.lines)


def _line(line: RatedLine) -> InvoiceLine:
    words, unit = _words(line)
    return InvoiceLine(
        description=f"{words}: {line.rule}",
        type=line.type,
        quantity=line.quantity,
        unit=unit,
        unit_price=line.unit_price,
        net_minor=line.excl_vat.rounded_minor,
        vat_permille=line.vat_permille,
        vat_minor=line.vat.rounded_minor,
        taxes=taxes_of(line),
    )


def _words(line: RatedLine) -> tuple[str, str]:
    words, unit = _WORDS[line.type]
    match line.scope:
        case LineScope.RESERVATION:
            return ("Reservation fee" if line.type is TariffComponentType.FLAT else "Reservation"), unit
        case LineScope.PRICE_LIMIT:
            return "Price limit", unit
        case LineScope.DISCOUNT:
            return "Discount", unit
        case LineScope.ALLOWANCE:
            return "Included", unit
        case _:
            return words, unit
