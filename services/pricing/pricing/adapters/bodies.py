"""What callers of pricing's API send: parsed once into types that cannot be wrong."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from ev_contracts.common import (
    AllowanceKind,
    DayOfWeek,
    ProfileType,
    RelationKind,
    ReservationRestriction,
    TariffComponentType,
    TaxIncluded,
)
from ev_contracts.pricing import PublishPlan, PublishTariff


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone") from error


PartyId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]
# A tariff's versions and assignments are keyed behind `@` and `#`, so neither may stand in an id.
TariffId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
_INT_AT_MOST = 2**31 - 1
Bound = Annotated[int, Field(ge=0, lt=10**12)]
Price = Annotated[Decimal, Field(max_digits=16, decimal_places=8, allow_inf_nan=False)]

TimeZone = Annotated[str, AfterValidator(_known_zone)]

_A_YEAR_S = 366 * 24 * 3600


class Body(BaseModel):
    """An unknown field is a mistake of the caller, and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TaxBody(Body):
    """One of several taxes."""

    name: Text
    percent: Price
    account_number: Text | None = None


class ComponentBody(Body):
    """One OCPI price component; a price may be a string, so that no float stands between."""

    type: TariffComponentType
    price: Price
    vat_permille: int | None = None
    step_size: int = Field(default=1, le=_INT_AT_MOST)
    taxes: tuple[TaxBody, ...] = Field(default=(), max_length=8)


class RestrictionsBody(Body):
    """OCPI's restrictions in whole small units; all that stand must hold."""

    start_time: Text | None = None
    end_time: Text | None = None
    start_date: Text | None = None
    end_date: Text | None = None
    day_of_week: tuple[DayOfWeek, ...] = Field(default=(), max_length=7)
    min_energy_wh: Bound | None = None
    max_energy_wh: Bound | None = None
    min_current_ma: Bound | None = None
    max_current_ma: Bound | None = None
    min_power_w: Bound | None = None
    max_power_w: Bound | None = None
    min_duration_s: Bound | None = None
    max_duration_s: Bound | None = None
    reservation: ReservationRestriction | None = None


class ElementBody(Body):
    """Prices under the same restrictions."""

    components: tuple[ComponentBody, ...] = Field(max_length=20)
    restrictions: RestrictionsBody | None = None


class LimitBody(Body):
    """What a session costs at least or at most."""

    excl_vat: Price | None = None
    incl_vat: Price | None = None


class IdleFeeBody(Body):
    """A price of the time in which a vehicle keeps the place and requests no power; per hour."""

    price: Price
    step_size: int = Field(default=1, le=_INT_AT_MOST)
    vat_permille: int | None = None
    taxes: tuple[TaxBody, ...] = Field(default=(), max_length=8)
    grace_s: Bound = 0
    free_from: Text | None = None
    free_until: Text | None = None
    at_most: Price | None = None


class FeedPriceBody(Body):
    """A price of energy that follows a feed; per kWh."""

    feed_id: TariffId
    markup_percent: Price = Decimal(0)
    addition: Price = Decimal(0)
    at_least: Price | None = None
    at_most: Price | None = None
    fallback: Price
    vat_permille: int | None = None
    taxes: tuple[TaxBody, ...] = Field(default=(), max_length=8)
    step_size: int = Field(default=1, le=_INT_AT_MOST)


class PointBody(Body):
    """An interval of 15 or 60 minutes; per kWh, and perhaps below zero."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    price: Price


class PointsBody(Body):
    """What a feed says of intervals that are still to come."""

    issuer_party_id: PartyId
    currency: Currency
    points: tuple[PointBody, ...] = Field(min_length=1, max_length=1_000)


class TariffBody(Body):
    """A version of a tariff; whether it makes sense is decided, not parsed."""

    tariff_id: TariffId
    issuer_party_id: PartyId
    name: Text
    currency: Currency
    components: tuple[ComponentBody, ...] = Field(default=(), max_length=20)
    elements: tuple[ElementBody, ...] = Field(default=(), max_length=100)
    min_price: LimitBody | None = None
    max_price: LimitBody | None = None
    tax_included: TaxIncluded = TaxIncluded.NO
    tariff_type: Text = "REGULAR"
    idle_fee: IdleFeeBody | None = None
    feed_price: FeedPriceBody | None = None
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None

    def command(self, at: datetime) -> PublishTariff:
        """The same in the contract's words."""
        return PublishTariff.model_validate({"at": at, **self.model_dump()})


