"""Worked examples: a tariff, a session and what it should cost; priced, and compared before anything is rounded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pricing.domain.engine.price import Priced, price
from pricing.domain.ocpi.periods import named_by, read_periods, session_of_periods
from pricing.domain.ocpi.reading import Node
from pricing.domain.ocpi.tariffs import Version, read_tariffs

_TOLERANCE = Fraction(1, 10_000)
_NOTED = re.compile(r'tax_included"?\s*[=:]\s*"?(YES|NO|N/A)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One example, priced; a view that the tariff cannot tell is None."""

    id: str
    version: Version
    currency: str
    priced: Priced
    expected_excl_vat: Fraction | None
    expected_incl_vat: Fraction | None

    @property
    def is_equal(self) -> bool:
        """Whether each expected view is met."""
        views = (
            (self.expected_excl_vat, self.priced.excl_vat),
            (self.expected_incl_vat, self.priced.incl_vat),
        )
        return all(want is None or (got is not None and abs(want - got) <= _TOLERANCE) for want, got in views)


def read_cases(document: Node) -> Iterator[Case]:
    """Each case of the file, one at a time. Raises BadInput."""
    for node in document.need("cases").items():
        yield read_case(node)


def read_case(node: Node) -> Case:
    """One of them. Raises BadInput."""
    version = _version(node)
    session, expected = node.need("session"), node.need("expected")
    told = [node.need("tariff")] if node.get("tariffs") is None else _tariffs(node, session, version)
    tariff = read_tariffs(told, version, tax_included=_tax_included(node))
    reservation = session.get("reservation")
    expired = None if reservation is None else reservation.get("expired")
    used = session_of_periods(
        session,
        version,
        session.need("time_zone").time_zone(),
        expired=None if expired is None else expired.flag(),
    )
    net, gross = expected.get("excl_vat"), expected.get("incl_vat")
    return Case(
        id=node.need("id").text(),
        version=version,
        currency=tariff.currency,
        priced=price(tariff, used),
        expected_excl_vat=None if net is None else net.fraction(at_least=None),
        expected_incl_vat=None if gross is None else gross.fraction(at_least=None),
    )


def _tariffs(node: Node, session: Node, version: Version) -> Sequence[Node]:
    """Where a driver changes his tariff while he charges, each period names one."""
    return named_by(read_periods(session, version), node.need("tariffs"))


def _version(node: Node) -> Version:
    """Of the versions that an example holds for, the first that is read here."""
    told = node.get("ocpi_versions")
    if told is None:
        return Version.V221
    words = list(told.items(at_least=1))
    return next((each for each in words if each.value in list(Version)), words[0]).choice(Version)


def _tax_included(node: Node) -> str:
    """Such files give the tariff's priced fields alone, and note where taxes are included."""
    note = node.get("note")
    noted = _NOTED.search(note.text(at_most=10_000)) if note else None
    return noted.group(1) if noted else "NO"
