"""One cell changed in each real workbook: nothing else may differ.

Files are at $BUDGETINATOR_CORPUS, or at ../shared/corpus from the project's root.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine

from budgetinator.errors import BudgetinatorError, InvalidCellValue, WouldLose
from budgetinator.workbooks.addresses import parse_cell, quote_sheet
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch import patch_cells
from tests.workbooks.patch.building import raw_members

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
CHUNKS = 8
# openpyxl takes a minute for the few files above this size, and most of ours for the rest.
READ_BY_OPENPYXL = 60_000
NEW_VALUE = 1234.5
# A number whose cell has no formula, and which no table names a column by.
_NUMBER = re.compile(rb"<(?:\w+:)?c\s+r=\"([A-Z]+[1-9]\d*)\"(?:\s+s=\"\d+\")?\s*>\s*<(?:\w+:)?v>")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}")


def workbooks(chunk: int) -> Iterator[Path]:
    found = sorted(path for path in CORPUS.rglob("*") if path.suffix in {".xlsx", ".xlsm"})
    yield from found[chunk::CHUNKS]


def first_worksheet(package: Package) -> SheetEntry | None:
    return next((sheet for sheet in package.sheets if sheet.kind == "worksheet"), None)


def candidates(package: Package, sheet: SheetEntry) -> list[str]:
    number = _NUMBER.search(package.read(sheet.part))
    return [number[1].decode()] if number else []


def values(path: Path) -> dict[str, dict[tuple[int, int], Any]] | None:
    """What calamine reads, by sheet and place; None where it reads nothing."""
    shown: dict[str, dict[tuple[int, int], Any]] = {}
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                top, left = sheet.start or (0, 0)
                shown[name] = {
                    (top + row + 1, left + column + 1): value
                    for row, line in enumerate(sheet.to_python(skip_empty_area=True))
                    for column, value in enumerate(line)
                    if value != ""
                }
    except (python_calamine.CalamineError, OSError, ValueError):
        return None
    return shown


def opens(path: Path) -> bool:
    """Whether openpyxl reads the file; it raises some ten kinds of errors when it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            openpyxl.load_workbook(io.BytesIO(path.read_bytes())).close()
        except Exception:  # noqa: BLE001
            return False
    return True


def change_one(path: Path, target: Path) -> tuple[SheetEntry, str] | None:
    """The cell that was changed; None where the file is refused, or says why it must be."""
    try:
        package = Package.open(path)
    except BudgetinatorError:
        return None
    with package:
        try:
            sheet = first_worksheet(package)
        except BudgetinatorError:
            return None
        if sheet is None:
            return None
        for cell in (*candidates(package, sheet), "AZ299"):
            with target.open("wb") as output:
                try:
                    patch_cells(package, {f"{quote_sheet(sheet.name)}!{cell}": NEW_VALUE}, output)
                except (WouldLose, InvalidCellValue):
                    continue  # a table's header, an array formula: the other cell will do
                except BudgetinatorError:
                    return None
            return sheet, cell
    return None


def other_parts(path: Path, sheet: SheetEntry) -> dict[str, bytes]:
    """The compressed bytes of all parts but the sheet and the workbook's."""
    with Package.open(path) as package:
        changed = {sheet.part, package.workbook_part}
    return {name: data for name, data in raw_members(path).items() if name not in changed}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_one_cell_is_changed_and_nothing_else(tmp_path: Path, chunk: int) -> None:
    """Other parts keep their compressed bytes, other cells their values, and readers read on."""
    target = tmp_path / "changed.xlsx"
    done = 0
    for path in workbooks(chunk):
        changed = change_one(path, target)
        if changed is None:
            continue
        done += 1
        sheet, cell = changed
        assert other_parts(target, sheet) == other_parts(path, sheet), path.name
        expected, shown = values(path), values(target)
        if expected is not None and cell != "AZ299":
            assert shown is not None, path.name
            new = shown[sheet.name].pop(parse_cell(cell))
            expected[sheet.name].pop(parse_cell(cell))
            assert shown == expected, path.name
            assert new == NEW_VALUE or not isinstance(new, (int, float, str)), path.name
        if path.stat().st_size < READ_BY_OPENPYXL and opens(path):
            assert opens(target), path.name
    assert done > 0.9 * len(list(workbooks(chunk)))


def test_bytes_around_the_cell_are_the_same(tmp_path: Path) -> None:
    """In the changed sheet, what comes before and after the cell's place is as it was."""
    target = tmp_path / "changed.xlsx"
    for path in workbooks(0):
        changed = change_one(path, target)
        if changed is None or changed[1] == "AZ299":
            continue
        with Package.open(path) as before, Package.open(target) as after:
            was, now = before.read(changed[0].part), after.read(changed[0].part)
        cell = changed[1].encode()
        end = re.search(rb"<(?:\w+:)?c\s+r=\"%b\".*?</(?:\w+:)?c>" % cell, now, re.DOTALL)
        assert end is not None
        assert was.startswith(now[: end.start()]), path.name
        assert was.endswith(now[end.end() :]), path.name
