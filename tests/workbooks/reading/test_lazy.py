"""Worksheets that are read at their first touch, against the same ones read at once."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import gc
import os
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as Picture

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookDamaged, WorkbookRefused
from budgetinator.workbooks.reading.lazy import defer, forget, is_unread
from budgetinator.workbooks.reading.loading import Loaded, load_workbook_guarded
from budgetinator.workbooks.releasing import release_workbook
from tests.workbooks.builders import make_workbook, minimal_parts, write_zip
from tests.workbooks.comparing import book_contents, sheet_contents

Open = Callable[..., Workbook]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens workbooks whose sheets are unread, and lets go of them at the end."""
    with contextlib.ExitStack() as stack:

        def opened(path: Path, *, lazy: bool = True, bounds: OpeningBounds | None = None) -> Any:
            loaded = load(path, lazy=lazy, bounds=bounds)
            stack.callback(let_go, loaded)
            return loaded.workbook

        yield opened


def load(path: Path, *, lazy: bool = True, bounds: OpeningBounds | None = None) -> Loaded:
    return load_workbook_guarded(path, read_only=False, data_only=False, lazy=lazy, bounds=bounds)


def let_go(loaded: Loaded) -> None:
    if loaded.original is not None:
        loaded.original.close()
    release_workbook(loaded.workbook)


