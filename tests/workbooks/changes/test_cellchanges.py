"""Cells changed on an openpyxl workbook, and how they come into the file."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from python_calamine import CalamineWorkbook

from budgetinator.errors import ChangedOnDisk, InvalidCellValue, UnsavedChangesWarning
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, excel_context
from budgetinator.workbooks.reading.lazy import is_unread
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.builders import SHEET, make_workbook
from tests.workbooks.comparing import compressed_parts, sheet_contents
from tests.workbooks.manager.making import add_printer_settings, parts_of
from tests.workbooks.reading.test_lazy import make_rich_budget

Manage = Callable[..., ExcelManager]


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    service = ResourceManagementService()
    yield Surroundings(service, lock_dir=tmp_path / "locks")
    service.close()


@pytest.fixture
def manage(surroundings: Surroundings) -> Iterator[Manage]:
    """Makes managers that are closed at the end."""
    with contextlib.ExitStack() as stack:

        def manage(path: Path) -> ExcelManager:
            manager = ExcelManager(path, service=surroundings)
            stack.callback(manager.force_close)
            return manager

        yield manage


NOTES = "xl/worksheets/sheet2.xml"
SPARKLINES = (
    '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"><x14:sparklineGroups '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:sparklineGroup>'
    "<x14:sparklines><x14:sparkline><xm:f>Plan!B2:B3</xm:f><xm:sqref>H1</xm:sqref>"
    "</x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>"
)
RICH = (
    '<c r="D3" t="inlineStr"><is><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> plain'
    "</t></r></is></c>"
)


def read(path: Path) -> Any:
    """What openpyxl makes of it, without its warnings of what it would drop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(path)


