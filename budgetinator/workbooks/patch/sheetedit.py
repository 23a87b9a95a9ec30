"""What one sheet's rows and cells shall be, before the part is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from budgetinator.workbooks.addresses import Area
from budgetinator.workbooks.patch.cells import CellContent

__all__ = [
    "KEEP",
    "CellEdit",
    "CellLooks",
    "Cells",
    "Index",
    "KeptLook",
    "SheetEdit",
    "TableForm",
    "columns_within",
    "setting",
]


class KeptLook:
    """The look that a cell has in the file; a new cell looks like its row, or its column."""


KEEP = KeptLook()


@dataclass(frozen=True, slots=True)
class CellEdit:
    """What one cell shall be.

    Without `content` it holds what it holds. `style` is what `SheetEdit.looks` knows a
    style by; a cell that `has_style` in the file keeps that, and `style` counts where
    the file has no such cell. A cell that is `removed` is taken out with its style.
    What a cell held was `unseen` where a merged area hid it, or where openpyxl showed an
    error in its place; then it is a loss.
    """

    content: CellContent | None = None
    style: bytes | KeptLook = KEEP
    has_style: bool = False
    removed: bool = False
    unseen: bool = False

    @property
    def is_formula(self) -> bool:
        """Whether a formula is put into it."""
        return self.content is not None and self.content.is_formula

    @property
    def changes_value(self) -> bool:
        """Whether what it held is gone."""
        return self.removed or self.content is not None


Index = Callable[[bytes, int | None], int]  # as CellLooks has it
Cells = Mapping[int, Mapping[int, CellEdit]]  # by row, by column


class CellLooks(Protocol):
    """Places in `cellXfs`."""

    def dated(self, style: int, number_format: int) -> int:
        """One like this that shows dates."""
        ...

    def index(self, style: bytes, _base: int | None = None) -> int:
        """The place of a style for a cell whose place was `_base`."""
        ...


class TableForm(NamedTuple):
    """A table as it will be: where it stands, and the names of its columns."""

    reference: str
    columns: tuple[str, ...]


@dataclass(slots=True)
class SheetEdit:
    """The changes to one sheet's rows.

    `rows` are attributes to be set by the numbers of the rows, or taken away where they
    are None. With `respects_areas`, cells that a merged area hides or that belong to the
    area of a formula are refused, as Excel does; without it, merged areas are the
    frame's, and a formula's area that is broken is a loss. `tables` are those that will
    be there, by name; None where they are those of the file.
    """

    cells: Cells = field(default_factory=dict)
    rows: Mapping[int, Mapping[bytes, bytes | None]] = field(default_factory=dict)
    looks: Index | None = None
    respects_areas: bool = True
    tables: Mapping[str, TableForm] | None = None

    @property
    def numbers(self) -> list[int]:
        """The rows that change, in order."""
        return sorted(self.cells.keys() | self.rows.keys())


def setting(contents: Mapping[int, Mapping[int, CellContent]]) -> SheetEdit:
    """The edit that puts these contents into cells, which keep their looks."""
    return SheetEdit(
        {
            row: {column: CellEdit(content) for column, content in cells.items()}
            for row, cells in contents.items()
        }
    )


def columns_within(cells: Cells, area: Area) -> Iterable[tuple[int, int, CellEdit]]:
    """The cells to be changed that lie in the area."""
    rows: Iterable[int] = cells
    if area.rows < len(cells):
        rows = range(area.min_row, area.max_row + 1)
    for row in rows:
        for column, edit in cells.get(row, {}).items():
            if area.contains(row, column):
                yield row, column, edit