def make_rich_budget(path: Path) -> Path:
    """Five sheets with one of most things that openpyxl keeps."""
    book = Workbook()
    plan: Any = book.active
    plan.title = "Plan"
    for row in [("Item", "Cost", "Share"), ("Travel", 100.5, "=B2/B4"), ("Staff", 200, 0.25)]:
        plan.append(row)
    plan["B4"], plan["E1"] = "=SUM(B2:B3)", True
    plan["A2"].font, plan["B3"].number_format = Font(bold=True), "#,##0.00"
    plan["C3"].fill = PatternFill("solid", fgColor="FFEE00")
    plan["A3"].hyperlink, plan["B2"].comment = "https://example.org/", Comment("why?", "Ada")
    plan.merge_cells("F1:G2")
    plan.freeze_panes, plan.auto_filter.ref = "B2", "A1:C3"
    plan.column_dimensions["A"].width, plan.row_dimensions[2].height = 31, 44
    plan.print_title_rows, plan.print_area = "1:1", "A1:C4"
    plan.oddHeader.center.text = "Budget"
    plan.page_setup.orientation = "landscape"
    plan.sheet_properties.tabColor = "112233"
    validation = DataValidation(type="whole", operator="between", formula1="1", formula2="9")
    validation.add("D1:D9")
    plan.add_data_validation(validation)
    rule = CellIsRule(operator="lessThan", formula=["0"], font=Font(color="FF0000"))
    plan.conditional_formatting.add("B2:B4", rule)
    plan.defined_names["Local"] = DefinedName("Local", attr_text="Plan!$B$2")
    tables = book.create_sheet("Tables")
    for row in [("Name", "Value"), ("a", 1), ("b", 2)]:
        tables.append(row)
    tables.add_table(Table(displayName="Costs", ref="A1:B3"))
    more = book.create_sheet("More")
    for row in [("Who", "What"), ("c", 3)]:
        more.append(row)
    more.add_table(Table(displayName="People", ref="A1:B2"))
    charts: Any = book.create_sheet("Charts")
    chart = BarChart()
    chart.add_data(Reference(tables, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    charts.add_chart(chart, "B2")
    picture = BytesIO()
    Picture.new("RGB", (3, 3), "red").save(picture, "png")
    charts.add_image(Image(picture), "H2")
    book.create_sheet("Hidden")["A1"] = "secret"
    book["Hidden"].sheet_state = "veryHidden"
    book.defined_names["All"] = DefinedName("All", attr_text="Plan!$B$2:$B$3")
    book.active = 1
    book.save(path)
    return path


def unread(workbook: Workbook) -> list[str]:
    return [sheet.title for sheet in workbook.worksheets if is_unread(sheet)]


ALL = ["Plan", "Tables", "More", "Charts", "Hidden"]


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    return make_rich_budget(tmp_path / "rich.xlsx")


def test_listing_and_arranging_sheets_reads_none(opened: Open, rich: Path) -> None:
    """Names, order, visibility, the active sheet, and changing them."""
    book: Any = opened(rich)
    assert book.sheetnames == ALL
    assert [sheet.title for sheet in book] == ALL
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible"] * 4 + ["veryHidden"]
    assert (book.active.title, book["More"].title) == ("Tables", "More")
    assert ("More" in book, book.index(book["More"]), book["More"].parent is book) == (
        True,
        2,
        True,
    )
    assert list(book.defined_names) == ["All"]
    book["Plan"].title = "The plan"
    book["More"].sheet_state = "hidden"
    book.move_sheet("Hidden", -4)
    book.active = 2
    removed = book["Charts"]
    book.remove(removed)
    assert book.sheetnames == ["Hidden", "The plan", "Tables", "More"]
    assert unread(book) == book.sheetnames
    assert is_unread(removed)
    assert repr(book["More"]) == '<Worksheet "More">'
    assert (isinstance(book["More"], Worksheet), is_unread(book["More"])) == (True, True)


def _delete_a_cell(sheet: Any) -> None:
    del sheet["A1"]


def _delete_an_attribute(sheet: Any) -> None:
    sheet.note = 1
    del sheet.note


TOUCHES: dict[str, Callable[[Any], object]] = {
    "item": lambda sheet: sheet["A1"],
    "set item": lambda sheet: sheet.__setitem__("A1", 1),
    "delete item": _delete_a_cell,
    "iteration": lambda sheet: next(iter(sheet)),
    "attribute": lambda sheet: sheet.max_row,
    "method": lambda sheet: sheet.cell(1, 1),
    "private": lambda sheet: sheet._cells,
    "set attribute": lambda sheet: setattr(sheet, "freeze_panes", "B2"),
    "delete attribute": _delete_an_attribute,
    "no such attribute": lambda sheet: hasattr(sheet, "nothing_like_this"),
    "copy": lambda sheet: sheet.parent.copy_worksheet(sheet),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_every_other_use_reads_the_sheet_alone(opened: Open, rich: Path, touch: str) -> None:
    """Afterwards it is openpyxl's own kind of worksheet, and the others are unread."""
    book = opened(rich)
    sheet = book["Tables"]
    TOUCHES[touch](sheet)
    assert type(sheet) is Worksheet
    assert unread(book) == ["Plan", "More", "Charts", "Hidden"]
    assert sheet["B3"].value == 2
    assert not [name for name in vars(sheet) if "budgetinator" in name or name == "add_table"]


def test_everything_is_as_if_read_at_once(opened: Open, rich: Path) -> None:
    """Cells, styles, links, comments, rules, tables, drawings, names, print settings."""
    late, early = opened(rich), opened(rich, lazy=False)
    assert [sheet_contents(sheet) for sheet in reversed(late.worksheets)] == [
        sheet_contents(sheet) for sheet in reversed(early.worksheets)
    ]
    assert book_contents(late) == book_contents(early)
    plan: Any = late["Plan"]
    assert (plan.print_title_rows, plan.print_area) == ("$1:$1", "'Plan'!$A$1:$C$4")
    assert list(plan.defined_names) == ["Local"]
    assert (len(late["Charts"]._charts), len(late["Charts"]._images)) == (1, 1)


def test_what_was_changed_before_the_first_touch_stays(opened: Open, rich: Path) -> None:
    """A new name and state are not those of the file again when the sheet is read."""
    book = opened(rich)
    sheet = book["Hidden"]
    sheet.title, sheet.sheet_state = "Open", "visible"
    assert sheet["A1"].value == "secret"
    assert (sheet.title, sheet.sheet_state, book.sheetnames[-1]) == ("Open", "visible", "Open")


def test_a_new_table_cannot_take_the_name_of_an_unread_one(opened: Open, rich: Path) -> None:
    """It is refused as by openpyxl."""
    book = opened(rich)
    with pytest.raises(ValueError, match="People already exists"):
        book["Tables"].add_table(Table(displayName="People", ref="D1:E2"))


def test_a_table_may_be_named_as_something_else_is(opened: Open, tmp_path: Path) -> None:
    """openpyxl reads tables before it knows the defined names, and so such a file opens."""
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["Name", "Value"])
    sheet.append(["a", 1])
    sheet.add_table(Table(displayName="costs", ref="A1:B2"))
    book.defined_names["costs"] = DefinedName("costs", attr_text="Sheet!$A$1")
    book.save(tmp_path / "named.xlsx")
    assert list(opened(tmp_path / "named.xlsx", lazy=False)["Sheet"].tables) == ["costs"]
    assert list(opened(tmp_path / "named.xlsx")["Sheet"].tables) == ["costs"]


def test_a_copied_sheet_is_an_openpyxl_copy(opened: Open, rich: Path) -> None:
    """Copying an unread sheet gives what copying a read one does."""
    copies = [
        book.copy_worksheet(book["Plan"]) for book in (opened(rich), opened(rich, lazy=False))
    ]
    assert sheet_contents(copies[0]) == sheet_contents(copies[1])


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda book: pickle.loads(pickle.dumps(book))], ids=["copy", "pickle"]
)
def test_a_workbook_can_be_copied_as_with_openpyxl(
    opened: Open, tmp_path: Path, copied: Callable[[Workbook], Workbook]
) -> None:
    """The copy holds what unread sheets hold."""
    path = make_workbook(tmp_path / "b.xlsx", {"One": [(1,)], "Two": [("two",)]})
    assert copied(opened(path))["Two"]["A1"].value == "two"


def test_a_damaged_sheet_never_passes_for_empty(opened: Open, tmp_path: Path) -> None:
    """Each touch raises WorkbookDamaged with the sheet and the cell; the name is still there."""
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="99"><v>2</v></c></row>'
    path = write_zip(tmp_path / "damaged.xlsx", minimal_parts(rows))
    sheet: Any = opened(path)["Budget"]
    messages = set()
    for name in ("item", "attribute", "iteration", "set item", "set attribute"):
        with pytest.raises(WorkbookDamaged) as caught:
            TOUCHES[name](sheet)
        assert (caught.value.sheet, caught.value.cell) == ("Budget", "B1")
        assert caught.value.path == str(path)
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert (sheet.title, is_unread(sheet)) == ("Budget", True)


