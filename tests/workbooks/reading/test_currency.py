"""Results of formulas that may be old are marked as such."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Formula, StaleResult, Surroundings
from tests.workbooks.patch.building import sheet_xml, write_workbook

ROWS = (
    '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1*2</f><v>2</v></c>'
    '<c r="C1"><f t="array" ref="C1:C2">A1:A2</f><v>1</v></c></row>'
    '<row r="2"><c r="A2"><v>5</v></c><c r="C2"><v>5</v></c></row>'
    '<row r="4"><c r="A4" t="str"><f>"x"</f></c></row>'
)
FIGURES = [(1, 2, 1), (5, None, 5)]
MARKED = [
    (1, StaleResult(2), StaleResult(1)),
    (5, None, StaleResult(5)),
    (),
    (StaleResult(None),),
]


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    service = ResourceManagementService()
    yield Surroundings(service, lock_dir=tmp_path / "locks")
    service.close()


def make(path: Path, calculation: str = "") -> Path:
    """Formulas with results, one that fills two cells, and one that has none."""
    return write_workbook(path, sheet_xml(ROWS), workbook_tail=calculation)


@pytest.mark.parametrize(
    ("calculation", "stale"),
    [
        ("", False),
        ('<calcPr calcId="191029" calcCompleted="1"/>', False),
        ('<calcPr fullCalcOnLoad="1"/>', True),
        ('<calcPr calcId="191029" fullCalcOnLoad="true"/>', True),
        ('<calcPr calcMode="manual" calcCompleted="0"/>', True),
    ],
)
def test_the_workbooks_mark_decides(
    tmp_path: Path, surroundings: Surroundings, calculation: str, stale: bool
) -> None:
    """Where the file says that it is to be recalculated, each result of a formula is marked."""
    path = make(tmp_path / "plan.xlsx", calculation)
    with ExcelManager(path, service=surroundings) as manager:
        assert manager.needs_recalculation is stale
        assert list(manager.values("data")) == (MARKED if stale else FIGURES)
        assert list(manager.values("Data", old_results=True)) == FIGURES
        assert manager.get_all_data()[0].rows == (MARKED if stale else FIGURES)


def test_cells_that_were_set_make_results_old(tmp_path: Path, surroundings: Surroundings) -> None:
    """A set figure is true, a set formula has no result, and all other results are old."""
    path = make(tmp_path / "plan.xlsx")
    with ExcelManager(path, service=surroundings) as manager:
        manager.set_cells({"Data!A1": 3, "Data!B1": 9, "Data!D2": Formula("A2")})
        assert manager.needs_recalculation
        assert list(manager.values("Data")) == [
            (3, 9, StaleResult(1)),
            (5, None, StaleResult(5), StaleResult(None)),
            (),
            (StaleResult(None),),
        ]
        manager.save()
        assert manager.needs_recalculation
        first, *_ = manager.values("Data")
        assert first == (3, 9, StaleResult(1))


def test_a_changed_workbook_knows_no_results(tmp_path: Path, surroundings: Surroundings) -> None:
    """Formulas of a loaded workbook are marked as soon as anything was changed in it."""
    path = make(tmp_path / "plan.xlsx")
    with ExcelManager(path, service=surroundings) as manager:
        worksheet = manager.workbook["Data"]
        assert list(manager.values("Data")) == FIGURES
        worksheet["A2"] = 6
        assert manager.needs_recalculation
        assert list(manager.values("Data")) == [
            (1, StaleResult(None), StaleResult(None)),
            (6, None, StaleResult(None)),
            (),
            (StaleResult(None),),
        ]
        manager.force_close()


def test_a_new_workbook_is_marked_too(tmp_path: Path, surroundings: Surroundings) -> None:
    """Its formulas have never been computed."""
    manager = ExcelManager.create(tmp_path / "new.xlsx", service=surroundings)
    manager.active_sheet.append([1, "=A1"])
    assert manager.needs_recalculation
    assert list(manager.values("Sheet")) == [(1, StaleResult(None))]
    manager.force_close()


def test_without_formulas_nothing_is_to_be_recalculated(
    tmp_path: Path, surroundings: Surroundings
) -> None:
    """The mark alone, which some programs always set, makes no figure old."""
    workbook = Workbook()
    workbook.worksheets[0].append([1, 2.5, "text"])
    workbook.save(tmp_path / "figures.xlsx")
    workbook.close()
    with ExcelManager(tmp_path / "figures.xlsx", service=surroundings) as manager:
        assert not manager.needs_recalculation
        assert list(manager.values("Sheet")) == [(1, 2.5, "text")]
        manager.set_cells({"A1": 2})
        assert not manager.needs_recalculation
        manager.force_close()


def test_an_old_result_is_no_figure() -> None:
    """It cannot be added up or taken for the number that it was."""
    with pytest.raises(TypeError):
        sum([1, StaleResult(2)])  # type: ignore[list-item]
    assert StaleResult(2) not in [2, 2.0, "2"]
    assert str(StaleResult(2)) == "to be recalculated"
