"""Draws who says what to whom from the catalogue, into marked places of the READMEs."""

from collections.abc import Iterator
from pathlib import Path

from ev_contract_tools.source import Source

_INNER = frozenset({"state", "reply", "dlq", "changelog"})


def diagram(source: Source) -> str:
    """Mermaid flow chart: an arrow per (producer, consumer), labelled with the entities whose topics it carries."""
    edges: dict[tuple[str, str], set[str]] = {}
    for topic in source.topics.values():
        if topic.kind in _INNER:
            continue
        entity = ".".join(topic.name.split(".")[:2])
        for consumer in topic.consumers:
            if consumer.service != topic.owner:
                edges.setdefault((topic.owner, consumer.service), set()).add(f"{entity} {topic.kind}")
    services = sorted({service for edge in edges for service in edge})
    nodes = "\n".join(f"    {_node(service)}[{service}]" for service in services)
    arrows = "\n".join(
        f"    {_node(start)} -->|{'<br/>'.join(sorted(what))}| {_node(end)}"
        for (start, end), what in sorted(edges.items())
    )
    edge = """    stations([stations]) <-->|OCPP 1.6, 2.0.1| charger_gateway
    partners([partners]) <-->|OCPI 2.2.1| roaming
    projections -->|HTTP, SSE| dashboards[dashboards]
    dashboards --> people([CPO, EMSP, owner, DSO, driver])"""
    return f"```mermaid\nflowchart LR\n{nodes}\n{edge}\n{arrows}\n```"


def _node(service: str) -> str:
    return service.replace("-", "_")


def listens(source: Source, service: str) -> str:
    """Table: the topics a service reads, and what for."""
    rows = [
        f"| {topic.name} | {topic.owner} | {consumer.why} |"
        for topic in source.topics.values()
        for consumer in topic.consumers
        if consumer.service == service
    ]
    return "\n".join(["| topic | said by | what for |", "| --- | --- | --- |", *sorted(rows)])


def says(source: Source, service: str) -> str:
    """Table: the topics a service writes, their key, records and how long they are kept."""
    rows = []
    for topic in source.topics.values():
        if topic.owner == service:
            kept = "latest per key" if topic.compacted else "for ever"
            days = topic.retention_days
            kept = kept if days is None else "1 day" if days == 1 else f"{days} days"
            records = ", ".join(name.rsplit(".", 1)[1] for name in topic.records) or "-"
            rows.append(f"| {topic.name} | `{topic.key}` | {records} | {kept} |")
    return "\n".join(["| topic | key | records | kept |", "| --- | --- | --- | --- |", *sorted(rows)])


def _pages(source: Source) -> Iterator[tuple[Path, dict[str, str]]]:
    """Each page that exists and what belongs between its markers."""
    repository = source.root.parent
    yield repository / "README.md", {"dataflow": diagram(source)}
    owners = {topic.owner for topic in source.topics.values()}
    for page in sorted((repository / "services").glob("*/README.md")):
        service = page.parent.name
        if service in owners:
            yield page, {"listens": listens(source, service), "says": says(source, service)}


def filled(text: str, parts: dict[str, str]) -> str:
    """The page with each `<!-- name:begin -->` ... `<!-- name:end -->` filled; a page without the markers stays."""
    for name, content in parts.items():
        before, begin, rest = text.partition(f"<!-- {name}:begin -->\n")
        _, end, after = rest.partition(f"<!-- {name}:end -->")
        if begin and end:
            text = f"{before}{begin}{content}\n{end}{after}"
    return text


def stale(source: Source) -> list[str]:
    """Pages whose marked parts differ from the catalogue, or that have no place for them."""
    missing = [
        f"{page.relative_to(source.root.parent)}: has no place <!-- {name}:begin --> ... <!-- {name}:end -->"
        for page, parts in _pages(source)
        for name in parts
        if page.exists() and f"<!-- {name}:begin -->\n" not in page.read_text(encoding="utf-8")
    ]
    return missing + [
        f"{page}: its marked parts differ from the catalogue (run `make contracts`)" for page in _fill(source)
    ]


def write(source: Source) -> list[Path]:
    """Fill the marked parts; returns the pages that changed."""
    changed = _fill(source)
    for page, text in changed.items():
        (source.root.parent / page).write_text(text, encoding="utf-8")
    return list(changed)


def _fill(source: Source) -> dict[Path, str]:
    """Page -> new text, for each page whose text would change."""
    repository = source.root.parent
    texts = {page: page.read_text(encoding="utf-8") for page, _ in _pages(source) if page.exists()}
    new = {page: filled(texts[page], parts) for page, parts in _pages(source) if page in texts}
    return {page.relative_to(repository): text for page, text in new.items() if text != texts[page]}
