"""A module does one thing and a function fits on a screen; each module opens by saying what it is for."""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from house_rules.finding import Finding, Source, on_line

MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 40

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def modules_are_short(source: Source) -> Iterator[Finding]:
    """At most 400 lines a module, tests among them."""
    lines = source.text.count("\n")
    if source.is_python and lines > MOST_MODULE_LINES:
        yield on_line(source, 1, f"{lines} lines; {MOST_MODULE_LINES} are the most: split it by what it does")


def functions_are_short(source: Source) -> Iterator[Finding]:
    """At most 40 lines a function, its docstring not counted; a test may hold a literal as long as it is."""
    if not source.is_python or source.is_test:
        return
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, _Function):
            lines = _body_lines(node)
            if lines > MOST_FUNCTION_LINES:
                yield on_line(source, node.lineno, f"{node.name} has {lines} lines; {MOST_FUNCTION_LINES} are the most")


def modules_say_what_they_are_for(source: Source) -> Iterator[Finding]:
    """A module that holds anything opens with a docstring."""
    if source.is_python and source.text.strip() and ast.get_docstring(ast.parse(source.text)) is None:
        yield on_line(source, 1, "the module does not open by saying what it is for")


def _body_lines(node: _Function) -> int:
    first = node.body[0]
    has_docstring = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
    # A function that only holds others (an edge's routes) is measured by each of them.
    return _lines(node) - docstring - sum(_lines(inner) for inner in _nested(node))


def _lines(node: _Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _nested(node: ast.AST) -> Iterator[_Function]:
    """The functions that stand directly within, not those within them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield child
        else:
            yield from _nested(child)
