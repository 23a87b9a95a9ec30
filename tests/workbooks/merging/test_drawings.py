"""Charts and pictures, beside shapes that openpyxl does not read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.chartsheet.properties import ChartsheetProperties
from openpyxl.styles.colors import Color

from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.merging.rendering.rendering import render, render_original
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from tests.workbooks.builders import change_part, make_workbook, read_parts
from tests.workbooks.merging.drawn import (
    CHART,
    DRAWING,
    SHAPE,
    bar_chart,
    drawn_workbook,
    picture,
)
from tests.workbooks.merging.framing import Change, merge, resave, shown

_MOVED = b"<from><col>20</col>"


def _title(sheet: Any) -> None:
    sheet._charts[0].title = "Renamed"


def _new_chart(sheet: Any) -> None:
    sheet.add_chart(bar_chart(sheet.parent, "Second"), "M1")


def _new_picture(sheet: Any) -> None:
    sheet.add_image(picture("yellow"), "K3")


def _no_charts(sheet: Any) -> None:
    sheet._charts.clear()


def _move(sheet: Any) -> None:
    for each in (*sheet._charts, *sheet._images):
        each.anchor = "U30"


def _object_ids(drawing: bytes) -> list[bytes]:
    return re.findall(rb'cNvPr[^>]*? id="(\d+)"', drawing)


def test_a_changed_title_changes_the_title_alone(tmp_path: Path) -> None:
    """Only the chart's part is touched, and in it only the text of the title."""
    path = drawn_workbook(tmp_path / "book.xlsx")
    merged = merge(path, _title)
    assert merged.touched == [CHART]
    assert merged.parts[CHART].replace(b"Renamed", b"Costs 0") == read_parts(path)[CHART]


@pytest.mark.parametrize("change", [_new_chart, _new_picture])
def test_an_object_comes_to_a_drawing_with_a_shape(tmp_path: Path, change: Change) -> None:
    """A new chart or picture joins the drawing that is there; all in it stays."""
    path = drawn_workbook(tmp_path / "book.xlsx", charts=1, pictures=1)
    old = read_parts(path)[DRAWING]
    merged = merge(path, change)
    drawing = merged.parts[DRAWING]
    assert drawing.startswith(old.removesuffix(b"</wsDr>"))
    assert shown(merged.path) == shown(resave(path, change))
    assert len(set(_object_ids(drawing))) == len(_object_ids(drawing)) == 4


def test_a_drawing_of_which_openpyxl_reads_nothing(tmp_path: Path) -> None:
    """A chart added to a sheet with a shape only joins the shape."""
    path = drawn_workbook(tmp_path / "book.xlsx")
    path = merge(path, _no_charts).path
    assert SHAPE in read_parts(path)[DRAWING]
    merged = merge(path, _new_chart)
    assert SHAPE in merged.parts[DRAWING]
    assert merged.sheet == read_parts(path)["xl/worksheets/sheet1.xml"].decode()
    assert shown(merged.path) == shown(resave(path, _new_chart))


@pytest.mark.parametrize("change", [_new_chart, _new_picture])
def test_the_first_object_of_a_sheet(tmp_path: Path, change: Change) -> None:
    """A sheet without a drawing gets one, with all that it leads to."""
    path = make_workbook(tmp_path / "book.xlsx")
    merged = merge(path, change)
    assert DRAWING in merged.touched
    assert shown(merged.path) == shown(resave(path, change))


def test_the_last_object_takes_the_drawing_along(tmp_path: Path) -> None:
    """Without an object and a shape no drawing is left, nor what it led to."""
    path = drawn_workbook(tmp_path / "book.xlsx", shape=False)
    merged = merge(path, _no_charts)
    assert not {CHART, DRAWING} & set(merged.parts)
    assert "drawing" not in merged.sheet


def test_one_of_two_charts_goes(tmp_path: Path) -> None:
    """The chart that goes is the one that was taken out; the other keeps its own."""
    path = drawn_workbook(tmp_path / "book.xlsx", charts=2)
    merged = merge(path, lambda sheet: sheet._charts.pop(1))
    assert merged.parts[CHART] == read_parts(path)[CHART]
    assert "xl/charts/chart2.xml" not in merged.parts
    assert merged.parts[DRAWING].count(b"graphicFrame>") == 2


def test_what_is_moved_keeps_its_content(tmp_path: Path) -> None:
    """A chart and a picture with another anchor stand there and are otherwise as they were."""
    path = drawn_workbook(tmp_path / "book.xlsx", pictures=1)
    inside = b'<a:srcRect l="10"/>'
    change_part(
        path, DRAWING, lambda data: data.replace(b"<a:stretch>", inside + b"<a:stretch>", 1)
    )
    merged = merge(path, _move)
    assert merged.touched == [DRAWING]
    assert merged.parts[DRAWING].count(_MOVED) == 2
    assert inside in merged.parts[DRAWING]
    assert SHAPE in merged.parts[DRAWING]


