"""What the text of a document promises: lists, tables, drawings, file names and shell lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.seeds.codenames import Found
from tests.seeds.documents import Line

__all__ = ["in_docstring", "in_drawing", "in_line"]

LENGTH = 90

# Lists that promise nothing of a program, by the beginning of their heading.
NO_PROMISES = (
    "Table of Contents",
    "Current Problem",  # what was wrong before
    "1.2 Current Tab Integration Issues",  # what was wrong before
    "1.3 Quality Assessment Score",  # an opinion on the program of then
    "4.1 Incremental Migration Path",  # a timetable
    "6.1 Immediate Actions",  # an order of work
    "7. Conclusion",  # a timetable, and what its chapters say
    "Common Memory Leak Patterns",  # titles of examples, which have rows in examples.toml
)

_ITEM = re.compile(r"^\s*(?:[-*•]|\d+\.|✅)\s+(.+)$")
_BOLD = re.compile(r"^\*\*([^*]*[a-z][^*]*)\*\*(?=:|$| -)")
_ISSUE = re.compile(r"^\*\*Issue\*\*: (.+)$")
_CELLS = re.compile(r"^\|(.+)\|\s*$")
_FILE = re.compile(
    r"\b((?:core|controllers|ui|plugins|resource_managers|tests|utils)/[\w/]+\.py)\b"
)
_CODE = re.compile(r"^`([\w.]+)(?:\(.*\))?`$")
_BRANCH = re.compile(r"^[│ ]*(?:[├└]──|-|\d+\.) (.+?)[│ ]*$")
_STAMP = re.compile(r"^(?:[\d:,]+ - |Terminal: )?\"?(.+?)\"?$")
_EXPORT = re.compile(r"^export (\w+)=")
_OWNERS = {"Type": "ResourceType.", "Method": "BaseResourceCoordinator.", "Class": ""}


def in_line(line: Line, header: str) -> Iterator[Found]:
    """What a line of prose names; `header` is the first cell of the table that it stands in."""
    yield from (("file", path) for path in _FILE.findall(line.text))
    if line.heading.startswith(NO_PROMISES):
        return
    if found := _CELLS.match(line.text):
        yield from _row([cell.strip() for cell in found[1].split("|")], header)
    elif found := _ISSUE.match(line.text) or _ITEM.match(line.text):
        yield "promise", _short(found[1])


def _row(cells: list[str], header: str) -> Iterator[Found]:
    """A row of a table: its name and what it says of it."""
    if cells[0].startswith("-") or cells[0] == header:
        return
    if (code := _CODE.match(cells[0])) and header in _OWNERS:
        yield "table", _OWNERS[header] + code[1]
        yield "promise", _short(f"{code[1]}: {cells[-1]}")
    else:
        yield "promise", _short(cells[-1])


def _short(text: str) -> str:
    """The words in bold letters that an item begins with, or the whole item, cut to a length."""
    bold = _BOLD.match(text)
    plain = (bold[1] if bold else text).strip().removeprefix("✅").strip().rstrip(":")
    plain = plain.replace("**", "").replace("`", "").replace("|", "/")
    return plain if len(plain) <= LENGTH else plain[:LENGTH].rsplit(" ", 1)[0] + " …"


def in_docstring(tree: ast.Module) -> Iterator[Found]:
    """The lists in the docstrings of a block's classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for text in (ast.get_docstring(node) or "").splitlines():
                if found := _ITEM.match(text):
                    yield "promise", _short(found[1])


def in_drawing(text: str, heading: str) -> Iterator[Found]:
    """What stands in a block that is no Python: branches and lists, log lines, settings."""
    for line in text.splitlines():
        if found := _BRANCH.match(line):
            yield "promise", _short(found[1])
        elif found := _EXPORT.match(line):
            yield "setting", found[1]
        elif heading.startswith("Terminal") and not line.startswith("#") and line.strip():
            yield "log line", _STAMP.sub(r"\1", line)
