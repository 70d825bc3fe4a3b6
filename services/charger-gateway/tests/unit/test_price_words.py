"""What a driver is told of his price: of whose, where, in which language, once, and anew where it is another."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest

from charger_gateway.adapters.directory import TablesDirectory
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.price_line import PriceLine
from charger_gateway.adapters.seal import DeskSeal
from charger_gateway.domain.ids import token_key
from chassis.clock import FixedClock
from ev_contracts.accounts import SubscriptionSnapshot, TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot, Connector, Evse, StationSnapshot
from ev_contracts.common import CommercialModel, RelationKind
from ev_contracts.gateway import CostDisplaySnapshot
from ev_contracts.pricing import PriceText, PriceTextSnapshot, PriceTextVersion
from ev_contracts.record import Record

from .saying import KEY, NOON, heard_in, interpreter, say  # noqa: TID252 - tests are no package of the installation

STATION, SITE = "NLVOLT0001", "S-AMS-1"
LONG_AGO = NOON - timedelta(days=30)
HOUR = timedelta(hours=1)
CPO_SALE = {"seller_party_id": "NL-VLT", "relation": RelationKind.CPO_TO_DRIVER}
EMSP_SALE = {"seller_party_id": "NL-EMO", "relation": RelationKind.EMSP_TO_DRIVER}
SEAL = DeskSeal(b"s" * 32)
TOKEN: dict[str, Any] = {"idToken": {"idToken": "CARD", "type": "ISO14443"}}


def version(price: str, *, number: int = 1, valid_from: datetime = LONG_AGO, **more: Any) -> PriceTextVersion:
    texts = (PriceText(language="en", text=f"{price} each"), PriceText(language="de", text=f"{price} jede"))
    return PriceTextVersion(version=number, valid_from=valid_from, currency="EUR", texts=texts, **more)


def text(*versions: PriceTextVersion, **more: Any) -> PriceTextSnapshot:
    fields: dict[str, Any] = {
        "assignment_id": "all",
        "tariff_id": "public",
        "valid_from": LONG_AGO,
        "place_rank": 0,
        "audience_rank": 0,
        "versions": versions or (version("1"),),
    }
    return PriceTextSnapshot(**{**fields, **CPO_SALE, **more})


class Noted:
    """A journal that keeps what is noted."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, Any]] = []

    def note(self, topic: str, key: str, record: Record) -> None:
        self.records.append((topic, key, record))

    def append(self, topic: str, key: str, record: Record) -> NoReturn:
        raise AssertionError((topic, key, record))


