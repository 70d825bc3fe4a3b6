"""What stations wait for, from tables that follow the snapshot topics of the registry and of accounts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from charger_gateway.adapters.price_tables import PriceTexts, Subscriptions
from charger_gateway.domain.places import StationEvse
from charger_gateway.domain.station import SessionLimit, TokenVerdict
from charger_gateway.domain.tokens import UNKNOWN_TOKEN, judge
from charger_gateway.ports import KnownStation, StationShape
from chassis.tables import GroupedTable, KeyedTable, Table
from ev_contracts.accounts import ChargingPlaces, GroupSnapshot, TokenSnapshot
from ev_contracts.assets import (
    CommercialSnapshot,
    CredentialSnapshot,
    Evse,
    OwnershipSnapshot,
    RegistrationState,
    StationSnapshot,
)
from ev_contracts.gateway import CostDisplaySnapshot
from ev_contracts.sessions import OpenSessions

MAX_STALENESS_S = 3600.0
"""Beyond this age the token table proves nothing, and every token is unknown."""

# A claimed identity whose registration is still on its way may not work yet.
_UNREGISTERED = StationShape(registration=RegistrationState.AWAITING_SET_UP)


class Credentials(Table[CredentialSnapshot]):
    """How stations prove themselves; whoever must act when that changes is told."""

    def __init__(self) -> None:
        super().__init__("assets.credential.snapshot.v1")
        self.listener: Callable[[str], None] | None = None

    def on_change(self, key: str, old: CredentialSnapshot | None, new: CredentialSnapshot | None) -> None:
        """Tell; a first credential changes nothing for anybody."""
        del key
        changed = new or old
        if self.listener is not None and old is not None and changed is not None:
            self.listener(changed.station_id)


class Shapes(Table[StationSnapshot]):
    """Stations, cut down to what translations need."""

    def __init__(self) -> None:
        super().__init__("assets.station.snapshot.v1")
        self.shapes: dict[str, StationShape] = {}

    def on_change(self, key: str, old: StationSnapshot | None, new: StationSnapshot | None) -> None:
        """Rebuild the station's shape; `old` says nothing that matters here."""
        del old
        if new is None:
            self.shapes.pop(key, None)
            return
        connectors = tuple(
            (evse.evse_number, connector.connector_number) for evse in new.evses for connector in evse.connectors
        )
        self.shapes[key] = StationShape(
            cpo_party_id=new.cpo_party_id,
            connectors=connectors,
            plugs={evse.evse_number: evse.connectors for evse in new.evses},
            evses=tuple(_evse(new, evse) for evse in new.evses),
            retired=new.retired,
            registration=new.registration,
            serial_number=new.serial_number,
        )


def _evse(station: StationSnapshot, evse: Evse) -> StationEvse:
    kinds = {connector.dc for connector in evse.connectors}
    return StationEvse(
        number=evse.evse_number,
        evse_id=evse.evse_id,
        site_id=station.site_id,
        ac=False in kinds,
        dc=True in kinds,
    )


class Tokens(KeyedTable[TokenSnapshot]):
    """Tokens, also by their reference and by their group."""

    def __init__(self) -> None:
        super().__init__("accounts.token.snapshot.v1", lambda _, token: token.token_ref)
        self.by_group: dict[str, dict[str, TokenSnapshot]] = {}

    def on_change(self, key: str, old: TokenSnapshot | None, new: TokenSnapshot | None) -> None:
        """Keep the groups too."""
        super().on_change(key, old, new)
        if old is not None:
            self.by_group.get(old.group_id or "", {}).pop(key, None)
        if new is not None and new.group_id is not None:
            self.by_group.setdefault(new.group_id, {})[key] = new


class Contracts(GroupedTable[CommercialSnapshot | OwnershipSnapshot]):
    """Commercial contracts by operator and service provider; ownership is not the gateway's business."""

    def __init__(self) -> None:
        super().__init__("assets.contract.snapshot.v1", _traders_of)

    def between(self, cpo_party_id: str, emsp_party_id: str) -> tuple[CommercialSnapshot, ...]:
        """All versions of all contracts of the two."""
        both = self.members((cpo_party_id, emsp_party_id))
        return tuple(each for each in both if isinstance(each, CommercialSnapshot))


def _traders_of(_key: str, contract: CommercialSnapshot | OwnershipSnapshot) -> tuple[str, str] | None:
    return None if isinstance(contract, OwnershipSnapshot) else (contract.cpo_party_id, contract.emsp_party_id)


class Displays(Table[CostDisplaySnapshot]):
    """The stations that show costs."""

    def __init__(self) -> None:
        super().__init__("gateway.cost-display.snapshot.v1")
        self._enabled: set[str] = set()
        self._telling: dict[str, CostDisplaySnapshot] = {}

    def on_change(self, key: str, old: CostDisplaySnapshot | None, new: CostDisplaySnapshot | None) -> None:
        """Keep those that show costs, and those that show prices."""
        del old
        if new is not None and (new.shows_tariffs or new.shows_messages):
            self._telling[key] = new
        else:
            self._telling.pop(key, None)
        if new is not None and new.enabled:
            self._enabled.add(key)
        else:
            self._enabled.discard(key)

    def any(self) -> bool:
        """Whether there is one at all: where not, what pricing says need not be read."""
        return bool(self._enabled)

    def shown_at(self, key: str) -> bool:
        """Whether the station `<tenant>/<station_id>` shows costs."""
        return key in self._enabled

    def telling(self, tenant: str, station_id: str) -> CostDisplaySnapshot | None:
        """The display of a station, if it shows prices in words (OCPP 2.0.1 I01.FR.02)."""
        return self._telling.get(f"{tenant}/{station_id}") if self._telling else None


