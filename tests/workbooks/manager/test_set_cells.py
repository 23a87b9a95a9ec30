from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from budgetinator.errors import (
    BudgetinatorError,
    InvalidCellReference,
    InvalidCellValue,
    ValuesOnly,
    WorksheetNotFound,
    WouldLose,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import CellError, Formula, StaleResult
from tests.workbooks.manager.conftest import Manage
from tests.workbooks.manager.making import parts_of


def test_cells_are_set_without_loading_the_workbook(
    manage: Manage, budget: Path, service: ResourceManagementService
) -> None:
    """Only the sheet's own part changes; every other part keeps its bytes."""
    before = parts_of(budget)
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 111.25, "B3": 222, "'Notes'!A2": "new"})
    assert service.get_resource_count() == {"workbook": 1}
    report = manager.save()
    after = parts_of(budget)
    assert (report.how, report.losses) == ("patched", ())
    assert {name for name in after if after[name] != before.get(name)} <= {
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
        "xl/workbook.xml",
    }
    plan = openpyxl.load_workbook(budget)["Plan"]
    assert (plan["B2"].value, plan["B3"].value, plan["C3"].value) == (111.25, 222, "=B2+B3")


@pytest.mark.parametrize("loaded", [False, True])
def test_values_mean_the_same_loaded_or_not(manage: Manage, budget: Path, *, loaded: bool) -> None:
    """Text stays text, a Formula is a formula, None clears and keeps the format, in both ways."""
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    manager.set_cells(
        {
            "Plan!A2": "=1+1",
            "Plan!B2": Formula("=SUM(1,2)"),
            "Plan!B3": None,
            "Plan!D1": dt.date(2026, 5, 4),
            "Plan!D2": CellError("#N/A"),
            "Plan!D3": "#N/A",
            "Plan!D4": True,
        }
    )
    report = manager.save()
    assert report.how == "patched"
    plan = openpyxl.load_workbook(budget)["Plan"]
    found = {name: (plan[name].value, plan[name].data_type) for name in ("A2", "B2", "B3", "D4")}
    assert found == {
        "A2": ("=1+1", "s"),
        "B2": ("=SUM(1,2)", "f"),
        "B3": (None, "n"),
        "D4": (True, "b"),
    }
    assert (plan["D1"].value, plan["D1"].is_date) == (dt.datetime(2026, 5, 4), True)
    assert [plan[name].data_type for name in ("D2", "D3")] == ["e", "s"]


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize(
    ("address", "value", "error"),
    [
        ("Plans!A1", 1, WorksheetNotFound),
        ("Plan!A0", 1, InvalidCellReference),
        ("Plan!XFE1", 1, InvalidCellReference),
        ("A1:B2", 1, InvalidCellReference),
        ("Plan!A1", float("nan"), InvalidCellValue),
        ("Plan!A1", float("inf"), InvalidCellValue),
        ("Plan!A1", "x" * 32_768, InvalidCellValue),
        ("Plan!A1", "\ud800", InvalidCellValue),
        ("Plan!A1", object(), InvalidCellValue),
        ("Plan!A1", Formula("="), InvalidCellValue),
    ],
)
def test_what_cannot_be_set_is_refused_at_once(
    manage: Manage,
    budget: Path,
    address: str,
    value: object,
    error: type[BudgetinatorError],
    *,
    loaded: bool,
) -> None:
    """One wrong cell and none of the call is set, not even the right ones before it."""
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    with pytest.raises(error) as caught:
        manager.set_cells({"Plan!B2": 5, address: value})  # type: ignore[dict-item]
    assert caught.value.args
    assert not manager.is_modified


@pytest.mark.parametrize("loaded", [False, True])
def test_one_cell_under_two_names_is_refused(manage: Manage, budget: Path, *, loaded: bool) -> None:
    """A cell named twice in one call has no one value."""
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    with pytest.raises(InvalidCellReference, match="twice"):
        manager.set_cells({"Plan!A1": 1, "plan!$A$1": 2})


def test_the_later_call_wins(manage: Manage, budget: Path) -> None:
    """Setting a cell again, under whatever name, replaces its value."""
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 1})
    manager.set_cells({"$b$2": 2})
    manager.save()
    assert openpyxl.load_workbook(budget)["Plan"]["B2"].value == 2


def test_cells_set_before_are_in_the_loaded_workbook(manage: Manage, budget: Path) -> None:
    """The workbook that is loaded later has them, and its own changes are saved with them."""
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 7})
    assert manager.active_sheet["B2"].value == 7
    assert manager.is_modified
    manager.active_sheet["B3"] = 8
    manager.set_cells({"Plan!A3": "Both"})
    assert manager.save().how == "patched"
    plan = openpyxl.load_workbook(budget)["Plan"]
    assert [plan[name].value for name in ("B2", "B3", "A3")] == [7, 8, "Both"]


