"""What LibreOffice found, read from the text that its macro wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from budgetinator.workbooks.patch.results import Result

__all__ = ["Computed", "ForeignError", "read_computed"]

# LibreOffice's errors that are those of every spreadsheet program.
_ERRORS = {
    32767: "#N/A",
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
}
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class ForeignError:
    """An error that only LibreOffice has, by its number."""

    number: int

    def __str__(self) -> str:
        return f"Err:{self.number}"


Computed = dict[tuple[int, int], Result | ForeignError]
"""The results of one sheet's formulas by row and column."""


def read_computed(path: Path) -> dict[str, Computed] | None:
    """The results by the name of the sheet; None where the macro has not come to its end.

    Raises ValueError for a text that no macro of ours writes.
    """
    sheets: dict[str, Computed] = {}
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            lines = (line.removesuffix("\n") for line in file)
            return sheets if _read(lines, sheets) else None
    except FileNotFoundError:
        return None


def _read(lines: Iterator[str], sheets: dict[str, Computed]) -> bool:
    """Whether the end was reached."""
    sheet: Computed = {}
    for line in lines:
        if line == "end":
            return True
        if line.startswith("sheet "):
            sheet = sheets[_unescaped(line.removeprefix("sheet "))] = {}
            continue
        row, column, kind, text = line.split(" ", 3)
        sheet[int(row), int(column)] = _result(kind, text)
    return False


def _result(kind: str, text: str) -> Result | ForeignError:
    if kind == "s":
        return Result("str", _unescaped(text))
    if kind == "b":
        return Result("b", text.strip() == "1")
    if kind == "n":
        shown, _, rest = text.partition(" ")
        return Result("n", float(shown) + float(rest))
    number = int(text)
    return Result("e", _ERRORS[number]) if number in _ERRORS else ForeignError(number)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)
