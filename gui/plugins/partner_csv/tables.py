"""A CSV file as rows of text: its coding, what parts its cells, and bounds for all of it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DELIMITERS", "MOST_BYTES", "CsvTable", "read_table"]

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 500
MOST_COLUMNS = 200
DELIMITERS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A heading and rows; `lines` are the numbers of the rows in the file, from 1."""

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str
    coding: str


def read_table(data: bytes, delimiter: str | None = None) -> CsvTable:
    """Read a file; without a delimiter the one that parts most lines alike is taken.

    Rows without any text are left out. Raises ValueError for a file that is no table.
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"The file has {len(data)} bytes; {MOST_BYTES} are read.")
    text, coding = _decoded(data)
    sign = delimiter or _delimiter(text)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    before = 0
    try:
        for row in reader:
            cells = tuple(cell.strip() for cell in row)
            if any(cells):
                rows.append(cells)
                lines.append(before + 1)
            before = reader.line_num
            if len(cells) > MOST_COLUMNS or len(rows) > MOST_ROWS + 1:
                raise ValueError(f"There are more than {MOST_ROWS} rows or {MOST_COLUMNS} columns.")
    except csv.Error as error:
        raise ValueError(f"Line {reader.line_num} cannot be read: {error}.") from None
    if not rows:
        raise ValueError("The file is empty.")
    return CsvTable(rows[0], tuple(rows[1:]), tuple(lines[1:]), sign, coding)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text: by its mark, as UTF-8, or as Western European Windows writes it."""
    for mark, coding in _MARKS:
        if data.startswith(mark):
            return _text(data, coding), coding
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return _text(data, "cp1252"), "cp1252"


def _text(data: bytes, coding: str) -> str:
    try:
        return data.decode(coding)
    except UnicodeDecodeError as error:
        raise ValueError(f"The file is no text in {coding}, at byte {error.start}.") from None


def _delimiter(text: str) -> str:
    """The sign that gives the first lines equally many cells, and most of them."""
    return max(DELIMITERS, key=lambda sign: _agreement(text, sign))


def _agreement(text: str, sign: str) -> tuple[bool, int]:
    counts = _counts(text, sign)
    if not counts or max(counts) < 2:
        return (False, 0)
    return (len(set(counts)) == 1, counts[0])


def _counts(text: str, sign: str) -> Sequence[int]:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        return [len(row) for row, _ in zip(rows, range(_LOOKED_AT), strict=False) if any(row)]
    except csv.Error:
        return ()
