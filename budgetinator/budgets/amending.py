"""Changes of an open workbook that are made whole or not at all.

How to undo a change is noted before it is made. Whatever ends the block before its end,
the notes are worked off backwards, and the workbook holds what it held before, so that a
save writes nothing. Rejected: working on a copy of the workbook, because openpyxl cannot
copy charts and images; and reading the file again, because that drops the changes that
somebody made before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import MergedCell

from budgetinator.workbooks import Formula
from budgetinator.workbooks.addresses import quote_sheet
from budgetinator.workbooks.worksheets import check_new_title, put_into_workbook

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = ["Amendment", "CellAmended", "amending"]

_THIS = "this workbook"


@dataclass(frozen=True, slots=True)
class CellAmended:
    """A cell that was given another content; a formula is its text with the equals sign."""

    sheet: str
    cell: str
    before: Any
    after: Any


@contextmanager
def amending(workbook: Workbook) -> Iterator[Amendment]:
    """Changes of the workbook for one block; all of them are undone if it raises.

    Sheets that are to go are removed when the block has ended and nothing can fail any more.
    """
    amendment = Amendment(workbook)
    try:
        yield amendment
    except BaseException:
        amendment.undo()
        raise
    amendment.finish()


class Amendment:
    """The changes of one block, made by `amending`; `cells` lists those of sheets that stood."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.cells: list[CellAmended] = []
        self.going: list[Worksheet] = []
        self.created: list[Worksheet] = []
        self._undoing: list[Callable[[], None]] = []
        self._active: Any = workbook.active

    def put(self, sheet: Worksheet, contents: Mapping[str, CellInput]) -> None:
        """Set cells and keep their looks: text is text, `Formula` a formula, None clears.

        What a cell holds already is not set again. Raises InvalidCellValue or
        WorkbookRefused, as `ExcelManager.set_cells` does, for what a cell cannot hold and
        for one that is hidden by a merged area.
        """
        changed = {
            reference: value
            for reference, value in contents.items()
            if not _holds(sheet, reference, value)
        }
        for reference, value in changed.items():
            cell = sheet[reference]
            self._note(cell)
            if sheet not in self.created:
                shown = value.text if isinstance(value, Formula) else value
                self.cells.append(CellAmended(sheet.title, reference, cell.value, shown))
        prefix = quote_sheet(sheet.title)
        named = {f"{prefix}!{reference}": value for reference, value in changed.items()}
        put_into_workbook(self.workbook, named, _THIS)

    def style(self, sheet: Worksheet, reference: str, **looks: Any) -> None:
        """Set attributes of a cell's look: `number_format`, `font` and their like."""
        cell = sheet[reference]
        self._note(cell)
        for name, look in looks.items():
            setattr(cell, name, look)

    def dress_as(self, sheet: Any, reference: str, model: str) -> None:
        """Give a cell the whole look of another one of its sheet."""
        cell = sheet[reference]
        self._note(cell)
        cell._style = copy(sheet[model]._style)  # noqa: SLF001  the whole look has no other name

    def change(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute of anything that the workbook holds."""
        old = getattr(owner, name)
        self._undoing.append(lambda: setattr(owner, name, old))
        setattr(owner, name, value)

    def exchange(self, items: list[Any], new: list[Any]) -> None:
        """Give a list of the workbook another content."""
        old = list(items)

        def undo() -> None:
            items[:] = old

        self._undoing.append(undo)
        items[:] = new

    def forget(self, table: Any, key: str) -> None:
        """Take an entry out of a mapping of the workbook."""
        old = dict(table)

        def undo() -> None:
            table.clear()
            table.update(old)

        self._undoing.append(undo)
        del table[key]

    def create(self, title: str, index: int | None = None) -> Worksheet:
        """A new sheet at the end or at this place; what is done to it needs no undoing.

        Raises InvalidCellValue for a name that Excel does not take or that is taken.
        """
        check_new_title(self.workbook.sheetnames, title, _THIS)
        sheet: Worksheet = self.workbook.create_sheet(title, index)
        self.created.append(sheet)
        self._undoing.append(lambda: self.workbook.remove(sheet))
        self._keep_active()
        return sheet

    def rename(self, sheet: Worksheet, title: str) -> None:
        """Give a sheet another name; raises as `create` does."""
        others = [name for name in self.workbook.sheetnames if name != sheet.title]
        check_new_title(others, title, _THIS)
        self.change(sheet, "title", title)

    def remove(self, sheet: Worksheet) -> None:
        """Have a sheet go at the end of the block."""
        self.going.append(sheet)

    def undo(self) -> None:
        """Work off the notes, each once."""
        while self._undoing:
            self._undoing.pop()()
        self._keep_active()

    def finish(self) -> None:
        """Remove the sheets that are to go; the next tab takes the active one's place."""
        place = self.workbook.sheetnames.index(self._active.title) if self._active else 0
        for sheet in self.going:
            self.workbook.remove(sheet)
        if self._active in self.going:
            self.workbook.active = min(place, len(self.workbook.sheetnames) - 1)
        else:
            self._keep_active()

    def _note(self, cell: Any) -> None:
        if isinstance(cell, MergedCell):
            return  # setting it is refused
        sheet, reference = cell.parent, cell.coordinate
        if cell.value is None and not cell.has_style and not (cell.comment or cell.hyperlink):
            self._undoing.append(lambda: sheet.__delitem__(reference))
            return
        value, kind, look = cell.value, cell.data_type, copy(cell._style)  # noqa: SLF001

        def undo() -> None:
            cell.value = value
            cell.data_type = kind
            cell._style = look  # noqa: SLF001  the whole look has no other name

        self._undoing.append(undo)

    def _keep_active(self) -> None:
        """Tabs that come and go before it would make another one active."""
        if self._active is not None:
            self.workbook.active = self._active


def _holds(sheet: Worksheet, reference: str, value: CellInput) -> bool:
    """Whether the cell has exactly this content; a number as text is another one."""
    cell: Any = sheet[reference]
    if isinstance(value, Formula):
        return bool(cell.data_type == "f" and cell.value == value.text)
    if isinstance(value, str) or isinstance(cell.value, str):
        return bool(cell.data_type == "s" and cell.value == value)
    return bool(cell.value == value)
