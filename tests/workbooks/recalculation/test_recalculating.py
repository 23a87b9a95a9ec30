"""Formulas computed by LibreOffice, their results in the user's own file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from budgetinator.errors import ChangedOnDisk
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import CellError, ExcelManager, StaleResult, Surroundings, recalculate
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.calculation import unmarked
from budgetinator.workbooks.reading.values import iter_cells
from tests.workbooks.builders import read_parts
from tests.workbooks.patch.building import sheet_xml, write_workbook
from tests.workbooks.recalculation.programs import needs_libreoffice

pytestmark = needs_libreoffice

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
MARK = '<calcPr calcId="191029" fullCalcOnLoad="1"/>'
SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"
_CELL = re.compile(rb"<(?:\w+:)?c[ >](?:(?!</(?:\w+:)?c>).)*</(?:\w+:)?c>", re.DOTALL)
_RESULT = re.compile(rb"<(?:\w+:)?v(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?v>)")
_TYPE = re.compile(rb"\st=[\"'](?:n|str|b|e|s)[\"']")


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    service = ResourceManagementService()
    yield Surroundings(service, lock_dir=tmp_path_factory.mktemp("locks"))
    service.close()


def bare(sheet: bytes) -> bytes:
    """A sheet without what a recalculation may change: results, and the types of cells."""
    return _CELL.sub(lambda cell: _TYPE.sub(b"", _RESULT.sub(b"", cell[0])), sheet)


def assert_only_results_differ(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """All parts are there in their order, with the same bytes but for results and the mark."""
    assert list(after) == list(before)
    for name, data in before.items():
        if "worksheets/sheet" in name and name.endswith(".xml"):
            assert bare(after[name]) == bare(data), name
        elif name == WORKBOOK:
            assert unmarked(after[name]) == unmarked(data)
        else:
            assert after[name] == data, name


def rows_xml(*rows: str) -> str:
    """Rows of these cells; each cell is an element without its reference, from column A on."""
    found = []
    for number, row in enumerate(rows, 1):
        cells = re.split(r"(?=<c[ >/])", row)[1:]
        named = (f'<c r="{"ABCDEFGH"[n]}{number}"' + cell[2:] for n, cell in enumerate(cells))
        found.append(f'<row r="{number}">{"".join(named)}</row>')
    return "".join(found)


KINDS = rows_xml(
    "<c><v>0.1</v></c><c><f>A1+0.2</f><v>9</v></c><c><f>A1/3</f></c>"
    "<c s='1'><f>1/0</f><v>1</v></c>",
    "<c><v>2</v></c><c><f>\"a\"&amp;A2&amp;\" &lt;b\"&amp;CHAR(10)</f></c><c><f>A2&gt;1</f></c>"
    "<c t='b'><f>A2&gt;5</f><v>1</v></c>",
    "<c><v>3</v></c><c><f t='array' ref='B3:C3'>A1:B1*10</f><v>0</v></c><c><v>0</v></c>"
    "<c t='str'><f>NA()</f><v>old</v></c>",
    "<c><f t='shared' ref='A4:B4' si='0'>$A2+A3</f><v>0</v></c>"
    "<c><f t='shared' si='0'/><v>0</v></c>"
    "<c><f>\"\"</f><v>7</v></c><c><f>Other!A1*2</f><v>0</v></c>",
    "<c><f>SUM(A1:A4)</f><v>0</v></c><c><f>rate*100</f><v>0</v></c><c><f>DATE(2026,3,1)</f></c>"
    "<c><f>1E+300*10</f></c>",
)  # fmt: skip
NAMES = '<definedNames><definedName name="rate">Data!$A$1</definedName></definedNames>'


@pytest.fixture(scope="module")
def kinds(
    tmp_path_factory: pytest.TempPathFactory, surroundings: Surroundings
) -> tuple[Path, dict[str, bytes], object]:
    """A file with results of every kind, recalculated: its path, its parts before, the report."""
    path = write_workbook(
        tmp_path_factory.mktemp("kinds") / "Kosten ä.xlsx",
        sheet_xml(KINDS),
        more_sheets={"Other": sheet_xml('<row r="1"><c r="A1"><v>21</v></c></row>')},
        workbook_tail=NAMES + MARK,
    )
    before = read_parts(path)
    return path, before, recalculate(path, service=surroundings)


def test_results_of_every_kind_are_taken_over(
    kinds: tuple[Path, dict[str, bytes], object], surroundings: Surroundings
) -> None:
    """Numbers to the last digit, texts, truth values, errors, arrays, shared formulas."""
    path, _, report = kinds
    with ExcelManager(path, service=surroundings) as manager:
        assert not manager.needs_recalculation
        assert list(manager.values("Data")) == [
            (0.1, 0.1 + 0.2, 0.1 / 3, CellError("#DIV/0!")),
            (2, "a2 <b\n", True, False),
            (3, 1, 3.0000000000000004, CellError("#N/A")),
            (5, 3, None, 42),
            (0.1 + 2 + 3 + 5, 10, 46082, 1e301),
        ]
    assert (report.left, report.needs_recalculation) == ((), False)  # type: ignore[attr-defined]
    assert (report.cells, report.changed) == (17, 17)  # type: ignore[attr-defined]


def test_nothing_else_changes(kinds: tuple[Path, dict[str, bytes], object]) -> None:
    """Every other byte of the file is as it was, but for the mark, which is gone."""
    path, before, _ = kinds
    after = read_parts(path)
    assert_only_results_differ(before, after)
    assert after[WORKBOOK] == before[WORKBOOK].replace(b' fullCalcOnLoad="1"', b"")


LEFT = rows_xml(
    "<c><v>1</v></c><c><f>A1*2</f><v>1</v></c>",
    "<c><f>FOREIGN(A1)</f><v>5</v></c><c><f>A2+1</f><v>6</v></c>",
    "<c><f>IFERROR(FOREIGN(A1),0)</f><v>7</v></c><c><f>\"x\"*2</f><v>8</v></c>",
    "<c><f>IFERROR([1]Far!A1,0)</f><v>9</v></c><c><f>VLOOKUP(</f><v>10</v></c>",
)  # fmt: skip


def test_what_is_not_understood_keeps_its_result_and_the_mark(
    tmp_path: Path, surroundings: Surroundings
) -> None:
    """Unknown functions, even behind IFERROR, doubtful errors, and whatever depends on those."""
    path = write_workbook(tmp_path / "left.xlsx", sheet_xml(LEFT), workbook_tail=MARK)
    report = recalculate(path, output=tmp_path / "out.xlsx", service=surroundings)
    assert [(each.cell, each.reason) for each in report.left] == [
        ("A2", "LibreOffice cannot compute FOREIGN"),
        ("B2", "it depends on a formula that has no result"),
        ("A3", "LibreOffice cannot compute FOREIGN"),
        ("B3", "LibreOffice gives #VALUE!"),
        ("A4", "it reads another workbook, which is not opened"),
        ("B4", "LibreOffice gives Err:511"),
    ]
    assert (report.cells, report.changed, report.needs_recalculation) == (1, 1, True)
    with ExcelManager(tmp_path / "out.xlsx", service=surroundings) as manager:
        assert manager.needs_recalculation
        assert list(manager.values("Data", old_results=True)) == [
            (1, 2),
            (5, 6),
            (7, 8),
            (9, 10),
        ]
    assert b"<v>1</v>" in read_parts(path)[SHEET]  # the file itself was left alone


def test_a_manager_goes_on_with_its_recalculated_file(
    tmp_path: Path, surroundings: Surroundings
) -> None:
    """Edited, saved, recalculated, edited again; a file of another's is not written over."""
    path = write_workbook(
        tmp_path / "plan.xlsx",
        sheet_xml(rows_xml("<c><v>1</v></c><c><f>A1*2</f><v>2</v></c>")),
        workbook_tail="<calcPr calcId='1'/>",
    )
    with ExcelManager(path, service=surroundings) as manager:
        manager.workbook["Data"]["A1"] = 4
        manager.save()
        assert list(manager.values("Data")) == [(4, StaleResult(2))]
        assert manager.recalculate(backup=True).backup == tmp_path / "plan.backup.xlsx"
        assert list(manager.values("Data")) == [(4, 8)]
        assert not manager.is_modified
        manager.workbook["Data"]["A1"] = 5
        manager.save()
        path.write_bytes((tmp_path / "plan.backup.xlsx").read_bytes())
        with pytest.raises(ChangedOnDisk):
            manager.recalculate()
    with ExcelManager(path, service=surroundings) as manager:
        assert manager.recalculate().changed == 1
        again = manager.recalculate()
    assert (again.cells, again.changed, again.bytes_written) == (1, 0, 0)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no corpus at {CORPUS}")
@pytest.mark.parametrize(
    "name", ["poi/55906-MultiSheetRefs.xlsx", "poi/45544.xlsx", "poi/testNames.xlsm"]
)
def test_real_files_keep_everything_else(
    tmp_path: Path, surroundings: Surroundings, name: str
) -> None:
    """What Excel made, results as Excel has them to 12 digits, and no other byte changes."""
    copy = tmp_path / Path(name).name
    copy.write_bytes((CORPUS / name).read_bytes())
    recalculate(copy, service=surroundings)
    assert_only_results_differ(read_parts(CORPUS / name), read_parts(copy))
    assert shown(copy) == shown(CORPUS / name)


def shown(path: Path) -> list[object]:
    """Every value of every sheet, numbers to 12 digits."""
    with Package.open(path) as package:
        names = [entry.name for entry in package.sheets if entry.kind == "worksheet"]
    return [
        float(f"{cell.value:.12g}") if isinstance(cell.value, float | int) else cell.value
        for name in names
        for cell in iter_cells(path, name)
    ]
