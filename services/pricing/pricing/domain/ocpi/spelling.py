"""Fields of a tariff that OCPI does not have: no fault, says OCPI, and yet hardly ever meant to be passed over."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pricing.domain.lint.finding import Finding
from pricing.domain.ocpi.reading import Node

TARIFF = (
    *("country_code", "party_id", "id", "currency", "type", "tariff_alt_text", "tariff_alt_url", "tax_included"),
    *("min_price", "max_price", "preauthorize_amount", "elements", "start_date_time", "end_date_time"),
    *("energy_mix", "last_updated"),
)
ELEMENT = ("price_components", "restrictions")
COMPONENT = ("type", "price", "vat", "step_size")
LIMIT = ("excl_vat", "incl_vat", "before_taxes", "after_taxes")
RESTRICTIONS = (
    *("start_time", "end_time", "start_date", "end_date", "min_kwh", "max_kwh", "min_current", "max_current"),
    *("min_power", "max_power", "min_duration", "max_duration", "day_of_week", "reservation"),
)
ALIKE = 0.8
"""How alike two names are of which one is the other misspelt, as `difflib` measures it."""


def unknown_fields(tariff: Node) -> Iterator[Finding]:
    """field-unknown: a name that one of OCPI's was probably meant by, and any that restricts nothing in OCPI.

    Of a tariff that was read. Other unknown names are extensions, which OCPI allows.
    """
    yield from _misspelt(tariff, TARIFF)
    for name in ("min_price", "max_price"):
        limit = tariff.get(name)
        if limit is not None:
            yield from _misspelt(limit, LIMIT)
    for element in tariff.need("elements").items():
        yield from _misspelt(element, ELEMENT)
        for component in element.need("price_components").items():
            yield from _misspelt(component, COMPONENT)
        restrictions = element.get("restrictions")
        if restrictions is not None:
            yield from _misspelt(restrictions, RESTRICTIONS, restricts=True)


def _misspelt(node: Node, known: tuple[str, ...], *, restricts: bool = False) -> Iterator[Finding]:
    by_letters = {_letters(each): each for each in known}
    for name in node.value if isinstance(node.value, Mapping) else ():
        if name in known:
            continue
        meant = get_close_matches(_letters(name), by_letters, n=1, cutoff=ALIKE)
        if meant or restricts:
            text = "OCPI has no such field, and it is passed over"
            text += f": is {by_letters[meant[0]]} meant?" if meant else ", so the price holds without it"
            yield Finding(rule="field-unknown", place=f"{node.pointer}/{name}", message=text)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
