from __future__ import annotations

import copy
import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table

from budgetinator.errors import WorkbookClosed
from budgetinator.workbooks.releasing import is_released, release_workbook, return_memory

MEASURE = """
import gc, sys
import openpyxl, psutil
from budgetinator.workbooks.releasing import release_workbook, return_memory
gc.collect()
before = len(gc.get_objects())
workbook = openpyxl.load_workbook(sys.argv[1])
gc.collect()
gc.disable()
loaded, rss = len(gc.get_objects()), psutil.Process().memory_info().rss
if sys.argv[2] == "release":
    release_workbook(workbook)
else:
    workbook.close()
del workbook
after = len(gc.get_objects())
return_memory() if sys.argv[2] == "release" else None
print(loaded - before, after - before, psutil.Process().memory_info().rss / rss)
"""


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "budget.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Partner", "Months", "Rate", "Total"])
    for row in range(2, 101):
        sheet.append([f"partner {row}", row, row * 1.5, f"=B{row}*C{row}"])
    sheet["A1"].comment = Comment("checked", "controller")
    sheet["A2"].font = openpyxl.styles.Font(bold=True)
    sheet.row_dimensions[3].height = 30
    sheet.merge_cells("F1:G2")
    sheet.add_table(Table(displayName="Costs", ref="A1:D100"))
    workbook.create_chartsheet("Chart").add_chart(BarChart())
    workbook.save(path)
    release_workbook(workbook)
    return path


def test_cells_go_at_once(path: Path, no_collection: None) -> None:
    """Without a collection the cells, sheets and holders are gone with the workbook."""
    workbook = openpyxl.load_workbook(path)
    gc.collect()
    sheet = workbook.active
    watched = [sheet, workbook, sheet.row_dimensions, sheet.page_setup, sheet.tables["Costs"]]
    held = [weakref.ref(thing) for thing in watched]
    cells = sheet._cells
    release_workbook(workbook)
    assert cells == {}
    del workbook, sheet, watched
    assert [reference() for reference in held] == [None] * 5


def test_twice(path: Path) -> None:
    """Releasing and closing again does nothing."""
    workbook = openpyxl.load_workbook(path)
    release_workbook(workbook)
    release_workbook(workbook)
    workbook.close()
    assert is_released(workbook)
    assert isinstance(workbook, openpyxl.Workbook)


def test_what_is_still_held(path: Path) -> None:
    """A held cell keeps its value; a held sheet and the workbook say that they were closed."""
    workbook = openpyxl.load_workbook(path)
    sheet, cell = workbook.active, workbook.active["A2"]
    rows, dimension = sheet.iter_rows(), sheet.row_dimensions[3]
    next(rows)
    release_workbook(workbook)
    assert (cell.value, cell.coordinate, dimension.height) == ("partner 2", "A2", 30)
    for use in (
        lambda: workbook.active,
        lambda: workbook["Sheet"],
        lambda: workbook.save("elsewhere.xlsx"),
        lambda: list(workbook),
        lambda: "Sheet" in workbook,
        lambda: setattr(workbook, "active", 0),
        lambda: sheet.title,
        lambda: sheet["A1"],
        lambda: sheet.__setitem__("A1", 1),
        lambda: list(sheet),
        lambda: cell.font,
        lambda: cell.offset(1, 1).value,
        lambda: list(rows),
        lambda: copy.copy(sheet).title,
    ):
        with pytest.raises(WorkbookClosed, match="closed and its memory given back"):
            use()
    assert repr(sheet) == "<released worksheet 'Sheet'>"
    assert repr(workbook) == "<released workbook>"


def test_read_only(path: Path) -> None:
    """A read-only workbook's file is closed, although rows are still being read."""
    workbook = openpyxl.load_workbook(path, read_only=True)
    archive, rows = workbook._archive, workbook["Sheet"].iter_rows()
    next(rows)
    release_workbook(workbook)
    assert archive.fp is None
    rows.close()


def test_macros(path: Path) -> None:
    """The archive that the macros are copied from is closed."""
    workbook = openpyxl.load_workbook(path, keep_vba=True)
    archive = workbook.vba_archive
    release_workbook(workbook)
    assert archive.fp is None


def test_write_only() -> None:
    """A write-only workbook can be released before it was saved."""
    workbook = openpyxl.Workbook(write_only=True)
    workbook.create_sheet("Costs")
    release_workbook(workbook)
    assert is_released(workbook)


def test_memory_is_back(tmp_path: Path) -> None:
    """Of 40,000 cells nothing is left, where `close()` alone leaves all of them."""
    workbook = openpyxl.Workbook()
    for row in range(1, 2001):
        workbook.active.append([row * column * 1.5 for column in range(20)])
    workbook.save(tmp_path / "large.xlsx")
    release_workbook(workbook)

    def measure(how: str) -> tuple[float, float, float]:
        args = [sys.executable, "-c", MEASURE, str(tmp_path / "large.xlsx"), how]
        done = subprocess.run(args, capture_output=True, text=True, check=True)
        loaded, after, rss = map(float, done.stdout.split())
        return loaded, after, rss

    loaded, after, _ = measure("close")
    assert loaded > 40_000
    assert after > 40_000
    loaded, after, rss = measure("release")
    assert after < 1_000
    assert rss < 0.9
    return_memory()
