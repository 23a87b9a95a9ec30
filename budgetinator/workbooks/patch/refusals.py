"""What a change to a cell cannot be allowed to do, as the errors that say so."""

from __future__ import annotations

from dataclasses import dataclass

from budgetinator.errors import InvalidCellValue, WorkbookDamaged, WorkbookRefused, WouldLose
from budgetinator.workbooks.addresses import Area, format_cell

__all__ = ["Site"]


@dataclass(frozen=True, slots=True)
class Site:
    """A sheet of a file, as errors name it."""

    path: str
    sheet: str
    part: str

    def invalid(self, row: int, column: int, reason: str) -> InvalidCellValue:
        """The error for a value, or a place, that the cell cannot take."""
        cell = format_cell(row, column)
        return InvalidCellValue(
            f"{cell} of the sheet {self.sheet!r} cannot be set: {reason}.",
            path=self.path,
            sheet=self.sheet,
            cell=cell,
        )

    def merged(self, row: int, column: int, area: Area) -> InvalidCellValue:
        """The error for a cell that a merged area hides."""
        corner = format_cell(area.min_row, area.min_col)
        return self.invalid(
            row, column, f"it is hidden by the merged area {area}; set {corner} instead"
        )

    def in_formula_area(self, row: int, column: int, area: Area, kind: str) -> InvalidCellValue:
        """The error for a cell whose value an array formula or a data table makes."""
        what = "a data table" if kind == "dataTable" else "an array formula"
        return self.invalid(row, column, f"it belongs to {what} that fills {area}")

    def table_header(self, row: int, column: int, table: str) -> WouldLose:
        """The error for a cell whose text a table's column is named by."""
        cell = format_cell(row, column)
        return WouldLose(
            f"{cell} of the sheet {self.sheet!r} heads a column of the table {table!r}, and "
            "changing it here would break the table; rename the column in Excel.",
            path=self.path,
            sheet=self.sheet,
            cell=cell,
            losses=(f"table {table}",),
        )

    def unshared(self, cell: str, dependant: str) -> WouldLose:
        """The error for a formula that others share and that cannot be handed on to them."""
        return WouldLose(
            f"{cell} of the sheet {self.sheet!r} holds the formula of {dependant} and more cells, "
            "and it cannot be moved there; set those cells too.",
            path=self.path,
            sheet=self.sheet,
            cell=cell,
            losses=(f"formula of {dependant}",),
        )

    def given_twice(self, row: int, column: int) -> WorkbookDamaged:
        """The error for a cell that stands in the sheet more than once."""
        cell = format_cell(row, column)
        return WorkbookDamaged(
            f"{cell} stands more than once in the sheet {self.sheet!r}; let Excel repair the file.",
            path=self.path,
            sheet=self.sheet,
            cell=cell,
            part=self.part,
        )

    def alternate(self, row: int) -> WorkbookRefused:
        """The refusal of a row that the sheet gives in several forms."""
        return WorkbookRefused(
            f"Row {row} of the sheet {self.sheet!r} stands in alternate content, of which each "
            "program reads another part; it can only be changed in Excel.",
            path=self.path,
            sheet=self.sheet,
            reason="alternate content",
        )

    def damaged(self, why: str) -> WorkbookDamaged:
        """The error for markup that cannot be understood."""
        return WorkbookDamaged(
            f"The sheet {self.sheet!r} of {self.path} ({self.part}) cannot be changed: {why}. "
            "Get a fresh copy, or let Excel repair the file.",
            path=self.path,
            sheet=self.sheet,
            part=self.part,
        )