def referee(path: Path) -> dict[str, list[list[Any]]]:
    """The rows that calamine reads, by sheet."""
    with CalamineWorkbook.from_filelike(BytesIO(path.read_bytes())) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def replaced_in(path: Path, part: str, old: str, new: str) -> None:
    """Replace text of a part, which must be there."""
    parts = parts_of(path)
    text = parts[part].decode()
    assert old in text
    parts[part] = text.replace(old, new, 1).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """With charts, an image, a comment and a table, and with what openpyxl drops at a save."""
    path = make_workbook(
        tmp_path / "rich.xlsx",
        {
            "Plan": [("Item", "Cost"), ("Travel", 100.5), ("Staff", 200, "=B2+B3")],
            "Notes": [("x",)],
        },
    )
    add_printer_settings(path)
    replaced_in(path, SHEET, "</row></sheetData>", f"{RICH}</row></sheetData>")
    replaced_in(path, SHEET, "</worksheet>", f"{SPARKLINES}</worksheet>")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two sheets that openpyxl keeps whole."""
    rows = [("Item", "Cost"), ("Travel", 100.5), ("Staff", 200, "=B2+B3")]
    return make_workbook(tmp_path / "plain.xlsx", {"Plan": rows, "Notes": [("as agreed",)]})


VALUES: dict[str, Any] = {
    "number": 12.1,
    "large": 2**60,
    "digits": 0.1 + 0.2,
    "text": " two\nlines & <more> ",
    "formula": "=SUM(B2:B3)*2",
    "true": True,
    "false": False,
    "error": "#N/A",
    "decimal": Decimal("0.1"),
    "datetime": dt.datetime(2026, 11, 21, 11, 30),
    "date": dt.date(2026, 11, 21),
    "time": dt.time(11, 30),
    "timedelta": dt.timedelta(hours=30),
    "nothing": None,
}


@pytest.mark.parametrize("place", ["B2", "D2", "A9", "C3"])
@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_patched_and_read_as_openpyxl_saves_it(
    manage: Manage, rich: Path, tmp_path: Path, name: str, place: str
) -> None:
    """In cells with numbers, new ones, new rows and formulas; the rest keeps its bytes."""
    theirs = tmp_path / "theirs.xlsx"
    book = read(rich)
    book["Plan"][place] = VALUES[name]
    book.save(theirs)
    before = compressed_parts(rich)
    manager = manage(rich)
    manager.workbook["Plan"][place] = VALUES[name]
    report = manager.save()
    unchanged = name == "nothing" and place in ("D2", "A9")
    assert report.how == ("unchanged" if unchanged else "patched")
    after = compressed_parts(rich)
    changed = {part for part in before | after if before.get(part) != after.get(part)}
    assert changed <= {SHEET, "xl/workbook.xml", "xl/styles.xml"}
    assert ("xl/styles.xml" in changed) <= isinstance(
        VALUES[name], dt.datetime | dt.date | dt.time | dt.timedelta
    )
    ours = read(rich)["Plan"][place]
    expected = read(theirs)["Plan"][place]
    assert (ours.value, ours.data_type, ours.is_date) == (
        VALUES[name] if name == "digits" else expected.value,
        expected.data_type,
        expected.is_date,
    )
    sheet = parts_of(rich)[SHEET].decode()
    assert (SPARKLINES in sheet, RICH in sheet, "<pageSetup" in sheet) == (True, True, True)


def test_other_cells_keep_their_bytes(manage: Manage, rich: Path) -> None:
    """Only the element of the changed cell is another one."""
    before = parts_of(rich)[SHEET].decode()
    manager = manage(rich)
    manager.workbook["Plan"]["B2"] = 7
    assert manager.save().how == "patched"
    cell = r'<c r="B2"[^>]*>.*?</c>'
    after = parts_of(rich)[SHEET].decode()
    assert re.sub(cell, "", after) == re.sub(cell, "", before)


def test_text_that_begins_with_an_equals_sign(manage: Manage, rich: Path) -> None:
    """Text by its type is written as text."""
    manager = manage(rich)
    cell = manager.workbook["Plan"]["A2"]
    cell.value = "=not a formula"
    cell.data_type = "s"
    assert manager.save().how == "patched"
    saved = read(rich)["Plan"]["A2"]
    assert (saved.value, saved.data_type) == ("=not a formula", "s")
    assert referee(rich)["Plan"][1][0] == "=not a formula"


def test_an_empty_text_is_a_text(manage: Manage, rich: Path) -> None:
    """As in the workbook; openpyxl would have saved an empty cell."""
    manager = manage(rich)
    manager.workbook["Plan"]["A2"] = ""
    assert manager.save().how == "patched"
    assert read(rich)["Plan"]["A2"].value == ""


def test_charts_images_comments_and_tables_beside_it_stay(manage: Manage, tmp_path: Path) -> None:
    """Every part but the sheet keeps its compressed bytes; openpyxl shows all as before."""
    path = make_rich_budget(tmp_path / "budget.xlsx")
    before, shown = compressed_parts(path), list(map(sheet_contents, read(path).worksheets))
    manager = manage(path)
    manager.workbook["Plan"]["C2"] = "=B2/2"
    assert manager.save().how == "patched"
    after, now = compressed_parts(path), list(map(sheet_contents, read(path).worksheets))
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {
        SHEET,
        "xl/workbook.xml",
    }
    assert (shown[0]["cells"].pop((2, 3))[0], now[0]["cells"].pop((2, 3))[0]) == ("=B2/B4", "=B2/2")
    assert now == shown


def test_many_sheets_and_deleted_cells(manage: Manage, rich: Path) -> None:
    """Calamine and openpyxl read the new values."""
    manager = manage(rich)
    del manager.workbook["Plan"]["A2"]
    manager.workbook["Plan"].append(["New", 3])
    manager.workbook["Notes"]["B1"] = 5
    assert manager.save().how == "patched"
    shown = referee(rich)
    assert shown["Notes"] == [["x", 5.0]]
    rows = shown["Plan"]
    assert [row[:2] for row in rows] == [["Item", "Cost"], ["", 100.5], ["Staff", 200], ["New", 3]]
    assert read(rich)["Plan"]["A4"].value == "New"


def test_a_date_with_a_format_of_its_own_keeps_it(manage: Manage, plain: Path) -> None:
    """What the user sees in the workbook is what the file shows."""
    manager = manage(plain)
    cell = manager.workbook["Plan"]["B2"]
    cell.value, cell.number_format = dt.datetime(2026, 1, 2), "DD.MM.YYYY"
    manager.save()
    saved = read(plain)["Plan"]["B2"]
    assert (saved.value, saved.number_format) == (dt.datetime(2026, 1, 2), "DD.MM.YYYY")


@pytest.mark.parametrize("along", ["column", "row"])
def test_a_new_number_does_not_become_a_date(manage: Manage, plain: Path, along: str) -> None:
    """Where the column or the row has a date format, a new cell has none in openpyxl."""
    book = read(plain)
    sheet = book["Plan"]
    (
        sheet.column_dimensions["E"] if along == "column" else sheet.row_dimensions[2]
    ).number_format = "yyyy-mm-dd"
    book.save(plain)
    manager = manage(plain)
    manager.workbook["Plan"]["E2"] = 5
    manager.save()
    saved = read(plain)["Plan"]["E2"]
    assert (saved.value, saved.number_format) == (5, "General")


def test_a_new_cell_has_the_look_that_openpyxl_shows(manage: Manage, plain: Path) -> None:
    """Not that of its column, which openpyxl gives to no cell."""
    book = read(plain)
    book["Plan"].column_dimensions["E"].font = Font(bold=True)
    book.save(plain)
    manager = manage(plain)
    manager.workbook["Plan"]["E2"] = 5
    assert manager.save().how == "patched"
    saved = read(plain)["Plan"]["E2"]
    assert (saved.value, saved.number_format, saved.font.b) == (5, "General", False)


def test_an_escape_that_was_read_is_written_back(manage: Manage, plain: Path) -> None:
    """openpyxl shows Excel's escapes as they are; text that is moved must not be escaped twice."""
    replaced_in(
        plain, SHEET, '<c r="B2"', '<c r="D2" t="inlineStr"><is><t>a_x000D_b</t></is></c><c r="B2"'
    )
    manager = manage(plain)
    sheet = manager.workbook["Plan"]
    sheet["A9"] = sheet["D2"].value
    manager.save()
    rows = referee(plain)["Plan"]
    assert rows[8][0] == rows[1][3]


