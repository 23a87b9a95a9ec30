"""The tests that there are, and what they and their modules speak of, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.seeds.rows import REPOSITORY

__all__ = ["exists", "speaks_of"]

TESTS = REPOSITORY / "tests"


@cache
def _source(module: str) -> str:
    path = TESTS / module
    return path.read_text("utf-8") if path.is_file() else ""


@cache
def _ids(module: str) -> frozenset[str]:
    return frozenset(_tests(ast.parse(_source(module)).body))


def _tests(body: list[ast.stmt], of: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test_"):
                yield of + node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield of + node.name
            yield from _tests(node.body, f"{of}{node.name}::")


def exists(test: str) -> bool:
    """Whether a node id names a test function or class; without parameters."""
    module, _, name = test.partition("::")
    return name in _ids(module)


def speaks_of(test: str, word: str) -> bool:
    """Whether a word stands in the test's module, or in what it imports from its own folder."""
    module, _, _name = test.partition("::")
    return any(word in _source(each) for each in (module, *_imported(module)))


@cache
def _imported(module: str) -> tuple[str, ...]:
    """The modules of tests/ that a test's module imports."""
    return tuple(
        "/".join(node.module.split(".")[1:]) + ".py"
        for node in ast.walk(ast.parse(_source(module)))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests.")
    )