def test_cells_that_cannot_be_put_in_stay_pending(manage: Manage, budget: Path) -> None:
    """A cell hidden by a merged area stops the loading and the save, and nothing is lost."""
    book = openpyxl.load_workbook(budget)
    book["Plan"].merge_cells("A5:B6")
    book.save(budget)
    before = budget.read_bytes()
    manager = manage(budget)
    manager.set_cells({"Plan!B6": 1, "Plan!B2": 2})
    with pytest.raises(InvalidCellValue, match="B6"):
        _ = manager.workbook
    with pytest.raises(InvalidCellValue, match="B6"):
        manager.save()
    assert manager.is_modified
    assert budget.read_bytes() == before
    manager.reload()
    assert not manager.is_modified


@pytest.mark.parametrize("loaded", [False, True])
def test_a_table_keeps_its_headings(manage: Manage, budget: Path, *, loaded: bool) -> None:
    """A cell that names a table's column cannot be set, loaded or not."""
    book = openpyxl.load_workbook(budget)
    book["Plan"].add_table(Table(displayName="Costs_", ref="A1:C3"))
    book.save(budget)
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    with pytest.raises(WouldLose, match="Costs_"):  # noqa: PT012  whichever of the two comes first
        manager.set_cells({"Plan!A1": "other"})
        manager.save()


def test_values_show_the_file_with_what_was_set(manage: Manage, budget: Path) -> None:
    """Rows come from the file, with set cells in their places, before and behind its last row."""
    manager = manage(budget)
    assert list(manager.values("plan")) == [
        ("Item", "Cost", "Total"),
        ("Travel", 100.5),
        ("Staff", 200, StaleResult()),
    ]
    manager.set_cells({"Plan!B2": None, "Plan!D3": Formula("B3"), "Plan!A5": 5, "Plan!A9": None})
    assert list(manager.values("Plan")) == [
        ("Item", "Cost", "Total"),
        ("Travel",),
        ("Staff", 200, StaleResult(), StaleResult()),
        (),
        (5,),
    ]


def test_values_of_a_changed_workbook_are_its_own(manage: Manage, budget: Path) -> None:
    """Once the loaded workbook was changed, its values are what is told."""
    manager = manage(budget)
    manager.active_sheet["B2"] = 1
    assert list(manager.values("Plan"))[1:] == [("Travel", 1), ("Staff", 200, StaleResult())]
    texts = list(manager.values("Plan", old_results=True))
    assert texts[1:] == [("Travel", 1), ("Staff", 200, "=B2+B3")]


def test_all_data_is_every_worksheet(manage: Manage, budget: Path) -> None:
    """All rows of all worksheets, by name, as a list that another one can be extended with."""
    data = []
    data.extend(manage(budget).get_all_data())
    assert dict(data)["Notes"] == [("as agreed",)]
    assert [name for name, _ in data] == ["Plan", "Notes"]


def test_a_missing_sheet_is_told_at_once(manage: Manage, budget: Path) -> None:
    """`values` raises before its first row, with the path and the sheets that there are."""
    with pytest.raises(WorksheetNotFound) as caught:
        manage(budget).values("Plans")
    assert (caught.value.path, caught.value.available) == (str(budget), ("Plan", "Notes"))


@pytest.mark.parametrize("options", [{"read_only": True}, {"data_only": True}])
def test_values_only_cannot_be_set(manage: Manage, budget: Path, options: dict[str, bool]) -> None:
    """What was opened as values only takes no cells."""
    with pytest.raises(ValuesOnly):
        manage(budget, **options).set_cells({"Plan!A1": 1})


def test_what_set_cells_would_lose_is_told_before(manage: Manage, budget: Path) -> None:
    """A signature stops the save, and is taken off with all its parts if that is allowed."""
    with zipfile.ZipFile(budget, "a") as archive:
        archive.writestr("_xmlsignatures/origin.sigs", "")
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    before = budget.read_bytes()
    manager = manage(budget)
    assert manager.lossy() == ()
    manager.set_cells({"Plan!B2": 7})
    (loss,) = manager.lossy()
    assert loss.kind == "signature"
    with pytest.raises(WouldLose, match="digital signature"):
        manager.save()
    assert budget.read_bytes() == before
    assert manager.save(allow_loss=True).losses == (loss,)
    assert not any(name.startswith("_xmlsignatures") for name in parts_of(budget))


def test_a_signature_goes_with_any_change(manage: Manage, budget: Path) -> None:
    """In the same way, whatever was changed."""
    with zipfile.ZipFile(budget, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    manager = manage(budget)
    manager.workbook["Plan"].column_dimensions["B"].width = 33
    with pytest.raises(WouldLose, match="signature"):
        manager.save()
    report = manager.save(allow_loss=True)
    assert [loss.kind for loss in report.losses] == ["signature"]
    assert manager.save().how == "unchanged"
