"""openpyxl behind the guard: what it opens is whole, and what stops it has one name.

The package is checked, then openpyxl reads its parts through it, so that what
was checked is what is read, from one descriptor. Every exception of openpyxl
becomes WorkbookDamaged with the place where it happened.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from types import FrameType
from typing import Any, cast
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader

from budgetinator.config import OpeningBounds
from budgetinator.errors import BudgetinatorError, WorkbookDamaged
from budgetinator.workbooks.addresses import column_letters
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_parts
from budgetinator.workbooks.reading.deferred import Attempt, Original, check_grid, defer_sheets
from budgetinator.workbooks.reading.partarchive import PartArchive

__all__ = ["Loaded", "damaged_by", "has_macros", "load_package", "load_workbook_guarded"]

log = logging.getLogger("budgetinator.workbooks")

_STRICT = "http://purl.oclc.org/ooxml/"
_SHEET_PART = re.compile(r"worksheets/[^/]*\.xml$|sharedStrings\.xml$", re.IGNORECASE)
_MACRO_SUFFIXES = {".xlsm", ".xltm"}
_MOST_SUBSTITUTES = 8
# warnings.catch_warnings changes the whole process and must be left in the order it was entered.
_CATCHING = threading.RLock()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A workbook and what openpyxl said about it.

    `notes` are its warnings, each once. `left_out` are parts of which the workbook
    shows nothing because openpyxl cannot read them: written by openpyxl, they are lost.
    `original` is what unread sheets are read from; closed by whoever closes the workbook.
    """

    workbook: Workbook
    notes: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    original: Original | None = None


class _SharedStrings(list[str]):
    """The string table, without Python's counting from the end for a negative index."""

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            raise IndexError(f"there is no shared string {index}")
        return super().__getitem__(index)


class _Reader(ExcelReader):
    """openpyxl's own reader over a package instead of a ZipFile of its own."""

    def __init__(
        self, archive: PartArchive, options: dict[str, bool], original: Original | None
    ) -> None:
        self.archive = cast(ZipFile, archive)
        self.valid_files = archive.namelist()
        self.read_only = options["read_only"]
        self.data_only = options["data_only"]
        self.keep_vba = options["keep_vba"]
        self.keep_links = options["keep_links"]
        self.rich_text = False
        self.shared_strings = []
        self.original = original
        self._make_unread: Callable[[], None] | None = None

    def read_workbook(self) -> None:
        # openpyxl packs every part again into an archive open for appending, which complains
        # when it is collected; a save reads from it, and never a sheet or the strings.
        keep_vba, self.keep_vba = self.keep_vba, False
        super().read_workbook()
        self.keep_vba = keep_vba
        if keep_vba:
            self.wb.vba_archive = self._kept_parts()

    def _kept_parts(self) -> ZipFile:
        kept = BytesIO()
        with ZipFile(kept, "w") as copy:
            for name in self.valid_files:
                if not _SHEET_PART.search(name):
                    copy.writestr(name, self.archive.read(name))
        return ZipFile(kept)

    def read_worksheets(self) -> None:
        if self.original is None:
            super().read_worksheets()
        else:
            self._make_unread = defer_sheets(self, self.original, _load_sheet)

    def read(self) -> None:
        super().read()
        make_unread, self._make_unread = self._make_unread, None
        if make_unread is not None:
            make_unread()

    def read_strings(self) -> None:
        super().read_strings()
        self.shared_strings = _SharedStrings(self.shared_strings)


def load_workbook_guarded(
    path: str | os.PathLike[str],
    *,
    read_only: bool,
    data_only: bool,
    keep_links: bool = True,
    keep_vba: bool | None = None,
    bounds: OpeningBounds | None = None,
    lazy: bool = False,
) -> Loaded:
    """The workbook at the path, with as many sheets as it declares.

    If it is `lazy`, its worksheets are read when they are touched, from a copy of the
    file in memory that comes with it; a touch then raises what this would have raised.

    Macros are kept where there are any or the file is named or typed for them,
    unless `keep_vba` says otherwise. No descriptor stays open but for `read_only`,
    whose file is closed by the workbook's `close()`. Raises WorkbookNotFound,
    WorkbookUnreadable, NotAWorkbook, WorkbookEncrypted, WorkbookDamaged or
    WorkbookRefused.
    """
    package = Package.open(path, bounds)
    try:
        original = Original(package.copied()) if lazy and not read_only else None
        unread = _worksheets(package) if original is not None else frozenset()
        check_parts(package, sheets=not read_only, but=unread)
        _check_transitional(package)
        options = {
            "read_only": read_only,
            "data_only": data_only,
            "keep_links": keep_links,
            "keep_vba": has_macros(package) if keep_vba is None else keep_vba,
        }
        declared = [entry.name for entry in package.sheets]
        loaded = load_package(package, options, original)
        _check_whole(loaded.workbook, declared, package)
        if not read_only and original is None:
            for sheet in loaded.workbook.worksheets:
                check_grid(sheet, str(package.path))
    except BaseException:
        package.close()
        raise
    if not read_only:
        package.close()
    return loaded


