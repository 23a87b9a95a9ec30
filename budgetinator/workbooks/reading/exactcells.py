"""The cells of a sheet in any markup that XML permits, found by parsing every tag.

For what `plaincells` leaves: comments and CDATA sections, prefixes bound anywhere,
rows and cells without references, rich text, and formulas with their texts. Of
alternate content (ECMA-376 part 3) the fallback counts, which is for a reader that
knows no extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from budgetinator.errors import BudgetinatorError
from budgetinator.workbooks.addresses import column_letters
from budgetinator.workbooks.opc.partguard import LONGEST_TOKEN
from budgetinator.workbooks.reading.celltexts import CellTexts, Value
from budgetinator.workbooks.reading.sharedformulas import SharedFormulas
from budgetinator.workbooks.reading.xmltext import with_characters

__all__ = ["MAIN_NAMESPACES", "BrokenCell", "Content", "ExactCells", "column_of"]

MAIN_NAMESPACES = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    }
)
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006 "
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_FEED = 64 * 1024
_MOST_COLUMNS = 26**3 + 26**2 + 26

# Where the parser stands.
_OUT, _DATA, _ROW, _CELL, _VALUE, _FORMULA, _INLINE, _RUN, _TEXT, _SKIPPED = range(10)
_WITHIN = {
    (_OUT, "worksheet"): _OUT,
    (_OUT, "macrosheet"): _OUT,
    (_OUT, "sheetData"): _DATA,
    (_DATA, "row"): _ROW,
    (_ROW, "c"): _CELL,
    (_CELL, "v"): _VALUE,
    (_CELL, "f"): _FORMULA,
    (_CELL, "is"): _INLINE,
    (_INLINE, "t"): _TEXT,
    (_INLINE, "r"): _RUN,
    (_RUN, "t"): _TEXT,
}


class Content(NamedTuple):
    """A cell's value and the text of its formula, if it has one."""

    value: Value
    formula: str | None


class BrokenCell(Exception):
    """A cell, or the markup at one, that cannot be read; `cell` is its reference if known."""

    def __init__(self, cell: str | None, why: str) -> None:
        super().__init__(why)
        self.cell = cell


class ExactCells:
    """Reads rows from markup that is fed in pieces; `done` once the sheet's rows have ended.

    `last` is the number of the last row, from which rows without a number are counted.
    """

    def __init__(
        self,
        texts: CellTexts,
        on_row: Callable[[int, list[Content]], None],
        *,
        formulas: bool = False,
    ) -> None:
        self.done = False
        self._texts = texts
        self._on_row = on_row
        self._formulas = SharedFormulas() if formulas else None
        self._states = [_OUT]
        self._row: list[Content] = []
        self.last = 0
        self._column = 0
        self._cell: dict[str, str] = {}
        self._formula: dict[str, str] | None = None
        self._pieces: dict[int, list[str]] = {}
        self._length = 0
        self._fed = 0
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, text: str) -> None:
        """Read on; BrokenCell where that cannot be."""
        data = text.encode()
        for start in range(0, len(data), _FEED):
            if self.done:
                return
            self._parse(data[start : start + _FEED])

    def end(self) -> None:
        """Say that nothing more comes; BrokenCell if something should."""
        if not self.done:
            self._parse(b"", final=True)

    def _parse(self, data: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            if not self.done:
                raise BrokenCell(self._reference(), str(error)) from error
        except BudgetinatorError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            raise BrokenCell(self._reference(), f"{type(error).__name__}, {error}") from error
        self._fed += len(data)
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TOKEN and not self.done:
            raise BrokenCell(self._reference(), f"a tag of more than {LONGEST_TOKEN} bytes")

    def _reference(self) -> str | None:
        if self._states[-1] < _CELL or not 0 < self._column <= 16_384:
            return None
        return f"{column_letters(self._column)}{self.last}"

    # What the parser reports.

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        above = self._states[-1]
        state = _SKIPPED
        if namespace in MAIN_NAMESPACES:
            state = _WITHIN.get((above, local), _SKIPPED)
        elif name in (f"{_COMPATIBILITY}AlternateContent", f"{_COMPATIBILITY}Fallback"):
            state = above
        self._states.append(state)
        if state == above:
            return
        if state == _ROW:
            self._start_row(attributes)
        elif state == _CELL:
            self._start_cell(attributes)
        elif state == _FORMULA:
            self._formula = attributes
        elif state == _INLINE:
            self._pieces.setdefault(_TEXT, [])

    def _end(self, _name: str) -> None:
        above, state = self._states[-2:]
        if state == above:
            pass
        elif state == _CELL:
            self._end_cell()
        elif state == _ROW:
            self._on_row(self.last, self._row)
        elif state == _DATA:
            self.done = True
        self._states.pop()

    def _text(self, text: str) -> None:
        state = self._states[-1]
        if state in (_VALUE, _FORMULA, _TEXT):
            self._length += len(text)
            if self._length > LONGEST_TOKEN:
                raise ValueError(f"a text of more than {LONGEST_TOKEN} characters")
            self._pieces.setdefault(state, []).append(text)

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        self.last = self.last + 1 if number is None else _row_number(number)
        self._row = []
        self._column = 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._cell, self._formula = attributes, None
        self._pieces, self._length = {}, 0
        if reference is None:
            self._column += 1
        else:
            found = _REFERENCE.fullmatch(reference)
            if found is None:
                raise ValueError(f"{reference!r} is no cell")
            self._column = column_of(found[1])

    def _end_cell(self) -> None:
        value, formula = self._value(), self._formula_text()
        if value is None and formula is None:
            return
        row, column = self._row, self._column
        if column > _MOST_COLUMNS:  # cells without references, as many as somebody likes
            raise ValueError("more cells than a row can hold")
        row.extend([_EMPTY] * (column - len(row)))
        row[column - 1] = Content(value, formula)

    def _value(self) -> Value:
        kind, style = self._cell.get("t", "n"), self._cell.get("s", "0")
        if kind == "inlineStr":
            inline = self._pieces.get(_TEXT)
            return None if inline is None else with_characters("".join(inline))
        text = "".join(self._pieces.get(_VALUE, ()))
        return self._texts.read(kind, int(style), text) if text else None

    def _formula_text(self) -> str | None:
        if self._formula is None or self._formulas is None:
            return None
        text = "".join(self._pieces.get(_FORMULA, ()))
        return self._formulas.text(self._formula, text, self.last, self._column)


_EMPTY = Content(None, None)


def column_of(letters: str) -> int:
    """The column that the letters name, which may be one that no sheet has."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _row_number(text: str) -> int:
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"{text!r} is no row")
    return int(value)


def _refuse_doctype(*_: object) -> NoReturn:
    raise ValueError("it declares a document type")
