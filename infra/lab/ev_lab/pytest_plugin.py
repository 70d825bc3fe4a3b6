"""The lab as fixtures: started once, the same for every engine, each test in a namespace of its own; how many examples.

Nothing heavy is imported until a test asks for the lab, so that unit tests stay quick.
"""

import os
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ev_lab.endpoints import Endpoints
    from ev_lab.paths import LabPaths
    from ev_lab.services import Fleet


def pytest_configure() -> None:
    """Properties are tried on a sample, with EV_LONG=1 on many; never by the clock, since machines are busy."""
    from hypothesis import settings  # noqa: PLC0415 - see the module's docstring

    settings.register_profile("sample", max_examples=60, deadline=None, derandomize=True)
    settings.register_profile("long", max_examples=2_000, deadline=None)
    settings.load_profile("long" if os.environ.get("EV_LONG") == "1" else "sample")


@pytest.fixture(scope="session")
def lab_paths() -> "LabPaths":
    """Where this checkout's lab keeps its things."""
    from ev_lab.paths import LabPaths  # noqa: PLC0415 - see the module's docstring

    return LabPaths.of_checkout()


@pytest.fixture(scope="session")
def lab(lab_paths: "LabPaths") -> "Endpoints":
    """The running lab's addresses, its registry holding every schema; it stays up after the run."""
    from ev_lab import contracts, engine  # noqa: PLC0415 - see the module's docstring

    where = engine.up(lab_paths)
    contracts.release(lab_paths, where)
    return where


@pytest.fixture
def namespace(lab: "Endpoints") -> Iterator[str]:
    """A fresh prefix for topics, groups, transactional ids and keyspaces; what it named is deleted afterwards."""
    from ev_lab import contracts  # noqa: PLC0415 - see the module's docstring

    fresh = f"t{secrets.token_hex(4)}"
    yield fresh
    contracts.remove(lab, fresh)


@pytest.fixture
def topics(lab: "Endpoints", namespace: str) -> str:
    """The namespace, with every topic of the catalogue in it."""
    from ev_lab import contracts  # noqa: PLC0415 - see the module's docstring

    contracts.make_topics(lab, namespace)
    return namespace


@pytest.fixture
def fleet(lab_paths: "LabPaths", topics: str) -> "Iterator[Fleet]":
    """Our services in the test's namespace: `fleet.start(["pricing"])`; all of them are stopped afterwards."""
    from ev_lab import ports, processes  # noqa: PLC0415 - see the module's docstring
    from ev_lab.services import Fleet  # noqa: PLC0415 - see the module's docstring

    services = Fleet(paths=lab_paths, namespace=topics)
    with processes.watched(lab_paths, f"{topics}."):
        yield services
    ports.forget(lab_paths.ports, f"{topics}.")
