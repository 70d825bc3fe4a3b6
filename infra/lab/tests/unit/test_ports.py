"""Two checkouts run side by side, and a port in the way is named."""

import socket
from pathlib import Path

import pytest

from ev_lab import ports
from ev_lab.errors import PortTaken


def test_a_chosen_port_is_stored_and_used_again(tmp_path: Path) -> None:
    first = ports.choose(tmp_path / "ports.json", ["kafka", "registry"])
    assert ports.choose(tmp_path / "ports.json", ["registry", "kafka"]) == first
    assert len(set(first.values())) == 2
    assert all(ports.FIRST <= port < ports.BEYOND for port in first.values())


def test_a_port_that_is_in_use_is_not_chosen(tmp_path: Path) -> None:
    (port,) = ports.choose(tmp_path / "ports.json", ["kafka"]).values()
    (tmp_path / "ports.json").unlink()
    with socket.create_server(("127.0.0.1", port)):
        assert ports.choose(tmp_path / "ports.json", ["kafka"]) != {"kafka": port}


def test_a_forgotten_prefix_leaves_the_others(tmp_path: Path) -> None:
    kept = ports.choose(tmp_path / "ports.json", ["kafka", "t1.pricing.http"])["kafka"]
    ports.forget(tmp_path / "ports.json", "t1.")
    assert ports.read(tmp_path / "ports.json") == {"kafka": kept}


def test_a_port_in_the_way_is_named_with_its_holder_and_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port}, which kafka uses .* held by .*delete .*ports\.json"):
            ports.demand_free("kafka", [port], tmp_path / "ports.json")
