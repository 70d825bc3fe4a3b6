"""What translations need beside the message: who knows tokens, and the keys of what every replica computes alike."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from charger_gateway.adapters.no_authorities import NoAuthorities
from charger_gateway.adapters.signed_values import RecordSeal, with_signed
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.registration import BootIntervals
from charger_gateway.domain.station import NO_TOKEN, Heard, TokenVerdict, Translated
from charger_gateway.domain.tokens import at_evses_of, at_station_of
from charger_gateway.ports import Authorities, Directory, Prices
from chassis.telemetry import Metrics

_ACCEPTED_WITHOUT_TOKEN = TokenVerdict(status="Accepted")


@dataclass(frozen=True, slots=True)
class Asked:
    """A message whose answer somebody outside of the platform must give; the station waits, its socket does not."""

    run: Callable[[], Coroutine[Any, Any, Translated]]


Said: TypeAlias = Translated | Asked
Handler: TypeAlias = Callable[["Interpreter", Any, Heard], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """One for all sockets of the process."""

    directory: Directory
    token_key: bytes
    number_key: bytes
    heartbeat_interval_s: int
    pending_interval_s: int = 60
    rejected_interval_s: int = 300
    authorities: Authorities = field(default_factory=NoAuthorities)
    metrics: Metrics = field(default_factory=Metrics)
    seal: RecordSeal | None = None
    """Without one, signed meter records stay in their frames."""
    prices: Prices | None = None
    """Without one, no price is told in words."""

    @property
    def intervals(self) -> BootIntervals:
        """What goes with the answer to a boot."""
        return BootIntervals(
            accepted_s=self.heartbeat_interval_s,
            pending_s=self.pending_interval_s,
            rejected_s=self.rejected_interval_s,
        )

    def with_signed(self, payload: Any, values: str, heard: Heard) -> Any:
        """The message with its signed meter records sealed beside their samples; `values` is where they are."""
        return payload if self.seal is None else with_signed(payload, values, heard.station_id, self.seal)

    def verdict(self, uid: str, heard: Heard) -> TokenVerdict:
        """What the token's presenter is told."""
        return self.verdict_on(token_key(uid, self.token_key), heard)

    def verdict_on(self, uid_hmac: str, heard: Heard) -> TokenVerdict:
        """As `verdict`, by the token's look-up key."""
        verdict = self.directory.judge(uid_hmac, cpo_party_id=heard.cpo_party_id, at=heard.received_at)
        verdict = at_station_of(verdict, heard.tenant)
        if not verdict.places:
            return verdict
        return at_evses_of(verdict, self.directory.shape(heard.tenant, heard.station_id).evses)

    def verdict_v201(self, payload: Mapping[str, Any], heard: Heard) -> TokenVerdict:
        """As `verdict`; a station whose owner lets everybody charge says NoAuthorization (C02)."""
        token = payload.get("idToken")
        if token is None:
            return NO_TOKEN
        if token["type"] == "NoAuthorization":
            return _ACCEPTED_WITHOUT_TOKEN
        return self.verdict(token["idToken"], heard)
