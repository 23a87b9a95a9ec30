"""The cells of usual markup, found by one expression over a block of whole rows.

The expression splits the block at the cells that hold values: what lies between them
must be rows and cells without any, and nothing else. So no cell can be overlooked: for
a block with anything that was not foreseen, or that cannot be read, `exactcells` reads
the block anew, which takes ten times as long and gives an error its place.

Chosen: lists of columns, attributes and texts, each made in one step for the block; the
numbers decoded as one JSON array, which has their grammar; rows cut out of the list of
values. A loop over the cells took three times as long.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import compress, pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec

from budgetinator.errors import BudgetinatorError
from budgetinator.workbooks.addresses import column_letters
from budgetinator.workbooks.reading.celltexts import CellTexts, NumberReader, TextReader, Value
from budgetinator.workbooks.reading.exactcells import column_of
from budgetinator.workbooks.reading.xmltext import unescaped

__all__ = ["PlainCells", "Row"]

_LOOK = re.compile(r'(?:\s+[\w.:-]+="[^"]*")*\s*')
_ATTRIBUTE = re.compile(r'([\w.:-]+)="([^"]*)"')

# Tells whole numbers from others and rounds correctly, at a fifth of the cost of `float`.
_decode_numbers: Any = msgspec.json.Decoder(list[int | float]).decode


Row: TypeAlias = tuple[int, list[Value]]
"""A row's number, and the values of its cells from column A to the last that has one."""


class _Odd(Exception):
    """The block is not of the usual kind."""


class PlainCells:
    """Reads blocks of the rows of one sheet, whose elements have this prefix.

    `last` is the number of the last row that was read, with or without values.
    """

    def __init__(self, texts: CellTexts, prefix: str) -> None:
        self.last = 0
        self._texts = texts
        self._markup = _expressions(prefix)
        self._next_row = f'</{prefix}row><{prefix}row r="'
        self._looks: set[str] = set()
        self._of_text: dict[str, TextReader] = {}
        self._of_number: dict[str, NumberReader] = {}
        self._columns: dict[int, list[str]] = {}
        self._gaps = _Gaps([])

    def rows(self, block: str) -> list[Row] | None:
        """The rows that hold values, or None for a block that is not of the usual kind."""
        if "\r" in block:
            block = block.replace("\r\n", "\n").replace("\r", "\n")
        rows = None
        if not ("f" in block and "<f" in block) and not ("i" in block and "<is" in block):
            rows = self._rows(self._markup.plain_values, block)
        return self._rows(self._markup.values, block) if rows is None else rows

    def _rows(self, values: re.Pattern[str], block: str) -> list[Row] | None:
        parts = values.split(block)
        try:
            found = self._values(parts[2::4], parts[3::4], has_references="&" in block)
            return self._placed(parts[::4], parts[1::4], found)
        except BudgetinatorError:
            raise
        except (_Odd, ValueError, TypeError, IndexError):
            return None

    def _values(self, looks: list[str], texts: list[str], *, has_references: bool) -> list[Value]:
        found = set(looks)
        for look in found - self._looks:
            self._learn(look)
        if has_references:
            texts = [unescaped(text) if "&" in text else text for text in texts]
        of_text, of_number = self._of_text, self._of_number
        numbers, places = texts, range(len(texts))
        in_words: list[int] = []
        if not found.isdisjoint(of_text):
            in_words = list(compress(places, map(of_text.__contains__, looks)))
            numbers = texts.copy()
            for index in in_words:
                numbers[index] = "0"
        values: list[Any] = _decode_numbers(f"[{','.join(numbers)}]")
        if len(values) != len(texts):
            raise _Odd
        if not found.isdisjoint(of_number):
            for index in compress(places, map(of_number.__contains__, looks)):
                values[index] = of_number[looks[index]](values[index])
        for index in in_words:
            values[index] = of_text[looks[index]](texts[index])
        return values

    def _learn(self, look: str) -> None:
        """Find out how cells with these attributes are read."""
        if _LOOK.fullmatch(look) is None:
            raise _Odd
        attributes = dict(_ATTRIBUTE.findall(look))
        kind, style = attributes.get("t", "n"), int(attributes.get("s", "0"))
        if of_text := self._texts.of_text(kind):
            self._of_text[look] = of_text
        elif of_number := self._texts.of_number(kind, style):
            self._of_number[look] = of_number
        self._looks.add(look)

    def _placed(self, between: list[str], letters: list[str], values: list[Value]) -> list[Row]:
        """The values in their rows; `between` is what lies before, between and after them."""
        rows: list[Row] = []
        number, start = self.last, 0
        for index in compress(range(len(between)), between):
            begun = self._begun(between[index])
            if begun:
                if start < index:
                    rows.append((number, self._row(letters[start:index], values[start:index])))
                number, start = int(begun), index
        if start < len(values):
            rows.append((number, self._row(letters[start:], values[start:])))
        self.last = number
        return rows

    def _begun(self, markup: str) -> str | None:
        """The number of the last row that begins in what lies between two cells."""
        usual = self._next_row
        if markup.startswith(usual) and markup.count("<") == 2 and markup.endswith(">"):
            number = markup[len(usual) : markup.index('"', len(usual))]
            if number.isascii() and number.isdigit():
                return number
        found = self._markup.between.fullmatch(markup)
        if found is None:
            raise _Odd
        return found[1]

    def _row(self, letters: list[str], values: list[Value]) -> list[Value]:
        """The values at their columns; most rows have no gaps, or those of the row before."""
        width = len(letters)
        if width not in self._columns:
            self._columns[width] = [column_letters(column) for column in range(1, width + 1)]
        if letters == self._columns[width]:
            return values
        if letters != self._gaps.letters:
            self._gaps = _Gaps(letters)
        return self._gaps.row(values)


