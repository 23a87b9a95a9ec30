"""Real workbooks: the values of a file are those that openpyxl reads, and calamine's figures.

Every twelfth file of the corpus. What differs on purpose is left out here: openpyxl keeps
`_xHHHH_` as it stands, puts an error in place of a date that no calendar has, knows no East
Asian formats and no Strict markup; calamine shows errors as empty text and dates otherwise.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineError, CalamineWorkbook

from budgetinator.errors import WorkbookError
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from budgetinator.workbooks.reading.values import Value, iter_cells
from tests.workbooks.reading.test_corpus_opening import CORPUS, FILES

SAMPLE = FILES[::12]

pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}"),
    pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name),
]

Cells = dict[tuple[int, int], Value]


def cells_of(source: Any, sheet: str) -> Cells:
    return {(cell.row, cell.column): cell.value for cell in iter_cells(source, sheet)}


def worksheets(path: Path) -> list[str]:
    """The names of its worksheets; skips a file that is no whole workbook."""
    try:
        with Package.open(path) as package:
            return [entry.name for entry in package.sheets if entry.kind == "worksheet"]
    except WorkbookError as error:
        pytest.skip(f"it does not open: {error}")


def test_values_are_those_of_openpyxl(path: Path) -> None:
    """Each cell has the value, of the same type, that the loaded workbook has."""
    names = worksheets(path)
    try:
        workbook = load_workbook_guarded(path, read_only=False, data_only=True).workbook
    except WorkbookError as error:
        pytest.skip(f"openpyxl does not read it: {error}")
    for name in names:
        mine, theirs = cells_of(path, name), cells_of(workbook, name)
        merged = workbook[name].merged_cells  # whose hidden cells openpyxl empties
        hidden = {at for area in merged.ranges for at in list(area.cells)[1:]}
        usual = [at for at in theirs if "_x" not in f"{mine.get(at)} {theirs[at]}"]
        usual = [at for at in usual if theirs[at] != "#VALUE!"]
        assert mine.keys() - hidden == theirs.keys()
        assert [(at, type(mine[at]), mine[at]) for at in usual] == [
            (at, type(theirs[at]), theirs[at]) for at in usual
        ]


def test_figures_are_those_of_calamine(path: Path) -> None:
    """Each number that stands in a cell without a date is the same double."""
    names = worksheets(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheets = {name: book.get_sheet_by_name(name).to_python(False) for name in names}
    except (CalamineError, OSError, ValueError) as error:
        pytest.skip(f"calamine does not read it: {error}")
    for name in names:
        for (row, column), value in cells_of(path, name).items():
            if type(value) in (int, float):
                theirs = _at(sheets[name], row, column)
                assert not isinstance(theirs, float) or math.isclose(theirs, value, rel_tol=0)


def _at(rows: list[list[Any]], row: int, column: int) -> Any:
    return rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[0]) else None
