"""What of a rating stands in one book, entry upon entry, and what is still to be posted when the rating changes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from billing.domain.note import billed
from ev_contracts.billing import Billed, EntryPosted, InvoiceWanted, NoteHeld, NoteWanted, PostingLine, Side, TaxTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds of this rating; debits count up, credits down."""

    account: str
    party_id: str | None
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The sum of all entries of a rating in one book, and how it was billed."""

    revision: int
    tariff_version: int
    net_minor: int
    vat_minor: int
    share_minor: int
    energy_wh: int
    same_legal_entity: bool | None
    balances: tuple[Balance, ...]
    is_invoiced: bool = False
    tax_totals: tuple[TaxTotal, ...] = ()
    invoice_number: str | None = None
    waiting: tuple[NoteHeld, ...] = ()
    """Notes that wait for the invoice's number, the oldest first."""


def standing_with(so_far: Standing | None, entry: EntryPosted) -> Standing:
    """What stands once this entry is posted, too."""
    revision = entry.correction.revision if entry.correction else 0
    if so_far is None:
        return Standing(
            revision=revision,
            tariff_version=entry.tariff_version,
            net_minor=entry.net_minor,
            vat_minor=entry.vat_minor,
            share_minor=entry.owner_share_minor or 0,
            energy_wh=entry.energy_wh,
            same_legal_entity=entry.same_legal_entity,
            balances=_balances((), entry.lines),
        )
    return replace(
        so_far,
        revision=revision,
        tariff_version=entry.tariff_version,
        net_minor=so_far.net_minor + entry.net_minor,
        vat_minor=so_far.vat_minor + entry.vat_minor,
        share_minor=so_far.share_minor + (entry.owner_share_minor or 0),
        energy_wh=so_far.energy_wh + entry.energy_wh,
        balances=_balances(so_far.balances, entry.lines),
    )


def billed_with(standing: Standing, event: InvoiceWanted | NoteWanted | NoteHeld) -> Standing:
    """What stands once the buyer is told of it: the next note begins where this document ends."""
    bill = billed(event.rating, revision=standing.revision, energy_wh=event.facts.energy_wh)
    return replace(standing, is_invoiced=True, tax_totals=bill.tax_totals)


def difference(whole: EntryPosted, standing: Standing) -> EntryPosted:
    """The entry that makes what stands into the whole; it has no lines where that is the same."""
    net, vat = whole.net_minor - standing.net_minor, whole.vat_minor - standing.vat_minor
    share = None if whole.owner_share_minor is None else whole.owner_share_minor - standing.share_minor
    return whole.model_copy(
        update={
            "lines": tuple(_lines_between(standing, whole)),
            "net_minor": net,
            "vat_minor": vat,
            "gross_minor": net + vat,
            "owner_share_minor": share,
            "energy_wh": whole.energy_wh - standing.energy_wh,
        }
    )


def as_billed(standing: Standing) -> Billed:
    """What stands, as a note says it."""
    return Billed(
        revision=standing.revision,
        tariff_version=standing.tariff_version,
        net_minor=standing.net_minor,
        vat_minor=standing.vat_minor,
        gross_minor=standing.net_minor + standing.vat_minor,
        energy_wh=standing.energy_wh,
        tax_totals=standing.tax_totals,
    )


def _balances(so_far: Sequence[Balance], lines: Sequence[PostingLine]) -> tuple[Balance, ...]:
    sums = Counter({(each.account, each.party_id): each.minor for each in so_far})
    for line in lines:
        sums[line.account, line.party_id] += line.amount_minor if line.side is Side.DEBIT else -line.amount_minor
    return tuple(
        Balance(account=account, party_id=party_id, minor=minor) for (account, party_id), minor in sums.items() if minor
    )


def _lines_between(standing: Standing, whole: EntryPosted) -> Iterator[PostingLine]:
    wanted = {(each.account, each.party_id): each.minor for each in _balances((), whole.lines)}
    stands = {(each.account, each.party_id): each.minor for each in standing.balances}
    for account, party_id in {**wanted, **stands}:
        minor = wanted.get((account, party_id), 0) - stands.get((account, party_id), 0)
        if minor:
            yield PostingLine(
                account=account,
                side=Side.DEBIT if minor > 0 else Side.CREDIT,
                amount_minor=abs(minor),
                currency=whole.currency,
                party_id=party_id,
            )
