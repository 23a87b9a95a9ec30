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
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import compress, pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec

from budgetinator.errors import BudgetinatorError
from budgetinator.workbooks.addresses import column_letters
from budgetinator.workbooks.reading.celltexts import CellTexts, NumberReader, TextReader, Value
from budgetinator.workbooks.reading.exactcells import column_of
from budgetinator.workbooks.reading.xmltext import unescaped, with_characters

__all__ = ["PlainCells", "Row"]

_LOOK = re.compile(r'(?:\s++[\w.:-]++="[^"<]*+")*\s*')
_ATTRIBUTE = re.compile(r'([\w.:-]+)="([^"]*)"')

# How a cell is read: its number is its value, the index of a shared string, a truth value
# or means something else; or its text is its value, or means something else.
_NUMBER, _SHARED, _TRUTH, _MEANING, _STRING, _TEXT = range(6)
_ONLY = [bytes(way == each for each in range(256)) for way in range(6)]
_IN_WORDS = bytes(way in (_STRING, _TEXT) for way in range(256))
_USUAL_COUNT = 4_096
_NUMBERS = tuple(range(_USUAL_COUNT))  # which cost as much as what is done with them

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
        self._looks = _Looks(texts)
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
            found = self._values(parts[2::4], parts[3::4], block)
            return self._placed(parts[::4], parts[1::4], found)
        except BudgetinatorError:
            raise
        except (_Odd, ValueError, TypeError, IndexError):
            return None

    def _values(self, looks: list[str], texts: list[str], block: str) -> list[Value]:
        if "&" in block:
            texts = [unescaped(text) if "&" in text else text for text in texts]
        ways = bytes(map(self._looks.__getitem__, looks))
        numbers, in_words = texts, list[int]()
        if _STRING in ways or _TEXT in ways:
            numbers, in_words = texts.copy(), list(_places(ways.translate(_IN_WORDS)))
            for place in in_words:
                numbers[place] = "0"
        values: list[Any] = _decode_numbers(f"[{','.join(numbers)}]")
        if len(values) != len(texts):
            raise _Odd
        self._find_meanings(values, ways, looks)
        if in_words and _TEXT not in ways and not ("_" in block and "_x" in block):
            for place in in_words:
                values[place] = texts[place]
        elif in_words:
            of_text = self._looks.of_text
            for place in in_words:
                values[place] = of_text[looks[place]](texts[place])
        return values

    def _find_meanings(self, values: list[Any], ways: bytes, looks: list[str]) -> None:
        """Put into the place of numbers what they mean."""
        if _SHARED in ways:
            shared = list(_places(ways.translate(_ONLY[_SHARED])))
            strings = self._texts.shared([values[place] for place in shared])
            for place, string in zip(shared, strings, strict=True):
                values[place] = string
        if _TRUTH in ways:
            for place in _places(ways.translate(_ONLY[_TRUTH])):
                values[place] = values[place] != 0
        if _MEANING in ways:
            of_number = self._looks.of_number
            for place in _places(ways.translate(_ONLY[_MEANING])):
                values[place] = of_number[looks[place]](values[place])

    def _placed(self, between: list[str], letters: list[str], values: list[Value]) -> list[Row]:
        """The values in their rows; `between` is what lies before, between and after them."""
        rows: list[Row] = []
        number, start = self.last, 0
        for index in _places(between):
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
        found = self._markup.next_row(markup) or self._markup.between.fullmatch(markup)
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


def _places(wanted: Sequence[object]) -> Iterator[int]:
    """Where there is anything true."""
    return compress(_NUMBERS if len(wanted) <= _USUAL_COUNT else range(len(wanted)), wanted)


_OF_KIND = {"s": _SHARED, "b": _TRUTH}


class _Looks(dict[str, int]):
    """How cells with these attributes are read, as far as any was met."""

    def __init__(self, texts: CellTexts) -> None:
        super().__init__()
        self.of_text: dict[str, TextReader] = {}
        self.of_number: dict[str, NumberReader] = {}
        self._texts = texts

    def __missing__(self, look: str) -> int:
        if _LOOK.fullmatch(look) is None:
            raise _Odd
        attributes = dict(_ATTRIBUTE.findall(look))
        kind, style = attributes.get("t", "n"), int(attributes.get("s", "0"))
        way = _NUMBER
        if of_text := self._texts.of_text(kind):
            way, self.of_text[look] = _TEXT, of_text
            if of_text is with_characters:
                way = _STRING
        elif kind in _OF_KIND:
            way = _OF_KIND[kind]
        elif of_number := self._texts.of_number(kind, style):
            way, self.of_number[look] = _MEANING, of_number
        self[look] = way
        return way


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
    the last row that begins there, and `next_row` the same of nothing but the next row.
    """

    plain_values: re.Pattern[str]
    values: re.Pattern[str]
    between: re.Pattern[str]
    next_row: Callable[[str], re.Match[str] | None]


@lru_cache(maxsize=8)
def _expressions(prefix: str) -> _Markup:
    p = re.escape(prefix)
    # Chosen by measuring: what is matched is never given back, and each way to go on begins
    # with another sign, so that no other is tried. That takes three quarters of the time.
    end = '(?:>| xml:space="preserve">)'
    rest = f"(?:[^<>/]*+>[^<]*+</{p}f>|[^<>]*/>|[^<>]*+>[^<]*+</{p}f>)"
    formula = f"<{p}f{rest}"
    value = f'v(?<!inlineStr"><{p}v){end}(?!<)'
    computed = f'f(?<!inlineStr"><{p}f){rest}<{p}v{end}(?!<)'
    inline = f'is(?<=inlineStr"><{p}is)><{p}t{end}'
    cell = f'<{p}c r="([A-Z]++)[0-9]++"([^>]*+)>'
    closed = f"</{p}(?:v></{p}c>|t></{p}is></{p}c>)"
    nothing = f"<{p}c(?: [^<>]*)?(?:/>|>(?:{formula})?(?:<{p}v ?/>|<{p}v></{p}v>)?</{p}c>)"
    row = rf'<{p}row\s(?:[^<>]*?\s)?r="([0-9]{{1,7}})"[^<>]*>'
    return _Markup(
        re.compile(f'{cell}(?<!inlineStr">)<{p}v>([^<]++)</{p}v></{p}c>'),
        re.compile(f"{cell}<{p}(?:{value}|{inline}|{computed})([^<]*+){closed}"),
        # Each piece for good: tried anew, two blanks between many cells would never end.
        re.compile(rf"(?>{nothing}|</{p}row>|{row}|\s++)*"),
        re.compile(rf'</{p}row><{p}row r="([0-9]{{1,7}})"[^<>]*>').fullmatch,
    )
