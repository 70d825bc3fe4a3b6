"""The same addresses come from our own processes and from somebody else's cluster."""

from pathlib import Path

import pytest

from ev_lab.endpoints import Endpoints, endpoints
from ev_lab.errors import LabError
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet, spec_of


@pytest.fixture
def external(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("EV_LAB", "external")
    monkeypatch.setenv("EV_KAFKA", "kafka-1:9092,kafka-2:9092")
    monkeypatch.setenv("EV_REGISTRY", "http://registry/apis/ccompat/v7/")
    monkeypatch.setenv("EV_CASSANDRA", "c1:9142, c2:9142")
    monkeypatch.delenv("EV_CASSANDRA_DATACENTER", raising=False)
    return monkeypatch


def test_an_external_lab_is_what_the_environment_says(external: pytest.MonkeyPatch) -> None:
    assert endpoints() == Endpoints(
        kafka="kafka-1:9092,kafka-2:9092",
        registry="http://registry/apis/ccompat/v7",
        cassandra_hosts=("c1", "c2"),
        cassandra_port=9142,
        datacenter="datacenter1",
    )


def test_an_external_lab_names_the_address_that_is_missing(external: pytest.MonkeyPatch) -> None:
    external.delenv("EV_REGISTRY")
    with pytest.raises(LabError, match="EV_REGISTRY"):
        endpoints()


def test_an_engine_that_is_none_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EV_LAB", "containers")
    with pytest.raises(LabError, match="processes, external"):
        endpoints()


def test_an_unknown_service_is_refused_with_those_there_are() -> None:
    with pytest.raises(LabError, match="no service 'prizing'; there are: issuer, asset-registry"):
        spec_of("prizing")


def test_a_namespace_has_ports_of_its_own(tmp_path: Path) -> None:
    paths = LabPaths(home=tmp_path)
    plain, other = Fleet(paths=paths), Fleet(paths=paths, namespace="t1")
    assert plain.url("pricing") != other.url("pricing")
    assert plain.url("pricing") == Fleet(paths=paths).url("pricing")


def test_a_service_is_given_its_namespace_clock_port_and_the_others_addresses(tmp_path: Path) -> None:
    fleet = Fleet(paths=LabPaths(home=tmp_path), namespace="t1", clock="2026-03-02T08:00:00Z@60")
    given = fleet.environment(spec_of("issuer"))
    assert given["EV_NAMESPACE"] == "t1"
    assert given["EV_CLOCK"] == "2026-03-02T08:00:00Z@60"
    assert given["EV_HTTP_PORT"] == str(fleet.port("issuer"))
    assert given["EV_URL_PRICING"] == fleet.url("pricing")
    assert given["EV_OIDC_ISSUER"] == fleet.url("issuer")