class AssignmentBody(Body):
    """To whom and where a tariff applies; what is left out does not narrow it."""

    assignment_id: TariffId
    seller_party_id: PartyId
    relation: RelationKind
    buyer_party_id: PartyId | None = None
    site_id: TariffId | None = None
    station_id: Text | None = None
    connector_number: int | None = Field(default=None, ge=1, le=1_000)
    group_id: Text | None = None
    plan_id: TariffId | None = None
    ad_hoc: bool = False
    valid_from: AwareDatetime


class RetirementBody(Body):
    """From when on no session that starts is priced by it."""

    seller_party_id: PartyId
    retires_at: AwareDatetime


class DiscountBody(Body):
    """So much off a component's price; without one off the total."""

    component: TariffComponentType | None = None
    percent: Price


class AllowanceBody(Body):
    """Included in each calendar month: Wh, seconds of charging, or money with taxes in the minor unit."""

    kind: AllowanceKind
    quantity: int = Field(le=10**12)


class PlanBody(Body):
    """A version of a plan; whether it makes sense is decided, not parsed."""

    plan_id: TariffId
    seller_party_id: PartyId
    name: Text
    currency: Currency
    time_zone: TimeZone
    discounts: tuple[DiscountBody, ...] = Field(default=(), max_length=10)
    allowances: tuple[AllowanceBody, ...] = Field(default=(), max_length=3)
    valid_from: AwareDatetime

    def command(self, at: datetime) -> PublishPlan:
        """The same in the contract's words."""
        return PublishPlan.model_validate({"at": at, **self.model_dump()})


class QuotedSaleBody(Body):
    """Who would sell to whom, at which connector; a token tells its provider, its driver and whether it is ad hoc."""

    station_id: Text
    evse_number: int = Field(default=1, ge=1, le=1_000)
    connector_number: int = Field(default=1, ge=1, le=1_000)
    relation: RelationKind
    emsp_party_id: PartyId | None = None
    token_ref: Text | None = None
    group_id: Text | None = None
    plan_id: TariffId | None = None
    ad_hoc: bool = False
    profile_type: ProfileType | None = None

    @field_validator("relation")
    @classmethod
    def _is_known(cls, relation: RelationKind) -> RelationKind:
        if relation is RelationKind.UNKNOWN:
            raise ValueError("CPO_TO_EMSP, EMSP_TO_DRIVER or CPO_TO_DRIVER")
        return relation

    @field_validator("profile_type")
    @classmethod
    def _is_a_preference(cls, profile_type: ProfileType | None) -> ProfileType | None:
        if profile_type is ProfileType.UNKNOWN:
            raise ValueError("CHEAP, FAST, GREEN or REGULAR")
        return profile_type


class ReservedBody(Body):
    """A reservation: used by the session that starts within it, and held until then; or one that expires unused."""

    starts_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    unused: bool = False

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.unused and self.expires_at is None:
            raise ValueError("an unused one names its expires_at")
        if self.expires_at is not None and not _is_within_a_year(self.starts_at, self.expires_at):
            raise ValueError("it expires after it starts, within a year")
        return self

    def holds_until(self, at: datetime) -> bool:
        """Whether a session that starts then uses it."""
        return _is_within_a_year(self.starts_at, at) and (self.expires_at is None or at <= self.expires_at)


def _is_within_a_year(begin: datetime, end: datetime) -> bool:
    return timedelta(0) <= end - begin <= timedelta(seconds=_A_YEAR_S)


class QuoteBody(Body):
    """How much of each kind, priced as a session at `sale` that starts `at` (default: now) would be rated.

    Instead of a sale a tariff may be named, which is asked wherever it applies. With `power_w`, the most that the
    vehicle takes, the charging time is an estimate by its curve. An unused reservation is asked for by itself.
    """

    sale: QuotedSaleBody | None = None
    tariff_id: TariffId | None = None
    energy_wh: int = Field(ge=0, le=10_000_000)
    charging_s: int = Field(default=0, ge=0, le=_A_YEAR_S)
    parking_s: int = Field(default=0, ge=0, le=_A_YEAR_S)
    power_w: int | None = Field(default=None, ge=100, le=10_000_000)
    battery_wh: int | None = Field(default=None, ge=1_000, le=10_000_000)
    soc_percent: int = Field(default=20, ge=0, le=100)
    at: AwareDatetime | None = None
    time_zone: TimeZone = "UTC"
    reservation: ReservedBody | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.sale is None) == (self.tariff_id is None):
            raise ValueError("either a sale or a tariff_id")
        return self

    @model_validator(mode="after")
    def _asks_no_session_of_an_unused_reservation(self) -> Self:
        is_unused = self.reservation is not None and self.reservation.unused
        if is_unused and (self.energy_wh or self.charging_s or self.parking_s or self.at is not None):
            raise ValueError("no session follows an unused reservation: no energy, no time, and no start")
        return self
