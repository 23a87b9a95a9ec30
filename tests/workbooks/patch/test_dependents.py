"""Which formulas depend on a cell, and their old results taken away."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from budgetinator.config import SavingOptions, Settings
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Formula, Surroundings
from budgetinator.workbooks.addresses import format_cell, parse_cell
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import CellInput, patch_cells
from budgetinator.workbooks.patch.calculation import unmarked
from budgetinator.workbooks.patch.dependents import FormulaGraph
from tests.workbooks.builders import change_part, read_parts
from tests.workbooks.patch.building import sheet_xml, write_workbook


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    """Sheets `Plan`, `Sum`, `Far`, with every way to refer to `Plan!A1` and to `Plan!A2`."""
    workbook = Workbook()
    plan = workbook.worksheets[0]
    plan.title = "Plan"
    for row in (("cost",), (20,), (30,)):
        plan.append(row)
    plan["A1"], plan["E1"], plan["F1"] = 10, "cost", "more"
    plan["E2"], plan["F2"] = 5, 6
    plan.add_table(Table(displayName="Costs", ref="E1:F2"))
    plan["B1"], plan["B2"], plan["B3"] = "=A1*2", "=A2*2", "=SUM(A:A)"
    total = workbook.create_sheet("Sum")
    total["A1"], total["A2"], total["A3"] = "=Plan!B1+1", "=A1+1", "=rate*2"
    total["B1"], total["B2"] = "=SUM(Costs[cost])", "=SUM(Plan:Far!A1)"
    total["C1"] = ArrayFormula("C1:C3", "=Plan!A1:A3*2")
    total["D1"], total["D2"], total["D3"] = "=C3", '=INDIRECT("Z1")', "=nothing"
    total["E1"], total["E2"] = "=SUM(Plan!A1:A2)", "=TODAY()"
    far = workbook.create_sheet("Far")
    far["A1"], far["B1"] = 1, "=A1"
    workbook.defined_names["rate"] = DefinedName("rate", attr_text="Plan!$A$1")
    workbook.save(tmp_path / "budget.xlsx")
    workbook.close()
    return tmp_path / "budget.xlsx"


ALWAYS = {"Sum!D2", "Sum!D3", "Sum!E2"}
FIRST = {"Plan!B1", "Plan!B3", "Sum!A1", "Sum!A2", "Sum!A3", "Sum!B2", "Sum!E1"}
ARRAY = {"Sum!C1", "Sum!C2", "Sum!C3", "Sum!D1"}


@pytest.mark.parametrize(
    ("changed", "dependents"),
    [
        ("Plan!A1", FIRST | ARRAY),
        ("Plan!A2", {"Plan!B2", "Plan!B3", "Sum!E1"} | ARRAY),
        ("Plan!A900000", {"Plan!B3"}),
        ("Plan!E2", {"Sum!B1"}),
        ("Far!A1", {"Far!B1", "Sum!B2"}),
        ("Far!Z9", set()),
    ],
)
def test_dependents_are_found_over_all_sheets(
    budget: Path, changed: str, dependents: set[str]
) -> None:
    """By cells, areas, columns, names, tables and runs of sheets, directly and through others."""
    with Package.open(budget) as package:
        parts = {entry.name: entry.part for entry in package.sheets}
        names = {part: name for name, part in parts.items()}
        sheet, _, cell = changed.partition("!")
        found = FormulaGraph(package).dependents({parts[sheet]: [parse_cell(cell)]})
    addresses = {
        f"{names[part]}!{format_cell(*place)}" for part, places in found.items() for place in places
    }
    assert addresses == dependents | ALWAYS


def test_shared_formulas_read_where_they_stand(tmp_path: Path) -> None:
    """Of a shared formula only the cell whose reference moves to what changed depends on it."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}">{formula}<v>1</v></c></row>'
        for row, formula in (
            (1, '<f t="shared" ref="B1:B3" si="0">A1*$A$3</f>'),
            (2, '<f t="shared" si="0"/>'),
            (3, '<f t="shared" si="0"/>'),
        )
    )
    path = write_workbook(tmp_path / "shared.xlsx", sheet_xml(rows))
    with Package.open(path) as package:
        part = package.sheets[0].part
        assert FormulaGraph(package).dependents({part: [(2, 1)]}) == {part: {(2, 2)}}
        assert FormulaGraph(package).dependents({part: [(3, 1)]}) == {
            part: {(1, 2), (2, 2), (3, 2)}
        }


