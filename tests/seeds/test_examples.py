"""Every code block of the five documents has a row in `examples.toml`, and every row its test."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.seeds.collected import exists
from tests.seeds.documents import SEEDS, blocks, lines, needs_the_documents
from tests.seeds.printed import as_printed

FOLDER = Path(__file__).parent
WITH_TESTS = {"as printed", "same calls", "decision"}
WITHOUT_TESTS = {"not code"}

Row = dict[str, Any]


@cache
def _rows() -> tuple[Row, ...]:
    table = tomllib.loads((FOLDER / "examples.toml").read_text("utf-8"))
    return tuple(
        {"seed": seed, "number": int(number), **row}
        for seed, rows in table.items()
        for number, row in rows.items()
    )


def _texts_in(name: str) -> set[str]:
    tree = ast.parse((FOLDER / name).read_text("utf-8"))
    return {
        as_printed(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_each_row_has_tests_or_says_why_not() -> None:
    """Only what is no code is without one."""
    wrong = [
        f"{row['seed']} {row['number']}: {row['how']}"
        for row in _rows()
        if row["how"] not in (WITH_TESTS if row.get("tests") else WITHOUT_TESTS)
    ]

    assert wrong == []


def test_each_named_test_exists() -> None:
    """A test that is renamed takes its row along."""
    named = {test for row in _rows() for test in row.get("tests", ())}

    assert [test for test in sorted(named) if not exists(f"seeds/{test}")] == []


@needs_the_documents
@pytest.mark.parametrize("seed", SEEDS)
def test_each_block_has_a_row(seed: str) -> None:
    """Counted by their fences, the blocks of a document are the rows of the table."""
    numbers = [row["number"] for row in _rows() if row["seed"] == seed]

    assert numbers == list(range(1, len(blocks(seed)) + 1))


@needs_the_documents
def test_what_runs_as_printed_is_the_printed_text() -> None:
    """The text in the test's module is the block's, to the letter."""
    wrong = []
    for row in _rows():
        if row["how"] == "as printed":
            block = blocks(row["seed"])[row["number"] - 1].text
            module = row["tests"][0].partition("::")[0]
            if block not in _texts_in(module):
                wrong.append(f"{row['seed']} {row['number']} in {module}")

    assert wrong == []


@needs_the_documents
def test_each_heading_stands_in_its_document() -> None:
    """So that a row can be found by its heading."""
    missing = [
        row["heading"]
        for row in _rows()
        if not any(row["heading"] in line.text for line in lines(row["seed"]))
    ]

    assert missing == []
