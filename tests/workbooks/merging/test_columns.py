"""The columns of a sheet, which openpyxl may write one over another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.merging.rendering.rendering import render_original
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from tests.workbooks.builders import SHEET, minimal_parts, write_zip
from tests.workbooks.merging.framing import Change, merge, merge_markup


def _columns(tmp_path: Path, columns: str, change: Change) -> str:
    before = f"<cols>{columns}</cols>" if columns else ""
    sheet = merge_markup(tmp_path, change, before)
    return sheet.partition("<cols>")[2].partition("</cols>")[0]


def _widen(letter: str, width: float = 30) -> Change:
    def change(sheet: Any) -> None:
        sheet.column_dimensions[letter].width = width

    return change


def test_the_middle_of_a_range_is_cut_out(tmp_path: Path) -> None:
    """A width for one column of a range leaves the rest of the range on both sides."""
    columns = "<col min='2' max=\"5\" width='9' customWidth='1' bestFit='1' />"
    assert _columns(tmp_path, columns, _widen("C")) == (
        "<col min='2' max=\"2\" width='9' customWidth='1' bestFit='1' />"
        "<col min='3' max=\"3\" width='30' customWidth='1' />"
        "<col min='4' max=\"5\" width='9' customWidth='1' bestFit='1' />"
    )


def test_the_first_column_of_a_range_stands_for_it(tmp_path: Path) -> None:
    """A setting of the first column, which openpyxl means for the range, changes the range."""
    columns = '<col min="2" max="5" width="9" customWidth="1" bestFit="1"/>'
    expected = '<col min="2" max="5" width="30" customWidth="1" bestFit="1"/>'
    assert _columns(tmp_path, columns, _widen("B")) == expected


def test_the_style_of_a_range_stays_under_a_narrower_setting(tmp_path: Path) -> None:
    """A width for one column of a styled range does not take the style from it."""
    sheet = _columns(tmp_path, '<col min="1" max="3" style="0" hidden="1"/>', _widen("B"))
    assert '<col min="2" max="2" style="0" width="30" customWidth="1"/>' in sheet


def test_a_style_with_another_number_is_no_change(tmp_path: Path) -> None:
    """A style that openpyxl knows by two numbers is not written anew with the other."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.column_dimensions["B"].font = Font(bold=True)
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    with Package.open(path) as package:
        before, now = (render_original(package, [SHEET]) for _ in range(2))
        styles: Any = vars(now.workbook)["_cell_styles"]
        list.append(styles, styles[1])
        part = now.sheets[SHEET]
        markup = now.read(part)
        assert b' style="1"' in markup
        again = b' style="%d"' % (len(styles) - 1)
        now.add(part, markup.replace(b' style="1"', again), str(now.content_type(part)))
        edit = PackageEdit(package)
        PartMerger(edit, before, now).merge_sheet(SHEET, before.sheets[SHEET], part)
        assert edit.streamed == {}


def test_a_new_column_stands_between_the_others(tmp_path: Path) -> None:
    """A column that had no setting comes in its place; the others keep their bytes."""
    first, last = '<col  min="1" max="1" width="9"/>', '<col min="7" max="9" width="9" />'
    assert _columns(tmp_path, first + last, _widen("D")) == (
        f'{first}<col min="4" max="4" width="30" customWidth="1"/>{last}'
    )


def test_columns_that_overlap_are_not_written_so(tmp_path: Path) -> None:
    """Where there were no settings, a group and a column within it give ranges side by side."""

    def change(sheet: Any) -> None:
        sheet.column_dimensions["C"].width = 30
        sheet.column_dimensions["B"].width = 9
        sheet.column_dimensions["B"].min, sheet.column_dimensions["B"].max = 2, 6

    assert _columns(tmp_path, "", change) == (
        '<col min="2" max="2" width="9" customWidth="1"/>'
        '<col min="3" max="3" width="30" customWidth="1"/>'
        '<col min="4" max="6" width="9" customWidth="1"/>'
    )


def test_overlapping_columns_of_the_file_are_mended(tmp_path: Path) -> None:
    """A file whose ranges overlap gets valid ones when a column is set."""
    columns = '<col min="1" max="4" width="5"/><col min="2" max="2" width="6"/>'
    assert _columns(tmp_path, columns, _widen("D")) == (
        '<col min="1" max="1" width="5"/><col min="2" max="2" width="6"/>'
        '<col min="3" max="3" width="5"/><col min="4" max="4" width="30" customWidth="1"/>'
    )


def test_a_column_without_a_setting_any_more_goes(tmp_path: Path) -> None:
    """The settings that are deleted go, and the section with the last of them."""
    columns = '<cols><col min="2" max="2" width="9"/></cols>'
    path = write_zip(tmp_path / "book.xlsx", minimal_parts(before=columns))

    def change(sheet: Any) -> None:
        del sheet.column_dimensions["B"]

    assert "col" not in merge(path, change).sheet


def test_grouped_columns_read_as_openpyxl_set_them(tmp_path: Path) -> None:
    """A group is read back with its outline, its bounds and its state."""
    path = write_zip(
        tmp_path / "book.xlsx",
        minimal_parts(before='<cols><col min="3" max="3" width="9" style="0"/></cols>'),
    )
    merged = merge(path, lambda sheet: sheet.column_dimensions.group("B", "E", hidden=True))
    group = load_workbook(merged.path).worksheets[0].column_dimensions["B"]
    assert (group.min, group.max, group.outlineLevel, group.hidden) == (2, 5, 1, True)
    assert 'outlineLevelCol="1"' in merged.sheet
