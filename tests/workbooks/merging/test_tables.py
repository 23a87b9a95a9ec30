"""Tables, whose parts openpyxl numbers anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.table import Table, TableStyleInfo

from tests.workbooks.builders import change_part, read_parts
from tests.workbooks.merging.framing import merge, resave, shown

TABLE = "xl/tables/table1.xml"
SECOND = "xl/tables/table2.xml"
_EXTENSION = b'<extLst><ext uri="{1}"><own xmlns="urn:own"/></ext></extLst>'


def _table(name: str, area: str) -> Table:
    table = Table(displayName=name, ref=area)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    return table


def _two_tables(path: Path) -> Path:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in (
        ["Item", "Cost", "", "Partner", "Share"],
        ["a", 1, "", "b", 2],
        ["c", 3, "", "d", 4],
    ):
        sheet.append(row)
    sheet.add_table(_table("Costs", "A1:B3"))
    sheet.add_table(_table("Shares", "D1:E3"))
    workbook.create_sheet("Other").append(["x"])
    workbook.save(path)
    workbook.close()
    for name in (TABLE, SECOND):
        change_part(path, name, lambda data: data.replace(b"</table>", _EXTENSION + b"</table>"))
    return path


def test_a_wider_table_keeps_its_extension(tmp_path: Path) -> None:
    """A changed reference is all that changes, and in that table alone."""
    path = _two_tables(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        sheet.tables["Shares"].ref = "D1:E9"
        sheet.tables["Shares"].autoFilter.ref = "D1:E9"

    merged = merge(path, change)
    assert merged.touched == [SECOND]
    assert merged.parts[SECOND] == read_parts(path)[SECOND].replace(b"D1:E3", b"D1:E9")


def test_a_table_comes(tmp_path: Path) -> None:
    """A new table gets an id that no other has, and the others keep theirs."""
    path = _two_tables(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        sheet["G1"], sheet["G2"] = "More", 5
        sheet.add_table(_table("More", "G1:G2"))

    merged = merge(path, change)
    third = merged.parts["xl/tables/table3.xml"]
    assert b' id="3"' in third
    assert merged.sheet.count("<tablePart ") == 3
    assert '<tableParts count="3">' in merged.sheet
    assert merged.parts[TABLE] == read_parts(path)[TABLE]
    assert shown(merged.path) == shown(resave(path, change))


def test_a_table_goes(tmp_path: Path) -> None:
    """The first of two tables goes with its part; the second stays what it was."""
    path = _two_tables(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        del sheet.tables["Costs"]

    merged = merge(path, change)
    assert TABLE not in merged.parts
    assert merged.parts[SECOND] == read_parts(path)[SECOND]
    assert '<tableParts count="1">' in merged.sheet
    assert list(load_workbook(merged.path).worksheets[0].tables) == ["Shares"]


def test_a_renamed_table_is_the_same_table(tmp_path: Path) -> None:
    """A table with another name keeps its part and what openpyxl does not know of it."""
    path = _two_tables(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        table = sheet.tables.pop("Costs")
        table.displayName = table.name = "Expenses"
        sheet.tables.add(table)

    merged = merge(path, change)
    assert merged.touched == [TABLE]
    assert merged.parts[TABLE] == read_parts(path)[TABLE].replace(b'"Costs"', b'"Expenses"')


def test_the_first_table_of_a_sheet(tmp_path: Path) -> None:
    """A table on another sheet than the first gets a name and an id of its own."""
    path = _two_tables(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        sheet["A1"], sheet["A2"] = "More", 5
        sheet.add_table(_table("More", "A1:A2"))

    merged = merge(path, change, which=1)
    assert b' id="3"' in merged.parts["xl/tables/table3.xml"]
    assert shown(merged.path, 1) == shown(resave(path, change, 1), 1)