class _Gaps:
    """A row in which some columns have no value: `runs` of those that have, without a gap."""

    def __init__(self, letters: list[str]) -> None:
        self.letters = letters
        columns = [column_of(name) for name in letters]
        starts = [i for i, at in enumerate(columns) if i == 0 or at != columns[i - 1] + 1]
        self._width = max(columns, default=0)
        self._runs = [
            (columns[start] - 1, columns[end - 1], start, end)
            for start, end in pairwise([*starts, len(columns)])
        ]

    def row(self, values: list[Value]) -> list[Value]:
        """The values at these columns; the last that is given for a column counts."""
        row: list[Value] = [None] * self._width
        for first, last, start, end in self._runs:
            row[first:last] = values[start:end]
        return row


class _Markup(NamedTuple):
    """What finds cells with values: their column, attributes and text; and what lies between.

    `plain_values` knows neither formulas nor inline text; `between` tells the number of
    the last row that begins there.
    """

    plain_values: re.Pattern[str]
    values: re.Pattern[str]
    between: re.Pattern[str]


@lru_cache(maxsize=8)
def _expressions(prefix: str) -> _Markup:
    p = re.escape(prefix)
    end = r'(?: xml:space="preserve")?>'
    formula = f"<{p}f(?:[^<>]*/>|[^<>]*>[^<]*</{p}f>)"
    inline = f'(?<=inlineStr">)<{p}is><{p}t{end}'
    value = f'(?<!inlineStr">)(?:{formula})?<{p}v{end}(?=[^<])'
    cell = f'<{p}c r="([A-Z]+)[0-9]+"([^<>/]*)>'
    nothing = f"<{p}c(?: [^<>]*)?(?:/>|>(?:{formula})?(?:<{p}v ?/>|<{p}v></{p}v>)?</{p}c>)"
    row = rf'<{p}row\s(?:[^<>]*?\s)?r="([0-9]{{1,7}})"[^<>]*>'
    return _Markup(
        re.compile(f'{cell}(?<!inlineStr">)<{p}v>([^<]+)</{p}v></{p}c>'),
        re.compile(f"{cell}(?:{value}|{inline})([^<]*)</{p}(?:v|t></{p}is)></{p}c>"),
        re.compile(rf"(?:</{p}row>|{row}|{nothing}|\s+)*"),
    )
