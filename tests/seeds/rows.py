"""The rows of docs/seeds.md: a name of a seed, where it is here, its tests and its decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["PAGE", "REPOSITORY", "Row", "references", "rows"]

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "seeds.md"
_SEED = re.compile(r"^## Seed (\d{3})\b")
_SECTION = re.compile(r"^### (.+)$")
_REFERENCE = re.compile(r"^\[(\d{4})\]: (\S+)$", re.MULTILINE)


class Row(NamedTuple):
    """A row; `places` are dotted names, links, or "its test"."""

    seed: str
    section: str
    kind: str
    name: str
    places: tuple[str, ...]
    tests: tuple[str, ...]
    decisions: tuple[str, ...]


@cache
def rows() -> tuple[Row, ...]:
    """All rows, in the order of the page."""
    return tuple(_rows(PAGE.read_text("utf-8").splitlines()))


def _rows(lines: list[str]) -> Iterator[Row]:
    seed = section = ""
    for line in lines:
        if found := _SEED.match(line):
            seed = found[1]
        elif found := _SECTION.match(line):
            section = found[1]
        elif line.startswith("|") and not line.startswith(("|--", "| kind")):
            kind, name, places, tests, decisions = (cell.strip() for cell in line.split("|")[1:-1])
            yield Row(
                seed,
                section,
                kind,
                name.strip("`"),
                _several(places),
                _several(tests),
                tuple(re.findall(r"\[(\d{4})\]", decisions)),
            )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip("` ") for part in cell.split("<br>") if part.strip())


def references() -> dict[str, str]:
    """Number of a decision -> the page that the page links for it."""
    return dict(_REFERENCE.findall(PAGE.read_text("utf-8")))
