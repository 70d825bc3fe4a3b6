"""Who may become a partner, with which token, and when a token is dead."""

from datetime import timedelta

from samples import COMPLETE, ENDPOINT, EXPIRES, INVITE, INVITED, ONE, REGISTERED

from chassis.decider import fold
from chassis.testing import Scenario
from ev_contracts.roaming import (
    CredentialsReplaced,
    EndPartnership,
    PartnershipEnded,
    PartnerSnapshot,
    ReplaceCredentials,
)
from roaming.domain.partner import Event, partner

REPLACE = ReplaceCredentials(**COMPLETE.model_copy(update={"token_c_sha256": "d" * 64}).model_dump())
REPLACED = CredentialsReplaced(**REPLACE.model_dump(exclude={"at"}), replaced_at=ONE)
END = EndPartnership(at=ONE, partner_id="NL-VLT-NL-EMO")
ENDED = PartnershipEnded(partner_id="NL-VLT-NL-EMO", ended_at=ONE)


def test_a_party_is_invited_with_a_token_of_its_own() -> None:
    Scenario(partner).when(INVITE).then(INVITED).when(INVITE).then_nothing()


def test_a_new_invitation_kills_the_token_of_the_one_before() -> None:
    again = INVITE.model_copy(update={"token_a_sha256": "e" * 64})
    Scenario(partner).given(INVITED).when(again).then(INVITED.model_copy(update={"token_a_sha256": "e" * 64}))


def test_a_registered_partner_is_not_invited() -> None:
    Scenario(partner).given(INVITED, REGISTERED).when(INVITE).then_refused("already-registered")


def test_an_invitation_names_hosts_and_lasts_a_while() -> None:
    Scenario(partner).when(INVITE.model_copy(update={"allowed_hosts": ()})).then_refused("no-allowed-host")
    Scenario(partner).when(INVITE.model_copy(update={"at": EXPIRES})).then_refused("invitation-expired")


def test_the_handshake_registers_the_invited_party_once() -> None:
    Scenario(partner).given(INVITED).when(COMPLETE).then(REGISTERED).when(COMPLETE).then_nothing()


def test_a_second_handshake_is_refused() -> None:
    second = COMPLETE.model_copy(update={"token_c_sha256": "f" * 64})
    Scenario(partner).given(INVITED, REGISTERED).when(second).then_refused("already-registered")


def test_nobody_registers_uninvited_or_after_the_end() -> None:
    Scenario(partner).when(COMPLETE).then_refused("not-invited")
    Scenario(partner).given(INVITED, REGISTERED, ENDED).when(COMPLETE).then_refused("not-invited")


def test_a_token_a_expires() -> None:
    late = COMPLETE.model_copy(update={"at": EXPIRES})
    Scenario(partner).given(INVITED).when(late).then_refused("invitation-expired")
    in_time = COMPLETE.model_copy(update={"at": EXPIRES - timedelta(seconds=1)})
    assert not hasattr(partner.decide(in_time, fold(partner, [INVITED])), "reason")


def test_another_party_than_the_invited_one_is_refused() -> None:
    other = COMPLETE.model_copy(update={"ocpi_party_id": "XYZ"})
    Scenario(partner).given(INVITED).when(other).then_refused("another-party")
    other_put = REPLACE.model_copy(update={"country_code": "BE"})
    Scenario(partner).given(INVITED, REGISTERED).when(other_put).then_refused("another-party")


def test_credentials_are_replaced_only_of_a_registered_partner() -> None:
    Scenario(partner).given(INVITED, REGISTERED).when(REPLACE).then(REPLACED).when(REPLACE).then_nothing()
    Scenario(partner).given(INVITED).when(REPLACE).then_refused("not-registered")


def test_a_partnership_ends_once_and_may_begin_anew() -> None:
    Scenario(partner).given(INVITED, REGISTERED).when(END).then(ENDED).when(END).then_nothing().when(INVITE).then(
        INVITED
    )
    Scenario(partner).when(END).then_refused("not-registered")


def test_the_snapshot_holds_exactly_the_tokens_in_force() -> None:
    def snapshot_after(*events: Event) -> PartnerSnapshot:
        (snapshot,) = partner.snapshots(partner.initial, fold(partner, events))
        assert isinstance(snapshot.record, PartnerSnapshot)
        return snapshot.record

    common = {
        "partner_id": "NL-VLT-NL-EMO", "party_id": "NL-EMO", "our_party_id": "NL-VLT",
        "allowed_hosts": ("ocpi.emo.example",),
    }  # fmt: skip
    assert snapshot_after(INVITED) == PartnerSnapshot(
        **common, status="invited", token_a_sha256="a" * 64, token_a_expires_at=EXPIRES, version=1
    )
    assert snapshot_after(INVITED, REGISTERED, REPLACED) == PartnerSnapshot(
        **common, status="registered", token_c_sha256="d" * 64, token_b_sealed=b"sealed", country_code="NL",
        ocpi_party_id="EMO", versions_url="https://ocpi.emo.example/versions", endpoints=(ENDPOINT,), version=3,
    )  # fmt: skip
    assert snapshot_after(INVITED, REGISTERED, ENDED) == PartnerSnapshot(**common, status="ended", version=3)
