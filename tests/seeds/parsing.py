"""Code blocks as syntax trees, also those that leave out a body, a colon or an argument."""

from __future__ import annotations

import ast
import re
from functools import cache

__all__ = ["parse"]

_OPENS = re.compile(r"^\s*(?:class|def|with|if|else|try|except|finally|for)\b.*:\s*(?:#.*)?$")
_CONTINUES = re.compile(r"^.*\)\s*(?:->\s*[^:]+)?:\s*(?:#.*)?$")
_NO_COLON = re.compile(r"^(\s*def \w+\(.*\)(?: -> [\w\[\], .]+)?)$", re.MULTILINE)
_ELLIPSIS = re.compile(r"\((self, )?\.\.\.\)(?=:)")


@cache
def parse(block: str) -> ast.Module | None:
    """The tree of a block; None where even mended it is no Python."""
    for text in (block, _mended(block)):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return None


def _mended(block: str) -> str:
    text = _ELLIPSIS.sub(lambda found: f"({found[1] or ''}*args)", block)
    text = _NO_COLON.sub(r"\1: ...", text)
    return "\n".join(_with_bodies(text.splitlines()))


def _with_bodies(lines: list[str]) -> list[str]:
    """Each `def`, `if` … that only comments follow gets a body."""
    mended: list[str] = []
    for number, line in enumerate(lines):
        mended.append(line)
        if (_OPENS.match(line) or _CONTINUES.match(line)) and not _has_body(lines, number):
            mended.append(" " * (_opening_indent(lines, number) + 4) + "pass")
    return mended


def _has_body(lines: list[str], number: int) -> bool:
    for line in lines[number + 1 :]:
        if line.strip() and not line.lstrip().startswith("#"):
            return _indent(line) > _opening_indent(lines, number)
    return False


def _opening_indent(lines: list[str], number: int) -> int:
    """Where the statement begins whose last line is this one."""
    depth = 0
    for line in reversed(lines[: number + 1]):
        depth += line.count(")") - line.count("(")
        if depth <= 0:
            return _indent(line)
    return 0


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
