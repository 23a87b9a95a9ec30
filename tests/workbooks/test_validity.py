"""The check of packages finds each kind of damage, and nothing in ordinary files."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table

from tests.workbooks.builders import change_part
from tests.workbooks.handmade import with_connector, with_query, with_slicer, with_sparklines
from tests.workbooks.test_corpus_editing import CORPUS
from tests.workbooks.validity import violations

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
STYLES = "xl/styles.xml"


def rich(path: Path) -> Path:
    """A workbook with most of what the check looks at."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in (("Kind", "Sum"), ("Rent", 900), ("Food", "=B2/2")):
        sheet.append(row)
    sheet["A2"].comment = Comment("x", "Ann")
    sheet["B2"].number_format = "0.00"
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["C"].width = 20
    sheet.merge_cells("D5:E6")
    sheet.merge_cells("D8:E9")
    sheet.add_table(Table(displayName="Costs", ref="A1:B3"))
    sheet.print_area = "A1:B3"
    workbook.save(path)
    workbook.close()
    return path


DAMAGE = [
    pytest.param(SHEET, b"<mergeCells", b"<x/><mergeCells", "no child", id="unknown"),
    pytest.param(SHEET, b"<sheetData>", b"<mergeCells/><sheetData>", "late", id="order"),
    pytest.param(SHEET, b'r="B2"', b'r="A2"', "stands twice", id="cell-twice"),
    pytest.param(SHEET, b'<row r="2"', b'<row r="1"', "after the row", id="row-twice"),
    pytest.param(SHEET, b'r="B2" s="1"', b'r="B2" s="9"', "style out of range", id="cell-style"),
    pytest.param(SHEET, b"D8:E9", b"D6:E9", "overlap", id="merged"),
    pytest.param(SHEET, b'min="3"', b'min="1"', "overlap", id="columns"),
    pytest.param(SHEET, b'mergeCells count="2"', b'mergeCells count="3"', "count", id="count"),
    pytest.param(SHEET, b't="n"', b't="s"', "shared string", id="string"),
    pytest.param(SHEET, b'id="anysvml"', b'id="no"', "no relationship", id="reference"),
    pytest.param(SHEET, b"<v>900</v>", b"<v>9OO</v>", "number", id="number"),
    pytest.param(SHEET, b"<f>", b'<f t="shared" si="4"/><f>', "no master", id="shared-formula"),
    pytest.param(BOOK, b'localSheetId="0"', b'localSheetId="1"', "no sheet", id="name"),
    pytest.param(BOOK, b'activeTab="0"', b'activeTab="1"', "active tab", id="tab"),
    pytest.param(STYLES, b'fontId="0"', b'fontId="8"', "fontId out of range", id="font"),
    pytest.param(STYLES, b'cellXfs count="', b'cellXfs count="1', "count of cellXfs", id="formats"),
    pytest.param("xl/tables/table1.xml", b'name="Sum"', b'name="Kind"', "column", id="table"),
    pytest.param("xl/comments/comment1.xml", b'"A2"', b'"B7"', "no box", id="comment"),
    pytest.param(
        "xl/comments/comment1.xml", b'authorId="0"', b'authorId="1"', "no author", id="by"
    ),
    pytest.param("xl/theme/theme1.xml", b"</a:theme>", b"", "well-formed", id="markup"),
    pytest.param("[Content_Types].xml", b"/xl/tables/table1", b"/xl/t", "not there", id="type"),
    pytest.param(
        f"{SHEET.replace('sheet1.xml', '_rels/sheet1.xml.rels')}",
        b"/xl/tables/table1.xml",
        b"/xl/tables/table2.xml",
        "leads to",
        id="target",
    ),
]


@pytest.mark.parametrize(("part", "old", "new", "said"), DAMAGE)
def test_damage_is_named(part: str, old: bytes, new: bytes, said: str, tmp_path: Path) -> None:
    """A workbook with one thing wrong breaks a rule that the sound one keeps."""
    path = rich(tmp_path / "book.xlsx")
    assert violations(path) == set()

    def damage(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    change_part(path, part, damage)
    assert said in " ".join(violations(path))


@pytest.mark.parametrize("make", [with_connector, with_query, with_slicer, with_sparklines])
def test_the_workbooks_made_by_hand_are_sound(make: type, tmp_path: Path) -> None:
    """What stands for files of Excel breaks no rule."""
    assert violations(make(tmp_path / "book.xlsx")) == set()


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no corpus at {CORPUS}")
def test_files_of_excel_break_no_rule() -> None:
    """The files that Excel made for the tests of a writer keep every rule that is checked."""
    files = sorted((CORPUS / "xlsxwriter").rglob("*.xls[xm]"))[::4]
    broken = {path.name: found for path in files if (found := violations(path))}
    assert len(files) > 200
    assert broken == {}
