"""The money of all closed sessions: rated, booked and invoiced once, balanced at every offset, numbered without a gap.

Every check returns findings; none means that all is well. Nothing here imports a service: the rules are told again.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from ev_checks.ledger import Finding, Ledger, Told, books
from ev_checks.notes import NOTE_CHECKS
from ev_contracts.billing import EntryPosted, InvoiceIssued, Side
from ev_contracts.common import CommercialModel, Parties, RelationKind
from ev_contracts.pricing import SessionRated


def findings(ledger: Ledger) -> list[Finding]:
    """All findings; an entry that was refused is one, too."""
    return [finding for check in CHECKS for finding in check(ledger)]


def expected_relations(parties: Parties) -> set[RelationKind]:
    """Who sells to whom in a closed session (domain rules 1 and 2)."""
    if parties.commercial_model is CommercialModel.DIRECT:
        return {RelationKind.CPO_TO_DRIVER}
    resold = {RelationKind.CPO_TO_EMSP} if parties.emsp_party_id else set()
    sold_on = {RelationKind.EMSP_TO_DRIVER} if parties.driver_ref and parties.emsp_tenant else set()
    return resold | sold_on


def _closed_once(ledger: Ledger) -> Iterator[Finding]:
    yield from _twice("closed twice", (each.session_id for each in ledger.closed))


def _rated_once(ledger: Ledger) -> Iterator[Finding]:
    """Each relation of each closed session is rated once, or stands as unratable, on the close's own figures."""
    rated = Counter((each.facts.session_id, each.rating.relation.kind) for each in ledger.rated)
    held = {(each.session_id, each.relation.kind) for each in ledger.unratable}
    expected = {(each.session_id, kind) for each in ledger.closed for kind in expected_relations(each.parties)}
    for session_id, kind in sorted(expected - set(rated) - held):
        yield Finding("not rated", session_id, kind)
    for (session_id, kind), count in rated.items():
        if (session_id, kind) not in expected:
            yield Finding("rated without reason", session_id, kind)
        if count > 1:
            yield Finding("rated twice", session_id, kind)
    closed = {each.session_id: each.facts for each in ledger.closed}
    for each in ledger.rated:
        if each.facts != closed.get(each.facts.session_id):
            yield Finding("rated on other figures", each.facts.session_id, each.rating.relation.kind)


def _ratings_add_up(ledger: Ledger) -> Iterator[Finding]:
    told: tuple[Told, ...] = (*ledger.rated, *ledger.rerated)
    for each in told:
        rating = each.rating
        net = sum(line.excl_vat.rounded_minor for line in rating.lines)
        vat = sum(line.vat.rounded_minor for line in rating.lines)
        if (net, vat) != (rating.total_excl_vat.rounded_minor, rating.total_vat.rounded_minor):
            yield Finding("lines do not give the totals", rating.rating_id)
        if net + vat != rating.total_incl_vat.rounded_minor:
            yield Finding("totals do not add up", rating.rating_id)


def _booked_once(ledger: Ledger) -> Iterator[Finding]:
    """Each word of pricing on a rating stands once in the seller's book, and in the buyer's where it keeps one here."""
    yield from _twice("entry twice", (each.entry_id for each in ledger.entries))
    for refused in ledger.refused:
        yield Finding("entry refused", refused.session_id, refused.reason)
    booked = Counter((each.rating_id, _revision(each), each.book_tenant, each.book_party_id) for each in ledger.entries)
    told: tuple[Told, ...] = (*ledger.rated, *ledger.rerated)
    for each in told:
        revision = 0 if isinstance(each, SessionRated) else each.revision
        for book in books(each):
            if booked.pop((each.rating.rating_id, revision, *book), 0) != 1:
                yield Finding("not booked once", each.rating.rating_id, "/".join(book))
    for rating_id, revision, tenant, party_id in booked:
        yield Finding("booked without reason", rating_id, f"revision {revision}: {tenant}/{party_id}")


def _revision(entry: EntryPosted) -> int:
    return entry.correction.revision if entry.correction else 0


def _balanced_at_every_offset(ledger: Ledger) -> Iterator[Finding]:
    """After each record, the books so far sum to zero: per book, and so in all, in every currency."""
    running: dict[tuple[str, str], int] = defaultdict(int)
    for entry in ledger.entries:
        for line in entry.lines:
            sign = {Side.DEBIT: 1, Side.CREDIT: -1}.get(line.side, 0)
            if not sign or line.amount_minor <= 0:
                yield Finding("not a posting line", entry.entry_id, line.account)
            running[entry.book_tenant, line.currency] += sign * line.amount_minor
        # Whatever is not zero now is this entry's doing: it is told once and taken out.
        for book, currency in [where for where, amount in running.items() if amount]:
            amount = running.pop((book, currency))
            yield Finding("books do not sum to zero", entry.entry_id, f"{book}: {amount} {currency}")


