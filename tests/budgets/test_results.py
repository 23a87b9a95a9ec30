"""Results are written with a budget, so that it shows figures wherever it is opened."""

from __future__ import annotations

import errno
from decimal import Decimal
from pathlib import Path

import pytest

from budgetinator.budgets import (
    check_budget,
    edit_partner,
    read_budget,
    results_of,
    save_with_results,
    write_results,
    write_sample,
)
from budgetinator.budgets.layout import input_cell
from budgetinator.budgets.results import results_of_sheets
from budgetinator.budgets.sheetcells import SheetCells
from budgetinator.errors import SaveError, WorkbookDamaged, WorkbookError
from budgetinator.workbooks import ExcelManager, Formula, StaleResult
from budgetinator.workbooks.reading.values import iter_values
from tests.budgets.consortia import three_partners, written
from tests.budgets.workbooks import example, named, write


def shown(path: Path, sheet: str, row: int) -> tuple[object, ...]:
    """What the file itself shows in a row."""
    return list(iter_values(path, sheet))[row - 1]


def test_a_new_budget_has_results(tmp_path: Path) -> None:
    """No formula is left to be recalculated, in the overviews either."""
    path = written(tmp_path / "budget.xlsx")
    with ExcelManager(path) as manager:
        assert not manager.needs_recalculation
        values = [value for sheet in manager.get_all_data() for row in sheet.rows for value in row]
    assert not any(isinstance(value, StaleResult) for value in values)
    assert shown(path, "Budget Overview", 9)[2:6] == ("L'ORE", "DE", "Beneficiary", 246_000)
    assert not read_budget(path).is_computed


def test_the_sample_shows_its_errors_as_they_are(tmp_path: Path) -> None:
    """The older formula's result stands in the file: it is not mended by being computed."""
    path = tmp_path / "sample.xlsx"
    write_sample(path)
    assert shown(path, "P2-L'ORE", 13)[13] == 44_000
    assert len(check_budget(path)) == 3


def test_an_empty_cell_counts_as_zero_in_a_formula(tmp_path: Path) -> None:
    """As in a spreadsheet program, though for the budget it is not determined."""
    path = written(tmp_path / "budget.xlsx")
    assert shown(path, "P1-Coord", 13)[9] == 0
    assert read_budget(path).partners[0].figures.equipment is None


def test_after_an_edit_the_results_are_new(tmp_path: Path) -> None:
    """What follows from the change is in the file, in both overviews."""
    path = written(tmp_path / "budget.xlsx")
    with ExcelManager(path) as manager:
        edit_partner(manager.workbook, 1, {input_cell("rate"): Decimal(1000)})
        report = save_with_results(manager)
    assert not report.recalculates
    assert shown(path, "P1-Coord", 13)[6] == 41_000
    assert shown(path, "Budget Overview", 11)[5] == 41_000 + 2 * 246_000


def test_the_worked_example_is_written_with_its_figures(tmp_path: Path) -> None:
    """Personnel 246 000, indirect 67 250, total 405 250."""
    path = written(tmp_path / "budget.xlsx", named(example(1, "COORD")))
    row = shown(path, "P1-Coord", 13)
    assert (row[6], row[13], row[14], row[16]) == (246_000, 67_250, 405_250, 405_250)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("=MAX(D7,1)", "a function that is not computed here"),
        ("=D3*2", "a text in a product"),
        ("=B500", "a cell that was not read"),
        ("=B60", "a cell that depends on itself"),
        ("='Somewhere'!A1", "a sheet that is none of the budget's"),
        ("=SUM(D3)", "a sum over text alone"),
        ("=D3*1", "a text in a product that is no other number"),
        ("=--D3", "a text with a sign"),
        ("=D3-D3", "a text that falls out of the sum"),
        ("=0*D3", "a text times zero"),
        ("=B60-B60+1", "a cell that depends on itself and falls out"),
        ("=1e99*1e99*1e99*1e99", "a number that no cell can hold"),
    ],
)
def test_what_cannot_be_told_is_left(tmp_path: Path, formula: str, why: str) -> None:
    """The formula has no result, and the file says that it is to be recalculated."""
    path = written(tmp_path / "budget.xlsx")
    with ExcelManager(path) as manager:
        manager.set_cells({"'P1-Coord'!B60": Formula(formula)})
        manager.save()
        left = write_results(manager)
    assert left, why
    assert (60, 2) not in results_of(read_budget(path))["P1-Coord"]


def test_a_sum_of_ones_own_is_computed(tmp_path: Path) -> None:
    """Sums and products over the budget's cells, wherever they stand."""
    path = written(tmp_path / "budget.xlsx")
    with ExcelManager(path) as manager:
        manager.set_cells({"'P1-Coord'!B60": Formula("=SUM('P2-L''ORE'!G13,D7)*50%")})
        assert not save_with_results(manager).recalculates
    assert shown(path, "P1-Coord", 60)[1] == 126_000


def test_nothing_but_results_is_written(tmp_path: Path) -> None:
    """A second writing finds all results there, and writes nothing."""
    path = written(tmp_path / "budget.xlsx", three_partners())
    content = path.read_bytes()
    with ExcelManager(path) as manager:
        assert not write_results(manager)
    assert path.read_bytes() == content


def test_a_copy_gets_results_and_the_file_stays(tmp_path: Path) -> None:
    """Saved under another name, the manager's own file is as it was."""
    path = write(tmp_path / "plain.xlsx")
    content, copy = path.read_bytes(), tmp_path / "copy.xlsx"
    with ExcelManager(path) as manager:
        manager.set_cells({"'P1-Coord'!D7": 7000})
        assert not save_with_results(manager, copy).recalculates
        manager.force_close()
    assert (path.read_bytes(), read_budget(copy).is_computed) == (content, False)


@pytest.mark.parametrize(
    "error",
    [SaveError("There is no space left.", errno=errno.ENOSPC), WorkbookDamaged("It is damaged.")],
)
def test_a_save_stands_though_its_results_cannot_be_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: WorkbookError,
) -> None:
    """It is logged, and the file is to be recalculated."""
    path = written(tmp_path / "budget.xlsx")

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr("budgetinator.workbooks.recalculation.given.put_results", full)
    with ExcelManager(path) as manager, caplog.at_level("ERROR", "budgetinator.budgets"):
        edit_partner(manager.workbook, 1, {input_cell("rate"): Decimal(1000)})
        assert save_with_results(manager).recalculates
    assert read_budget(path).budget.partners[0].rate == 1000
    assert read_budget(path).is_computed


def test_a_plain_reference_shows_a_text(tmp_path: Path) -> None:
    """As the cell has it, behind a plus sign too, which changes nothing."""
    path = written(tmp_path / "budget.xlsx")
    with ExcelManager(path) as manager:
        manager.set_cells({"'P1-Coord'!B60": Formula("=D3"), "'P1-Coord'!B61": Formula("=+D3")})
        assert not save_with_results(manager).recalculates
    assert [shown(path, "P1-Coord", row)[1] for row in (60, 61)] == ["Coord", "Coord"]


def test_sheets_whose_names_fold_to_one_get_no_results() -> None:
    """Excel keeps them apart, and a result of one would be a wrong figure on the other."""
    names = ("P2-Maß", "P3-Mass", "P2-Mass")
    sheets = [
        SheetCells(name, {(1, 1): number}, {(1, 2): "=A1"}) for number, name in enumerate(names)
    ]
    assert results_of_sheets(sheets) == {"P3-Mass": {(1, 2): 1}}