class Running(Table[OpenSessions]):
    """The sessions that run, by the token that pays; the ledger's word, a moment behind the stations'."""

    def __init__(self) -> None:
        super().__init__("sessions.open.snapshot.v1")
        self._by_token: dict[str, set[str]] = {}

    def on_change(self, key: str, old: OpenSessions | None, new: OpenSessions | None) -> None:
        """Keep the index."""
        del key
        for each in () if old is None else old.sessions:
            running = self._by_token.get(each.token_ref, set())
            running.discard(each.session_id)
            if not running:
                self._by_token.pop(each.token_ref, None)
        for each in () if new is None else new.sessions:
            self._by_token.setdefault(each.token_ref, set()).add(each.session_id)

    def of(self, token_refs: Iterable[str]) -> frozenset[str]:
        """The sessions of these tokens."""
        return frozenset(name for token_ref in token_refs for name in self._by_token.get(token_ref, ()))


class TablesDirectory:
    """The Directory on followed tables; beside it the stations that show costs, and what drivers pay."""

    def __init__(self) -> None:
        self.credentials = Credentials()
        self._tokens = Tokens()
        self._shapes = Shapes()
        self._contracts = Contracts()
        self.displays = Displays()
        self.price_texts = PriceTexts()
        self.subscriptions = Subscriptions()
        self._groups: Table[GroupSnapshot] = Table("accounts.group.snapshot.v1")
        self._running = Running()

    @property
    def tables(self) -> tuple[Table[object], ...]:
        """To be followed before the first socket is accepted."""
        return (  # type: ignore[return-value]  # a table's record type is invariant
            self.credentials,
            self._tokens,
            self._shapes,
            self._contracts,
            self._groups,
            self._running,
            self.displays,
            self.price_texts,
            self.subscriptions,
        )

    def station(self, station_id: str) -> KnownStation | None:
        """See Directory; a retired station is unknown."""
        credential = self.credentials.get(f"_/{station_id}")
        if credential is None or self.shape(credential.tenant, station_id).retired:
            return None
        return KnownStation(
            station_id=station_id,
            tenant=credential.tenant,
            secret_hmac=credential.secret_hmac,
            version=credential.version,
            secret_hmac_before=credential.secret_hmac_before,
            before_ends_at=credential.before_ends_at,
            security_profile=credential.security_profile,
        )

    def shape(self, tenant: str, station_id: str) -> StationShape:
        """See Directory."""
        return self._shapes.shapes.get(f"{tenant}/{station_id}", _UNREGISTERED)

    def token(self, uid_hmac: str) -> TokenSnapshot | None:
        """The token as accounts last said."""
        return self._tokens.get(f"_/{uid_hmac}")

    def token_by_ref(self, token_ref: str) -> TokenSnapshot | None:
        """The token that a session names."""
        return self._tokens.find(token_ref)

    def group(self, group_id: str) -> Iterable[TokenSnapshot]:
        """The tokens that belong to it now."""
        return self._tokens.by_group.get(group_id, {}).values()

    def contracts_with(self, cpo_party_id: str, emsp_party_id: str) -> tuple[CommercialSnapshot, ...]:
        """All versions of all contracts of an operator and a provider."""
        return self._contracts.between(cpo_party_id, emsp_party_id)

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        """See Directory."""
        token = self.token(uid_hmac)
        if token is None or cpo_party_id is None or self._tokens.staleness_s > MAX_STALENESS_S:
            return UNKNOWN_TOKEN
        contracts = self._contracts.between(cpo_party_id, token.emsp_party_id)
        verdict = judge(token, cpo_party_id=cpo_party_id, contracts=contracts, at=at)
        if not verdict.accepted:
            return verdict
        group = self._group_of(token)
        limits, places = self._limits(token, group), _places(token, group)
        return replace(verdict, limits=limits, places=places) if limits or places else verdict

    def places(self, token: TokenSnapshot) -> tuple[ChargingPlaces, ...]:
        """Where the token may start sessions: each of them must allow a place; none where anywhere."""
        return _places(token, self._group_of(token))

    def _group_of(self, token: TokenSnapshot) -> GroupSnapshot | None:
        return None if token.group_id is None else self._groups.get(f"{token.tenant}/{token.group_id}")

    def _limits(self, token: TokenSnapshot, group: GroupSnapshot | None) -> tuple[SessionLimit, ...]:
        """Its own and its group's; most have none, and cost nothing."""
        found = []
        if token.sessions_at_once is not None:
            own = self._running.of([token.token_ref])
            found.append(SessionLimit(at_most=token.sessions_at_once, running=own))
        if group is not None and group.sessions_at_once is not None:
            members = self._running.of(each.token_ref for each in self.group(group.group_id))
            found.append(SessionLimit(at_most=group.sessions_at_once, running=members))
        return tuple(found)


def _places(token: TokenSnapshot, group: GroupSnapshot | None) -> tuple[ChargingPlaces, ...]:
    """Where it and its group may start sessions: both must allow a place."""
    found = (token.places, None if group is None else group.places)
    return tuple(one for one in found if one is not None)
