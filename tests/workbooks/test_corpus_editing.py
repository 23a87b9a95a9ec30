"""Real workbooks: sheets read late are the same, and one changed cell changes nothing else.

The files are at `$BUDGETINATOR_CORPUS` or at `../shared/corpus`; where there are none, the
tests skip. Every file of up to 12 KB, and every fourth of the larger ones, is looked at;
`EDITING_CORPUS=all` takes them all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl.styles.numbers import is_date_format

from budgetinator.errors import (
    BudgetinatorError,
    InvalidCellValue,
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookRefused,
    WouldLose,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.addresses import quote_sheet
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import patch_cells
from budgetinator.workbooks.reading.lazy import is_unread
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.comparing import compressed_parts, sheet_contents

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
ALL = os.environ.get("EDITING_CORPUS") == "all"
CHUNKS = 8
SMALL = 12_000
# Above this size openpyxl alone needs most of a minute for a file.
LARGEST = 10**9 if ALL else 150_000
TYPED = (NotAWorkbook, WorkbookDamaged, WorkbookEncrypted, WorkbookRefused)
NEW_VALUE = 1234.5
# What only openpyxl can write, or nobody; whoever loses something by that is told.
REASONS = ("an array formula", "heads a column of the table", "a digital signature")


def _chosen() -> list[Path]:
    found = sorted(path for ending in ("xlsx", "xlsm") for path in CORPUS.rglob(f"*.{ending}"))
    if ALL:
        return found
    large = [path for path in found if SMALL < path.stat().st_size <= LARGEST]
    return sorted({path for path in found if path.stat().st_size <= SMALL} | set(large[::4]))


FILES = _chosen() if CORPUS.is_dir() else []

pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}"),
    pytest.mark.parametrize("chunk", range(CHUNKS)),
]


@contextlib.contextmanager
def loaded(path: Path, *, lazy: bool) -> Iterator[Any]:
    """The workbook, let go at the end."""
    found = load_workbook_guarded(path, read_only=False, data_only=False, lazy=lazy)
    try:
        yield found.workbook
    finally:
        if found.original is not None:
            found.original.close()
        if found.workbook.vba_archive:
            found.workbook.vba_archive.close()


def late_and_early(path: Path) -> tuple[Any, Any]:
    """What each sheet holds, read late in reverse order, and read at once; or the errors."""
    try:
        with loaded(path, lazy=False) as workbook:
            early: Any = [sheet_contents(sheet) for sheet in workbook.worksheets]
    except TYPED as error:
        early = type(error)
    try:
        with loaded(path, lazy=True) as workbook:
            assert all(map(is_unread, workbook.worksheets))
            late: Any = [sheet_contents(sheet) for sheet in reversed(workbook.worksheets)][::-1]
    except TYPED as error:
        late = type(error)
    return late, early


def plain_cell(workbook: Any) -> Any:
    """The first number that stands in a cell by itself, or else text, or else an empty cell."""
    every = (cell for sheet in workbook.worksheets for cell in sheet_cells(sheet))
    cells = [cell for cell in every if not is_date_format(cell.number_format)]
    numbers = (cell for cell in cells if cell.data_type == "n" and type(cell.value) in (int, float))
    texts = (cell for cell in cells if type(cell.value) is str and cell.data_type == "s")
    return next(numbers, None) or next(texts, None) or empty_cell(workbook)


def sheet_cells(sheet: Any) -> list[Any]:
    return [cell for cell in sheet._cells.values() if cell.row > 0]  # as damaged files have them


def empty_cell(workbook: Any) -> Any:
    """Below all that there is, where nothing can be in the way."""
    sheet = next(iter(workbook.worksheets), None)
    return sheet and sheet.cell(sheet.max_row + 2, 1)


def changed_parts(path: Path, folder: Path, surroundings: Surroundings) -> str:
    """How a copy was saved with one cell changed, and whether anything else differs."""
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    with ExcelManager(copy, service=surroundings) as manager:
        cell = plain_cell(manager.workbook)
        if cell is None:
            return "no worksheet"
        before = compressed_parts(copy)
        part, place = sheet_part(manager, cell.parent.title), (cell.row, cell.column)
        sheet, reference = cell.parent.title, cell.coordinate
        cell.value = NEW_VALUE
        try:
            how = manager.save().how
        except (InvalidCellValue, WouldLose):
            how = "refused"
            manager.force_close()
    if how != "patched":
        return why_not(path, f"{quote_sheet(sheet)}!{reference}")
    after = compressed_parts(copy)
    with loaded(copy, lazy=True) as workbook:
        assert workbook[sheet].cell(*place).value == NEW_VALUE
    allowed = {part, "xl/calcChain.xml", "xl/workbook.xml", "[Content_Types].xml"}
    differing = {name for name in before | after if before.get(name) != after.get(name)}
    differing = {name.replace("\\", "/").lstrip("/") for name in differing}
    differing = {name for name in differing if not name.endswith("/")}  # no part is a folder
    others = {name for name in differing if name.lower() not in {each.lower() for each in allowed}}
    return "patched" if not others else f"patched, and others changed: {sorted(others)}"


def why_not(path: Path, address: str) -> str:
    """What keeps a cell from being set in the file's own XML, in a word or two."""
    try:
        with Package.open(path) as package:
            patch_cells(package, {address: NEW_VALUE}, BytesIO())
    except (InvalidCellValue, WouldLose) as error:
        known = (reason for reason in REASONS if reason in str(error))
        return next(known, str(error))
    return "nothing"


def sheet_part(manager: ExcelManager, title: str) -> str:
    with manager._package() as package:
        return next(entry.part for entry in package.sheets if entry.name == title).replace(
            "\\", "/"
        )


def test_a_sheet_that_is_read_late_is_the_same(chunk: int) -> None:
    """Cells, formats, merged areas, links, dimensions, views, rules, tables, drawings."""
    differing = []
    for path in FILES[chunk::CHUNKS]:
        late, early = late_and_early(path)
        if late != early:
            differing.append(path.name)
    assert differing == []


def test_one_changed_cell_changes_nothing_else(chunk: int, tmp_path: Path) -> None:
    """A number in each file, changed through openpyxl's workbook: all other parts are its own."""
    service = ResourceManagementService()
    surroundings = Surroundings(service, lock_dir=tmp_path / "locks")
    otherwise: dict[str, list[str]] = {}
    for path in FILES[chunk::CHUNKS]:
        try:
            how = changed_parts(path, tmp_path, surroundings)
        except TYPED:
            continue
        except BudgetinatorError as error:
            how = repr(error)
        otherwise.setdefault(how, []).append(path.name)
    service.close()
    for expected in ("patched", "no worksheet", *REASONS):
        otherwise.pop(expected, None)
    assert otherwise == {}
