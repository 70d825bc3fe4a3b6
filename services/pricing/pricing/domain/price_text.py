"""A tariff's price in words, for whoever pays it and stands at a station: what is paid for what, and when."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction

from ev_contracts.common import TariffComponentType, TariffVersion, TaxIncluded
from ev_contracts.pricing import PriceText, PriceTextSnapshot, PriceTextVersion, TariffAssigned, TariffPublished
from pricing.domain.audience import AD_HOC_PAYMENT, BEFORE_ANY_PLACE, REGULAR, audience_of, place_rank
from pricing.domain.currencies import minor_digits
from pricing.domain.engine.contract import tariff_of
from pricing.domain.engine.languages import LANGUAGES, Words
from pricing.domain.engine.matching import plain
from pricing.domain.engine.tariff import E8, E10, Candidate, Limit, Scope, Tariff
from pricing.domain.engine.words import words_of

MOST_CHARACTERS = 512
"""Of a message that a station of OCPP 2.0.1 shows to one driver."""
MOST_BEGUN, MOST_TO_COME = 8, 24
"""Versions of a tariff: of those that held before, no session runs any more that is still at a display."""
_MOST_DECIMALS = 4
_MORE = " …"


def snapshot_of(
    assigned: TariffAssigned, versions: Sequence[TariffPublished], retires_at: datetime | None
) -> PriceTextSnapshot:
    """What those pay to whom an assignment sells, in words; and how it stands beside others that fit them too.

    A tariff for payment ad hoc is read by those alone, before what any place asks of everybody. Of one that was of
    several types the regular versions are told; what only a charging preference brings is told to nobody.
    """
    told = [each for each in versions if each.tariff.tariff_type == REGULAR]
    is_ad_hoc = not told
    told = told or [each for each in versions if each.tariff.tariff_type == AD_HOC_PAYMENT]
    published_at = {each.tariff.version: each.published_at for each in told}
    return PriceTextSnapshot(
        **assigned.model_dump(exclude={"ad_hoc"}),
        ad_hoc=assigned.ad_hoc or is_ad_hoc,
        place_rank=place_rank(assigned) + (BEFORE_ANY_PLACE if is_ad_hoc else 0),
        audience_rank=int(audience_of(assigned)),
        retires_at=retires_at,
        versions=tuple(
            PriceTextVersion(
                version=each.version,
                published_at=published_at[each.version],
                valid_from=each.valid_from,
                valid_until=each.valid_until,
                currency=each.currency,
                texts=texts_of(each),
            )
            for each in _of_use(told)
        ),
    )


def _of_use(versions: Sequence[TariffPublished]) -> Sequence[TariffVersion]:
    """As of the latest publication: the last that have begun, and the next to come, in the order in which they hold."""
    told_at = max((each.published_at for each in versions), default=None)
    told = sorted((each.tariff for each in versions), key=lambda each: (each.valid_from, each.version))
    begun = [each for each in told if told_at is not None and each.valid_from <= told_at]
    return [*begun[-MOST_BEGUN:], *told[len(begun) :][:MOST_TO_COME]]


def texts_of(version: TariffVersion) -> tuple[PriceText, ...]:
    """The same in each language; none is longer than a station can show."""
    tariff = tariff_of(version)
    return tuple(
        PriceText(language=words.language, text=_joined([*_clauses(version, tariff, words)], words))
        for words in LANGUAGES
    )


def _joined(clauses: Sequence[str], words: Words) -> str:
    if not clauses:
        return words.free
    text = "; ".join(clauses)
    while len(text) > MOST_CHARACTERS:
        text = text.removesuffix(_MORE).rpartition("; ")[0] + _MORE
    return text


def _clauses(version: TariffVersion, tariff: Tariff, words: Words) -> Iterator[str]:
    candidates = [each for each in tariff.order if each.scope is Scope.SESSION]
    if not any(each.component.price_e8 for each in candidates) and version.feed_price is None:
        return
    # Of two prices of the same the first that holds counts: what has to hold for it stands beside it.
    begun: set[TariffComponentType] = set()
    if version.feed_price is not None:
        begun.add(TariffComponentType.ENERGY)
        yield f"{words.market} {words.per[TariffComponentType.ENERGY]}"
    for each in candidates:
        first = each.component.type not in begun
        begun.add(each.component.type)
        yield _clause(each, tariff, words, first=first)
    yield from _limits(tariff, words)
    if any(each.component.taxes for each in candidates) and tariff.tax_included is not TaxIncluded.NOT_APPLICABLE:
        yield words.taxed


def _clause(candidate: Candidate, tariff: Tariff, words: Words, *, first: bool) -> str:
    component = candidate.component
    price = _money(_gross(component.price_e8, candidate, tariff), tariff.currency, words)
    when = words_of(candidate.restrictions, words) or ("" if first else words.otherwise)
    told = [f"{price} {words.per[component.type]}", when]
    if component.at_most_e8 is not None:
        most = _money(_gross(component.at_most_e8, candidate, tariff), tariff.currency, words)
        told.append(words.at_most.format(most))
    return ", ".join(each for each in told if each)


def _gross(price_e8: int, candidate: Candidate, tariff: Tariff) -> Fraction:
    """What a driver pays: with all taxes."""
    if tariff.tax_included in {TaxIncluded.YES, TaxIncluded.NOT_APPLICABLE}:
        return Fraction(price_e8, E8)
    return Fraction(price_e8 * (E10 + candidate.component.tax_e10), E8 * E10)


def _limits(tariff: Tariff, words: Words) -> Iterator[str]:
    for form, limit in ((words.at_least, tariff.min_price), (words.at_most, tariff.max_price)):
        if limit is not None:
            yield f"{words.in_all} {form.format(_bound(limit, tariff.currency, words))}"


def _bound(limit: Limit, currency: str, words: Words) -> str:
    """A limit that is told without taxes alone is one of the price without them."""
    if limit.incl_vat_e8 is not None:
        return _money(Fraction(limit.incl_vat_e8, E8), currency, words)
    return f"{_money(Fraction(limit.excl_vat_e8 or 0, E8), currency, words)} {words.untaxed}"


def _money(exact: Fraction, currency: str, words: Words) -> str:
    """At least the currency's minor unit, at most four decimals, half-even."""
    least, scale = minor_digits(currency), 10**_MOST_DECIMALS
    rounded = Fraction(round(exact * scale), scale)
    whole, _, fraction = plain(rounded).partition(".")
    fraction = fraction.ljust(least, "0")
    return f"{whole}{words.point}{fraction} {currency}" if fraction else f"{whole} {currency}"