def _style(book: Any) -> None:
    book["Plan"]["B2"].font = Font(bold=True)


def _link(book: Any) -> None:
    book["Plan"]["A2"].hyperlink = "https://example.org/"


def _comment(book: Any) -> None:
    book["Plan"]["A2"].comment = Comment("why?", "Ada")


def _name(book: Any) -> None:
    book.defined_names["Costs"] = DefinedName("Costs", attr_text="Plan!$B$2")


def _array(book: Any) -> None:
    book["Plan"]["E1"] = ArrayFormula("E1:E2", "=B2:B3")


def _rich_text(book: Any) -> None:
    book["Plan"]["A2"] = CellRichText("a ", TextBlock(InlineFont(b=True), "b"))


def _width(book: Any) -> None:
    book["Plan"].column_dimensions["A"].width = 40


MORE: dict[str, Callable[[Any], object]] = {
    "style": _style,
    "hyperlink": _link,
    "comment": _comment,
    "merge": lambda book: book["Plan"].merge_cells("A1:B1"),
    "width": _width,
    "order": lambda book: book.move_sheet("Notes", -1),
    "name": _name,
    "property": lambda book: setattr(book.properties, "creator", "Ada"),
    "added sheet": lambda book: book.create_sheet("More"),
    "renamed sheet": lambda book: setattr(book["Plan"], "title", "Budget"),
    "removed sheet": lambda book: book.remove(book["Notes"]),
    "array formula": _array,
    "rich text": _rich_text,
    "active sheet": lambda book: setattr(book, "active", 1),
}


@pytest.mark.parametrize("change", MORE)
def test_more_than_a_value_is_patched(
    manage: Manage, plain: Path, tmp_path: Path, change: str
) -> None:
    """The file then holds what openpyxl would have saved."""
    theirs = tmp_path / "theirs.xlsx"
    book = read(plain)
    MORE[change](book)
    book.save(theirs)
    manager = manage(plain)
    MORE[change](manager.workbook)
    assert manager.save().how == "patched"
    ours, expected = read(plain), read(theirs)
    assert list(map(sheet_contents, ours)) == list(map(sheet_contents, expected))


@pytest.mark.parametrize("change", MORE)
def test_what_openpyxl_drops_stays_beside_it(manage: Manage, rich: Path, change: str) -> None:
    """Sparklines, rich text and printer settings, whatever is changed."""
    manager = manage(rich)
    MORE[change](manager.workbook)
    assert manager.save().how == "patched"
    parts = parts_of(rich)
    sheet = parts[SHEET].decode()
    assert (SPARKLINES in sheet, RICH in sheet) == (True, True)
    assert any("printerSettings" in name for name in parts)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "x" * 32_768, 10**400], ids=["nan", "inf", "long", "huge"]
)
def test_what_no_cell_can_hold_is_refused(manage: Manage, plain: Path, value: Any) -> None:
    """With the cell named, and the file is as it was."""
    before = plain.read_bytes()
    manager = manage(plain)
    manager.workbook["Plan"]["B2"] = value
    with pytest.raises(InvalidCellValue) as caught:
        manager.save()
    assert (caught.value.sheet, caught.value.cell) == ("Plan", "B2")
    assert plain.read_bytes() == before


