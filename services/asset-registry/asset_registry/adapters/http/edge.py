"""What every route of the registry works with: how a command is put, answered and seen again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response

from asset_registry.adapters.http.secrets import StationSecrets
from chassis.auth import Guard
from chassis.clock import Clock, new_id
from chassis.http import Accepted, CommandDesk, Outcome, Problem, Rejected, body_hash
from chassis.tables import Table
from ev_contracts.assets import PartyRole, PartySnapshot, SiteSnapshot, StationSnapshot

_SEEN_WITHIN_S = 2.0
_ELSEWHERE = frozenset({"party-unknown", "station-unknown", "identity-unknown", "grant-of-another-tenant"})
"""Refusals that tell the caller no more than that there is no such thing for him."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The doors of this service; tables follow its own snapshots, so that callers read what they wrote."""

    guard: Guard
    desk: CommandDesk
    clock: Clock
    secrets: StationSecrets
    parties: Table[PartySnapshot]
    sites: Table[SiteSnapshot]
    stations: Table[StationSnapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says about itself."""

    idempotency_key: str | None
    correlation_id: str

    def key_or_new(self) -> str:
        """A request without a key is like no other."""
        return self.idempotency_key or new_id()


def _asked(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Asked:
    return Asked(idempotency_key=idempotency_key, correlation_id=str(request.state.request_id))


Asking = Annotated[Asked, Depends(_asked)]
InTenant = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="Whose network; may be left out by callers who belong to one tenant.",
    ),
]


async def tell(
    edge: Edge,
    asked: Asked,
    *,
    entity: str,
    key: str,
    command: Any,
    table: Table[Any] | None = None,
) -> Outcome:
    """Put one command and wait for the decision, and for the table to show it."""
    outcome = await edge.desk.client.ask(
        entity=entity,
        key=key,
        command=command,
        idempotency_key=asked.idempotency_key,
        body_hash=body_hash(command.model_dump(mode="json", exclude={"at"})),
        correlation_id=asked.correlation_id,
    )
    if isinstance(outcome, Accepted) and outcome.events and table is not None:
        version = outcome.events[-1]["stream_version"]
        await table.awaited(key, lambda snapshot: snapshot.version >= version, timeout_s=_SEEN_WITHIN_S)
    return outcome


def answer(edge: Edge, caller: str, outcome: Outcome, result: Mapping[str, Any]) -> Response:
    """201 with the result and what happened, 200 where it was so already, a problem, or 202 and a link."""
    if isinstance(outcome, Rejected) and outcome.reason in _ELSEWHERE:
        raise Problem(404, "not-found")
    happened = [event["type"] for event in outcome.events] if isinstance(outcome, Accepted) else []
    return edge.desk.respond(
        outcome, caller=caller, result={**result, "happened": happened}, status=201 if happened else 200
    )


def wrong_party(edge: Edge, field: str, party_id: str, role: PartyRole, *, tenant: str | None = None) -> dict[str, str]:
    """The field error, or nothing, of a party that must have a role (and keep its books in a tenant)."""
    party = edge.parties.get(f"_/{party_id}")
    if party is None or (tenant is not None and party.tenant != tenant):
        return {field: "no such party" if tenant is None else "no such party in this tenant"}
    return {} if role in party.roles else {field: f"the party is no {role.value}"}


def wrong_site(edge: Edge, field: str, site_id: str, *, tenant: str) -> dict[str, str]:
    """The field error, or nothing, of a site that must be open in the tenant."""
    return {} if edge.sites.get(f"{tenant}/{site_id}") else {field: "no such site in this tenant"}


def refuse_if(wrong: Mapping[str, str]) -> None:
    """Raises Problem 422 that names the fields, if any is wrong."""
    if wrong:
        raise wrong_fields(wrong)


def wrong_fields(wrong: Mapping[str, str]) -> Problem:
    """422 that names the fields."""
    errors = tuple({"field": field, "message": message} for field, message in wrong.items())
    return Problem(422, "invalid-request", errors=errors)