def has_macros(package: Package) -> bool:
    """Whether a save must keep it a workbook with macros: by its parts, its type or its name."""
    if PurePath(package.path).suffix.lower() in _MACRO_SUFFIXES:
        return True
    if "macroenabled" in package.workbook_type:
        return True
    related = package.relationships(package.workbook_part)
    return any(entry.kind == "vbaProject" and package.has(entry.target) for entry in related)


def _check_transitional(package: Package) -> None:
    """Refuse Strict markup (ECMA-376 part 1), in which openpyxl finds no sheet at all."""
    for relationship in package.relationships():
        if relationship.kind == "officeDocument" and relationship.type.startswith(_STRICT):
            why = "it is saved as Strict Open XML; save it in Excel as a plain Excel workbook"
            raise refused(str(package.path), why, reason="strict Open XML")


def load_package(package: Package, options: dict[str, bool], original: Original | None) -> Loaded:
    """The workbook of a package that was checked, as `load_workbook_guarded` gives it.

    `options` are openpyxl's; with an `original` its sheets are read when they are touched.
    """
    archive = PartArchive(package)
    readers: list[_Reader] = []

    def attempt(archive: PartArchive) -> None:
        reader = _Reader(archive, options, original)
        reader.read()
        readers.append(reader)

    notes = _attempts(archive, attempt)
    if original is not None:
        original.left_out = archive.left_out
    return Loaded(readers[0].wb, tuple(dict.fromkeys(notes)), archive.left_out, original)


def _load_sheet(archive: PartArchive, attempt: Attempt) -> None:
    for note in _attempts(archive, attempt):
        log.info("%s: %s", archive.filename, note)


def _attempts(archive: PartArchive, attempt: Attempt) -> list[str]:
    """Read, with a substitute for each part that openpyxl cannot take; its warnings."""
    left = _MOST_SUBSTITUTES
    while True:
        try:
            with _caught_warnings() as notes:
                attempt(archive)
            return notes
        except (BudgetinatorError, MemoryError):
            raise
        except Exception as error:  # openpyxl and Pillow raise whatever a part leads them to
            failure = damaged_by(error, archive.filename, archive.last_part)
            if left == 0 or not archive.substitute(archive.last_part):
                raise failure from error
            left -= 1


def _worksheets(package: Package) -> frozenset[str]:
    """The parts that are read when they are touched."""
    return frozenset(
        package.spelling(entry.part)
        for entry in package.sheets
        if entry.kind == "worksheet" and package.has(entry.part)
    )


@contextmanager
def _caught_warnings() -> Iterator[list[str]]:
    """Collect openpyxl's warnings as text, and pass on those that are not its own."""
    notes: list[str] = []
    with _CATCHING:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield notes
        others = []
        for warning in caught:
            if "openpyxl" in PurePath(warning.filename).parts:
                notes.append(str(warning.message))
            else:
                others.append(warning)
    for warning in others:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _check_whole(workbook: Workbook, declared: list[str], package: Package) -> None:
    loaded = workbook.sheetnames
    if declared and loaded == declared:
        return
    raise WorkbookDamaged(
        f"{package.path} declares the sheets {declared!r}, and {loaded!r} could be read; "
        "let Excel repair the file.",
        path=str(package.path),
        sheet=next((name for name in declared if name not in loaded), None),
        part=package.workbook_part,
    )


def damaged_by(error: BaseException, path: str, part: str | None) -> WorkbookDamaged:
    """The error for an exception of openpyxl, with the sheet and cell where it arose.

    Frees what the exception's frames hold, which can be a whole workbook.
    """
    sheet, cell = _whereabouts(error)
    where = ", ".join(
        f"{what} {which}"
        for what, which in (("sheet", sheet), ("cell", cell), ("part", part))
        if which
    )
    for link in _chain(error):
        traceback.clear_frames(link.__traceback__)
    return WorkbookDamaged(
        f"{path} is damaged ({where or 'place unknown'}: {type(_chain(error)[-1]).__name__}, "
        f"{_chain(error)[-1]}); let Excel repair the file.",
        path=path,
        sheet=sheet,
        cell=cell,
        part=part,
    )


def _chain(error: BaseException) -> list[BaseException]:
    links = [error]
    while links[-1].__cause__ is not None:
        links.append(links[-1].__cause__)
    return links


def _whereabouts(error: BaseException) -> tuple[str | None, str | None]:
    """The sheet and the cell; openpyxl leaves them in its frames only."""
    sheet = cell = None
    for link in _chain(error):
        frames = [frame for frame, _ in traceback.walk_tb(link.__traceback__) if _is_theirs(frame)]
        for frame in frames:
            found = frame.f_locals
            if frame.f_code.co_name == "read_worksheets" and "sheet" in found:
                sheet = found["sheet"].name
            elif frame.f_code.co_name == "parse_cell" and "element" in found:
                cell = found["element"].get("r") or cell
            elif frame.f_code.co_name == "bind_cells" and frame is frames[-1] and "cell" in found:
                cell = f"{column_letters(found['cell']['column'])}{found['cell']['row']}"
    return sheet, cell


def _is_theirs(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("openpyxl.")
