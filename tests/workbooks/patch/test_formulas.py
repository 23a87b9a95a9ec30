"""Formulas that are replaced, shared or recalculated."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import WouldLose
from budgetinator.workbooks.patch import Formula
from tests.workbooks.patch.building import (
    RELATIONS,
    names,
    part,
    patched,
    rows_of,
    sheet_xml,
    write_workbook,
)

FORMULA_ROW = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1*2</f><v>2</v></c></row>'
SHARED_COLUMN = "".join(
    f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}">'
    + (
        f'<f t="shared" ref="B1:B5" si="3">A{n}*$A$1&amp;""</f>'
        if n == 1
        else '<f t="shared" si="3"/>'
    )
    + f"<v>{n}</v></c></row>"
    for n in range(1, 6)
)
SHARED_BLOCK = (
    '<row r="2"><c r="B2"><f t="shared" ref="B2:C4" si="0">A1</f></c>'
    '<c r="C2"><f t="shared" si="0"/></c></row>'
    '<row r="3"><c r="B3"><f t="shared" si="0"/></c><c r="C3"><f t="shared" si="0"/></c></row>'
    '<row r="4"><c r="B4"><f t="shared" si="0"/></c><c r="C4"><f t="shared" si="0"/></c></row>'
)
CHAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"


def book_with_chain(tmp_path: Path, rows: str, tail: str = "") -> Path:
    return write_workbook(
        tmp_path / "book.xlsx",
        sheet_xml(rows),
        workbook_tail=tail,
        parts={"xl/calcChain.xml": '<calcChain><c r="B1" i="1"/></calcChain>'},
        relationships=f'<Relationship Id="c" Type="{RELATIONS}/calcChain" Target="calcChain.xml"/>',
        overrides=f'<Override PartName="/xl/calcChain.xml" ContentType="{CHAIN_TYPE}"/>',
    )


def formulas(path: Path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(path)["Data"]
    return {c.coordinate: str(c.value) for row in sheet for c in row if c.data_type == "f"}


def test_a_changed_value_keeps_the_chain_and_asks_for_recalculation(tmp_path: Path) -> None:
    """Cached values stay, the chain stays, and the workbook is marked."""
    book = book_with_chain(tmp_path, FORMULA_ROW)
    target, report = patched(book, {"A1": 5})
    assert report.recalculates
    assert names(target) == names(book)
    assert '<calcPr fullCalcOnLoad="1"/></workbook>' in part(target, "xl/workbook.xml")
    assert '<c r="B1"><f>A1*2</f><v>2</v></c>' in part(target)


@pytest.mark.parametrize("changes", [{"B1": 5}, {"C1": Formula("=A1")}, {"B1": None}])
def test_the_chain_goes_when_formulas_come_or_go(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """The part, its content type and its relationship are taken out, and nothing else."""
    book = book_with_chain(tmp_path, FORMULA_ROW)
    target, _ = patched(book, changes)
    assert set(names(book)) - set(names(target)) == {"xl/calcChain.xml"}
    assert "calcChain" not in part(target, "[Content_Types].xml")
    assert "calcChain" not in part(target, "xl/_rels/workbook.xml.rels")
    assert "styles.xml" in part(target, "xl/_rels/workbook.xml.rels")


def test_the_chain_stays_when_a_formula_follows_a_formula(tmp_path: Path) -> None:
    """The cell still belongs to the chain."""
    target, report = patched(book_with_chain(tmp_path, FORMULA_ROW), {"B1": Formula("A1*3")})
    assert "xl/calcChain.xml" in names(target)
    assert rows_of(target).endswith('<c r="B1"><f>A1*3</f></c></row>')
    assert report.recalculates


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("", '</sheets><calcPr fullCalcOnLoad="1"/></workbook>'),
        (
            '<definedNames/><oleSize ref="A1"/><extLst/>',
            '<definedNames/><calcPr fullCalcOnLoad="1"/><oleSize ref="A1"/><extLst/>',
        ),
        ("<extLst/>", '</sheets><calcPr fullCalcOnLoad="1"/><extLst/>'),
        (
            "<calcPr calcId='191029' iterate='1'/>",
            "<calcPr calcId='191029' iterate='1' fullCalcOnLoad=\"1\"/>",
        ),
        ('<calcPr fullCalcOnLoad="0"></calcPr>', '<calcPr fullCalcOnLoad="1"></calcPr>'),
    ],
)
def test_the_mark_stands_where_the_schema_wants_it(
    tmp_path: Path, tail: str, expected: str
) -> None:
    """calcPr is made in its place or changed by one attribute (section 18.2.27)."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(FORMULA_ROW), workbook_tail=tail)
    assert expected in part(patched(book, {"A1": 2})[0], "xl/workbook.xml")


