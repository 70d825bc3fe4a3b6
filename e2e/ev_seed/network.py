"""What a network is made of before the first vehicle comes; plain values, the same for the same question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SINCE = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
TIME_ZONE = "Europe/Amsterdam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who takes part. Another `mark` gives another set, so that two seedings on one platform never meet."""

    mark: str = ""

    @property
    def cpo_tenant(self) -> str:
        return f"volt{self.mark.lower()}"

    @property
    def emsp_tenant(self) -> str:
        return f"emo{self.mark.lower()}"

    @property
    def cpo(self) -> str:
        return self._party("VLT", "V")

    @property
    def emsp(self) -> str:
        return self._party("EMO", "E")

    @property
    def dso(self) -> str:
        return self._party("GRD", "G")

    def owner(self, number: int) -> str:
        """The owners, from 1 to 9."""
        return self._party("OWN" if number == 1 else f"OW{number}", "ABCDFHIJK"[number - 1])

    def _party(self, plain: str, letter: str) -> str:
        return f"NL-{letter}{self.mark.upper():0>2}" if self.mark else f"NL-{plain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How big the network is."""

    names: Names = Names()
    stations: int = 50
    sites: int = 8
    owners: int = 3
    feeders: int = 2
    drivers: int = 12
    model: str = "RESALE"


def parties(plan: Plan) -> Iterator[dict[str, Any]]:
    """All parties, each a legal entity of its own."""
    names = plan.names
    yield _party(names.cpo, "Volt Charging B.V.", "CPO", names.cpo_tenant)
    yield _party(names.emsp, "Emobi B.V.", "EMSP", names.emsp_tenant)
    yield _party(names.dso, "Gridnet N.V.", "DSO", None)
    for number in range(1, plan.owners + 1):
        yield _party(names.owner(number), f"Parkhuis {number} B.V.", "OWNER", None)


def _party(party_id: str, legal_name: str, role: str, tenant: str | None) -> dict[str, Any]:
    return {
        "party_id": party_id,
        "legal_name": legal_name,
        "legal_entity_id": f"entity-{party_id}",
        "country": "NL",
        "vat_number": f"NL{sum(party_id.encode()):09d}B01",
        "roles": [role],
        "tenant": tenant,
        "currency": "EUR",
    }


def sites(plan: Plan) -> Iterator[dict[str, Any]]:
    """Sites around Amsterdam, spread over the feeders."""
    for number in range(1, plan.sites + 1):
        yield {
            "site_id": f"site-{number}",
            "cpo_party_id": plan.names.cpo,
            "name": f"Parkhuis {STREETS[(number - 1) % len(STREETS)]}",
            "address": f"{STREETS[(number - 1) % len(STREETS)]} {number}",
            "city": "Amsterdam",
            "postal_code": f"{1010 + number} AB",
            "country": "NL",
            "latitude": f"52.{360000 + number * 3500}",
            "longitude": f"4.{890000 + number * 4100}",
            "time_zone": TIME_ZONE,
            "feeder_id": feeder(plan, number),
            "connection_id": f"{plan.names.cpo_tenant}-connection-{number}",
            "dso_party_id": plan.names.dso,
            "grid_limit_w": 250_000,
        }


STREETS = ("Damrak", "Herengracht", "Overtoom", "Weesperstraat", "Zuidas", "Sloterdijk", "IJburglaan", "Amstelplein")


def feeder(plan: Plan, site_number: int) -> str:
    """The feeder of a site."""
    return f"{plan.names.cpo_tenant}-feeder-{(site_number - 1) % plan.feeders + 1}"


def feeders(plan: Plan) -> list[str]:
    """All feeders of the network's sites."""
    return sorted({feeder(plan, number) for number in range(1, plan.sites + 1)})


def ownerships(plan: Plan) -> Iterator[dict[str, Any]]:
    """One contract an owner, over its sites; shares of 40 %, 45 %, ... of the operator's net revenue."""
    for number in range(1, plan.owners + 1):
        owned = [f"site-{site}" for site in range(number, plan.sites + 1, plan.owners)]
        if owned:
            yield {
                "contract_id": f"ownership-{number}",
                "cpo_party_id": plan.names.cpo,
                "owner_party_id": plan.names.owner(number),
                "site_ids": owned,
                "share_permille": 350 + 50 * number,
                "valid_from": SINCE,
            }


