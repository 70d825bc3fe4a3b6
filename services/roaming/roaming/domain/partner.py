"""When a party is our partner: invited with a token A, registered by the handshake, ended by either side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.roaming import (
    CompleteHandshake,
    CredentialsReplaced,
    EndPartnership,
    InvitePartner,
    PartnerInvited,
    PartnerRegistered,
    PartnershipEnded,
    PartnerSnapshot,
    ReplaceCredentials,
)

Command = InvitePartner | CompleteHandshake | ReplaceCredentials | EndPartnership
Event = PartnerInvited | PartnerRegistered | CredentialsReplaced | PartnershipEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody invited this partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A token A waits to be used once."""

    invitation: PartnerInvited
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The handshake is done; `credentials` are the ones in force."""

    invitation: PartnerInvited
    credentials: PartnerRegistered | CredentialsReplaced
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """No token is in force; the party may be invited again."""

    invitation: PartnerInvited
    version: int


State = Unknown | Invited | Registered | Ended


def decide(command: Command, state: State) -> Sequence[Event] | Refused:
    """What a command about a partner makes true."""
    match command:
        case InvitePartner():
            return _invite(command, state)
        case CompleteHandshake():
            return _complete(command, state)
        case ReplaceCredentials():
            return _replace(command, state)
        case EndPartnership():
            return _end(command, state)
        case _:
            assert_never(command)


def _invite(command: InvitePartner, state: State) -> Sequence[Event] | Refused:
    match state:
        case Registered():
            return Refused(reason="already-registered", detail="end the partnership before inviting the party again")
        case Invited() if state.invitation.token_a_sha256 == command.token_a_sha256:
            return []
        case Unknown() | Invited() | Ended():
            if not command.allowed_hosts:
                return Refused(reason="no-allowed-host", detail="name the hosts that we may call for this partner")
            if command.token_a_expires_at <= command.at:
                return Refused(reason="invitation-expired")
            return [PartnerInvited(**command.model_dump(exclude={"at"}), invited_at=command.at)]
        case _:
            assert_never(state)


def _complete(command: CompleteHandshake, state: State) -> Sequence[Event] | Refused:
    match state:
        case Unknown() | Ended():
            return Refused(reason="not-invited")
        case Registered():
            same = state.credentials.token_c_sha256 == command.token_c_sha256
            return [] if same else Refused(reason="already-registered")
        case Invited(invitation=invitation):
            if command.at >= invitation.token_a_expires_at:
                return Refused(reason="invitation-expired")
            if _party(command) != invitation.party_id:
                return Refused(reason="another-party", detail=f"{invitation.party_id} was invited")
            return [
                PartnerRegistered(
                    **command.model_dump(exclude={"at"}),
                    party_id=invitation.party_id,
                    our_party_id=invitation.our_party_id,
                    registered_at=command.at,
                )
            ]
        case _:
            assert_never(state)


def _replace(command: ReplaceCredentials, state: State) -> Sequence[Event] | Refused:
    match state:
        case Unknown() | Invited() | Ended():
            return Refused(reason="not-registered")
        case Registered():
            if state.credentials.token_c_sha256 == command.token_c_sha256:
                return []
            if _party(command) != state.invitation.party_id:
                return Refused(reason="another-party", detail=f"{state.invitation.party_id} is registered")
            return [CredentialsReplaced(**command.model_dump(exclude={"at"}), replaced_at=command.at)]
        case _:
            assert_never(state)


def _end(command: EndPartnership, state: State) -> Sequence[Event] | Refused:
    match state:
        case Unknown():
            return Refused(reason="not-registered")
        case Ended():
            return []
        case Invited() | Registered():
            return [PartnershipEnded(partner_id=command.partner_id, ended_at=command.at)]
        case _:
            assert_never(state)


def _party(command: CompleteHandshake | ReplaceCredentials) -> str:
    return f"{command.country_code}-{command.ocpi_party_id}"


def evolve(state: State, event: Event) -> State:
    """The partner after one more event."""
    if isinstance(event, PartnerInvited):
        return Invited(invitation=event, version=_version(state) + 1)
    # Only an invitation can come first: anything else means that this decider did not write the log.
    assert not isinstance(state, Unknown), f"{type(event).__name__} before any invitation"
    match event:
        case PartnerRegistered() | CredentialsReplaced():
            return Registered(invitation=state.invitation, credentials=event, version=state.version + 1)
        case PartnershipEnded():
            return Ended(invitation=state.invitation, version=state.version + 1)
        case _:
            assert_never(event)


def _version(state: State) -> int:
    return 0 if isinstance(state, Unknown) else state.version


def snapshots(_before: State, after: State) -> Sequence[Snapshot]:
    """The partner as the edge authenticates it and the outbox calls it."""
    if isinstance(after, Unknown):
        return []
    return [Snapshot(topic="roaming.partner.snapshot.v1", key="", record=_snapshot(after))]


def _snapshot(state: Invited | Registered | Ended) -> PartnerSnapshot:
    invitation = state.invitation
    known = PartnerSnapshot(
        partner_id=invitation.partner_id,
        party_id=invitation.party_id,
        our_party_id=invitation.our_party_id,
        status="ended",
        allowed_hosts=invitation.allowed_hosts,
        version=state.version,
    )
    match state:
        case Invited():
            token_a = {
                "token_a_sha256": invitation.token_a_sha256, "token_a_expires_at": invitation.token_a_expires_at
            }  # fmt: skip
            return known.model_copy(update={"status": "invited", **token_a})
        case Registered(credentials=credentials):
            in_force = {
                "token_c_sha256": credentials.token_c_sha256, "token_b_sealed": credentials.token_b_sealed,
                "country_code": credentials.country_code, "ocpi_party_id": credentials.ocpi_party_id,
                "versions_url": credentials.versions_url, "endpoints": credentials.endpoints,
            }  # fmt: skip
            return known.model_copy(update={"status": "registered", **in_force})
        case Ended():
            return known
        case _:
            assert_never(state)


partner: Decider[Command, State, Event] = Decider(initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots)