def test_a_moment_with_a_time_zone_is_refused(manage: Manage, plain: Path) -> None:
    """Cells know no time zones."""
    manager = manage(plain)
    manager.workbook["Plan"]["B2"] = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(InvalidCellValue):
        manager.save()


def test_two_saves_in_a_row(manage: Manage, rich: Path) -> None:
    """The second is made from what the first has written, sheets unread until then included."""
    manager = manage(rich)
    manager.workbook["Plan"]["B2"] = 1
    assert manager.save().how == "patched"
    assert manager.save().how == "unchanged"
    assert is_unread(manager.workbook["Notes"])
    manager.workbook["Notes"]["A1"] = "y"
    manager.workbook["Plan"]["B3"] = 2
    assert manager.save().how == "patched"
    sheet = read(rich)
    plan, notes = sheet["Plan"], sheet["Notes"]
    assert (plan["B2"].value, plan["B3"].value, notes["A1"].value) == (1, 2, "y")
    assert SPARKLINES in parts_of(rich)[SHEET].decode()


def test_a_copy_and_then_its_own_file(manage: Manage, rich: Path, tmp_path: Path) -> None:
    """Both hold the change; after the copy nothing is unsaved, and the file still differs."""
    copy = tmp_path / "copy.xlsx"
    manager = manage(rich)
    manager.workbook["Plan"]["B2"] = 1
    assert manager.save(copy).how == "patched"
    assert read(rich)["Plan"]["B2"].value == 100.5
    manager.workbook["Plan"]["B3"] = 2
    assert manager.save().how == "patched"
    assert not manager.is_modified
    plan = read(rich)["Plan"]
    assert (plan["B2"].value, plan["B3"].value) == (1, 2)
    assert read(copy)["Plan"]["B3"].value == 200


@pytest.mark.parametrize("what", ["changed", "deleted"])
def test_a_file_that_changed_meanwhile(
    manage: Manage, rich: Path, tmp_path: Path, what: str
) -> None:
    """Its own save is refused, and a copy holds all, unread sheets included."""
    original = compressed_parts(rich)
    manager = manage(rich)
    manager.workbook["Plan"]["B2"] = 1
    if what == "changed":
        make_workbook(rich, {"Other": [(1,)]})
    else:
        rich.unlink()
    with pytest.raises(ChangedOnDisk):
        manager.save()
    copy = tmp_path / "copy.xlsx"
    assert manager.save(copy).how == "patched"
    assert compressed_parts(copy)[NOTES] == original[NOTES]
    assert read(copy)["Plan"]["B2"].value == 1


def _there_and_back(book: Any) -> None:
    plan = book["Plan"]
    plan["B2"] = 3
    plan["B2"] = 100.5


def _rows_there_and_back(book: Any) -> None:
    book["Plan"].insert_rows(2)
    book["Plan"].delete_rows(2)


def _looked_at(book: Any) -> None:
    _ = book["Plan"]["Z99"].font.b, list(book["Notes"].rows), book["Plan"].print_area


@pytest.mark.parametrize("act", [_there_and_back, _rows_there_and_back, _looked_at])
def test_what_was_undone_is_no_change(
    manage: Manage, plain: Path, act: Callable[[Any], None]
) -> None:
    """Nothing is written, and nothing counts as modified."""
    before = plain.stat().st_mtime_ns
    manager = manage(plain)
    act(manager.workbook)
    assert not manager.is_modified
    assert manager.save().how == "unchanged"
    assert plain.stat().st_mtime_ns == before


def test_unsaved_changes_are_told_of(surroundings: Surroundings, plain: Path) -> None:
    """Whichever sheets were read; reading alone is no change."""
    with warnings.catch_warnings(), excel_context(plain, service=surroundings) as book:
        warnings.simplefilter("error")
        assert book["Plan"]["A1"].value == "Item"
    with (
        pytest.warns(UnsavedChangesWarning),
        excel_context(plain, service=surroundings) as book,
    ):
        book["Notes"]["A1"] = "z"
