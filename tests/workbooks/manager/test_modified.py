from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from tests.workbooks.manager.conftest import Manage

Change = Callable[[Any], object]


def setting(name: str, value: object) -> Change:
    def change(book: Any) -> None:
        *path, last = name.split(".")
        thing = book["Plan"]
        for step in path:
            thing = getattr(thing, step)
        setattr(thing, last, value)

    return change


CHANGES: dict[str, Change] = {
    "a value": lambda book: book["Plan"].__setitem__("B2", 101),
    "minus one to minus two": lambda book: book["Plan"].__setitem__("E1", -2),
    "one to true": lambda book: book["Plan"].__setitem__("E2", True),
    "an int to the same float": lambda book: book["Plan"].__setitem__("E2", 1.0),
    "a date": lambda book: book["Plan"].__setitem__("E3", dt.date(2026, 1, 2)),
    "a decimal": lambda book: book["Plan"].__setitem__("F9", Decimal("1.10")),
    "a formula": lambda book: book["Plan"].__setitem__("C3", "=B2-B3"),
    "a cleared cell": lambda book: book["Plan"].__setitem__("A1", None),
    "a deleted cell": lambda book: book["Plan"].__delitem__("A1"),
    "a new row": lambda book: book["Plan"].append([1]),
    "an inserted row": lambda book: book["Plan"].insert_rows(1),
    "a moved range": lambda book: book["Plan"].move_range("A1:A2", rows=5),
    "a font": lambda book: setattr(book["Plan"]["A1"], "font", Font(bold=True)),
    "a font on an empty cell": lambda book: setattr(book["Plan"]["Z9"], "font", Font(bold=True)),
    "a number format": lambda book: setattr(book["Plan"]["B2"], "number_format", "0.00"),
    "an alignment": lambda book: setattr(book["Plan"]["A1"], "alignment", Alignment(indent=1)),
    "a named style": lambda book: book.add_named_style(NamedStyle("Sum")),
    "what a named style means": lambda book: setattr(
        book._named_styles["Normal"], "font", Font(size=20)
    ),
    "a hyperlink": lambda book: setattr(book["Plan"]["A1"], "hyperlink", "https://example.org"),
    "a comment": lambda book: setattr(book["Plan"]["A1"], "comment", Comment("why", "me")),
    "a comment's text": lambda book: setattr(book["Plan"]["D1"].comment, "text", "other"),
    "a column's width": lambda book: setattr(book["Plan"].column_dimensions["B"], "width", 40),
    "a hidden column": lambda book: setattr(book["Plan"].column_dimensions["B"], "hidden", True),
    "a row's height": lambda book: setattr(book["Plan"].row_dimensions[2], "height", 40),
    "merged cells": lambda book: book["Plan"].merge_cells("A5:B5"),
    "unmerged cells": lambda book: book["Plan"].unmerge_cells("A8:B8"),
    "a validation": lambda book: book["Plan"].add_data_validation(
        DataValidation(type="whole", sqref="A1")
    ),
    "a validation's range": lambda book: book["Plan"].data_validations.dataValidation[0].add("Z9"),
    "a conditional format": lambda book: book["Plan"].conditional_formatting.add(
        "A1", CellIsRule("equal", ["1"])
    ),
    "a filter": setting("auto_filter.ref", "A1:C3"),
    "frozen panes": setting("freeze_panes", "B2"),
    "a view": setting("sheet_view.zoomScale", 150),
    "a print area": setting("print_area", "A1:C3"),
    "print titles": setting("print_title_rows", "1:1"),
    "a paper": setting("page_setup.orientation", "landscape"),
    "a header": setting("oddHeader.center.text", "Plan"),
    "protection": setting("protection.sheet", True),
    "a tab's colour": setting("sheet_properties.tabColor", "FF0000"),
    "a title": setting("title", "Budget"),
    "a hidden sheet": lambda book: setattr(book["Notes"], "sheet_state", "hidden"),
    "a new sheet": lambda book: book.create_sheet("New"),
    "a removed sheet": lambda book: book.remove(book["Notes"]),
    "a copied sheet": lambda book: book.copy_worksheet(book["Plan"]),
    "another order": lambda book: book.move_sheet("Notes", -1),
    "the active sheet": lambda book: setattr(book, "active", 1),
    "a table": lambda book: book["Plan"].add_table(Table(displayName="T", ref="A1:B3")),
    "a chart": lambda book: book["Plan"].add_chart(BarChart(), "H1"),
    "a chart's title": lambda book: setattr(book["Plan"]._charts[0], "style", 5),
    "a name": lambda book: book.defined_names.__setitem__("N", DefinedName("N", attr_text="1")),
    "what a name means": lambda book: setattr(
        book.defined_names["Costs"], "attr_text", "Plan!$B$2"
    ),
    "a removed name": lambda book: book.defined_names.pop("Costs"),
    "a property": lambda book: setattr(book.properties, "title", "Plan"),
    "a workbook's protection": lambda book: setattr(book.security, "lockStructure", True),
}


