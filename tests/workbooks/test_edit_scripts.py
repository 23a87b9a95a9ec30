"""Random scripts on real workbooks: what is saved here is what openpyxl would have made of them.

Twenty files with much in them. `SCRIPTS=1000` runs that many scripts; a failure names its
file and seed. The values, looks, names, merged areas and whatever else openpyxl shows of the
saved file must be those of a workbook that openpyxl itself has opened, edited by the
same script and saved.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from openpyxl.utils import range_boundaries

from budgetinator.errors import InvalidCellValue, SaveError
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.comparing import book_contents, look
from tests.workbooks.scripts import run_script

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
SCRIPTS = int(os.environ.get("SCRIPTS", "60"))
NAMES = (
    "poi/dataValidationTableRange.xlsx",
    "poi/simple-monthly-budget.xlsx",
    "poi/ExcelWithAttachments.xlsm",
    "poi/56644.xlsx",
    "poi/62629_target.xlsm",
    "poi/DataValidationEvaluations.xlsx",
    "xlsxwriter/table06.xlsx",
    "poi/60512.xlsm",
    "poi/FormulaEvalTestData_Copy.xlsx",
    "poi/49156.xlsx",
    "poi/DataTableCities.xlsx",
    "poi/45544.xlsx",
    "poi/63934.xlsx",
    "poi/ExcelWithHyperlinks.xlsx",
    "poi/64759.xlsx",
    "poi/51850.xlsx",
    "poi/stress020.xlsx",
    "poi/bug64512_embed.xlsx",
    "poi/61652.xlsx",
    "poi/WithChartSheet.xlsx",
)
FILES = [CORPUS / name for name in NAMES if (CORPUS / name).is_file()]
LENGTH = 8
NOTHING = (None, None, "General", None, None, None)
# What openpyxl loses of the file by its own load and save is in neither of what is compared,
# but for these, of which ours keeps more than openpyxl can.
KEPT_BY_US = ("images", "charts", "pivots", "legacy", "next row", "views", "names")

pytestmark = pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}")


def edited_here(path: Path, seed: int, folder: Path) -> tuple[str, list[str]]:
    """Run the script through the manager and save; how it was written, and the steps."""
    service = ResourceManagementService()
    with ExcelManager(path, service=Surroundings(service, lock_dir=folder / "locks")) as manager:
        steps = run_script(manager.workbook, seed, LENGTH)
        try:
            how: str = manager.save(allow_loss=True).how
        except (InvalidCellValue, SaveError) as error:
            # A formula was moved into a table's header, or the last sheet that shows was taken.
            if not re.search("heads a column|none of its sheets is visible", str(error)):
                raise
            how = "refused"
            manager.force_close()
        else:
            assert not manager.is_modified, steps
    service.close()
    return how, steps


def edited_by_openpyxl(path: Path, seed: int) -> dict[str, str]:
    """What the sheets of the file are called now, by their titles before."""
    workbook = openpyxl.load_workbook(path, keep_vba=path.suffix == ".xlsm")
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    run_script(workbook, seed, LENGTH)
    workbook.save(path)
    return {title: sheet.title for title, sheet in sheets.items()}


def seen(path: Path, bare: list[Any]) -> Any:
    """What openpyxl shows of the file; `bare` are the looks of cells that were given none."""
    workbook = openpyxl.load_workbook(path)
    contents = book_contents(workbook)
    for sheet, worksheet in zip(contents["sheets"], workbook.worksheets, strict=True):
        for name in KEPT_BY_US:
            sheet.pop(name, None)
        headers = _headers(worksheet)
        cells = {place: _rounded(held) for place, held in sheet["cells"].items()}
        cells = {place: _without_bare(held, bare) for place, held in cells.items()}
        sheet["cells"] = {
            place: held
            for place, held in cells.items()
            if place not in headers and held[:6] != NOTHING
        }
        sheet["columns"] = _each_column(sheet["columns"])
        sheet["formats"] = _rules(worksheet)
        sheet["page"] = [re.sub(r"(\d\.\d{12})\d+", r"\1", each) for each in sheet["page"]]
        # A copy loses its code name here: no two sheets of a file may have the same one.
        sheet["properties"] = re.sub("codeName='?[^',]*'?", "", sheet["properties"])
    contents["sheets"] = {sheet["title"]: sheet for sheet in contents["sheets"]}
    contents["order"] = workbook.sheetnames
    return contents


def _rounded(held: tuple[Any, ...]) -> tuple[Any, ...]:
    """openpyxl writes a number with sixteen digits, which is not always the number.

    Nor does it keep empty text.
    """
    value, kind, *rest = held
    if type(value) is float and math.isfinite(value):
        value = float(f"{value:.14g}")
    if value == "" and rest[1] is not None:
        _, target, location, _ = rest[1]
        value = target or location  # what openpyxl shows of an empty cell with a link
    return (None, None, *rest) if value == "" else (value, kind, *rest)


def bare_looks(path: Path) -> list[Any]:
    """How a cell looks that nobody gave a look: in openpyxl, and by the file's first format."""
    workbook = openpyxl.load_workbook(path)
    cells = [workbook.create_sheet().cell(1, 1) for _ in range(2)]
    cells[1]._style = workbook._cell_styles[0]
    return [look(cell) for cell in cells]


