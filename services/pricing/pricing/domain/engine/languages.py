"""The languages in which prices are told, word by word."""

from collections.abc import Mapping
from dataclasses import dataclass

from ev_contracts.common import ReservationRestriction, TariffComponentType

_ENERGY, _TIME = TariffComponentType.ENERGY, TariffComponentType.TIME
_PARKING, _FLAT = TariffComponentType.PARKING_TIME, TariffComponentType.FLAT
_HELD, _EXPIRED = ReservationRestriction.RESERVATION, ReservationRestriction.RESERVATION_EXPIRES


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's; braces stand for what is filled in."""

    language: str
    """ISO 639-1."""
    point: str
    """Of a decimal fraction."""
    days: tuple[str, ...]
    """From Monday on, each with its day of the week as its index; none is 0."""
    reservation: Mapping[ReservationRestriction, str]
    per: Mapping[TariffComponentType, str]
    tariff: str
    idle: str
    since: str
    until: str
    before: str
    below: str
    either: str
    otherwise: str
    at_least: str
    at_most: str
    in_all: str
    taxed: str
    untaxed: str
    market: str
    free: str


ENGLISH = Words(
    language="en",
    point=".",
    days=("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    reservation={_HELD: "of the reservation", _EXPIRED: "of a reservation that expired"},
    per={_ENERGY: "per kWh", _TIME: "per hour of charging", _PARKING: "per hour of parking", _FLAT: "per session"},
    tariff="tariff {}",
    idle="idle for {} min and more",
    since="from {}",
    until="until {}",
    before="before {}",
    below="below {}",
    either="or",
    otherwise="otherwise",
    at_least="at least {}",
    at_most="at most {}",
    in_all="in all",
    taxed="taxes included",
    untaxed="without taxes",
    market="market price",
    free="free of charge",
)
_GERMAN = Words(
    language="de",
    point=",",
    days=("", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    reservation={_HELD: "der Reservierung", _EXPIRED: "einer abgelaufenen Reservierung"},
    per={_ENERGY: "je kWh", _TIME: "je Stunde Laden", _PARKING: "je Stunde Parken", _FLAT: "je Ladevorgang"},
    tariff="Tarif {}",
    idle="ab {} min ohne Laden",
    since="ab {}",
    until="bis {}",
    before="vor {}",
    below="unter {}",
    either="oder",
    otherwise="sonst",
    at_least="mindestens {}",
    at_most="höchstens {}",
    in_all="insgesamt",
    taxed="inkl. Steuern",
    untaxed="ohne Steuern",
    market="Marktpreis",
    free="kostenlos",
)
_FRENCH = Words(
    language="fr",
    point=",",
    days=("", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    reservation={_HELD: "de réservation", _EXPIRED: "de réservation expirée"},
    per={_ENERGY: "par kWh", _TIME: "par heure de charge", _PARKING: "par heure d'occupation", _FLAT: "par session"},
    tariff="tarif {}",
    idle="après {} min sans charge",
    since="à partir de {}",
    until="jusqu'à {}",
    before="avant {}",
    below="moins de {}",
    either="ou",
    otherwise="sinon",
    at_least="au moins {}",
    at_most="au plus {}",
    in_all="au total",
    taxed="taxes comprises",
    untaxed="hors taxes",
    market="prix du marché",
    free="gratuit",
)
_DUTCH = Words(
    language="nl",
    point=",",
    days=("", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    reservation={_HELD: "van de reservering", _EXPIRED: "van een verlopen reservering"},
    per={_ENERGY: "per kWh", _TIME: "per uur laden", _PARKING: "per uur parkeren", _FLAT: "per sessie"},
    tariff="tarief {}",
    idle="na {} min zonder laden",
    since="vanaf {}",
    until="tot {}",
    before="voor {}",
    below="onder {}",
    either="of",
    otherwise="anders",
    at_least="minstens {}",
    at_most="hoogstens {}",
    in_all="in totaal",
    taxed="incl. belastingen",
    untaxed="excl. belastingen",
    market="marktprijs",
    free="gratis",
)
LANGUAGES = (ENGLISH, _GERMAN, _FRENCH, _DUTCH)
"""The first is for whoever speaks none of them."""
