"""Work packages added, edited and deleted, and the version history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.budgets import WorkPackage
from budgetinator.budgets.history import next_info, versions
from budgetinator.budgets.reading import read_budget
from budgetinator.budgets.workpackages import (
    add_work_package,
    delete_work_package,
    edit_work_package,
    work_packages,
)
from budgetinator.errors import BudgetError
from budgetinator.workbooks import ExcelManager
from tests.budgets.consortia import three_partners, written


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ExcelManager]:
    """An open budget of three partners; what a test leaves unsaved is dropped."""
    with ExcelManager(written(tmp_path / "budget.xlsx")) as opened:
        yield opened
        opened.force_close()


def test_an_added_work_package_is_read_back(manager: ExcelManager) -> None:
    """In the row of its number."""
    new = WorkPackage(15, "Übergabe", "L'ORE", 30, 36)
    add_work_package(manager.workbook, new)
    assert manager.workbook["PM Summary"]["B18"].value == "Übergabe"
    manager.save()
    assert read_budget(manager.file_path).budget.work_packages[-1] == new


def test_edited_fields_change_and_others_do_not(manager: ExcelManager) -> None:
    """None empties a field."""
    edit_work_package(manager.workbook, 2, {"title": "Models", "end_month": None})
    assert work_packages(manager.workbook)[1] == WorkPackage(2, "Models", "L'ORE", 3)
    assert versions(manager.workbook)[-1].summary == "Work package 2 changed: title, end month"


def test_deleting_takes_the_months_of_everybody(manager: ExcelManager) -> None:
    """Only when that is said; they are named before."""
    book = manager.workbook
    with pytest.raises(BudgetError, match=r"'P1-Coord'!D18 12 person-months, 'P2-L''ORE'!D18"):
        delete_work_package(book, 2)
    assert not manager.is_modified
    outcome = delete_work_package(book, 2, lose=True)
    assert len(outcome.lost) == 3
    manager.save()
    budget = read_budget(manager.file_path).budget
    assert budget.work_packages == three_partners().work_packages[:1]
    assert [each.person_months[:3] for each in budget.partners] == [(20, None, 9)] * 3


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        (WorkPackage(16), "no room for a work package 16"),
        (WorkPackage(0), "no room for a work package 0"),
        (WorkPackage(2), "already"),
        (WorkPackage(3, start_month=5, end_month=4), "not before the start"),
        (WorkPackage(3, start_month=0), "months count from 1"),
    ],
)
def test_what_cannot_be_a_work_package_is_refused(
    manager: ExcelManager, package: WorkPackage, reason: str
) -> None:
    """The workbook is as it was."""
    with pytest.raises(BudgetError, match=reason):
        add_work_package(manager.workbook, package)
    assert not manager.is_modified


@pytest.mark.parametrize(
    ("number", "changes", "reason"),
    [
        (9, {"title": "x"}, "no work package 9"),
        (2, {"number": 3}, "cannot change"),
        (2, {"start_month": 10}, "not before the start"),
    ],
)
def test_a_wrong_edit_is_refused(
    manager: ExcelManager, number: int, changes: dict[str, Any], reason: str
) -> None:
    """The workbook is as it was."""
    with pytest.raises(BudgetError, match=reason):
        edit_work_package(manager.workbook, number, changes)
    assert not manager.is_modified


@pytest.mark.parametrize(
    ("info", "expected"),
    [("0.1", "0.2"), ("1.9", "1.10"), ("v3 draft", "v4 draft"), ("final", "final.1"), ("", "0.1")],
)
def test_versions_count_up(info: str, expected: str) -> None:
    """The last number of the last version."""
    assert next_info(info) == expected


def test_rows_of_the_history_are_never_overwritten(manager: ExcelManager) -> None:
    """A gap stays a gap, and the new row stands under the last."""
    sheet = manager.workbook["Version History"]
    sheet["C9"] = "a remark"
    add_work_package(manager.workbook, WorkPackage(3))
    assert (sheet["C9"].value, sheet["C10"].value) == ("a remark", "Work package 3 added")
    assert sheet["C3"].value is None
