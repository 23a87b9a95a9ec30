"""The five documents: where they lie, their headings, their code blocks and their prose."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.seeds.printed import as_printed

__all__ = [
    "DOCUMENTS",
    "SEEDS",
    "Block",
    "Line",
    "blocks",
    "digest",
    "lines",
    "needs_the_documents",
]

DOCUMENTS = Path(__file__).parents[3] / "shared" / "seeds"
SEEDS = ("000", "001", "002", "003", "004")
# The depth of heading that makes a section: the finer one where a chapter is long.
DEPTH = {"000": 3, "001": 2, "002": 2, "003": 3, "004": 2}

needs_the_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason=f"the five documents are not at {DOCUMENTS}"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of prose and the headings above it: the section's, and the nearest."""

    section: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A code block, numbered from 1 as in `examples.toml`."""

    number: int
    section: str
    heading: str
    text: str


@cache
def _path(seed: str) -> Path:
    (path,) = DOCUMENTS.glob(f"{seed}_*.txt")
    return path


def digest(seed: str) -> str:
    """The SHA-256 of a document."""
    return hashlib.sha256(_path(seed).read_bytes()).hexdigest()


def _walk(seed: str) -> Iterator[tuple[Line, bool]]:
    """Each line with its headings, and whether it stands in a code block (fences: True)."""
    section = heading = "Title"
    fenced = False
    for text in _path(seed).read_text("utf-8").splitlines():
        if text.lstrip().startswith("```"):
            fenced = not fenced
            yield Line(section, heading, "```"), True
            continue
        if not fenced and (found := re.match(r"(#+) (.+)", text)):
            heading = found[2].strip()
            section = heading if len(found[1]) <= DEPTH[seed] else section
        yield Line(section, heading, text), fenced


@cache
def lines(seed: str) -> tuple[Line, ...]:
    """The lines outside of code blocks."""
    return tuple(line for line, fenced in _walk(seed) if not fenced)


@cache
def blocks(seed: str) -> tuple[Block, ...]:
    """The code blocks, as they are printed."""
    found: list[Block] = []
    kept: list[str] | None = None
    for line, fenced in _walk(seed):
        if line.text == "```":
            if kept is not None:
                text = as_printed("\n".join(kept))
                found.append(Block(len(found) + 1, line.section, line.heading, text))
            kept = [] if kept is None else None
        elif fenced and kept is not None:
            kept.append(line.text)
    return tuple(found)