class World:
    """What the registry, accounts and pricing said, and what the station is told."""

    def __init__(self, *texts: tuple[str, PriceTextSnapshot], shows: Mapping[str, Any] | None = None) -> None:
        self.directory = TablesDirectory()
        self.says("assets.station.snapshot.v1", f"volt/{STATION}", _station())
        self.card()
        display = {"shows_messages": True} if shows is None else shows
        shown = CostDisplaySnapshot(station_id=STATION, enabled=False, changed_at=NOON, **display)
        self.says("gateway.cost-display.snapshot.v1", f"volt/{STATION}", shown)
        for key, one in texts:
            self.prices(key, one)
        directory = self.directory
        self.noted = Noted()
        line = PriceLine(directory, journal=self.noted, seal=SEAL, clock=FixedClock(NOON))
        self.by: Interpreter = interpreter(directory=directory, prices=line)

    def says(self, topic: str, key: str, record: Record | None) -> None:
        {table.topic: table for table in self.directory.tables}[topic].put(key, record)

    def card(self, **changes: Any) -> None:
        """The driver's card; the operator's own where nothing else is said."""
        uid_hmac = token_key("CARD", KEY)
        fields: dict[str, Any] = {
            "uid_hmac": uid_hmac,
            "token_ref": "tok-1",
            "token_type": "RFID",
            "emsp_party_id": "NL-VLT",
            "tenant": "volt",
            "driver_ref": "drv-1",
            "status": TokenStatus.VALID,
            "version": 1,
        }
        self.says("accounts.token.snapshot.v1", f"_/{uid_hmac}", TokenSnapshot(**{**fields, **changes}))

    def trades(self, model: CommercialModel) -> None:
        """The operator lets the provider's drivers in."""
        contract = CommercialSnapshot(
            contract_id="C-1",
            contract_version=1,
            cpo_party_id="NL-VLT",
            emsp_party_id="NL-EMO",
            model=model,
            valid_from=LONG_AGO,
        )
        self.says("assets.contract.snapshot.v1", "volt/C-1@1", contract)

    def prices(self, key: str, one: PriceTextSnapshot | None) -> None:
        self.says("pricing.price-text.snapshot.v1", key, one)

    def asked(self, ocpp: str = "2.0.1") -> Any:
        """The personal message of an Authorize; None where it holds none."""
        info = self._say(ocpp, "Authorize", TOKEN)["idTokenInfo"]
        assert info["status"] == "Accepted"
        return info.get("personalMessage")

    def event(self, kind: str, *, ocpp: str = "2.0.1", at: datetime = NOON, **more: Any) -> Any:
        """What an event of the session is answered beside its token's verdict."""
        said = {
            "eventType": kind,
            "timestamp": at.isoformat(),
            "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "tx-1"},
        }
        answer = dict(self._say(ocpp, "TransactionEvent", said | more))
        answer.pop("idTokenInfo", None)
        return answer

    def starts(self, evse: int = 1, connector: int = 1, **more: Any) -> Any:
        return self.event("Started", evse={"id": evse, "connectorId": connector}, **TOKEN, **more)

    def _say(self, ocpp: str, action: str, payload: Any) -> Any:
        heard = heard_in(ocpp, cpo_party_id="NL-VLT")
        return say(ocpp, action, payload, by=self.by, heard=heard).answer


def _station() -> StationSnapshot:
    evses = tuple(
        Evse(
            evse_number=number,
            evse_id=f"NL*VLT*E{number}",
            connectors=(
                Connector(
                    connector_number=number,
                    standard="IEC_62196_T2",
                    max_power_w=22_000,
                    max_voltage_v=400,
                    max_amperage_a=32,
                    dc=False,
                ),
            ),
        )
        for number in (1, 2)
    )
    return StationSnapshot(
        station_id=STATION,
        site_id=SITE,
        cpo_party_id="NL-VLT",
        vendor="V",
        model="M",
        evses=evses,
        retired=False,
        version=1,
    )


def in_words(price: str, language: str = "en") -> dict[str, str]:
    word = "each" if language == "en" else "jede"
    return {"format": "UTF8", "language": language, "content": f"{price} {word}"}


PUBLIC = ("volt/public#all", text())


@pytest.mark.parametrize(
    ("shows", "told"),
    [
        ({"shows_messages": True}, True),
        ({"shows_tariffs": True}, True),
        ({}, False),
    ],
)
def test_a_price_is_told_to_stations_that_show_it(shows: Mapping[str, Any], told: bool) -> None:  # noqa: FBT001
    world = World(PUBLIC, shows=shows)
    assert world.asked() == (in_words("1") if told else None)
    assert ("updatedPersonalMessage" in World(PUBLIC, shows=shows).starts()) is told


def test_a_token_that_is_not_good_is_told_no_price() -> None:
    world = World(PUBLIC)
    world.card(status=TokenStatus.BLOCKED)
    said = say("2.0.1", "Authorize", TOKEN, by=world.by, heard=heard_in("2.0.1", cpo_party_id="NL-VLT"))
    assert said.answer == {"idTokenInfo": {"status": "Blocked"}}
    assert world.starts() == {}


@pytest.mark.parametrize(
    ("holder", "station", "language"),
    [
        (None, None, "en"),
        (None, "de", "de"),
        ("de", None, "de"),
        ("de", "en", "de"),
        ("fr", "de", "de"),
        ("fr", "it", "en"),
    ],
)
def test_the_drivers_language_counts_before_the_stations(
    holder: str | None, station: str | None, language: str
) -> None:
    world = World(PUBLIC, shows={"shows_messages": True, "language": station})
    world.card(language=holder)
    assert world.asked() == in_words("1", language)