def test_a_sheet_over_a_bound_is_refused_at_its_touch(opened: Open, tmp_path: Path) -> None:
    """And the sheets within it can be used."""
    rows = [(number, f"{number} of many texts") for number in range(40_000)]
    path = make_workbook(tmp_path / "b.xlsx", {"Small": [(1,)], "Large": rows})
    book = opened(path, bounds=OpeningBounds(max_cells=1000))
    assert book["Small"]["A1"].value == 1
    for _ in range(2):
        with pytest.raises(WorkbookRefused) as caught:
            _ = book["Large"]["A1"]
        assert caught.value.limit == "max_cells"


@pytest.mark.parametrize("what", ["changed", "replaced", "deleted"])
def test_sheets_are_read_as_they_were_opened(opened: Open, tmp_path: Path, what: str) -> None:
    """Whatever has become of the file meanwhile."""
    path = make_workbook(tmp_path / "b.xlsx", {"One": [(1,)], "Two": [("old",)]})
    book = opened(path)
    if what == "changed":
        path.write_bytes(b"something else")
    elif what == "replaced":
        os.replace(make_workbook(tmp_path / "n.xlsx", {"One": [(9,)], "Two": [("new",)]}), path)
    else:
        path.unlink()
    assert book["Two"]["A1"].value == "old"


def test_no_descriptor_stays_open(opened: Open, rich: Path) -> None:
    """Neither before nor after sheets were read."""

    def on_it() -> list[str]:
        links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
        return [link for link in links if os.path.lexists(link) and os.readlink(link) == str(rich)]

    book = opened(rich)
    before = on_it()
    _ = book["Plan"]["A1"]
    assert (before, on_it()) == ([], [])


@pytest.mark.parametrize("touched", [[], ["Plan"], ALL], ids=["none", "one", "all"])
def test_nothing_stays_in_memory_after_closing(rich: Path, touched: list[str]) -> None:
    """Workbook, sheets, cells, the file's bytes: gone at once, without a collection."""
    loaded = load(rich)
    book, original = loaded.workbook, loaded.original
    assert original is not None
    kept = [weakref.ref(book), weakref.ref(original), weakref.ref(original.package)]
    kept += [weakref.ref(sheet) for sheet in book.worksheets]
    for title in touched:
        assert book[title].max_row
    gc.collect()
    gc.disable()
    try:
        let_go(loaded)
        del loaded, book, original
        assert [reference() for reference in kept] == [None] * len(kept)
    finally:
        gc.enable()


def test_a_damaged_sheet_keeps_nothing_of_who_touched_it(tmp_path: Path) -> None:
    """The error that is raised again does not hold the frames of its first time."""

    class Held:
        pass

    rows = '<row r="1"><c r="A1" s="99"><v>1</v></c></row>'
    loaded = load(write_zip(tmp_path / "damaged.xlsx", minimal_parts(rows)))
    sheet = loaded.workbook["Budget"]

    def touch() -> weakref.ref[Held]:
        held = Held()
        with contextlib.suppress(WorkbookDamaged):
            _ = sheet["A1"]
        return weakref.ref(held)

    reference = touch()
    gc.collect()
    assert reference() is None
    let_go(loaded)


def test_a_mistake_while_reading_is_no_missing_attribute() -> None:
    """hasattr must not take an AttributeError of the reading for its answer."""
    book = Workbook()
    sheet = book.worksheets[0]

    def read(_sheet: Worksheet) -> None:
        raise AttributeError("a mistake")

    defer(sheet, read)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a mistake"):
            hasattr(sheet, "cell")
    forget(sheet)
    assert type(sheet) is Worksheet


def test_sheets_can_be_read_in_any_thread(opened: Open, rich: Path) -> None:
    """openpyxl's objects have no owner: a thread that asks has the whole sheet or waits for it."""
    path = make_workbook(rich.with_name("large.xlsx"), {"Data": [(1, "text", 2.5)] * 4000})
    sheet: Any = opened(path)["Data"]
    found: list[int] = []
    begin = threading.Barrier(4)

    def count() -> None:
        begin.wait()
        found.append(sum(1 for row in sheet.values if row == (1, "text", 2.5)))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4000] * 4


def test_a_sheet_is_read_by_the_day_that_its_file_counts_from(opened: Open, tmp_path: Path) -> None:
    """Another day that was set on the workbook before the sheet was touched moves no date."""
    path = tmp_path / "dates.xlsx"
    book = Workbook()
    book.worksheets[0]["A1"] = dt.datetime(2026, 5, 6)
    book.save(path)
    workbook = opened(path)
    workbook.epoch = CALENDAR_MAC_1904
    assert workbook.worksheets[0]["A1"].value == dt.datetime(2026, 5, 6)
    assert workbook.epoch == CALENDAR_MAC_1904