def _entries_are_the_ratings(ledger: Ledger) -> Iterator[Finding]:
    """In each book the entries of a rating sum to its latest amounts and energy; within one house there is no VAT."""
    latest = ledger.latest()
    for (rating_id, *_), entries in _by_book(ledger).items():
        told = latest.get(rating_id)
        if told is None:
            continue
        net = told.rating.total_excl_vat.rounded_minor
        vat = 0 if ledger.one_entity(told.rating) else told.rating.total_vat.rounded_minor
        sums = tuple(sum(amounts) for amounts in zip(*(_amounts(each) for each in entries), strict=True))
        if sums != (net, vat, net + vat) or {each.currency for each in entries} != {told.rating.currency}:
            yield Finding("another amount in the books", entries[-1].entry_id)
        newest = max(entries, key=_revision)
        if (sum(each.energy_wh for each in entries), newest.meter_start_wh, newest.meter_stop_wh) != (
            told.facts.energy_wh, told.facts.meter_start_wh, told.facts.meter_stop_wh
        ):  # fmt: skip
            yield Finding("other energy in the books", entries[-1].entry_id)


def _by_book(ledger: Ledger) -> dict[tuple[str, str, str], list[EntryPosted]]:
    found: dict[tuple[str, str, str], list[EntryPosted]] = defaultdict(list)
    for entry in ledger.entries:
        found[entry.rating_id, entry.book_tenant, entry.book_party_id].append(entry)
    return found


def _amounts(entry: EntryPosted) -> tuple[int, int, int]:
    return entry.net_minor, entry.vat_minor, entry.gross_minor


def _both_sides_agree(ledger: Ledger) -> Iterator[Finding]:
    """What the seller is owed by a buyer who keeps books here is what the buyer owes."""
    sides: dict[str, dict[str, int]] = defaultdict(dict)
    for (rating_id, _, party_id), entries in _by_book(ledger).items():
        relation = entries[0].relation
        if relation.kind is RelationKind.CPO_TO_EMSP:
            side = "seller" if party_id == relation.seller_party_id else "buyer"
            sides[rating_id][side] = sum(each.gross_minor for each in entries)
    for rating_id, amounts in sides.items():
        if len(set(amounts.values())) > 1:
            yield Finding("the two books differ", rating_id, str(amounts))


def _invoiced_once(ledger: Ledger) -> Iterator[Finding]:
    """Each rating is invoiced once with its own amounts, and not at all within one house."""
    invoiced = Counter(each.rating_id for each in ledger.invoices)
    for each in ledger.rated:
        wanted = 0 if ledger.one_entity(each.rating) else 1
        if (count := invoiced.pop(each.rating.rating_id, 0)) != wanted:
            yield Finding("not invoiced as often as due", each.rating.rating_id, f"{count} times instead of {wanted}")
    for rating_id in invoiced:
        yield Finding("invoiced without a rating", rating_id)
    by_id = {each.rating.rating_id: each for each in ledger.rated}
    for invoice in ledger.invoices:
        rated = by_id.get(invoice.rating_id)
        if rated is not None and not _is_invoice_of(invoice, rated):
            yield Finding("invoice differs from its rating", invoice.invoice_number)


def _is_invoice_of(invoice: InvoiceIssued, rated: SessionRated) -> bool:
    rating, facts = rated.rating, rated.facts
    totals = (
        rating.total_excl_vat.rounded_minor, rating.total_vat.rounded_minor, rating.total_incl_vat.rounded_minor
    )  # fmt: skip
    by_rate: Counter[int | None] = Counter()
    for line in rating.lines:
        by_rate[line.vat_permille] += line.vat.rounded_minor
    return (
        (invoice.net_minor, invoice.vat_minor, invoice.gross_minor) == totals
        and {each.vat_permille: each.vat_minor for each in invoice.vat_totals} == dict(by_rate)
        and sum(line.net_minor + line.vat_minor for line in invoice.lines) == invoice.gross_minor
        and sum(each.tax_minor for each in invoice.tax_totals) == invoice.vat_minor
        and (invoice.session_id, invoice.energy_wh, invoice.tariff_id, invoice.tariff_version)
        == (facts.session_id, facts.energy_wh, rating.tariff_id, rating.tariff_version)
        and invoice.series == f"{rating.relation.seller_party_id}-{facts.ended_at.year}"
    )


def _numbered_without_gaps(ledger: Ledger) -> Iterator[Finding]:
    """In each tenant's series the numbers are 1, 2, 3… in the order of the log; notes have series of their own."""
    series: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for invoice in ledger.invoices:
        series[invoice.tenant, invoice.series].append((invoice.sequence, invoice.invoice_number))
    for note in ledger.notes:
        series[note.tenant, note.series].append((note.sequence, note.note_number))
    for (tenant, name), issued in series.items():
        for expected, (sequence, number) in enumerate(issued, start=1):
            if (sequence, number) != (expected, f"{name}-{expected:06d}"):
                yield Finding("number out of order", f"{tenant}/{number}", f"expected {expected}")
                break


def _twice(rule: str, ids: Iterable[str]) -> Iterator[Finding]:
    yield from (Finding(rule, each) for each, count in Counter(ids).items() if count > 1)


CHECKS: tuple[Callable[[Ledger], Iterator[Finding]], ...] = (
    _closed_once,
    _rated_once,
    _ratings_add_up,
    _booked_once,
    _balanced_at_every_offset,
    _entries_are_the_ratings,
    _both_sides_agree,
    _invoiced_once,
    _numbered_without_gaps,
    *NOTE_CHECKS,
)