def test_an_anchor_of_another_kind(tmp_path: Path) -> None:
    """A chart between two cells that is given one cell gets the anchor of that kind."""
    path = drawn_workbook(tmp_path / "book.xlsx")
    two = b"<to><col>9</col><colOff>0</colOff><row>9</row><rowOff>0</rowOff></to>"
    change_part(
        path,
        DRAWING,
        lambda data: re.sub(rb"<ext [^>]*/>", two, data, count=1).replace(
            b"oneCellAnchor", b"twoCellAnchor"
        ),
    )
    merged = merge(path, _move)
    assert b"<oneCellAnchor>" + _MOVED in merged.parts[DRAWING]
    assert two not in merged.parts[DRAWING]
    assert shown(merged.path) == shown(resave(path, _move))


def test_moved_and_renamed_at_once(tmp_path: Path) -> None:
    """A chart that is moved and changed at once is still the same chart."""
    path = drawn_workbook(tmp_path / "book.xlsx")

    def change(sheet: Any) -> None:
        _title(sheet)
        _move(sheet)

    merged = merge(path, change)
    assert merged.touched == [DRAWING, CHART] or merged.touched == [CHART, DRAWING]
    assert merged.parts[CHART].replace(b"Renamed", b"Costs 0") == read_parts(path)[CHART]
    assert _MOVED in merged.parts[DRAWING]


def test_a_picture_is_exchanged(tmp_path: Path) -> None:
    """A picture taken out and another put in leave the other pictures alone."""
    path = drawn_workbook(tmp_path / "book.xlsx", charts=0, pictures=2)

    def change(sheet: Any) -> None:
        del sheet._images[0]
        _new_picture(sheet)

    merged = merge(path, change)
    assert shown(merged.path) == shown(resave(path, change))
    pictures = [name for name in merged.parts if name.startswith("xl/media/")]
    assert len(pictures) == 2


def test_another_picture_at_the_same_place(tmp_path: Path) -> None:
    """A new picture at the place of one that was taken out is shown there."""
    path = drawn_workbook(tmp_path / "book.xlsx", charts=0, pictures=1)

    def change(sheet: Any) -> None:
        del sheet._images[0]
        sheet.add_image(picture("yellow"), "B10")

    merged = merge(path, change)
    assert shown(merged.path) == shown(resave(path, change))
    assert shown(merged.path) != shown(path)


def test_a_chart_sheet(tmp_path: Path) -> None:
    """The chart of a chart sheet changes as one on a worksheet; the sheet's own parts stay."""
    workbook = Workbook()
    workbook.worksheets[0].append([1])
    workbook.create_chartsheet("Shown").add_chart(bar_chart(workbook))
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    part = "xl/chartsheets/sheet1.xml"
    with Package.open(path) as package:
        before, now = (render_original(package, [part]) for _ in range(2))
        sheet: Any = now.sheet(part)
        sheet._charts[0].title = "Renamed"
        sheet.sheetPr = ChartsheetProperties(tabColor=Color(rgb="00FF8800"))
        now = render(now.workbook, {part: sheet})
        edit = PackageEdit(package)
        PartMerger(edit, before, now).merge_part(part, before.sheets[part], now.sheets[part])
        old = read_parts(path)
        chart = edit.part(CHART).data
        assert chart.replace(b"Renamed", b"Costs") == old[CHART]
        assert b'<sheetPr><tabColor rgb="00FF8800"/></sheetPr>' in edit.part(part).data
        assert edit.changed_part(DRAWING) is None


def test_a_stale_link_of_a_picture_is_not_followed(tmp_path: Path) -> None:
    """The link on a picture stays, though openpyxl writes its id to mean something else."""
    path = drawn_workbook(tmp_path / "book.xlsx", charts=0, pictures=1)
    rels = "xl/drawings/_rels/drawing1.xml.rels"
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    link = b'<a:hlinkClick r:id="rId1"/>'
    entry = b'<Relationship Id="rId1" Type="%b" Target="https://a.example" ' % kind
    entry += b'TargetMode="External"/></Relationships>'
    for part in (DRAWING, rels):
        change_part(path, part, lambda data: data.replace(b'"rId1"', b'"rId9"'))
    change_part(path, rels, lambda data: data.replace(b"</Relationships>", entry))
    change_part(
        path,
        DRAWING,
        lambda data: re.sub(rb"(<cNvPr [^>]*descr=[^>]*?) ?/>", rb"\1>" + link + b"</cNvPr>", data),
    )
    merged = merge(path, _new_chart)
    assert link in merged.parts[DRAWING]
    assert b'r:embed="rId9"' in merged.parts[DRAWING]
    assert merged.parts[rels].count(b"<Relationship ") == 3
