"""Ratings of the past under another tariff: what would have been paid, and what is to be rated anew."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

from ev_contracts.common import Parties, Place, PricePoint, Rating, RerateCause, SessionFacts, TariffVersion
from ev_contracts.pricing import RerateSession, SessionRated, SessionRerated
from pricing.domain.entitlement import Entitlement, foreseen
from pricing.domain.feed import INTERVALS, resolved
from pricing.domain.rating import Subject, rated

Report = Mapping[str, "Report"] | Sequence["Report"] | str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which sessions: rated by this tariff, started from `start` on and before `end`."""

    tariff_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version that sessions of the past are priced by, with all prices of the feed that it may follow, in order."""

    version: TariffVersion
    points: Sequence[PricePoint] = ()

    def of(self, facts: SessionFacts) -> TariffVersion:
        """As this session is priced: with the prices of its hours."""
        first = bisect_right(self.points, facts.started_at - max(INTERVALS), key=attrgetter("starts_at"))
        last = bisect_right(self.points, facts.ended_at, key=attrgetter("starts_at"))
        touched = [each for each in self.points[first:last] if each.ends_at > facts.started_at]
        return resolved(self.version, touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A session as it is rated by now."""

    rating: Rating
    facts: SessionFacts
    place: Place
    parties: Parties

    @property
    def month(self) -> str:
        """In which it began, by the clock of its site."""
        return f"{self.facts.started_at.astimezone(ZoneInfo(self.place.time_zone)):%Y-%m}"

    def under(self, draft: Draft) -> Rating:
        """As the draft would have priced it; by the buyer's plan, with what was left to this rating of its month."""
        tariff, by = draft.of(self.facts), self.rating.plan
        subject = Subject(self.rating.rating_id, self.rating.relation, self.facts, self.place.time_zone)
        if by is None:
            return rated(subject, tariff)
        entitled = Entitlement(terms=by.terms, month=by.month)
        available = {each.kind: each.drawn + each.left for each in by.draws}
        return rated(subject, tariff, lambda drafts: foreseen(drafts, entitled, tariff.currency, available))


def past_of(events: Iterable[SessionRated | SessionRerated], asked: Asked) -> Sequence[Past]:
    """Each rating as it stands after its last event, by id: the order of the events of others does not matter."""
    latest: dict[str, Past] = {}
    for event in events:
        found = Past(rating=event.rating, facts=event.facts, place=event.place, parties=event.parties)
        latest[event.rating.rating_id] = found
    return [
        past
        for _, past in sorted(latest.items())
        if past.rating.tariff_id == asked.tariff_id and asked.start <= past.facts.started_at < asked.end
    ]


def rerate_commands(
    past: Iterable[Past], corrected: Draft, *, correction_id: str, at: datetime
) -> Iterator[tuple[str, RerateSession]]:
    """Each with its key. Whose price stays as it was gets no event, and so has a correction that comes again."""
    for each in past:
        command = RerateSession(
            at=at,
            rating_id=each.rating.rating_id,
            relation=each.rating.relation,
            cause=RerateCause.TARIFF_CORRECTED,
            correction_id=correction_id,
            facts=each.facts,
            place=each.place,
            parties=each.parties,
            tariff=corrected.of(each.facts),
        )
        yield f"{each.rating.relation.seller_tenant}/{each.rating.rating_id}", command


@dataclass(slots=True)
class _Sums:
    """In the minor unit of the tariff's currency."""

    sessions: int = 0
    changed: int = 0
    before_net: int = 0
    before_gross: int = 0
    after_net: int = 0
    after_gross: int = 0

    def add(self, before: Rating, after: Rating) -> None:
        """One session more."""
        self.sessions += 1
        self.changed += before.total_incl_vat.rounded_minor != after.total_incl_vat.rounded_minor
        self.before_net += before.total_excl_vat.rounded_minor
        self.before_gross += before.total_incl_vat.rounded_minor
        self.after_net += after.total_excl_vat.rounded_minor
        self.after_gross += after.total_incl_vat.rounded_minor

    def told(self) -> Report:
        """As the report says it."""
        return {
            "sessions": self.sessions,
            "changed": self.changed,
            "before": {"net_minor": self.before_net, "gross_minor": self.before_gross},
            "after": {"net_minor": self.after_net, "gross_minor": self.after_gross},
            "difference": {
                "net_minor": self.after_net - self.before_net,
                "gross_minor": self.after_gross - self.before_gross,
            },
        }


def report_of(past: Sequence[Past], draft: Draft, asked: Asked) -> bytes:
    """The same bytes for the same history and draft, however often and in whatever order it is told."""
    whole, months, sites, changed = _Sums(), dict[str, _Sums](), dict[str, _Sums](), list[Report]()
    for each in past:
        after = each.under(draft)
        for sums in (
            whole,
            months.setdefault(each.month, _Sums()),
            sites.setdefault(each.place.site_id, _Sums()),
        ):
            sums.add(each.rating, after)
        if after.total_incl_vat.rounded_minor != each.rating.total_incl_vat.rounded_minor:
            changed.append(_change(each, after))
    told: Report = {
        "tariff_id": asked.tariff_id,
        "from": asked.start.astimezone(UTC).isoformat(),
        "until": asked.end.astimezone(UTC).isoformat(),
        "draft_hash": draft.version.content_hash,
        "currency": draft.version.currency,
        "total": whole.told(),
        "months": {name: sums.told() for name, sums in months.items()},
        "sites": {name: sums.told() for name, sums in sites.items()},
        "changed": changed,
    }
    return json.dumps(told, sort_keys=True, indent=1).encode() + b"\n"


def _change(past: Past, after: Rating) -> Report:
    return {
        "rating_id": past.rating.rating_id,
        "session_id": past.facts.session_id,
        "before_gross_minor": past.rating.total_incl_vat.rounded_minor,
        "after_gross_minor": after.total_incl_vat.rounded_minor,
    }
