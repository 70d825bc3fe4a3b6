"""Place, parties and targets from the snapshots that the ledger follows, indexed for the look-ups that it makes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar, assert_never

from chassis.tables import GroupedTable, KeyedTable, Table
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.assets import (
    CommercialSnapshot,
    ComponentKind,
    ComponentSnapshot,
    OwnershipSnapshot,
    SiteSnapshot,
    StationSnapshot,
)
from ev_contracts.common import CommercialModel, Parties, Place, SignedValue
from ev_contracts.sessions import TargetSnapshot
from session_ledger.adapters.signed_values import NotOpened, RecordSeal, sealed_digest, verdict_of
from session_ledger.domain.signatures import KEY_UNKNOWN
from session_ledger.domain.signed import Verdict

ContractSnapshot = OwnershipSnapshot | CommercialSnapshot
C = TypeVar("C", OwnershipSnapshot, CommercialSnapshot)


EvsesOnSite = Mapping[str, Mapping[int, frozenset[str]]]
"""Station -> number of its EVSE -> OCPI's names of the EVSE's connectors."""
ACCEPTED = "Accepted"


class Contracts(Table[ContractSnapshot]):
    """Contract versions by tenant."""

    def __init__(self) -> None:
        super().__init__("assets.contract.snapshot.v1")
        self._owned: dict[tuple[str, str], dict[str, OwnershipSnapshot]] = {}
        self._traded: dict[tuple[str, str, str], dict[str, CommercialSnapshot]] = {}

    def on_change(self, key: str, old: ContractSnapshot | None, new: ContractSnapshot | None) -> None:
        """Versions are immutable; a contract that is corrected in place is moved."""
        tenant = key.partition("/")[0]
        self._index(tenant, key, old, present=False)
        self._index(tenant, key, new, present=True)

    def _index(self, tenant: str, key: str, contract: ContractSnapshot | None, *, present: bool) -> None:
        match contract:
            case OwnershipSnapshot():
                for site_id in contract.site_ids:
                    _set(self._owned.setdefault((tenant, site_id), {}), key, contract, present=present)
            case CommercialSnapshot():
                pair = (tenant, contract.cpo_party_id, contract.emsp_party_id)
                _set(self._traded.setdefault(pair, {}), key, contract, present=present)
            case None:
                return
            case _:
                assert_never(contract)

    def ownership(self, tenant: str, cpo_party_id: str, site_id: str, at: datetime) -> OwnershipSnapshot | None:
        """Who owns the stations of a site at this time."""
        versions = self._owned.get((tenant, site_id), {}).values()
        return _in_force([each for each in versions if each.cpo_party_id == cpo_party_id], at)

    def commercial(self, tenant: str, cpo_party_id: str, emsp_party_id: str, at: datetime) -> CommercialSnapshot | None:
        """How a CPO and an EMSP trade at this time."""
        return _in_force(self._traded.get((tenant, cpo_party_id, emsp_party_id), {}).values(), at)


def _set(versions: dict[str, C], key: str, contract: C, *, present: bool) -> None:
    if present:
        versions[key] = contract
    else:
        versions.pop(key, None)


def _in_force(versions: Iterable[C], at: datetime) -> C | None:
    begun = [each for each in versions if each.valid_from <= at]
    return max(begun, key=lambda each: (each.valid_from, each.contract_version, each.contract_id), default=None)


class Meters(GroupedTable[ComponentSnapshot]):
    """The meters of stations and when each was fitted: keys are `<tenant>/<station_id>@<fitting_number>`."""

    def __init__(self) -> None:
        super().__init__("assets.component.snapshot.v1", _station_of_a_meter)

    def keys_at(self, station: str, evse_number: int | None, at: datetime) -> Mapping[str, str]:
        """Serial number -> public key of the meters that may have measured an EVSE then: its own, else the station's.

        All of the station's where a message does not say the EVSE.
        """
        fitted = [each for each in self.members(station) if _is_fitted(each, at)]
        own = [each for each in fitted if evse_number and each.evse_number == evse_number]
        near = own or [each for each in fitted if not (evse_number and each.evse_number)]
        components = (each.component for each in near)
        return {each.serial_number: each.public_key for each in components if each.public_key is not None}


def _station_of_a_meter(key: str, component: ComponentSnapshot) -> str | None:
    return key.rpartition("@")[0] if component.component.kind is ComponentKind.METER else None


def _is_fitted(meter: ComponentSnapshot, at: datetime) -> bool:
    return meter.fitted_at <= at and (meter.removed_at is None or at < meter.removed_at)


class SnapshotFacts:
    """`ports.Facts` over the tables that a service follows."""

    def __init__(self, seal: RecordSeal | None = None) -> None:
        self._seal = seal
        self.meters = Meters()
        self.stations: KeyedTable[StationSnapshot] = KeyedTable(
            "assets.station.snapshot.v1", lambda _, of: of.station_id
        )
        self.sites: Table[SiteSnapshot] = Table("assets.site.snapshot.v1")
        self.contracts = Contracts()
        self.tokens: KeyedTable[TokenSnapshot] = KeyedTable("accounts.token.snapshot.v1", lambda _, of: of.token_ref)
        self.targets: KeyedTable[TargetSnapshot] = KeyedTable(
            "sessions.target.snapshot.v1", lambda _, of: of.session_id
        )

    def tenant_of(self, station_id: str) -> str | None:
        """In whose network a station stands; None while it is unknown here."""
        key = self.stations.key_of(station_id)
        return None if key is None else key.partition("/")[0]

    def target(self, session_id: str) -> tuple[str, TargetSnapshot] | None:
        """See `ports.Facts`."""
        key = self.targets.key_of(session_id)
        found = None if key is None else self.targets.get(key)
        return None if key is None or found is None else (key.rpartition("@")[0], found)

    def verdict(self, key: str, evse_number: int | None, at: datetime, signed: SignedValue) -> Verdict:
        """See `ports.Facts`."""
        station_id = key.partition("/")[2]
        try:
            text = None if self._seal is None else self._seal.open(station_id, signed.sealed)
        except NotOpened:
            text = None
        if text is None:
            return Verdict(outcome=KEY_UNKNOWN, digest=sealed_digest(signed), detail="it cannot be unsealed here")
        return verdict_of(signed, text, self.meters.keys_at(key, evse_number, at))

    def place(self, tenant: str, station_id: str, evse_number: int, connector_number: int) -> Place | None:
        """None while the station or its site is unknown here."""
        station = self.stations.get(f"{tenant}/{station_id}")
        site = None if station is None else self.sites.get(f"{tenant}/{station.site_id}")
        if station is None or site is None:
            return None
        known = {each.evse_number: each.evse_id for each in station.evses}
        return Place(
            site_id=site.site_id,
            station_id=station_id,
            evse_number=evse_number,
            connector_number=connector_number,
            evse_id=known.get(evse_number, f"{station_id}*{evse_number}"),
            feeder_id=site.feeder_id,
            connection_id=site.connection_id,
            time_zone=site.time_zone,
            country=site.country,
        )

    def site_of(self, tenant: str, station_id: str) -> str | None:
        """See `ports.Facts`."""
        station = self.stations.get(f"{tenant}/{station_id}")
        return None if station is None else station.site_id

    def evses_on(self, tenant: str, site_id: str) -> EvsesOnSite:
        """Of the stations on a site that are not retired."""
        here = [each for key, each in self.stations.items() if key.startswith(f"{tenant}/") and each.site_id == site_id]
        return {
            each.station_id: {
                evse.evse_number: frozenset(plug.standard for plug in evse.connectors) for evse in each.evses
            }
            for each in here
            if not each.retired
        }

    def parties(
        self, tenant: str, station_id: str, token_ref: str | None, token_status: str, at: datetime
    ) -> Parties | None:
        """None while the station, the token, or the contract that let the token in is unknown here."""
        station = self.stations.get(f"{tenant}/{station_id}")
        if station is None:
            return None
        owned = self.contracts.ownership(tenant, station.cpo_party_id, station.site_id, at)
        base = Parties(
            cpo_party_id=station.cpo_party_id,
            owner_party_id=owned and owned.owner_party_id,
            ownership_contract_id=owned and owned.contract_id,
            ownership_contract_version=owned and owned.contract_version,
            owner_share_permille=owned and owned.share_permille,
            commercial_model=CommercialModel.DIRECT,
            token_ref=token_ref,
        )
        if token_ref is None or token_status != ACCEPTED:
            return base
        token = self.tokens.find(token_ref)
        return None if token is None else self._with_provider(base, token, tenant, at)

    def _with_provider(self, base: Parties, token: TokenSnapshot, tenant: str, at: datetime) -> Parties | None:
        provider = {
            "emsp_party_id": token.emsp_party_id,
            "emsp_tenant": token.tenant,
            "driver_ref": token.driver_ref,
            "group_id": token.group_id,
            "token_type": token.token_type,
        }
        traded = self.contracts.commercial(tenant, base.cpo_party_id, token.emsp_party_id, at)
        if traded is not None:
            terms = {
                "commercial_contract_id": traded.contract_id,
                "commercial_contract_version": traded.contract_version,
                "commercial_model": traded.model,
            }
            return base.model_copy(update={**provider, **terms})
        # A CPO that is its own provider sells to its drivers directly, without a contract with itself.
        return base.model_copy(update=provider) if token.emsp_party_id == base.cpo_party_id else None
