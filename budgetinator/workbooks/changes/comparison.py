"""What differs between two states of an openpyxl workbook, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = [
    "BookChange",
    "CellChange",
    "CommentForm",
    "Comments",
    "Comparison",
    "RowLook",
    "SheetChange",
]


class CellChange(NamedTuple):
    """One cell then and now; each is (value, type, style, hyperlink, comment) or None.

    Only good for comparing: a long text is its hash, and what is no plain value a digest.
    """

    row: int
    column: int
    before: tuple[Any, ...] | None
    now: tuple[Any, ...] | None


class RowLook(NamedTuple):
    """What openpyxl knows of a row beside its cells; `height` is in points.

    `style` are the bytes of openpyxl's StyleArray, or None where the row has no style.
    """

    height: float | None = None
    hidden: bool = False
    outline_level: int = 0
    collapsed: bool = False
    thick_bottom: bool = False
    thick_top: bool = False
    style: bytes | None = None


class CommentForm(NamedTuple):
    """What openpyxl knows of a comment; width and height of its box are in points."""

    text: str
    author: str
    width: float
    height: float


Comments = Mapping[tuple[int, int], CommentForm]  # by row and column


@dataclass(frozen=True, slots=True)
class SheetChange:
    """How one sheet of the file differs.

    `cells` are those whose value, type or style differs, by rows and columns; `rows` gives
    the looks of rows before and now, by number; `frame` says whether anything else in the
    sheet's part differs, the hyperlinks of cells included; `comments` are None where none
    differs; `merges` are the merged areas before and now; `drawings` how many charts and
    pictures there are, with a digest of them.
    """

    sheet: Any
    cells: list[CellChange]
    rows: Mapping[int, tuple[RowLook, RowLook]]
    frame: bool
    comments: tuple[Comments, Comments] | None
    merges: tuple[frozenset[str], frozenset[str]]
    drawings: tuple[tuple[int, bytes], tuple[int, bytes]]

    @property
    def has_rows(self) -> bool:
        """Whether anything within `sheetData` has to change."""
        return bool(self.cells or self.rows) or self.merges[0] != self.merges[1]


@dataclass(frozen=True, slots=True)
class BookChange:
    """Which of the things that belong to no one sheet differ.

    `sheets`: added, removed, renamed, reordered, shown or hidden; `names`: the names that
    are defined for the book or a sheet, with print areas, titles and filters; `properties`:
    of the document; `styles`: named styles, colours, or tables that do not begin as they
    were; `other`: all else.
    """

    sheets: bool = False
    names: bool = False
    properties: bool = False
    styles: bool = False
    other: bool = False

    def __bool__(self) -> bool:
        return self.sheets or self.names or self.properties or self.styles or self.other


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs; `added` are sheets that the file does not hold yet."""

    book: BookChange
    sheets: tuple[SheetChange, ...]
    added: tuple[Any, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.book or self.sheets or self.added)
