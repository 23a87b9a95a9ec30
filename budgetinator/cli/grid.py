"""Rows of cells as lines of aligned columns, made as the rows stream in.

Column widths come from the first rows; a later cell that is wider pushes its own
line and no other. On a terminal cells are cut and columns left out to keep each
row on one line; elsewhere nothing is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from budgetinator.cli.cellforms import Content, Shown, shown
from budgetinator.workbooks.addresses import column_letters

__all__ = ["Fit", "Grid"]

_MEASURED = 200
_GAP = 2


@dataclass(frozen=True, slots=True)
class Fit:
    """The width of a line, None for no end, and of a column at most.

    Where a line has an end, what does not fit is left out and cells are cut; else they
    are not, and a cell that is wider than its column pushes the rest of its line.
    """

    line: int | None = None
    column: int = 60
    ellipsis: str = "…"


class Grid:
    """A table of rows that begin in `first_column`, each with its number at the left.

    `columns_left_out` is known once the first line has been made.
    """

    def __init__(self, rows: Iterable[tuple[int, Sequence[Content]]], first_column: int, fit: Fit):
        self._rows = iter(rows)
        self._first = first_column
        self._fit = fit
        self.columns_left_out: tuple[str, ...] = ()
        self.is_empty = True

    def lines(self) -> Iterator[Text]:
        """The heading with the letters of the columns, then a line for each row."""
        head = [
            _Line(number, _cells(row)) for number, row in itertools.islice(self._rows, _MEASURED)
        ]
        self.is_empty = not head
        if not head:
            return
        number_width = len(str(head[-1].number)) + 1
        widths = self._fitting(_widths(head, self._first, self._fit.column), number_width)
        yield self._heading(widths, number_width)
        previous = None
        for line in itertools.chain(head, (_Line(n, _cells(row)) for n, row in self._rows)):
            if previous is not None and line.number > previous + 1:
                yield Text("")
            previous = line.number
            yield self._line(line, widths, number_width)

    def _fitting(self, widths: list[int], number_width: int) -> list[int]:
        if self._fit.line is None:
            return widths
        used = number_width
        for place, width in enumerate(widths):
            used += _GAP + width
            if used > self._fit.line and place > 0:
                last = len(widths)
                letters = (column_letters(self._first + left) for left in range(place, last))
                self.columns_left_out = tuple(letters)
                return widths[:place]
        return widths

    def _heading(self, widths: list[int], number_width: int) -> Text:
        letters = [column_letters(self._first + place) for place in range(len(widths))]
        cells = (letter.ljust(width) for letter, width in zip(letters, widths, strict=True))
        return Text((" " * number_width + " " * _GAP + (" " * _GAP).join(cells)).rstrip(), "bold")

    def _line(self, line: _Line, widths: list[int], number_width: int) -> Text:
        text = Text()
        text.append(str(line.number).rjust(number_width), "dim")
        pending = ""
        shown_cells = line.cells[: len(widths)] if self._fit.line is not None else line.cells
        for place, cell in enumerate(shown_cells):
            width = widths[place] if place < len(widths) else 0
            before, content, after = self._padded(cell, width)
            pending += " " * _GAP + before
            if content:
                text.append(pending)
                text.append(content, "red" if cell.is_error else "dim" if cell.is_stale else "")
                pending = ""
            pending += after
        return text

    def _padded(self, cell: Shown, width: int) -> tuple[str, str, str]:
        content, length = cell.text, cell_len(cell.text)
        if self._fit.line is not None and length > max(width, 1):
            mark = self._fit.ellipsis
            content = set_cell_size(content, max(width - len(mark), 0)) + mark
            length = cell_len(content)
        space = " " * (width - length)
        return (space, content, "") if cell.right else ("", content, space)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: list[Shown]


def _cells(row: Sequence[Content]) -> list[Shown]:
    return [shown(content) for content in row]


def _widths(lines: Iterable[_Line], first: int, most: int) -> list[int]:
    widths: list[int] = []
    for line in lines:
        for place, cell in enumerate(line.cells):
            if place == len(widths):
                widths.append(len(column_letters(first + place)))
            widths[place] = max(widths[place], cell_len(cell.text))
    return [min(width, most) for width in widths]