def read_everything(book: Any) -> None:
    """All that a script reads without meaning to change anything."""
    for sheet in book:
        for name in (
            "font",
            "number_format",
            "style",
            "has_style",
            "style_id",
            "is_date",
            "comment",
        ):
            getattr(sheet["Z99"], name), getattr(sheet["A1"], name)
        for name in (
            "dimensions",
            "max_row",
            "freeze_panes",
            "print_area",
            "print_titles",
            "tables",
        ):
            getattr(sheet, name)
        assert sheet.row_dimensions[77].height is None
        assert sheet.column_dimensions["Q"].width == 13
        list(sheet.iter_rows(min_row=1, max_row=20, max_col=20))
        list(sheet.values)
        assert len(sheet["A1:D4"]) == 4
        assert sheet["A1"].fill.fgColor.rgb == "00000000"
    for name in ("active", "defined_names", "named_styles", "style_names", "properties"):
        getattr(book, name)


@pytest.fixture
def full(budget: Path) -> Path:
    """The budget with one of everything that a change is made to."""
    book = openpyxl.load_workbook(budget)
    plan = book["Plan"]
    plan["E1"], plan["E2"], plan["E3"] = -1, 1, dt.date(2026, 1, 1)
    plan["D1"] = "noted"
    plan["D1"].comment = Comment("text", "me")
    plan.merge_cells("A8:B8")
    plan.add_data_validation(DataValidation(type="whole", sqref="A1"))
    chart = BarChart()
    chart.add_data(Reference(plan, min_col=2, min_row=1, max_row=3))
    plan.add_chart(chart, "H20")
    book.save(budget)
    return budget


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_kind_of_change_is_seen(manage: Manage, full: Path, change: Change) -> None:
    """A change to anything that a save writes makes the workbook a modified one."""
    manager = manage(full)
    book = manager.workbook
    assert not manager.is_modified
    change(book)
    assert manager.is_modified


def test_reading_is_no_change(manage: Manage, full: Path) -> None:
    """What openpyxl makes while it is only read from does not count."""
    manager = manage(full)
    read_everything(manager.workbook)
    assert not manager.is_modified


def test_reading_after_a_save_is_no_change(manage: Manage, full: Path) -> None:
    """The same holds for cells that were made since the opening, and after a second save."""
    manager = manage(full)
    for number in range(2):
        manager.active_sheet[f"G{number + 1}"] = number
        manager.save(allow_loss=True)
        read_everything(manager.workbook)
        assert not manager.is_modified


def test_a_change_that_was_undone_is_none(manage: Manage, budget: Path) -> None:
    """A workbook that holds again what it held is not modified."""
    manager = manage(budget)
    sheet = manager.active_sheet
    sheet["A1"], before = "other", sheet["A1"].value
    assert manager.is_modified
    sheet["A1"] = before
    assert not manager.is_modified


def test_what_is_only_read_is_never_modified(manage: Manage, budget: Path) -> None:
    """A read-only workbook cannot be changed."""
    manager = manage(budget, read_only=True)
    assert manager.active_sheet["A1"].value == "Item"
    assert not manager.is_modified


def test_set_cells_are_changes(manage: Manage, budget: Path) -> None:
    """Cells that were set and not saved make it modified, before anything is loaded."""
    manager = manage(budget)
    manager.set_cells({"Plan!A1": "Item"})
    assert manager.is_modified
    manager.save()
    assert not manager.is_modified
