"""Every name of the five documents; `python -m tests.seeds.names` writes them to names.tsv.

The documents are not part of the repository. The list is, with the hash of each document, so that
the rows of docs/seeds.md can be compared with it anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.seeds.codenames import Found, names_in
from tests.seeds.documents import SEEDS, Block, Line, blocks, digest, lines
from tests.seeds.parsing import parse
from tests.seeds.prosenames import in_docstring, in_drawing, in_line

__all__ = ["LIST", "Name", "listed", "listed_digests", "read"]

LIST = Path(__file__).with_name("names.tsv")
_COMMENTED_FILE = re.compile(r"^# ([\w/]+\.py)\b", re.MULTILINE)


class Name(NamedTuple):
    """A name, the section where it comes first, and what it is."""

    seed: str
    section: str
    kind: str
    name: str


def read(seed: str) -> tuple[Name, ...]:
    """The names of a document, each once, in the order of its sections."""
    found: dict[str, Name] = {}
    sections: dict[str, int] = {}
    for section, names in _everything(seed):
        sections.setdefault(section, len(sections))
        for kind, name in names:
            found.setdefault(name, Name(seed, section, kind, name))
    return tuple(sorted(found.values(), key=lambda name: sections[name.section]))


def _everything(seed: str) -> Iterator[tuple[str, Iterator[Found]]]:
    """Prose first only to have the sections in order: names are looked for in code first."""
    order = list(dict.fromkeys(line.section for line in lines(seed)))
    yield from ((section, iter(())) for section in order)
    yield from ((block.section, _in_block(seed, block)) for block in blocks(seed))
    header = ""
    for line in lines(seed):
        header = _header(line, header)
        yield line.section, in_line(line, header)


def _header(line: Line, before: str) -> str:
    """The first cell of the table that a line stands in."""
    if not line.text.startswith("|"):
        return ""
    return before or line.text.split("|")[1].strip()


def _in_block(seed: str, block: Block) -> Iterator[Found]:
    yield from (("file", path) for path in _COMMENTED_FILE.findall(block.text))
    tree = parse(block.text)
    if tree is None:
        yield from in_drawing(block.text, block.heading)
    else:
        yield from names_in(tree, seed, block.number)
        yield from in_docstring(tree)


def listed() -> tuple[Name, ...]:
    """The names as they stand in the list."""
    rows = (line.split("\t") for line in LIST.read_text("utf-8").splitlines())
    return tuple(Name(*row) for row in rows if len(row) == len(Name._fields))


def listed_digests() -> dict[str, str]:
    """The hash of each document that the list was made from."""
    return dict(re.findall(r"^# (\d{3}) ([0-9a-f]{64})$", LIST.read_text("utf-8"), re.MULTILINE))


def _write() -> None:
    digests = [f"# {seed} {digest(seed)}" for seed in SEEDS]
    names = ["\t".join(name) for seed in SEEDS for name in read(seed)]
    LIST.write_text("\n".join([*digests, *names]) + "\n", "utf-8")


if __name__ == "__main__":
    _write()
