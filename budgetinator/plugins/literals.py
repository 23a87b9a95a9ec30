"""PLUGIN_METADATA out of a Python file, which is parsed and never run.

The parser of CPython answers nesting without end with one of four exceptions; a file is
bounded besides, so that none costs more than a second. Codecs named in the file are not
looked up: a plugin is UTF-8.
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from typing import Any

__all__ = ["MOST_SOURCE_BYTES", "decoded", "metadata_of"]

NAME = "PLUGIN_METADATA"
MOST_SOURCE_BYTES = 256 * 1024

_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_UTF_8 = frozenset({"utf-8", "utf8", "utf_8", "utf-8-sig", "ascii", "us-ascii"})


def decoded(source: bytes) -> str:
    """The text of a Python file; ValueError where it is not UTF-8."""
    try:
        text = source.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None
    for line in text.splitlines()[:2]:
        found = _CODING.match(line)
        if found is not None and found[1].lower() not in _UTF_8:
            raise ValueError(f"it declares the coding {found[1][:40]!r}; a plugin is UTF-8")
    return text


def metadata_of(source: bytes) -> dict[str, Any] | None:
    """The literal that the module assigns to PLUGIN_METADATA; None where it assigns none.

    Raises ValueError for what is no Python, no literal, no dictionary, or assigned twice.
    """
    if NAME.encode() not in source:
        return None
    if len(source) > MOST_SOURCE_BYTES:
        raise ValueError(
            f"it has {len(source)} bytes; the file with {NAME} may have {MOST_SOURCE_BYTES}"
        )
    values = _assigned(_parsed(decoded(source)))
    if not values:
        return None
    if len(values) > 1:
        raise ValueError(f"{NAME} is assigned more than once")
    try:
        found = ast.literal_eval(values[0])
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"{NAME} is no literal; write it out, without names or calls") from None
    if not isinstance(found, dict):
        raise ValueError(f"{NAME} is no dictionary")  # noqa: TRY004  the caller knows one error
    return found


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes: they are no concern of whoever looks
            return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"it is no Python: {error}") from None
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deeply to be read") from None


def _assigned(module: ast.Module) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in module.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        if value is not None and any(isinstance(t, ast.Name) and t.id == NAME for t in targets):
            found.append(value)
    return found