def test_a_station_is_told_in_which_language_a_driver_reads() -> None:
    world = World()
    world.card(language="nl")
    said = say("2.0.1", "Authorize", TOKEN, by=world.by, heard=heard_in("2.0.1", cpo_party_id="NL-VLT"))
    assert said.answer == {"idTokenInfo": {"status": "Accepted", "language1": "nl"}}


@pytest.mark.parametrize(
    ("model", "driver", "seller"),
    [
        (CommercialModel.RESALE, "drv-1", "2"),
        (CommercialModel.DIRECT, "drv-1", "1"),
        (CommercialModel.RESALE, None, None),
    ],
)
def test_each_driver_is_told_what_he_pays_and_a_partners_driver_nothing(
    model: CommercialModel, driver: str | None, seller: str | None
) -> None:
    theirs = ("emo/retail#all", text(version("2"), **EMSP_SALE))
    foreign = ("other/retail#all", text(version("3"), **EMSP_SALE))
    world = World(PUBLIC, theirs, foreign)
    world.trades(model)
    world.card(emsp_party_id="NL-EMO", tenant="emo", driver_ref=driver)
    assert world.asked() == (None if seller is None else in_words(seller))


@pytest.mark.parametrize(
    ("narrower", "card", "price"),
    [
        ({"site_id": SITE, "place_rank": 1}, {}, "2"),
        ({"site_id": "S-OTHER", "place_rank": 1}, {}, "1"),
        ({"station_id": STATION, "place_rank": 2}, {}, "2"),
        ({"station_id": "NLVOLT0009", "place_rank": 2}, {}, "1"),
        ({"group_id": "G1", "audience_rank": 3}, {"group_id": "G1"}, "2"),
        ({"group_id": "G1", "audience_rank": 3}, {}, "1"),
        ({"ad_hoc": True, "audience_rank": 1}, {"token_type": "AD_HOC_USER"}, "2"),
        ({"ad_hoc": True, "audience_rank": 1}, {}, "1"),
        ({"plan_id": "commuter", "audience_rank": 4}, {}, "1"),
        ({"valid_from": NOON}, {}, "2"),
        ({"valid_from": NOON + HOUR, "place_rank": 3}, {}, "1"),
        ({"retires_at": NOON, "place_rank": 3}, {}, "1"),
        ({"versions": (version("2", valid_until=NOON),), "place_rank": 3}, {}, "1"),
        ({"versions": (version("2", valid_from=NOON + HOUR),), "place_rank": 3}, {}, "1"),
    ],
)
def test_the_narrowest_price_that_is_in_force_is_told(
    narrower: Mapping[str, Any], card: Mapping[str, Any], price: str
) -> None:
    fields: dict[str, Any] = {"versions": (version("2"),), "assignment_id": "some", **narrower}
    world = World(PUBLIC, ("volt/other#some", text().model_copy(update=fields)))
    world.card(**card)
    assert world.asked() == in_words(price)


def test_whoever_buys_by_a_plan_is_told_nothing() -> None:
    world = World(PUBLIC)
    plan = SubscriptionSnapshot(
        subscription_id="s-1",
        driver_ref="drv-1",
        seller_party_id="NL-VLT",
        plan_id="commuter",
        valid_from=LONG_AGO,
        ends_at=NOON + HOUR,
        version=1,
    )
    world.says("accounts.subscription.snapshot.v1", "volt/drv-1#s-1", plan)
    assert world.asked() is None
    ended = plan.model_copy(update={"ends_at": NOON})
    world.says("accounts.subscription.snapshot.v1", "volt/drv-1#s-1", ended)
    assert world.asked() == in_words("1")


OF_THE_SECOND = text(version("2"), station_id=STATION, connector_number=2, place_rank=3, assignment_id="second")


def test_where_connectors_differ_the_price_is_told_with_the_connector() -> None:
    world = World(PUBLIC, ("volt/fast#second", OF_THE_SECOND))
    assert world.asked() is None
    assert world.starts(2, 2) == {"updatedPersonalMessage": in_words("2")}
    assert world.event("Updated") == {}


