"""What `make contracts-check` refuses: each case is a folder of contracts with one thing wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ev_contract_tools import checks, history
from ev_contract_tools.source import BadContractError, load

STARTED = "avro/sessions/SessionStarted.avsc"
EVENTS = "topics/sessions.session.event.v1.yaml"
COMMANDS = "topics/sessions.session.command.v1.yaml"


def problems(root: Path) -> list[str]:
    return checks.problems(load(root))


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON or YAML file in place."""
    read, write = (json.loads, json.dumps) if path.suffix in {".avsc", ".json"} else (yaml.safe_load, yaml.safe_dump)
    content = read(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(write(content), encoding="utf-8")


def test_the_contracts_as_they_stand_are_good(copy: Path) -> None:
    assert problems(copy) == []


def test_generated_code_that_differs_from_a_fresh_generation_is_found(copy: Path) -> None:
    with (copy / "ev_contracts" / "sessions.py").open("a", encoding="utf-8") as module:
        module.write("# a change by hand\n")
    assert problems(copy) == ["ev_contracts/sessions.py: differs from a fresh generation (run `make contracts`)"]


def test_a_record_whose_types_were_not_generated_is_found(copy: Path) -> None:
    edit(copy / STARTED, lambda record: record["fields"].append({"name": "note", "type": "string", "default": ""}))
    assert any("ev_contracts/schemas.json: differs" in problem for problem in problems(copy))


def test_a_page_whose_marked_part_differs_is_found(copy: Path) -> None:
    page = copy.parent / "README.md"
    page.write_text("<!-- dataflow:begin -->\nold\n<!-- dataflow:end -->\n", encoding="utf-8")
    assert problems(copy) == ["README.md: its marked parts differ from the catalogue (run `make contracts`)"]


def test_a_service_whose_page_has_no_place_for_its_topics_is_found(copy: Path) -> None:
    page = copy.parent / "services" / "pricing" / "README.md"
    page.parent.mkdir(parents=True)
    page.write_text("# pricing\n", encoding="utf-8")
    assert problems(copy) == [
        "services/pricing/README.md: has no place <!-- listens:begin --> ... <!-- listens:end -->",
        "services/pricing/README.md: has no place <!-- says:begin --> ... <!-- says:end -->",
    ]


def test_a_record_on_no_topic_is_found(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic["records"].remove("SessionStarted"))
    assert problems(copy) == ["ev.sessions.SessionStarted: on no topic, and no part of another record"]


def test_a_record_on_two_topics_is_found(copy: Path) -> None:
    edit(copy / COMMANDS, lambda topic: topic["records"].append("SessionStarted"))
    assert problems(copy) == ["ev.sessions.SessionStarted: on 2 topics"]


def test_a_record_that_is_defined_nowhere_is_found(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic["records"].append("SessionDreamt"))
    assert problems(copy) == ["ev.sessions.SessionDreamt: on a topic, but defined nowhere"]


def test_a_topic_without_an_owner_is_found(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic.update(owner=""))
    assert "sessions.session.event.v1: has no owner that is a service ('')" in problems(copy)


def test_a_topic_that_says_no_owner_cannot_be_read(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic.pop("owner"))
    with pytest.raises(BadContractError, match=r"topics/sessions.session.event.v1.yaml: owner is missing"):
        load(copy)


def test_a_topic_that_nobody_consumes_is_found(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic.update(consumers=[]))
    assert any("sessions.session.event.v1: nobody consumes it" in problem for problem in problems(copy))


def test_a_name_against_the_law_is_found(copy: Path) -> None:
    wrong = copy / "topics" / "sessions.session_event.event.v1.yaml"
    (copy / EVENTS).rename(wrong)
    edit(wrong, lambda topic: topic.update(topic=wrong.stem))
    assert any("not <context>.<entity>.<kind>.v<N>" in problem for problem in problems(copy))


def test_command_and_event_topics_with_other_partition_counts_are_found(copy: Path) -> None:
    edit(copy / EVENTS, lambda topic: topic.update(partitions=6))
    (found,) = [problem for problem in problems(copy) if "partition counts" in problem]
    assert found.startswith("sessions.session: partition counts of its topics differ")


def test_an_example_that_no_longer_decodes_is_found(copy: Path) -> None:
    example = copy / "examples" / "sessions" / "SessionStarted" / "amsterdam.json"
    edit(example, lambda record: record.update(started_at="yesterday"))
    (found,) = problems(copy)
    assert found.startswith("examples/sessions/SessionStarted/amsterdam.json: started_at:")


def test_a_record_without_an_example_is_found(copy: Path) -> None:
    (copy / "examples" / "sessions" / "SessionStarted" / "amsterdam.json").unlink()
    assert problems(copy) == ["ev.sessions.SessionStarted: has no example"]


def test_an_example_of_no_record_is_found(copy: Path) -> None:
    stray = copy / "examples" / "sessions" / "SessionDreamt" / "amsterdam.json"
    stray.parent.mkdir()
    stray.write_text("{}", encoding="utf-8")
    assert problems(copy) == ["examples/sessions/SessionDreamt/amsterdam.json: is an example of no record on a topic"]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ("a float is never money", {"name": "power", "type": "double", "default": 0}),
        ("optional is [null, X]", {"name": "note", "type": ["string", "null"], "default": ""}),
        ("an array has the default []", {"name": "notes", "type": {"type": "array", "items": "string"}}),
        ("its name ends in _at", {"name": "day", "type": {"type": "long", "logicalType": "timestamp-millis"}}),
        (
            "precision 24 and scale 8",
            {"name": "cost", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
        ),
        ("unknown type ev.common.Nothing", {"name": "thing", "type": "ev.common.Nothing"}),
        ("recursive type ev.sessions.SessionStarted", {"name": "again", "type": "ev.sessions.SessionStarted"}),
    ],
)
def test_a_field_against_the_law_is_found(copy: Path, fault: str, field: dict[str, Any]) -> None:
    edit(copy / STARTED, lambda record: record["fields"].append(field))
    assert any(fault in problem for problem in problems(copy)), problems(copy)


def test_an_enum_without_the_symbol_for_the_unknown_is_found(copy: Path) -> None:
    edit(copy / "avro/billing/Side.avsc", lambda enum: (enum["symbols"].remove("UNKNOWN"), enum.pop("default")))
    assert problems(copy) == ["ev.billing.Side: an enum starts with UNKNOWN and has it as default"]


def test_a_definition_in_the_wrong_place_cannot_be_read(copy: Path) -> None:
    (copy / STARTED).rename(copy / "avro/sessions/SessionBegun.avsc")
    with pytest.raises(BadContractError, match=r"must define ev.sessions.SessionBegun"):
        load(copy)


def test_a_released_shape_that_was_changed_is_found(copy: Path) -> None:
    history.release(load(copy))
    edit(copy / "history/sessions/SessionStarted/1.avsc", lambda schema: schema["fields"][0].update(default=""))
    found = problems(copy)
    assert any("history is append-only" in problem for problem in found), found


def test_a_released_record_that_is_gone_is_found(copy: Path) -> None:
    history.release(load(copy))
    (copy / "avro/sessions/SuspensionEnded.avsc").unlink()
    edit(copy / EVENTS, lambda topic: topic["records"].remove("SuspensionEnded"))
    found = problems(copy)
    assert "ev.sessions.SuspensionEnded: was released and is gone; its records are still in the log" in found