def _without_bare(held: tuple[Any, ...], bare: list[Any]) -> tuple[Any, ...]:
    """openpyxl writes an empty cell that was touched with a format that looks like none."""
    return (*held[:5], None, *held[6:]) if held[0] is None and held[5] in bare else held


def _retitled(contents: Any, titles: dict[str, str]) -> Any:
    """The sheets by what they are called after the script, so that renamed ones are compared."""
    contents["sheets"] = {
        titles.get(title, title): sheet for title, sheet in contents["sheets"].items()
    }
    return contents


def _rules(sheet: Any) -> list[Any]:
    """The rules by what they look like; openpyxl numbers their formats anew."""
    return [
        (
            str(each.sqref),
            [(re.sub(r"dxfId=\w+", "", repr(rule)), repr(rule.dxf)) for rule in each.rules],
        )
        for each in sheet.conditional_formatting
    ]


def _without_borders(contents: Any, then: Any) -> Any:
    """openpyxl draws the borders of merged areas anew when it reads them, on other cells."""
    for title, sheet in contents["sheets"].items():
        known = then["sheets"].get(title)
        if known is None or known["merges"]:
            sheet["cells"] = {
                place: (*held[:5], held[5] and (*held[5][:2], *held[5][3:]))
                for place, held in sheet["cells"].items()
                if any(part is not None for part in (held[0], held[3]))
            }
    return contents


def _headers(sheet: Any) -> set[tuple[int, int]]:
    """The header cells of tables: their texts are those of the columns, whatever was set."""
    found = set()
    for table in sheet.tables.values():
        first, top, last, _ = range_boundaries(table.ref)
        if table.headerRowCount != 0:
            found |= {(top, column) for column in range(first, last + 1)}
    return found


def _each_column(columns: dict[str, Any]) -> dict[int, Any]:
    """One by one: openpyxl writes areas that overlap, of which the later one is meant.

    Whether it means the look of the earlier one as well cannot be told.
    """
    found = {}
    for said, _look in sorted(columns.values(), key=lambda held: int(held[0].get("min") or 0)):
        plain = {name: text for name, text in said.items() if name not in {"min", "max"}}
        for number in range(int(said.get("min") or 0), int(said.get("max") or 0) + 1):
            found[number] = plain
    return found


def difference(ours: Any, theirs: Any, then: Any, kept: Any, path: str = "") -> str:
    """Where the first difference is that is not openpyxl's own loss.

    `then` is the file before and `kept` what openpyxl makes of it without any edit.
    """
    if ours == theirs or (ours == then and theirs == kept):
        return ""
    if "/header/" in path and then != kept:
        return ""  # openpyxl drops texts of headers that have no mark of their section
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            held = [each.get(key) if isinstance(each, dict) else None for each in (then, kept)]
            found = difference(ours.get(key), theirs.get(key), *held, f"{path}/{key}")
            if found:
                return found
        return ""
    return f"{path}: ours {ours!r}, openpyxl's {theirs!r}"


@pytest.mark.parametrize("seed", range(SCRIPTS))
def test_the_file_is_what_openpyxl_would_have_made_of_it(tmp_path: Path, seed: int) -> None:
    """All that openpyxl shows of the saved file is what its own save would have given."""
    original = FILES[seed % len(FILES)]
    ours, theirs = tmp_path / original.name, tmp_path / f"theirs{original.suffix}"
    shutil.copyfile(original, ours)
    shutil.copyfile(original, theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how, steps = edited_here(ours, seed, tmp_path)
        if how == "refused":
            assert ours.read_bytes() == original.read_bytes()
            return
        titles = edited_by_openpyxl(theirs, seed)
        kept = tmp_path / f"kept{original.suffix}"
        openpyxl.load_workbook(original).save(kept)
        bare = bare_looks(original)
        then = seen(original, bare)
        files = (ours, theirs, original, kept)
        others = [_without_borders(seen(each, bare), then) for each in files]
        found = difference(*others[:2], *(_retitled(each, titles) for each in others[2:]))
    assert not found, f"{original.name}, seed {seed}, {how}, {steps}: {found}"
    assert how == "patched", steps
    python_calamine.CalamineWorkbook.from_path(ours).close()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_what_was_saved(tmp_path: Path) -> None:
    """One run of LibreOffice converts every edited file."""
    edited = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed, original in enumerate(FILES):
            path = tmp_path / f"{seed}-{original.name}"
            shutil.copyfile(original, path)
            edited_here(path, 1000 + seed, tmp_path)
            edited.append(path)
    out = tmp_path / "converted"
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "ods", "--outdir", str(out), *map(str, edited)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    converted = {path.stem for path in out.glob("*.ods")}
    assert converted == {path.stem for path in edited}, done.stderr
