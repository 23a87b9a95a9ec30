"""Sheets and names of real workbooks changed at random, against what openpyxl alone saves.

The files are at `$BUDGETINATOR_CORPUS` or at `../shared/corpus`; where there are none, the
tests are skipped.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.workbook.defined_name import DefinedName
from python_calamine import CalamineWorkbook

from tests.workbooks.merging.books import merged, names, read, rewritten, shape

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
SOFFICE = shutil.which("soffice")
# Names, pivot tables, chart sheets, macros, hidden sheets, links to other files, comments.
FILES = (
    "poi/60512.xlsm",
    "poi/61495-test.xlsm",
    "poi/ConditionalFormattingSamples.xlsx",
    "poi/ExcelPivotTableSample.xlsx",
    "poi/ForShifting.xlsx",
    "poi/FormulaSheetRange.xlsx",
    "poi/TablesWithDifferentHeaders.xlsx",
    "poi/TwoSheetsOneHidden.xlsx",
    "poi/WithChartSheet.xlsx",
    "poi/testNames.xlsm",
    "poi/simple-table-named-range.xlsx",
    "poi/ref2-56737.xlsx",
    "xlsxwriter/chartsheet09.xlsx",
    "xlsxwriter/defined_name04.xlsx",
    "xlsxwriter/macro03.xlsm",
    "xlsxwriter/print_area03.xlsx",
    "xlsxwriter/quote_name05.xlsx",
)
# Parts that a change of the workbook itself may touch; a removed sheet takes others along.
_OWN = ("workbook.xml", "workbook.xml.rels", "[Content_Types].xml", "styles.xml", "app.xml")


def add(workbook: Any, chance: random.Random) -> None:
    sheet = workbook.create_sheet("Nöw & <x>", chance.randint(0, len(workbook._sheets)))
    sheet.append([0.1 + 0.2, "  two\n", "=A1*2", True])
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=2))
    sheet.add_chart(chart, "H1")
    sheet.print_area = "A1:B2"


def copy(workbook: Any, chance: random.Random) -> None:
    workbook.copy_worksheet(chance.choice(workbook.worksheets))


def remove(workbook: Any, chance: random.Random) -> None:
    sheet = chance.choice(workbook.worksheets)
    others = [s for s in workbook._sheets if s is not sheet and s.sheet_state == "visible"]
    if others:
        workbook.remove(sheet)
        workbook.active = min(workbook._active_sheet_index, len(workbook._sheets) - 1)


def rename(workbook: Any, chance: random.Random) -> None:
    chance.choice(workbook._sheets).title = f"Renämed 'it' {chance.randint(0, 99)}"


def move(workbook: Any, chance: random.Random) -> None:
    sheets = workbook._sheets
    sheets.insert(chance.randrange(len(sheets)), sheets.pop(chance.randrange(len(sheets))))


def hide(workbook: Any, chance: random.Random) -> None:
    sheet = chance.choice(workbook._sheets)
    if any(s is not sheet and s.sheet_state == "visible" for s in workbook._sheets):
        sheet.sheet_state = chance.choice(["hidden", "veryHidden"])


def name(workbook: Any, chance: random.Random) -> None:
    workbook.defined_names["brand_new"] = DefinedName("brand_new", attr_text='1&"<"')
    sheet = chance.choice(workbook.worksheets)
    sheet.defined_names["loc\\al"] = DefinedName("loc\\al", attr_text="$A$1", hidden=True)


def unname(workbook: Any, chance: random.Random) -> None:
    if workbook.defined_names:
        del workbook.defined_names[chance.choice(list(workbook.defined_names))]


def area(workbook: Any, chance: random.Random) -> None:
    sheet = chance.choice(workbook.worksheets)
    sheet.print_area, sheet.print_title_rows = "B2:C3", "1:2"


def touch(workbook: Any, chance: random.Random) -> None:
    assert chance.choice(workbook.worksheets).max_row


OPERATIONS: tuple[Callable[[Any, random.Random], None], ...] = (
    *(add, copy, remove, rename, move, hide, name, unname, area, touch),
)


def corpus_file(name: str) -> Path:
    if not (CORPUS / name).exists():
        pytest.skip(f"no corpus at {CORPUS}")
    return CORPUS / name


def script(seed: str) -> Callable[[Any], None]:
    """A few operations, the same ones each time."""

    def change(workbook: Any) -> None:
        chance = random.Random(seed)
        for _ in range(chance.randint(1, 6)):
            chance.choice(OPERATIONS)(workbook, chance)

    return change


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", FILES)
def test_random_changes_are_those_that_openpyxl_saves(name: str, seed: int, tmp_path: Path) -> None:
    """Sheets, states, order and names are openpyxl's; what no change concerns keeps its bytes."""
    path = Path(shutil.copy(corpus_file(name), tmp_path))
    change = script(f"{name} {seed}")
    result = merged(path, change)
    found, wanted = read(result.path), rewritten(path, change)
    assert shape(found) == shape(wanted)
    assert found.active.title == wanted.active.title
    if not wanted.chartsheets:  # of local names after chart sheets, openpyxl loses count
        assert names(found) == names(wanted)
    with CalamineWorkbook.from_path(str(result.path)) as book:
        assert list(book.sheet_names) == found.sheetnames
    now = result.parts
    touched = {part for part in result.changed if part in now}
    assert all(part.endswith(_OWN) for part in touched)


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_takes_what_was_written(tmp_path: Path) -> None:
    """Files with sheets added, copied, removed and renamed are converted without complaint."""
    written = []
    for number, file in enumerate(FILES[:12:3]):
        path = Path(shutil.copy(corpus_file(file), tmp_path))

        def change(workbook: Any, number: int = number) -> None:
            chance = random.Random(number)
            for operation in (add, copy, rename, move, name, remove):
                operation(workbook, chance)

        written.append(merged(path, change, tmp_path / f"written{number}.xlsx").path)
    assert SOFFICE is not None
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    options = ["--headless", "--convert-to", "ods", "--outdir", str(tmp_path / "out")]
    subprocess.run(
        [SOFFICE, home, *options, *map(str, written)], check=True, capture_output=True, timeout=200
    )
    for path in written:
        with CalamineWorkbook.from_path(str(tmp_path / "out" / f"{path.stem}.ods")) as book:
            # It makes a sheet of what a pivot table remembers of one that is gone.
            listed = [each for each in book.sheet_names if not each.startswith("DPCache")]
        assert listed == read(path).sheetnames
