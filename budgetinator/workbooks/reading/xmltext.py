"""The text of elements, from markup to what a cell shows.

XML 1.0, sections 2.11 (line ends) and 4.1 (references); ECMA-376 part 1, section
22.9.2.19 (ST_Xstring), in which `_x000D_` is a character that XML cannot hold and
`_x005F_` the underline that keeps such a text from being one.
"""

from __future__ import annotations

import re

__all__ = ["unescaped", "with_characters"]

_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w+));?")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """The text with its references resolved; ValueError for one that XML does not know."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if not found[0].endswith(";"):
        raise ValueError(f"{found[0]!r} is not well-formed")
    decimal, hexadecimal, name = found.groups()
    if name:
        if name not in _NAMED:
            raise ValueError(f"there is no entity {name!r}")
        return _NAMED[name]
    return chr(int(decimal) if decimal else int(hexadecimal, 16))


def with_characters(text: str) -> str:
    """The text with the characters that stand in it as `_xHHHH_`."""
    if "_x" not in text:
        return text
    shown = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return shown if shown.isascii() else _joined(shown, text)


def _joined(shown: str, text: str) -> str:
    """Pairs of surrogates as the one character that they are; the text as it was for others."""
    try:
        return shown.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return text
