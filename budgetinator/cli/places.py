"""Which sheet, which cells and which file the words of a command mean."""

from __future__ import annotations

import os
from dataclasses import dataclass

import click

from budgetinator.config import OpeningBounds
from budgetinator.errors import InvalidCellReference, WorksheetNotFound
from budgetinator.workbooks.addresses import Area, parse_range, split_address
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.workbookxml import WorkbookPart
from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

__all__ = ["Sheets", "read_sheets", "refuse_existing"]


@dataclass(frozen=True, slots=True)
class Sheets:
    """The worksheets of one file in the order of their tabs, and the active one.

    `active` is the first worksheet where a sheet of another kind is active.
    """

    path: str
    names: tuple[str, ...]
    active: str

    def place(self, text: str | None) -> tuple[str, Area | None]:
        """The sheet and the area that `Sheet!A1:D9`, `Sheet`, `A1:D9` or nothing means.

        A text that is the whole name of a sheet is that sheet. Raises WorksheetNotFound
        or InvalidCellReference.
        """
        if text is None:
            return self.active, None
        if (sheet := find_title(self.names, text)) is not None:
            return sheet, None
        if "!" in text:
            name, reference = split_address(text)
            return self.sheet(name), parse_range(reference)
        if (sheet := find_title(self.names, _unquoted(text))) is not None:
            return sheet, None
        try:
            return self.active, parse_range(text)
        except InvalidCellReference:
            raise worksheet_not_found(self.path, text, self.names) from None

    def sheet(self, name: str | None) -> str:
        """The sheet of this name in the file's own spelling, the active one for None."""
        if name is None:
            return self.active
        found = find_title(self.names, name)
        if found is None:
            raise worksheet_not_found(self.path, name, self.names)
        return found


def read_sheets(path: str, bounds: OpeningBounds) -> Sheets:
    """The worksheets that a file declares; raises as `Package.open`, and WorksheetNotFound."""
    with Package.open(path, bounds) as package:
        index = WorkbookPart.parse(package.read(package.workbook_part)).active_index
        entries = package.sheets
    names = tuple(entry.name for entry in entries if entry.kind == "worksheet")
    if not names:
        raise WorksheetNotFound(f"{path} has no worksheet.", path=path)
    active = entries[index].name if index < len(entries) else names[0]
    return Sheets(path, names, active if active in names else names[0])


def refuse_existing(file: str, output: str) -> None:
    """Raise UsageError for an output that is there already, unless it is the file itself."""
    try:
        same = os.path.samefile(file, output)
    except OSError:
        same = False
    if os.path.lexists(output) and not same:
        raise click.UsageError(
            f"{output} exists already; give another name, or --overwrite to replace it"
        )


def _unquoted(text: str) -> str:
    if len(text) > 2 and text.startswith("'") and text.endswith("'"):
        return text[1:-1].replace("''", "'")
    return text
