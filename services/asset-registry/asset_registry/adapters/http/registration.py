"""How a station comes into the registry: its identity is claimed for the tenant first, then it is registered."""

from dataclasses import dataclass
from typing import Any

from asset_registry.adapters.http.bodies import StationBody
from asset_registry.adapters.http.edge import Edge, wrong_party, wrong_site
from asset_registry.domain.station import why_not
from chassis.decider import Refused
from chassis.http import Accepted, Asked, Outcome, Pending, Rejected, tell
from ev_contracts.assets import ClaimIdentity, PartyRole, RegisterStation, RegistrationState, StationTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """The station names things that are not there."""

    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The station stands; the secret is told once, and only where this registration set a new one."""

    outcome: Accepted
    secret: str | None


Registration = Wrong | Rejected | Pending | Registered


async def register(
    edge: Edge, asked: Asked, *, tenant: str, body: StationBody, template: StationTemplate | None = None
) -> Registration:
    """Claim, then register. Repeated with the same idempotency key it ends as it did, with the same secret.

    A station that is made from a template awaits its set-up, where the template says how its variables shall stand.
    """
    wrong = wrong_party(edge, "cpo_party_id", body.cpo_party_id, PartyRole.CPO, tenant=tenant)
    wrong |= wrong_site(edge, "site_id", body.site_id, tenant=tenant)
    if wrong:
        return Wrong(fields=wrong)
    command = RegisterStation(at=edge.clock.now(), **body.model_dump(exclude={"secret"}), **_from(template))
    refused = why_not(command.evses)
    if isinstance(refused, Refused):
        return Rejected(command_id="", reason=refused.reason, detail=refused.detail)
    profile = 0 if template is None else template.security_profile
    claim, secret = await _claim(edge, asked, tenant=tenant, body=body, security_profile=profile)
    match claim:
        case Pending():
            return claim
        case Rejected() if claim.reason != "identity-claimed-before" or body.secret is not None:
            return claim
        case Rejected():
            # It is ours and has its credential: registering again tells no secret and changes none.
            secret = None
        case Accepted():
            pass
    key = f"{tenant}/{body.station_id}"
    outcome = await tell(edge.desk, asked, entity="assets.station", key=key, command=command, table=edge.stations)
    if not isinstance(outcome, Accepted):
        return outcome
    return Registered(outcome=outcome, secret=secret)


def _from(template: StationTemplate | None) -> dict[str, Any]:
    if template is None:
        return {}
    wanted = template.desired_variables
    registration = RegistrationState.AWAITING_SET_UP if wanted else RegistrationState.ACCEPTED
    return {"registration": registration, "desired_variables": wanted, "template_id": template.template_id}


async def _claim(
    edge: Edge, asked: Asked, *, tenant: str, body: StationBody, security_profile: int
) -> tuple[Outcome, str | None]:
    made = edge.secrets.make(tenant=tenant, station_id=body.station_id, request_key=asked.key_or_new())
    secret = body.secret or made
    command = ClaimIdentity(
        at=edge.clock.now(),
        station_id=body.station_id,
        tenant=tenant,
        secret_hmac=edge.secrets.digest(secret),
        security_profile=security_profile,
    )
    outcome = await tell(edge.desk, asked, entity="assets.credential", key=f"_/{body.station_id}", command=command)
    return outcome, None if body.secret else made
