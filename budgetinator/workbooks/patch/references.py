"""What a formula refers to, told from its text as the file holds it (ECMA-376 part 1, 18.17).

Chosen: one expression for all tokens, which costs a few microseconds a formula; openpyxl's
tokenizer looks at every character in turn and takes twenty times as long. It is careful
where it matters: whatever it does not know makes the formula `unbounded`, that is, it may
refer to anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW, Area, column_number

__all__ = ["References", "SheetArea", "TableColumn", "formula_references"]

# Functions that choose what they read when they are computed.
_CHOOSING = frozenset({"INDIRECT", "OFFSET", "GETPIVOTDATA", "EVALUATE", "CALL", "REGISTER.ID"})
# Functions that give another result without any cell being changed, or tell of more than values.
_VOLATILE = frozenset(
    {"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY", "CELL", "INFO", "SHEET", "SHEETS"}
)
_PREFIXES = ("_XLFN.", "_XLWS.", "_XLUDF.")
_NAME = r"[^\W\d]|[_\\]"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_END = r"(?![\w.\\(\[!])"
_SHEET = r"(?:'(?:[^']|'')+'|(?:\[[0-9]+\])?[\w.\\]+(?::[\w.\\]+)?|\[[0-9]+\])!"
_BRACKETS = r"\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\]"
_TOKEN = re.compile(
    rf"""
      (?P<text>"(?:[^"]|"")*")
    | (?P<error>\#(?:REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!|[A-Z_]+!?))
    | (?P<sheet>{_SHEET})?(?:
          (?P<range>{_CELL}(?:\s*:\s*{_CELL})?{_END})
        | (?P<columns>\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}{_END})
        | (?P<rows>\$?[1-9][0-9]{{0,6}}:\$?[1-9][0-9]{{0,6}}{_END})
        | (?P<gone>\#REF!)
        | (?P<table>(?:{_NAME})[\w.\\]*{_BRACKETS})
        | (?P<function>(?:{_NAME})[\w.\\]*)\s*\(
        | (?P<name>(?:{_NAME})[\w.\\?]*)
      )
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>[-+*/^&=<>%,;(){{}}@\s])
    | (?P<colon>:)
    """,
    re.VERBOSE,
)
_CONSTANTS = frozenset({"TRUE", "FALSE"})
_CORNER = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})")
_OTHER_BOOK = re.compile(r"\[(\d+)\]")


class SheetArea(NamedTuple):
    """Cells that a formula names; a corner whose mark is False moves with the formula.

    `first` and `last` are the sheet's name, both None for the formula's own sheet; they
    differ for a reference through several sheets. `fixed` says of the first row, first
    column, last row and last column whether they carry a dollar sign.
    """

    first: str | None
    last: str | None
    area: Area
    fixed: tuple[bool, bool, bool, bool]

    def moved(self, rows: int, columns: int) -> Area | None:
        """The cells meant by the same formula so far away; None where they leave the grid."""
        if not rows and not columns:
            return self.area
        corners = (self.area.min_row, self.area.min_col, self.area.max_row, self.area.max_col)
        steps = (rows, columns, rows, columns)
        top, left, bottom, right = (
            corner if fixed else corner + step
            for corner, fixed, step in zip(corners, self.fixed, steps, strict=True)
        )
        if min(top, bottom) < 1 or min(left, right) < 1:
            return None
        if max(top, bottom) > MAX_ROW or max(left, right) > MAX_COLUMN:
            return None
        return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


class TableColumn(NamedTuple):
    """A reference into a table: its name, and what stands in the brackets."""

    table: str
    item: str


@dataclass(frozen=True, slots=True)
class References:
    """All that a formula refers to; `unbounded` means that it may refer to anything.

    A `volatile` one gives another result at another time, and one that is `external` refers to
    other workbooks too. `names` are defined names with the
    sheet that they are asked of, or None; `functions` are those that it calls, as the file
    spells them.
    """

    areas: tuple[SheetArea, ...] = ()
    names: tuple[tuple[str | None, str], ...] = ()
    tables: tuple[TableColumn, ...] = ()
    functions: frozenset[str] = frozenset()
    unbounded: bool = False
    volatile: bool = False
    external: bool = False


def formula_references(text: str) -> References:
    """What the formula, without its equals sign, refers to."""
    found = _Reading(text)
    return References(
        tuple(found.areas),
        tuple(found.names),
        tuple(found.tables),
        frozenset(found.functions),
        found.unbounded,
        found.volatile,
        found.external,
    )


class _Reading:
    """One formula while its tokens are read."""

    def __init__(self, text: str) -> None:
        self.areas: list[SheetArea] = []
        self.names: list[tuple[str | None, str]] = []
        self.tables: list[TableColumn] = []
        self.functions: set[str] = set()
        self.unbounded = self.volatile = self.external = False
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                # A `#` after a reference is its spilled area, which the anchor stands for.
                self.unbounded = self.unbounded or text[at] != "#"
                at += 1
                continue
            self._take(token)
            at = token.end()

    def _take(self, token: re.Match[str]) -> None:
        kind = token.lastgroup
        if kind == "colon":
            # A range between what functions or names give: its cells are known when it is computed.
            self.unbounded = True
        elif kind == "function":
            self._call(token["function"])
            if token["sheet"]:
                self.unbounded = True
        elif kind in {"range", "columns", "rows", "table", "name"}:
            self._refer(token, kind)

    def _call(self, function: str) -> None:
        self.functions.add(function)
        plain = function.upper()
        for prefix in _PREFIXES:
            plain = plain.removeprefix(prefix)
        self.unbounded = self.unbounded or plain in _CHOOSING
        self.volatile = self.volatile or plain in _VOLATILE

    def _refer(self, token: re.Match[str], kind: str) -> None:
        first, last, is_own = _sheets(token["sheet"])
        if not is_own:
            self.external = True  # the values of other workbooks do not change here
            return
        if kind == "table":
            name, _, item = token["table"].partition("[")
            self.tables.append(TableColumn(name, item.removesuffix("]")))
        elif kind == "name":
            if token["name"].upper() not in _CONSTANTS:
                self.names.append((first, token["name"]))
        else:
            try:
                self.areas.append(SheetArea(first, last, *_area(token[kind])))
            except InvalidCellReference:  # beyond the grid, as in a name like ABC1234567
                self.names.append((first, token[kind]))


def _sheets(prefix: str | None) -> tuple[str | None, str | None, bool]:
    """First and last sheet of a reference, and whether it stays in this workbook."""
    if not prefix:
        return None, None, True
    name = prefix[:-1]
    if name.startswith("'"):
        name = name[1:-1].replace("''", "'")
    book = _OTHER_BOOK.search(name)
    if book is not None:
        if int(book[1]) != 0:
            return None, None, False
        name = name[book.end() :]
    first, _, last = name.partition(":")
    return first or None, last or first or None, True


def _area(text: str) -> tuple[Area, tuple[bool, bool, bool, bool]]:
    one, _, other = (part.strip() for part in text.partition(":"))
    (top, left, *first), (bottom, right, *last) = (
        _corner(one, end=False),
        _corner(other or one, end=True),
    )
    fixed = (first[0], first[1], last[0], last[1])
    if top > bottom:
        top, bottom, fixed = bottom, top, (fixed[2], fixed[1], fixed[0], fixed[3])
    if left > right:
        left, right, fixed = right, left, (fixed[0], fixed[3], fixed[2], fixed[1])
    return Area(top, left, bottom, right), fixed


def _corner(text: str, *, end: bool) -> tuple[int, int, bool, bool]:
    """Row and column of a corner, and whether each is fixed; half of one for whole rows."""
    found = _CORNER.fullmatch(text)
    if found is not None:
        row = int(found[4])
        if row > MAX_ROW:
            raise InvalidCellReference(f"{text!r} lies beyond the grid.", cell=text)
        return row, column_number(found[2]), bool(found[3]), bool(found[1])
    plain, fixed = text.removeprefix("$"), text.startswith("$")
    if plain.isdigit():
        return int(plain), MAX_COLUMN if end else 1, fixed, True
    return MAX_ROW if end else 1, column_number(plain), True, fixed