def test_what_was_told_is_not_told_again_and_another_price_is() -> None:
    world = World(PUBLIC)
    assert world.asked() == in_words("1")
    assert world.starts() == {}
    assert world.event("Updated") == {}
    world.prices("volt/public#all", text(version("1"), version("4", number=2, valid_from=NOON - HOUR)))
    assert world.event("Updated") == {"updatedPersonalMessage": in_words("4")}
    assert world.event("Updated") == {}
    world.prices("volt/another#x", text(version("9"), seller_party_id="NL-OTH"))
    assert world.event("Updated") == {}
    assert world.event("Ended") == {}


def test_a_price_that_holds_for_later_sessions_is_not_told_in_this_one() -> None:
    world = World(PUBLIC)
    world.starts()
    world.prices("volt/public#all", text(version("1"), version("4", number=2, valid_from=NOON + HOUR)))
    assert world.event("Updated", at=NOON + 2 * HOUR) == {}


def test_a_price_that_is_made_while_a_session_runs_is_not_told_in_it() -> None:
    world = World(PUBLIC)
    world.starts()
    corrected = version("4", number=2, published_at=NOON + HOUR)
    world.prices("volt/public#all", text(version("1"), corrected))
    assert world.event("Updated", at=NOON + 2 * HOUR) == {}
    here = text(version("5"), station_id=STATION, place_rank=2, assignment_id="here", assigned_at=NOON + HOUR)
    world.prices("volt/public#here", here)
    assert world.event("Updated", at=NOON + 2 * HOUR) == {}


def test_where_there_was_no_price_at_the_start_the_one_that_is_made_later_is_told() -> None:
    world = World()
    world.starts()
    world.prices("volt/public#all", text(version("4", published_at=NOON + HOUR), assigned_at=NOON + HOUR))
    assert world.event("Updated", at=NOON + 2 * HOUR) == {"updatedPersonalMessage": in_words("4")}


def test_a_token_that_comes_within_a_session_is_told_its_price_then() -> None:
    world = World(PUBLIC)
    assert world.event("Started", evse={"id": 1, "connectorId": 1}) == {}
    assert world.event("Updated", **TOKEN) == {"updatedPersonalMessage": in_words("1")}


def test_2_1_is_told_a_changed_price_in_the_other_languages_too() -> None:
    world = World(PUBLIC, shows={"shows_messages": True, "language": "de"})
    assert world.asked("2.1") == in_words("1", "de")
    world.prices("volt/public#all", text(version("4")))
    assert world.starts(ocpp="2.1") == {
        "updatedPersonalMessage": in_words("4", "de"),
        "updatedPersonalMessageExtra": [in_words("4")],
    }


def test_a_session_that_was_not_heard_of_is_told_once_its_token_is() -> None:
    world = World(PUBLIC)
    assert world.event("Updated") == {}
    assert world.event("Updated", evse={"id": 1}, **TOKEN) == {"updatedPersonalMessage": in_words("1")}


def v16_asks(world: World) -> Any:
    """What a point of 1.6 is told of the card by a message of its own; None where there is none."""
    heard = heard_in("1.6", cpo_party_id="NL-VLT")
    say("1.6", "Authorize", {"idTag": "CARD"}, by=world.by, heard=heard)
    if not world.noted.records:
        return None
    [(topic, key, command)] = world.noted.records
    assert (topic, key) == ("gateway.desk.command.v1", f"volt/{STATION}")
    assert (command.vendor_id, command.message_id) == ("org.openchargealliance.costmsg", "SetUserPrice")
    assert command.expires_at > NOON
    return SEAL.reveal(command.command_id, command.data_sealed)


def test_1_6_is_told_by_a_message_of_its_own() -> None:
    assert v16_asks(World(PUBLIC)) == {"idToken": "CARD", "priceText": "1 each"}
    assert v16_asks(World(PUBLIC, shows={})) is None
    blocked = World(PUBLIC)
    blocked.card(status=TokenStatus.BLOCKED)
    assert v16_asks(blocked) is None
