"""Every code block of the five documents has a row in `examples.toml`, and every row its test."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.seeds.printed import as_printed

FOLDER = Path(__file__).parent
DOCUMENTS = FOLDER.parents[2] / "shared" / "seeds"
SEEDS = ("000", "001", "002", "003", "004")
WITH_TESTS = {"as printed", "same calls", "decision"}
WITHOUT_TESTS = {"later: controllers", "later: plugins", "later: window", "not code"}
FENCE = re.compile(r"^ *```.*$", re.MULTILINE)

Row = dict[str, Any]

needs_the_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason=f"the five documents are not at {DOCUMENTS}"
)


@cache
def _rows() -> tuple[Row, ...]:
    table = tomllib.loads((FOLDER / "examples.toml").read_text("utf-8"))
    return tuple(
        {"seed": seed, "number": int(number), **row}
        for seed, rows in table.items()
        for number, row in rows.items()
    )


def _blocks(seed: str) -> list[str]:
    """The text between each pair of fences, in order."""
    (path,) = DOCUMENTS.glob(f"{seed}_*.txt")
    parts = FENCE.split(path.read_text("utf-8"))
    return [as_printed(part) for part in parts[1::2]]


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse((FOLDER / name).read_text("utf-8"))


def _tests_in(name: str) -> Iterator[str]:
    """The node ids of a module: `test_…`, `TestClass` and `TestClass::test_…`."""
    for node in _tree(name).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from (
                f"{node.name}::{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef)
            )


def _texts_in(name: str) -> set[str]:
    return {
        as_printed(node.value)
        for node in ast.walk(_tree(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_each_row_has_tests_or_says_why_not() -> None:
    """Only what comes later, and what is no code, is without one."""
    wrong = [
        f"{row['seed']} {row['number']}: {row['how']}"
        for row in _rows()
        if row["how"] not in (WITH_TESTS if row.get("tests") else WITHOUT_TESTS)
    ]

    assert wrong == []


def test_each_named_test_exists() -> None:
    """A test that is renamed takes its row along."""
    named = {test for row in _rows() for test in row.get("tests", ())}
    missing = [
        test
        for test in sorted(named)
        if (parts := test.partition("::")) and parts[2] not in _tests_in(parts[0])
    ]

    assert missing == []


@needs_the_documents
@pytest.mark.parametrize("seed", SEEDS)
def test_each_block_has_a_row(seed: str) -> None:
    """Counted by their fences, the blocks of a document are the rows of the table."""
    numbers = [row["number"] for row in _rows() if row["seed"] == seed]

    assert numbers == list(range(1, len(_blocks(seed)) + 1))


@needs_the_documents
def test_what_runs_as_printed_is_the_printed_text() -> None:
    """The text in the test's module is the block's, to the letter."""
    wrong = []
    for row in _rows():
        if row["how"] == "as printed":
            block = _blocks(row["seed"])[row["number"] - 1]
            module = row["tests"][0].partition("::")[0]
            if block not in _texts_in(module):
                wrong.append(f"{row['seed']} {row['number']} in {module}")

    assert wrong == []


@needs_the_documents
def test_each_heading_stands_in_its_document() -> None:
    """So that a row can be found by its heading."""
    texts = {seed: next(DOCUMENTS.glob(f"{seed}_*.txt")).read_text("utf-8") for seed in SEEDS}

    missing = [row["heading"] for row in _rows() if row["heading"] not in texts[row["seed"]]]

    assert missing == []