def commercial(plan: Plan) -> dict[str, Any]:
    """How operator and provider trade."""
    return {
        "contract_id": "commercial-1",
        "cpo_party_id": plan.names.cpo,
        "emsp_party_id": plan.names.emsp,
        "model": plan.model,
        "valid_from": SINCE,
    }


def station_id(plan: Plan, number: int) -> str:
    """The OCPP identity of a station, from 1."""
    return f"{plan.names.cpo.replace('-', '')}{number:05d}"


def stations(plan: Plan) -> Iterator[dict[str, Any]]:
    """Every third station is a DC charger with one EVSE; the others have two AC EVSEs."""
    for number in range(1, plan.stations + 1):
        dc = is_dc(number)
        identity = station_id(plan, number)
        yield {
            "station_id": identity,
            "site_id": f"site-{(number - 1) % plan.sites + 1}",
            "cpo_party_id": plan.names.cpo,
            "vendor": "EVAM",
            "model": "Virtual 150" if dc else "Virtual 22",
            "evses": [_evse(identity, evse, dc=dc) for evse in range(1, connectors(number) + 1)],
        }


def is_dc(number: int) -> bool:
    """Whether a station is a DC charger; those speak 2.0.1, the others 1.6."""
    return number % 3 == 0


def connectors(number: int) -> int:
    """How many EVSEs a station has."""
    return 1 if is_dc(number) else 2


def _evse(identity: str, number: int, *, dc: bool) -> dict[str, Any]:
    connector = {
        "connector_number": 1,
        "standard": "IEC_62196_T2_COMBO" if dc else "IEC_62196_T2",
        "max_power_w": 150_000 if dc else 22_000,
        "max_voltage_v": 920 if dc else 230,
        "max_amperage_a": 250 if dc else 32,
        "dc": dc,
    }
    return {
        "evse_number": number,
        "evse_id": f"{identity[:2]}*{identity[2:5]}*E{identity[5:]}*{number}",
        "connectors": [connector],
    }


def tariffs(plan: Plan) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(tenant that sets it, the tariff, its assignment): the operator's to providers, the provider's to drivers."""
    names = plan.names
    wholesale = [("ENERGY", "0.35"), ("PARKING_TIME", "1.20"), ("FLAT", "0.25")]
    retail = [("ENERGY", "0.49"), ("TIME", "0.60"), ("PARKING_TIME", "3.00"), ("FLAT", "0.50")]
    direct = [("ENERGY", "0.55"), ("PARKING_TIME", "3.00")]
    yield _tariff(names.cpo_tenant, names.cpo, "wholesale", wholesale, "CPO_TO_EMSP")
    yield _tariff(names.emsp_tenant, names.emsp, "retail", retail, "EMSP_TO_DRIVER")
    yield _tariff(names.cpo_tenant, names.cpo, "direct", direct, "CPO_TO_DRIVER")


def _tariff(
    tenant: str, seller: str, tariff_id: str, components: list[tuple[str, str]], relation: str
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    tariff = {
        "tariff_id": tariff_id,
        "issuer_party_id": seller,
        "name": f"{tariff_id.capitalize()} {seller}",
        "currency": "EUR",
        "components": [
            {"type": kind, "price": price, "vat_permille": 210, "step_size": 1} for kind, price in components
        ],
        "valid_from": SINCE,
    }
    assignment = {
        "assignment_id": f"{tariff_id}-all",
        "seller_party_id": seller,
        "relation": relation,
        "valid_from": SINCE,
    }
    return tenant, tariff, assignment


def drivers(plan: Plan) -> Iterator[tuple[dict[str, Any], str]]:
    """(driver, the uid of his card)."""
    for number in range(1, plan.drivers + 1):
        name = DRIVERS[(number - 1) % len(DRIVERS)]
        driver = {
            "emsp_party_id": plan.names.emsp,
            "name": f"{name} {number}",
            "email": f"{name.lower()}{number}@drivers.example",
        }
        yield driver, uid(plan, number)


DRIVERS = ("Dana", "Noor", "Sem", "Finn", "Yara", "Lotte", "Bram", "Iris", "Jens", "Mila", "Tess", "Ravi")


def uid(plan: Plan, number: int) -> str:
    """A card's uid, from 1."""
    return f"04{plan.names.mark.upper()}{0xA1B200 + number:06X}"[:20]
