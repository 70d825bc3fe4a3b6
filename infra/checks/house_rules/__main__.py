"""`python -m house_rules [folder]`: every house rule over every file that git knows; exit status 1 on a finding."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from house_rules.chassis import the_chassis_knows_no_trade
from house_rules.finding import Finding, Rule, Source
from house_rules.privacy import tests_read_no_private_names
from house_rules.size import functions_are_short, modules_are_short, modules_say_what_they_are_for
from house_rules.wording import (
    locks_hold_no_address,
    no_index_hosts,
    no_machine_paths,
    nothing_outside_the_tree,
    open_ends_are_tracked,
)

RULES: tuple[Rule, ...] = (
    modules_are_short,
    functions_are_short,
    modules_say_what_they_are_for,
    no_machine_paths,
    no_index_hosts,
    locks_hold_no_address,
    open_ends_are_tracked,
    nothing_outside_the_tree,
    the_chassis_knows_no_trade,
    tests_read_no_private_names,
)


def sources(root: Path) -> Iterator[Source]:
    """The text files that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    for name in sorted(filter(None, listed.split("\0"))):
        path = root / name
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            yield Source(path=PurePosixPath(name), text=content.decode("utf-8", "replace"))


def findings(root: Path) -> list[Finding]:
    """All complaints, in the order of the files."""
    return sorted({finding for source in sources(root) for rule in RULES for finding in rule(source)})


def main() -> int:
    """Print the complaints."""
    found = findings(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for finding in found:
        print(finding)
    if found:
        print(f"{len(found)} findings of the house rules", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
