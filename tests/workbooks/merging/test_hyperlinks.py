"""Hyperlinks, of which openpyxl makes one for each cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.workbooks.builders import OFFICE, PACKAGE, minimal_parts, write_zip
from tests.workbooks.merging.framing import SHEET_RELS, Change, Merged, merge

_ROWS = "".join(
    f'<row r="{row}">'
    + "".join(f'<c r="{column}{row}"><v>1</v></c>' for column in "ABC")
    + "</row>"
    for row in (1, 2, 3)
)


def _merged(folder: Path, links: str, change: Change, targets: tuple[str, ...] = ()) -> Merged:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/hyperlink" Target="{target}" '
        'TargetMode="External"/>'
        for number, target in enumerate(targets, 1)
    )
    parts = minimal_parts(_ROWS, after=f"<hyperlinks>{links}</hyperlinks>" if links else "")
    if targets:
        space = f"{PACKAGE}/relationships"
        parts[SHEET_RELS] = f'<Relationships xmlns="{space}">{entries}</Relationships>'.encode()
    return merge(write_zip(folder / "book.xlsx", parts), change)


def _links(merged: Merged) -> str:
    return merged.sheet.partition("<hyperlinks>")[2].partition("</hyperlinks>")[0]


def test_a_changed_address_keeps_the_rest_of_the_link(tmp_path: Path) -> None:
    """The link leads to the new address and keeps its tip; the old relationship goes."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink.target = "https://new.example"

    link = '<hyperlink ref="A1" r:id="rId1" tooltip="t" u:id="7" xmlns:u="urn:u"/>'
    merged = _merged(tmp_path, link, change, ("https://old.example",))
    assert _links(merged) == link.replace("rId1", "rId2")
    assert b"https://new.example" in merged.parts[SHEET_RELS]
    assert b"https://old.example" not in merged.parts[SHEET_RELS]


def test_an_address_that_others_use_stays(tmp_path: Path) -> None:
    """A relationship that another link leads through is kept when one link goes."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink = None

    links = '<hyperlink ref="A1" r:id="rId1"/><hyperlink ref="B2" r:id="rId1"/>'
    merged = _merged(tmp_path, links, change, ("https://one.example",))
    assert _links(merged) == '<hyperlink ref="B2" r:id="rId1"/>'
    assert b"https://one.example" in merged.parts[SHEET_RELS]


def test_the_last_link_takes_the_section_along(tmp_path: Path) -> None:
    """Without a link no section is left, and no relationship."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink = None

    merged = _merged(tmp_path, '<hyperlink ref="A1" r:id="rId1"/>', change, ("https://a.example",))
    assert "hyperlink" not in merged.sheet
    assert b"<Relationship " not in merged.parts[SHEET_RELS]


def test_a_cell_is_cut_out_of_a_linked_range(tmp_path: Path) -> None:
    """A cell of a linked range that gets its own link leaves the link to the others."""

    def change(sheet: Any) -> None:
        sheet["B2"].hyperlink = "https://b2.example"

    link = '<hyperlink ref="A1:C3" r:id="rId1" display="d"/>'
    merged = _merged(tmp_path, link, change, ("https://all.example",))
    assert _links(merged) == (
        '<hyperlink ref="A1:C1" r:id="rId1" display="d"/>'
        '<hyperlink ref="A2" r:id="rId1" display="d"/>'
        '<hyperlink ref="C2" r:id="rId1" display="d"/>'
        '<hyperlink ref="A3:C3" r:id="rId1" display="d"/>'
        '<hyperlink ref="B2" r:id="rId2"/>'
    )
    assert b"https://all.example" in merged.parts[SHEET_RELS]


def test_another_link_leaves_a_linked_range_as_it_is(tmp_path: Path) -> None:
    """A link to one cell more does not touch a link over a range."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink = "https://a1.example"

    link = '<hyperlink ref="B1:C3" location="Budget!A1"/>'
    merged = _merged(tmp_path, link, change)
    assert _links(merged) == f'{link}<hyperlink ref="A1" r:id="rId1"/>'


def test_a_link_over_a_merged_area_stays_one(tmp_path: Path) -> None:
    """A link over a merged area, which openpyxl shows at its first cell, changes as one."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink.location = "Budget!C3"

    parts = minimal_parts(
        _ROWS,
        after='<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>'
        '<hyperlinks><hyperlink ref="A1:B2" location="Budget!C1"/></hyperlinks>',
    )
    merged = merge(write_zip(tmp_path / "book.xlsx", parts), change)
    assert _links(merged) == '<hyperlink ref="A1:B2" location="Budget!C3"/>'
