"""A service that reads or writes what the catalogue does not give it is found by reading its code."""

from pathlib import Path

import pytest

from ev_contract_tools import checks, subscriptions
from ev_contract_tools.source import BadContractError, load

CATALOGUE = [
    ('Table("pricing.tariff.snapshot.v1")', []),
    ('Entity(name="pricing.tariff", decider=tariff)', []),
    ('Policy(name="pricing.session-policy", source="sessions.session.event.v1")', []),
    (
        'Table("assets.credential.snapshot.v1")',
        ["pricing/pricing/app.py:1: pricing reads assets.credential.snapshot.v1, but the catalogue does not list it"],
    ),
    (
        'Policy(name="pricing.token-policy", source="sessions.session.event.v1")',
        ["pricing/pricing/app.py:1: pricing.token-policy.state.v1 is not in the catalogue"],
    ),
    (
        'Transform(source="sessions.session.event.v1", target_topic="billing.posting.command.v1")',
        [
            "pricing/pricing/app.py:1: pricing writes billing.posting.command.v1, which is billing's",
            "pricing/pricing/app.py:1: pricing reads billing.posting.command.v1, but the catalogue does not list it",
        ],
    ),
    (
        'Entity(name="billing.invoice", decider=invoice)',
        [
            f"pricing/pricing/app.py:1: pricing writes billing.invoice.{kind}.v1, which is billing's"
            for kind in ("command", "event", "state")
        ],
    ),
]


@pytest.mark.parametrize(("code", "found"), CATALOGUE)
def test_what_a_service_names_is_compared_with_the_catalogue(copy: Path, code: str, found: list[str]) -> None:
    package = copy.parent / "services" / "pricing" / "pricing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "app.py").write_text(code + "\n", encoding="utf-8")
    assert list(subscriptions.problems(load(copy))) == found


def test_the_check_of_contracts_looks_at_the_services_too(copy: Path) -> None:
    package = copy.parent / "services" / "pricing" / "pricing"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('TOPIC = "pricing.dream.event.v1"', encoding="utf-8")
    assert "pricing/pricing/__init__.py:1: pricing.dream.event.v1 is not in the catalogue" in checks.problems(
        load(copy)
    )


def test_code_that_cannot_be_read_is_named(copy: Path) -> None:
    package = copy.parent / "services" / "pricing" / "pricing"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def half(", encoding="utf-8")
    with pytest.raises(BadContractError, match=r"pricing/pricing/__init__.py:1: is not Python"):
        checks.problems(load(copy))


def test_a_reader_of_the_catalogue_whose_code_does_not_read_is_found(copy: Path) -> None:
    package = copy.parent / "services" / "pricing" / "pricing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    never = "sessions.session.event.v1: pricing is to read it, but its code never names it"
    assert never in checks.problems(load(copy))
    (package / "app.py").write_text('Policy(source="sessions.session.event.v1")', encoding="utf-8")
    assert never not in checks.problems(load(copy))
