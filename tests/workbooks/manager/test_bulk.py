from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from budgetinator.errors import (
    InvalidCellValue,
    NotAWorkbook,
    UnsavedChangesWarning,
    WorkbookClosed,
    WorkbookNotFound,
)
from budgetinator.workbooks import memory_safe_bulk_context
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.making import descriptors_on, make_budget


@pytest.fixture
def paths(folder: Path) -> list[Path]:
    return [make_budget(folder / f"{number}.xlsx") for number in range(6)]


def open_now(surroundings: Surroundings) -> int:
    return surroundings.service.get_resource_count().get("workbook", 0)


def value_in(path: Path) -> object:
    return openpyxl.load_workbook(path)["Plan"]["B2"].value


def set_costs(workbooks: Mapping[Path, Workbook], costs: Mapping[Path, float]) -> None:
    for path, cost in costs.items():
        workbooks[path]["Plan"]["B2"] = cost


def test_each_is_opened_when_it_is_touched(paths: list[Path], surroundings: Surroundings) -> None:
    """Keys are the paths as given; nothing is opened before, and at most `max_open` at once."""
    with memory_safe_bulk_context(paths, max_open=2, service=surroundings) as workbooks:
        assert (list(workbooks), len(workbooks)) == (paths, 6)
        assert open_now(surroundings) == 0
        counts = []
        for path in paths:
            assert workbooks[path].sheetnames == ["Plan", "Notes"]
            counts.append(open_now(surroundings))
    assert counts == [1, 2, 2, 2, 2, 2]
    assert open_now(surroundings) == 0
    assert descriptors_on(paths[0].parent) == []


def test_the_least_recently_used_goes_first(paths: list[Path], surroundings: Surroundings) -> None:
    """Touching one again keeps it; what was closed raises, and is opened anew when asked for."""
    with memory_safe_bulk_context(paths, max_open=2, service=surroundings) as workbooks:
        first, second = workbooks[paths[0]], workbooks[paths[1]]
        assert workbooks[paths[0]] is first
        _ = workbooks[paths[2]]
        assert first.active.title == "Plan"
        with pytest.raises(WorkbookClosed):
            _ = second.active
        assert workbooks[paths[1]].active.title == "Plan"


def test_iterating_holds_one_at_a_time(paths: list[Path], surroundings: Surroundings) -> None:
    """`items` and `values` close each workbook before they open the next."""
    with memory_safe_bulk_context(paths, service=surroundings) as workbooks:
        seen = []
        for path, workbook in workbooks.items():
            assert open_now(surroundings) == 1
            seen.append((path, workbook.sheetnames))
        assert [path for path, _ in seen] == paths
        assert [workbook["Plan"]["A1"].value for workbook in workbooks.values()] == ["Item"] * 6
        assert open_now(surroundings) == 0


def test_the_budget_bounds_them(paths: list[Path], surroundings: Surroundings) -> None:
    """Less memory than two workbooks need holds one, and one is always possible."""
    with memory_safe_bulk_context(paths, budget_mb=0.3, service=surroundings) as workbooks:
        for path in paths:
            _ = workbooks[path]
            assert open_now(surroundings) == 1


def test_changes_are_saved_if_asked_for(paths: list[Path], surroundings: Surroundings) -> None:
    """Each is saved before it is closed, those still open at the end of the block."""
    with memory_safe_bulk_context(paths, max_open=2, save=True, service=surroundings) as workbooks:
        for path in paths[:3]:
            workbooks[path]["Plan"]["B2"] = path.stem
        for path, workbook in workbooks.items():
            if path in paths[3:5]:
                workbook["Plan"]["B2"] = path.stem
    assert [value_in(path) for path in paths] == ["0", "1", "2", "3", "4", 100.5]


def test_unsaved_changes_warn(paths: list[Path], surroundings: Surroundings) -> None:
    """Without `save` a changed one warns when it is closed, at the caller's line."""
    with (
        pytest.warns(UnsavedChangesWarning, match=r"0\.xlsx") as caught,
        memory_safe_bulk_context(paths, service=surroundings) as workbooks,
    ):
        next(iter(workbooks.values()))["Plan"]["B2"] = 7
    assert caught[0].filename == __file__


def test_a_bad_file_is_told_when_it_is_touched(
    paths: list[Path], surroundings: Surroundings
) -> None:
    """The others can still be used."""
    paths[1].write_text("no workbook")
    paths[2].unlink()
    with memory_safe_bulk_context(paths, service=surroundings) as workbooks:
        with pytest.raises(NotAWorkbook):
            _ = workbooks[paths[1]]
        with pytest.raises(WorkbookNotFound):
            _ = workbooks[paths[2]]
        assert workbooks[paths[3]].active.title == "Plan"
        with pytest.raises(KeyError):
            _ = workbooks[Path("other.xlsx")]


def test_every_one_is_tried_at_the_end(paths: list[Path], surroundings: Surroundings) -> None:
    """One that cannot be saved does not keep the others from it."""
    with (
        pytest.raises(InvalidCellValue) as caught,
        memory_safe_bulk_context(paths, save=True, service=surroundings) as workbooks,
    ):
        set_costs(workbooks, {paths[0]: 7, paths[1]: float("nan")})
    assert caught.value.path == str(paths[1])
    assert value_in(paths[0]) == 7
    assert open_now(surroundings) == 0


def test_after_an_exception_nothing_more_is_saved(
    paths: list[Path], surroundings: Surroundings
) -> None:
    """What is still open is closed without saving."""
    with (
        pytest.raises(ZeroDivisionError),
        memory_safe_bulk_context(paths, save=True, service=surroundings) as workbooks,
    ):
        workbooks[paths[0]]["Plan"]["B2"] = 1 / 0
    assert value_in(paths[0]) == 100.5
    assert open_now(surroundings) == 0


def test_two_spellings_of_a_file_are_one_workbook(
    paths: list[Path], surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative and a full path lead to the same workbook, so that no change is lost."""
    monkeypatch.chdir(paths[0].parent)
    with memory_safe_bulk_context(
        ["0.xlsx", str(paths[0])], save=True, service=surroundings
    ) as workbooks:
        workbooks["0.xlsx"]["Plan"]["B2"] = 7
        assert workbooks[str(paths[0])]["Plan"]["B2"].value == 7


@pytest.mark.parametrize("bounds", [{"max_open": 0}, {"budget_mb": 0}])
def test_bounds_must_leave_room(bounds: dict[str, int], surroundings: Surroundings) -> None:
    """Room for no workbook at all is a mistake of the caller."""
    with (
        pytest.raises(ValueError, match="max_open"),
        memory_safe_bulk_context([], service=surroundings, **bounds),
    ):
        pass
