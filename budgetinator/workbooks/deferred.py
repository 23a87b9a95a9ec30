"""A workbook's sheets left in their file until they are touched, and read from it then."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.config import OpeningBounds
from budgetinator.errors import BudgetinatorError, ChangedOnDisk
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW
from budgetinator.workbooks.guard import refused
from budgetinator.workbooks.lazy import defer
from budgetinator.workbooks.package import Package
from budgetinator.workbooks.partarchive import PartArchive
from budgetinator.workbooks.partguard import check_part

if TYPE_CHECKING:
    from budgetinator.workbooks.fingerprint import Fingerprint

__all__ = ["Attempt", "SheetFile", "check_grid", "defer_sheets"]

Attempt = Callable[[PartArchive], None]


class SheetFile:
    """The file that the unread sheets of one workbook are in.

    It is opened for each sheet that is touched, and closed again: nothing stays
    locked. `fingerprint` is what it must still be then, None while that is not known
    yet; a save sets it anew. `on_read` is told of each sheet that was read, and
    `left_out` collects the parts of which openpyxl shows nothing.
    """

    def __init__(self, path: str | os.PathLike[str], bounds: OpeningBounds | None) -> None:
        self.path = os.path.abspath(path)
        self.shown = os.fspath(path)
        self.bounds = bounds
        self.fingerprint: Fingerprint | None = None
        self.left_out: tuple[str, ...] = ()
        self.on_read: Callable[[Worksheet], None] | None = None

    def open(self) -> Package:
        """The package; ChangedOnDisk if it is not the one that the workbook was opened from."""
        if self.fingerprint is not None and not self.fingerprint.matches(self.path):
            raise ChangedOnDisk(
                f"{self.shown} was changed by another program since it was opened, and not all "
                "of its sheets have been read; open it again.",
                path=self.shown,
            )
        return Package.open(self.path, self.bounds)


def defer_sheets(
    reader: Any, file: SheetFile, load: Callable[[PartArchive, Attempt], None]
) -> None:
    """Give the reader's workbook its sheets, unread; chart sheets are read at once.

    `load(archive, attempt)` runs one attempt to read and names what stops it.
    """
    for sheet, relationship in reader.parser.find_sheets():
        if relationship.target not in reader.valid_files:
            continue
        if "chartsheet" in relationship.Type:
            reader.read_chartsheet(sheet, relationship)
            continue
        worksheet = reader.wb.create_sheet(sheet.name)
        worksheet.sheet_state = sheet.state
        defer(worksheet, partial(_read, _Source(reader, file, load), sheet, relationship.target))


class _Source:
    """What reading one sheet needs of the reader that opened the workbook."""

    def __init__(
        self, reader: Any, file: SheetFile, load: Callable[[PartArchive, Attempt], None]
    ) -> None:
        self.reader = reader
        self.file = file
        self.load = load

    def reader_of(self, sheet: Any, worksheet: Worksheet, archive: PartArchive) -> Any:
        """openpyxl's reader for one sheet alone, which it finds in `worksheet`."""
        one = copy.copy(self.reader)
        one.archive = cast("ZipFile", archive)
        one.valid_files = archive.namelist()
        one.wb = _Book(self.reader.wb, worksheet)
        one.parser = copy.copy(self.reader.parser)
        one.parser.archive = one.archive
        one.parser.sheets = [sheet]
        return one


class _Book:
    """A workbook in which the sheet to be read is there already."""

    def __init__(self, workbook: Any, worksheet: Worksheet) -> None:
        self._workbook = workbook
        self._worksheet = worksheet

    def create_sheet(self, _title: str) -> Worksheet:
        return self._worksheet

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workbook, name)


def _read(source: _Source, sheet: Any, part: str, worksheet: Worksheet) -> None:
    shown = worksheet.sheet_state
    file = source.file
    with file.open() as package:
        check_part(package, part)
        archive = PartArchive(package)

        def attempt(archive: PartArchive) -> None:
            held = dict(vars(worksheet))
            try:
                ExcelReader.read_worksheets(source.reader_of(sheet, worksheet, archive))
            except BudgetinatorError:
                raise
            except Exception:
                _begin_again(worksheet, held)
                raise

        source.load(archive, attempt)
        check_grid(worksheet, file.shown)
    worksheet.sheet_state = shown
    file.left_out = tuple(dict.fromkeys((*file.left_out, *archive.left_out)))
    if file.on_read is not None:
        file.on_read(worksheet)


def check_grid(sheet: Worksheet, shown: str) -> None:
    """Refuse what a scan of bytes could not see, such as rows that have no numbers."""
    if sheet.max_row > MAX_ROW or sheet.max_column > MAX_COLUMN:
        why = f"its sheet {sheet.title!r} has a cell outside A1:XFD1048576"
        raise refused(shown, why, reason="outside the grid")


def _begin_again(worksheet: Worksheet, held: dict[str, Any]) -> None:
    title = worksheet.title
    Worksheet.__init__(worksheet, worksheet.parent, "unread")
    names = ("_WorkbookChild__title", "sheet_state", "defined_names")
    prints = ("_print_rows", "_print_cols", "_print_area")
    vars(worksheet).update({name: held[name] for name in (*names, *prints) if name in held})
    assert worksheet.title == title
