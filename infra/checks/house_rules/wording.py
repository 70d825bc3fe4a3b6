"""What no file of the tree may say: a machine's paths, an index's host, an open end that nobody tracks."""

import re
from collections.abc import Iterator

from house_rules.finding import Finding, Source, on_line

MACHINE_PATH = re.compile(r"(?<![\w./:*-])/(?:root|work|home|Users)/\w")
INDEX_HOST = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|repo1?\.maven\.(?:org|apache)|crates\.io)"
)
LOCK = re.compile(r"(?:^|/)(?:requirements/[^/]*\.(?:lock|txt)|package-lock\.json|[^/]*\.lock)$")
ADDRESS = re.compile(r"https?://")
FOREIGN_LOCK = re.compile(r"(?:^|/)(?:uv\.lock|poetry\.lock|Pipfile\.lock|pylock[^/]*\.toml)$")
TRACKED = re.compile(r"#\d+")
OPEN_END = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
SKIPPED = re.compile(r"pytest\.skip\(|mark\.skip|mark\.xfail")
OUTSIDE = re.compile(r"\.\./shared\b")
RULES_FOLDER = ("infra", "checks")


def no_machine_paths(source: Source) -> Iterator[Finding]:
    """An absolute path works on one machine."""
    yield from _lines(source, MACHINE_PATH, "an absolute path of a machine")


def no_index_hosts(source: Source) -> Iterator[Finding]:
    """Locks and settings install from any index."""
    yield from _lines(source, INDEX_HOST, "names a package index's host")


def locks_hold_no_address(source: Source) -> Iterator[Finding]:
    """A lock is names, versions and hashes; the kinds that always carry an address are not kept."""
    if FOREIGN_LOCK.search(str(source.path)):
        yield on_line(source, 1, "this kind of lock carries its index's address; make lock writes ours")
    if LOCK.search(str(source.path)):
        yield from _lines(source, ADDRESS, "an address in a lock")


def open_ends_are_tracked(source: Source) -> Iterator[Finding]:
    """An open end or a skipped test carries an issue's number."""
    if not source.is_python:
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        if (OPEN_END.search(line) or SKIPPED.search(line)) and not TRACKED.search(line) and not _is_rule(source):
            yield on_line(source, number, "an open end or a skipped test without an issue's number")


def nothing_outside_the_tree(source: Source) -> Iterator[Finding]:
    """A checkout stands alone."""
    yield from _lines(source, OUTSIDE, "refers to a folder outside the repository")


def _lines(source: Source, pattern: re.Pattern[str], complaint: str) -> Iterator[Finding]:
    if _is_rule(source):
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        if pattern.search(line):
            yield on_line(source, number, complaint)


def _is_rule(source: Source) -> bool:
    # The rules and their tests must name what they forbid.
    return source.path.parts[:2] == RULES_FOLDER