@pytest.mark.parametrize(
    ("item", "changed", "depends"),
    [
        ("[#This Row],[cost]", "E3", True),
        ("[#This Row],[cost]", "E2", False),
        ("[#This Row],[cost]", "F3", False),
        ("[#This Row],[cost]:[more]", "F3", True),
        ("cost", "E2", True),
        ("cost", "F2", False),
        ("more '[x]", "F2", True),
        ("#All", "F2", True),
        ("[#Totals],[cost]", "F4", False),
        ("", "F2", True),
    ],
)
def test_tables_are_read_by_row_and_column(
    tmp_path: Path, item: str, changed: str, depends: bool
) -> None:
    """A formula in row 3 reads its own row's cells, a column, or the whole table E1:F4."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in (("cost", "more"), (1, 2), (3, 4), (5, 6)):
        sheet.append((None, None, None, None, *row))
    sheet.add_table(Table(displayName="Costs", ref="E1:F4"))
    sheet["A3"] = f"=SUM(Costs[{item}])"
    workbook.save(tmp_path / "table.xlsx")
    workbook.close()
    with Package.open(tmp_path / "table.xlsx") as package:
        part = package.sheets[0].part
        found = FormulaGraph(package).dependents({part: [parse_cell(changed)]})
    assert found == ({part: {(3, 1)}} if depends else {})


def patched(path: Path, changes: Mapping[str, CellInput]) -> bytes:
    """The sheet's part after the cells were set and old results taken away."""
    target = io.BytesIO()
    with Package.open(path) as package:
        patch_cells(package, changes, target, stale_values="remove")
        status = package.status()
        with Package.of_bytes(target.getvalue(), path, status, package.bounds) as after:
            return after.read(after.sheets[0].part)


def test_a_save_can_take_old_results_away(tmp_path: Path) -> None:
    """Value and type of dependent cells go; their formulas, looks and all else stay as bytes."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="1" t="str"><f>A1&amp;"x"</f><v>1x</v></c>'
        '<c r="C1"><f>A2</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c><c r="B2" t="e"><f t="array" ref="B2:B3">A1:A2/0</f>'
        '<v>#DIV/0!</v></c></row><row r="3"><c r="B3" t="e"><v>#DIV/0!</v></c></row>'
    )
    expected = (
        '<row r="1"><c r="A1"><v>7</v></c><c r="B1" s="1"><f>A1&amp;"x"</f></c>'
        '<c r="C1"><f>A2</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c><c r="B2"><f t="array" ref="B2:B3">A1:A2/0</f>'
        '</c></row><row r="3"><c r="B3"></c></row>'
    )
    path = write_workbook(tmp_path / "old.xlsx", sheet_xml(rows))
    assert patched(path, {"A1": 7}) == sheet_xml(expected).encode()


def test_nothing_goes_where_nothing_depends(tmp_path: Path) -> None:
    """A label that no formula reads takes no result away."""
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1</f><v>1</v></c></row>'
    path = write_workbook(tmp_path / "old.xlsx", sheet_xml(rows))
    written = patched(path, {"C1": "label"})
    assert b'<c r="B1"><f>A1</f><v>1</v></c>' in written


def test_the_setting_reaches_both_ways_of_saving(budget: Path, tmp_path: Path) -> None:
    """Set cells and an edited workbook both lose old results; a changed look does not hide one."""
    service = ResourceManagementService()
    settings = Settings(saving=SavingOptions(stale_values="remove"))
    surroundings = Surroundings(service, settings, lock_dir=tmp_path / "locks")
    cached = _with_results(budget)
    with ExcelManager(cached, service=surroundings) as manager:
        manager.set_cells({"Plan!A1": 11, "Plan!D9": Formula("A1")})
        manager.save()
    assert _values(cached) == {"B2": "40"}
    _with_results(cached)
    with ExcelManager(cached, service=surroundings) as manager:
        plan = manager.workbook["Plan"]
        plan["A2"] = 21
        plan["B2"].number_format = "0.00"
        manager.save()
    assert _values(cached) == {"B1": "20"}
    service.close()


def _with_results(path: Path) -> Path:
    """The file with results beside two formulas of the first sheet."""

    def put(data: bytes) -> bytes:
        for formula, value in ((b"A1*2", b"20"), (b"A2*2", b"40")):
            pattern = re.escape(formula) + rb"</f>(?:<v>[^<]*</v>|<v ?/>)?"
            data = re.sub(pattern, formula + b"</f><v>" + value + b"</v>", data)
        return data

    return change_part(path, "xl/worksheets/sheet1.xml", put)


def _values(path: Path) -> dict[str, str]:
    """The results of formulas in the first sheet, by cell."""
    data = read_parts(path)["xl/worksheets/sheet1.xml"].decode()
    return dict(re.findall(r'<c r="([A-Z]+\d+)"[^<>]*><f>[^<]*</f><v>([^<]+)</v>', data))


def test_a_name_that_means_other_cells_makes_results_old(budget: Path, tmp_path: Path) -> None:
    """No cell changed, but formulas read other cells now: results go, and the mark comes."""
    service = ResourceManagementService()
    settings = Settings(saving=SavingOptions(stale_values="remove"))
    surroundings = Surroundings(service, settings, lock_dir=tmp_path / "locks")
    path = change_part(_with_results(budget), "xl/workbook.xml", unmarked)
    with ExcelManager(path, service=surroundings) as manager:
        assert not manager.needs_recalculation
        manager.workbook.defined_names["rate"].attr_text = "Plan!$A$2"
        assert manager.save().recalculates
        assert manager.needs_recalculation
    assert _values(path) == {}
    service.close()
