"""A test tries what others may use: no test reads a private name."""

import ast
from collections.abc import Iterator

from house_rules.finding import Finding, Source, on_line

PUBLIC_ALL_THE_SAME = frozenset({"_exit"})  # os._exit: dying at once, as a crash test must


def tests_read_no_private_names(source: Source) -> Iterator[Finding]:
    """`thing._inner` in a test binds it to how a thing is made."""
    if not (source.is_python and source.is_test):
        return
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Attribute) and _is_private(node.attr) and not _is_own(node.value):
            yield on_line(source, node.lineno, f"the test reads the private name {node.attr}")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC_ALL_THE_SAME


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"self", "cls"}