def test_a_workbook_that_is_marked_already_keeps_its_part(tmp_path: Path) -> None:
    """Nothing is written where nothing has to change."""
    book = write_workbook(
        tmp_path / "book.xlsx", sheet_xml(FORMULA_ROW), workbook_tail='<calcPr fullCalcOnLoad="1"/>'
    )
    target, report = patched(book, {"A1": 2})
    assert report.recalculates
    assert part(target, "xl/workbook.xml") == part(book, "xl/workbook.xml")


def test_formulas_on_other_sheets_count(tmp_path: Path) -> None:
    """Without any formula there is nothing to recalculate; one on another sheet is enough."""
    plain = write_workbook(
        tmp_path / "plain.xlsx", sheet_xml('<row r="1"/>'), more_sheets={"Two": sheet_xml("")}
    )
    linked = write_workbook(
        tmp_path / "linked.xlsx",
        sheet_xml('<row r="1"/>'),
        more_sheets={"Two": sheet_xml('<row r="1"><c r="A1"><f>Data!A1</f></c></row>')},
    )
    assert patched(plain, {"Data!A1": 1})[1].recalculates is False
    assert patched(linked, {"Data!A1": 1})[1].recalculates is True


def test_the_next_cell_takes_over_a_shared_formula(tmp_path: Path) -> None:
    """When the master is replaced, every dependant still has its own formula."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(SHARED_COLUMN))
    before = formulas(book)
    target, _ = patched(book, {"B1": 100})
    assert '<c r="B2"><f t="shared" si="3" ref="B2:B5">A2*$A$1&amp;""</f><v>2</v></c>' in part(
        target
    )
    del before["B1"]
    assert formulas(target) == before
    assert part(target).count('<f t="shared" si="3"/>') == 3


@pytest.mark.parametrize(
    "cells", [["B2"], ["C2", "B2"], ["B2", "C2", "B3"], ["B2", "C2", "B3", "C3", "B4"], ["B4"]]
)
def test_shared_blocks_survive_any_replaced_cells(tmp_path: Path, cells: list[str]) -> None:
    """A block of several columns keeps the formulas of all cells that were not changed."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(SHARED_BLOCK))
    expected = {c: f for c, f in formulas(book).items() if c not in cells}
    assert formulas(patched(book, dict.fromkeys(cells, 1))[0]) == expected
    odd = write_workbook(tmp_path / "odd.xlsx", sheet_xml(SHARED_BLOCK + "<!-- -->"))
    assert formulas(patched(odd, dict.fromkeys(cells, 1))[0]) == expected


@pytest.mark.parametrize(("changed", "area"), [(["B1"], "C1:E1"), (["B1", "C1"], "D1:E1")])
def test_the_area_of_a_shared_row_shrinks(tmp_path: Path, changed: list[str], area: str) -> None:
    """The new master is the first cell of the area that its formula is shared in."""
    cells = "".join(f'<c r="{column}1"><f t="shared" si="0"/></c>' for column in "CDE")
    master = '<c r="B1"><f t="shared" ref="B1:E1" si="0">A2</f></c>'
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(f'<row r="1">{master}{cells}</row>'))
    target, _ = patched(book, dict.fromkeys(changed, 1))
    assert f'ref="{area}"' in part(target)
    assert formulas(target) == {c: f for c, f in formulas(book).items() if c not in changed}


def test_an_index_that_is_used_again_is_another_formula(tmp_path: Path) -> None:
    """Dependants of a later master with the same index are left to it."""
    again = (
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">C1</f></c></row>'
        '<row r="2"><c r="A2"><v>0</v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" ref="A3:A4" si="0">D3</f></c></row>'
        '<row r="4"><c r="A4"><f t="shared" si="0"/></c></row>'
    )
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(again))
    assert formulas(patched(book, {"A1": 1})[0]) == {"A3": "=D3", "A4": "=D4"}


def test_a_shared_formula_that_cannot_move_is_not_lost(tmp_path: Path) -> None:
    """A reference that would leave the grid is refused rather than written wrongly."""
    rows = (
        '<row r="5"><c r="A5"><f t="shared" ref="A4:A5" si="0">B1</f></c></row>'
        '<row r="4"><c r="A4"><f t="shared" si="0"/></c></row>'
    )
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    with pytest.raises(WouldLose) as caught:
        patched(book, {"A5": 1})
    assert caught.value.losses == ("formula of A4",)
    assert (caught.value.sheet, caught.value.cell) == ("Data", "A5")
