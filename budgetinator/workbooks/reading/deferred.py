"""A workbook's sheets, left unread until they are touched, and read then."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast
from weakref import ref
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.errors import BudgetinatorError
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_part
from budgetinator.workbooks.reading.lazy import defer
from budgetinator.workbooks.reading.partarchive import PartArchive

__all__ = ["Attempt", "Original", "check_grid", "defer_sheets"]

Attempt = Callable[[PartArchive], None]


class Original:
    """The file that a workbook was opened from: a copy of its bytes, in memory.

    Unread sheets are read from it and unchanged parts are copied from it, whatever has
    become of the file since; no descriptor stays open for that. It costs the size of
    the file, some hundredths of what the same workbook costs when it is read.

    `on_read` is told of each sheet that was read, and of how many references to it came
    with that; `left_out` collects the parts of which openpyxl shows nothing.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.left_out: tuple[str, ...] = ()
        self.on_read: Callable[[Worksheet, int], None] | None = None
        # By identity: openpyxl compares chart sheets by what they hold.
        self._parts: dict[int, tuple[ref[Any], str]] = {}

    def part_of(self, sheet: object) -> str | None:
        """The part that a worksheet or chart sheet came from; None for one that was added."""
        held = self._parts.get(id(sheet))
        return held[1] if held is not None and held[0]() is sheet else None

    def note_part(self, sheet: object, part: str) -> None:
        """Remember that the sheet stands in this part of the package."""
        self._parts[id(sheet)] = (ref(sheet), self.package.spelling(part))

    def exchange(self, package: Package) -> None:
        """Go on with what a save has written; its unread sheets are those of before."""
        self.package = package

    def close(self) -> None:
        """Let go of the bytes."""
        self.on_read = None
        self.package.close()


def defer_sheets(
    reader: Any, file: Original, load: Callable[[PartArchive, Attempt], None]
) -> Callable[[], None]:
    """Give the reader's workbook its sheets, empty; chart sheets are read at once.

    What it returns makes them unread ones, once the reader has given them their
    names. `load(archive, attempt)` runs one attempt to read and names what stops it.
    """
    source = _Source(reader, file, load)
    unread: list[tuple[Worksheet, Callable[[Worksheet], None]]] = []
    for sheet, relationship in reader.parser.find_sheets():
        if relationship.target not in reader.valid_files:
            continue
        if "chartsheet" in relationship.Type:
            reader.read_chartsheet(sheet, relationship)
            file.note_part(reader.wb._sheets[-1], relationship.target)  # noqa: SLF001
            continue
        worksheet = reader.wb.create_sheet(sheet.name)
        worksheet.sheet_state = sheet.state
        file.note_part(worksheet, relationship.target)
        unread.append((worksheet, partial(_read, source, sheet, relationship.target)))

    def make_unread() -> None:
        for worksheet, read in unread:
            defer(worksheet, read)

    return make_unread


class _Source:
    """What reading one sheet needs of the reader that opened the workbook."""

    def __init__(
        self, reader: Any, file: Original, load: Callable[[PartArchive, Attempt], None]
    ) -> None:
        self.reader = reader
        self.file = file
        self.load = load
        self._epoch = vars(reader.wb)["_epoch"]

    @contextmanager
    def epoch_of_file(self) -> Iterator[None]:
        """Dates count from the file's own day, whatever was set on the workbook since."""
        held = vars(self.reader.wb)
        now, held["_epoch"] = held["_epoch"], self._epoch
        try:
            yield
        finally:
            held["_epoch"] = now

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
    shown, references = worksheet.sheet_state, sys.getrefcount(worksheet)
    file = source.file
    check_part(file.package, part)
    archive = PartArchive(file.package)

    def attempt(archive: PartArchive) -> None:
        held = dict(vars(worksheet))
        vars(worksheet)["add_table"] = partial(_add_table, worksheet)
        try:
            with source.epoch_of_file():
                ExcelReader.read_worksheets(source.reader_of(sheet, worksheet, archive))
        except BudgetinatorError:
            raise
        except Exception:
            _begin_again(worksheet, held)
            raise
        finally:
            del vars(worksheet)["add_table"]

    source.load(archive, attempt)
    check_grid(worksheet, archive.filename)
    worksheet.sheet_state = shown
    file.left_out = tuple(dict.fromkeys((*file.left_out, *archive.left_out)))
    if file.on_read is not None:
        file.on_read(worksheet, sys.getrefcount(worksheet) - references)


def _add_table(worksheet: Worksheet, table: Any) -> None:
    """As openpyxl does it while it reads a whole file, one sheet after the other.

    Its own method asks every other sheet, which would read them all, and the defined
    names, which it does not know yet when it reads the tables of a file.
    """
    name = table.name.lower()
    workbook: Any = worksheet.parent
    for sheet in workbook.worksheets:
        if any(name == known.lower() for known in list(vars(sheet)["_tables"])):
            raise ValueError(f"Table with name {table.name} already exists")
    vars(worksheet)["_tables"].add(table)


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
