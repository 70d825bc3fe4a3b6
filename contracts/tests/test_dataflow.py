"""The picture of who says what to whom, and the tables of each service, follow from the catalogue."""

from ev_contract_tools import dataflow
from ev_contract_tools.source import load


def test_an_arrow_says_what_a_consumer_follows() -> None:
    assert "session_ledger -->|sessions.session event| projections" in dataflow.diagram(load())


def test_a_service_that_talks_to_itself_has_no_arrow() -> None:
    arrows = [line.split() for line in dataflow.diagram(load()).splitlines() if "-->|" in line]
    assert [words for words in arrows if words[0] == words[-1]] == []


def test_the_tables_of_a_service_list_what_it_reads_and_writes() -> None:
    assert "| pricing.rating.event.v1 | pricing | posts and invoices |" in dataflow.listens(load(), "billing")
    line = "| billing.invoice.event.v1 | `<tenant>/<series>` | InvoiceIssued, NoteIssued | for ever |"
    assert line in dataflow.says(load(), "billing")


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    page = "before\n<!-- says:begin -->\nold\n<!-- says:end -->\nafter\n"
    assert dataflow.filled(page, {"says": "new", "listens": "elsewhere"}) == (
        "before\n<!-- says:begin -->\nnew\n<!-- says:end -->\nafter\n"
    )


def test_a_page_without_markers_stays() -> None:
    assert dataflow.filled("a page\n", {"says": "new"}) == "a page\n"
