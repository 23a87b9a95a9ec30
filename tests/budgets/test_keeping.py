"""What the layout does not know is kept by every operation: charts, comments, sheets, cells."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill

from budgetinator.budgets import WorkPackage
from budgetinator.budgets.deleting import delete_partner
from budgetinator.budgets.layout import input_cell
from budgetinator.budgets.making import start_budget, write_budget
from budgetinator.budgets.partners import (
    add_partner,
    edit_partner,
    update_overviews,
)
from budgetinator.budgets.workpackages import (
    add_work_package,
    delete_work_package,
    edit_work_package,
)
from budgetinator.workbooks import ExcelManager
from tests.budgets.consortia import partner, three_partners, written

RENAME = {input_cell("acronym"): "NEW", input_cell("travel"): Decimal(5)}
OPERATIONS: dict[str, Callable[[Workbook], object]] = {
    "add partner": lambda book: add_partner(book, partner(4, "FOUR")),
    "edit partner": lambda book: edit_partner(book, 3, RENAME),
    "delete partner": lambda book: delete_partner(book, 3, lose=True),
    "add work package": lambda book: add_work_package(book, WorkPackage(3, "Tools")),
    "edit work package": lambda book: edit_work_package(book, 2, {"title": "Other"}),
    "delete work package": lambda book: delete_work_package(book, 2, lose=True),
    "update overviews": update_overviews,
}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A budget with a dashboard of its own, and notes in the budget's sheets."""
    path = written(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(path)
    board = book.create_sheet("Dashboard", 0)
    for row in range(1, 6):
        board.append([f"Item {row}", row * 1.5])
    chart = BarChart()
    chart.title = "By partner"
    chart.add_data(Reference(book["Budget Overview"], min_col=14, min_row=8, max_row=10))
    board.add_chart(chart, "E2")
    board["A9"].comment = Comment("Ask the bank", "somebody")
    red = PatternFill("solid", bgColor="FF0000")
    board.conditional_formatting.add("B1:B5", CellIsRule("greaterThan", ["3"], fill=red))
    overview, sheet = book["Budget Overview"], book["P2-L'ORE"]
    overview["Z9"], overview["Z9"].comment = "agreed", Comment("by phone", "somebody")
    sheet["Z20"], sheet["D7"].comment = "their own sum", Comment("as of May", "somebody")
    overview.column_dimensions["Z"].width = 33
    book.save(path)
    book.close()
    return path


def _strangers(path: Path) -> dict[str, Any]:
    """All of it, as the file has it."""
    with ZipFile(path) as archive:
        charts = [archive.read(n) for n in archive.namelist() if n.startswith("xl/charts/chart")]
    book = openpyxl.load_workbook(path)
    board, overview, sheet = book["Dashboard"], book["Budget Overview"], book["P2-L'ORE"]
    found = {
        "chart": charts,
        "board": [[cell.value for cell in row] for row in board.iter_rows(max_row=9, max_col=2)],
        "rules": [str(area.sqref) for area in board.conditional_formatting],
        "drawings": len(board._charts),
        "comments": [cell.comment.text for cell in (board["A9"], overview["Z9"], sheet["D7"])],
        "cells": [overview["Z9"].value, sheet["Z20"].value],
        "width": overview.column_dimensions["Z"].width,
        "first": book.sheetnames[0],
    }
    book.close()
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_keeps_what_is_not_the_budgets(template: Path, name: str) -> None:
    """The chart byte for byte; the unknown sheet's part too."""
    before, part = _strangers(template), _part(template)
    with ExcelManager(template) as manager:
        OPERATIONS[name](manager.workbook)
        assert manager.lossy() == ()
        manager.save()
    assert _strangers(template) == before
    assert _part(template) == part


def test_all_operations_one_after_the_other_keep_it(template: Path) -> None:
    """In one sitting, saved each time."""
    before = _strangers(template)
    with ExcelManager(template) as manager:
        for operation in (*OPERATIONS.values(), OPERATIONS["update overviews"]):
            operation(manager.workbook)
            manager.save()
    assert _strangers(template) == before


def test_a_budget_from_the_template_keeps_it(template: Path, tmp_path: Path) -> None:
    """Filled with a budget, and begun with more partners."""
    before = _strangers(template)
    filled, begun = tmp_path / "filled.xlsx", tmp_path / "begun.xlsx"
    write_budget(three_partners(), filled, template=template)
    start_budget(begun, partners=6, template=template)
    assert [_strangers(path) for path in (filled, begun, template)] == [before] * 3


def test_a_partner_with_a_chart_and_comments_of_its_own_goes_whole(template: Path) -> None:
    """They are named before, and nothing of them stays in the file."""
    with ExcelManager(template) as manager:
        sheet = manager.workbook["P3-Ünï Ko"]
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=3, max_col=17, min_row=18))
        sheet.add_chart(chart, "Z2")
        sheet["D3"].comment = Comment("Call them", "somebody")
        manager.save()
        outcome = delete_partner(manager.workbook, 3, lose=True)
        assert {"1 chart", "the comment at D3"} <= set(outcome.lost)
        manager.save()
    with ZipFile(template) as archive:
        assert sum(name.startswith("xl/charts/chart") for name in archive.namelist()) == 1
        assert [name for name in archive.namelist() if b"Call them" in archive.read(name)] == []


def _part(path: Path) -> bytes:
    """The unknown sheet as it stands in the file."""
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        (found,) = [
            data for name in names if b"conditionalFormatting" in (data := archive.read(name))
        ]
    return found
