"""The sections of a sheet around its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break

from budgetinator.workbooks.merging.parts.frames import SheetFrame
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.parts import PartSource
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from tests.workbooks.builders import MAIN, OFFICE, SHEET, minimal_parts, sheet_xml, write_zip
from tests.workbooks.merging.framing import data_bar, merge, merge_markup, resave, shown

_VIEWS = '<sheetViews><sheetView workbookViewId="0" {}/></sheetViews>'
_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"


def _nothing(_: Any) -> None:
    return None


def _zoom(sheet: Any) -> None:
    sheet.sheet_view.zoomScale = 80


def _merge_cells(sheet: Any) -> None:
    sheet.merge_cells("B2:C3")


def _between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


def test_a_sheet_that_did_not_change_is_not_touched(tmp_path: Path) -> None:
    """Without a change no splice is made, whatever the markup looks like."""
    path = write_zip(tmp_path / "book.xlsx", minimal_parts(before='<sheetPr codeName="A" />'))
    assert merge(path, _nothing).touched == []


def test_only_the_attribute_changes(tmp_path: Path) -> None:
    """A changed attribute keeps its quotes and all that is around it."""
    before = (
        "<sheetViews><sheetView zoomScale='90' colorId=\"12\"\n workbookViewId='0'/></sheetViews>"
    )
    sheet = merge_markup(tmp_path, _zoom, before)
    assert sheet == sheet_xml(
        '<row r="1"><c r="A1"><v>1</v></c></row>', before=before.replace("'90'", "'80'")
    )


def test_an_attribute_that_goes_is_taken_out(tmp_path: Path) -> None:
    """An attribute that openpyxl no longer writes goes from the original."""

    def change(sheet: Any) -> None:
        sheet.sheet_view.zoomScale = None

    sheet = merge_markup(tmp_path, change, _VIEWS.format('zoomScale="90" tabSelected="1"'))
    assert _VIEWS.format('tabSelected="1"') in sheet


def test_what_openpyxl_does_not_know_stays_in_a_changed_element(tmp_path: Path) -> None:
    """Unknown attributes, children and extensions of a changed element stay."""
    inside = (
        '<pivotSelection count="1"/><extLst><ext uri="{A}"><x:y xmlns:x="urn:x"/></ext></extLst>'
    )
    before = f'<sheetViews><sheetView workbookViewId="0">{inside}</sheetView></sheetViews>'
    sheet = merge_markup(tmp_path, _zoom, before)
    assert f'<sheetView workbookViewId="0" zoomScale="80">{inside}</sheetView>' in sheet


def test_sections_come_in_the_order_of_the_schema(tmp_path: Path) -> None:
    """New sections stand where the schema wants them, among ones that openpyxl does not know."""

    def change(sheet: Any) -> None:
        _merge_cells(sheet)
        sheet.auto_filter.ref = "A1:B2"
        sheet.protection.sheet = True
        sheet.row_breaks.append(Break(id=3))
        sheet.column_dimensions["B"].width = 30
        sheet.conditional_formatting.add("A1", data_bar("FF00FF00"))

    after = (
        '<sheetCalcPr fullCalcOnLoad="1"/><protectedRanges><protectedRange name="p" sqref="A1"/>'
        '</protectedRanges><phoneticPr fontId="0"/><ignoredErrors><ignoredError sqref="A1"/>'
        "</ignoredErrors>"
    )
    sheet = merge_markup(tmp_path, change, after=after)
    names = (
        "cols sheetData sheetCalcPr sheetProtection protectedRanges autoFilter mergeCells "
        "phoneticPr conditionalFormatting rowBreaks ignoredErrors"
    )
    places = [sheet.index(f"<{name}") for name in names.split()]
    assert places == sorted(places)


def test_the_prefix_of_the_part_is_used(tmp_path: Path) -> None:
    """What is put into a part with a prefix has that prefix."""
    markup = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c>'
        "</x:row></x:sheetData></x:worksheet>"
    )
    path = write_zip(tmp_path / "book.xlsx", {**minimal_parts(), SHEET: markup.encode()})
    expected = '</x:sheetData><x:mergeCells count="1"><x:mergeCell ref="B2:C3"/></x:mergeCells>'
    assert expected in merge(path, _merge_cells).sheet


def test_a_namespace_that_is_missing_is_declared(tmp_path: Path) -> None:
    """A reference put into a part that does not bind r: has its declaration with it."""

    def change(sheet: Any) -> None:
        sheet["A1"].hyperlink = "https://example.org/a&b"

    markup = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>').replace(
        f' xmlns:r="{OFFICE}"', ""
    )
    path = write_zip(tmp_path / "book.xlsx", {**minimal_parts(), SHEET: markup.encode()})
    merged = merge(path, change)
    assert f'<hyperlink xmlns:r="{OFFICE}" ref="A1" r:id="rId1"/>' in merged.sheet
    assert (
        b'Target="https://example.org/a&amp;b"'
        in merged.parts["xl/worksheets/_rels/sheet1.xml.rels"]
    )


def test_a_part_in_utf16_stays_in_utf16(tmp_path: Path) -> None:
    """A part in another encoding is merged as any and written back in its own."""
    text = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>').replace("UTF-8", "UTF-16")
    path = write_zip(tmp_path / "book.xlsx", {**minimal_parts(), SHEET: text.encode("utf-16")})
    merged = merge(path, _merge_cells).parts[SHEET].decode("utf-16")
    assert merged == text.replace(
        "</sheetData>",
        '</sheetData><mergeCells count="1"><mergeCell ref="B2:C3"/></mergeCells>',
    )


@pytest.mark.parametrize("rows", ["<sheetData/>", "<sheetData></sheetData>", ""])
def test_a_sheet_without_rows(tmp_path: Path, rows: str) -> None:
    """Sections find their places where sheetData is empty or missing."""

    def change(sheet: Any) -> None:
        sheet.column_dimensions["B"].width = 30
        _merge_cells(sheet)

    markup = f'<worksheet xmlns="{MAIN}">{rows}<pageMargins left="1" right="1" top="1" bottom="1"'
    markup += ' header="1" footer="1"/></worksheet>'
    path = write_zip(tmp_path / "book.xlsx", {**minimal_parts(), SHEET: markup.encode()})
    sheet = merge(path, change).sheet
    cols = '<cols><col min="2" max="2" width="30" customWidth="1"/></cols>'
    merges = '<mergeCells count="1"><mergeCell ref="B2:C3"/></mergeCells>'
    assert f"{cols}{rows}{merges}<pageMargins" in sheet


def test_others_put_rows_in_between(tmp_path: Path) -> None:
    """Where there is no sheetData, what belongs before it comes before what others put in."""
    markup = f'<worksheet xmlns="{MAIN}"><sheetPr/></worksheet>'
    path = write_zip(tmp_path / "book.xlsx", {**minimal_parts(), SHEET: markup.encode()})
    with Package.open(path) as package:
        frame = SheetFrame.read(PartSource(package, SHEET), SHEET)
    at = frame.root.children[0].element.end
    columns, merges = Splice(at, at, b"<cols/>"), Splice(at, at, b"<mergeCells/>")
    assert frame.placed([columns, merges]) == ([columns], [merges])


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><!-- </sheetData> --><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v><![CDATA[</sheetData>]]></v></c></row>',
        '<?note </sheetData> ?><row r="1"><c r="A1"><v>1</v></c></row>',
    ],
)
def test_what_looks_like_the_end_of_the_rows(tmp_path: Path, rows: str) -> None:
    """Comments, CDATA and instructions among the rows are no markup of the sheet."""
    after = '<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>'
    path = write_zip(tmp_path / "book.xlsx", minimal_parts(rows, after=after))
    with Package.open(path) as package:
        frame = SheetFrame.read(PartSource(package, SHEET), SHEET)
    element = frame.root.children[-1].element
    first, (splice,) = frame.placed([Splice(element.start, element.end, b"")])
    assert first == []
    assert splice_bytes(sheet_xml(rows, after).encode(), [splice]) == sheet_xml(rows).encode()


def test_a_list_loses_one_and_is_counted(tmp_path: Path) -> None:
    """Of several merged areas one goes, and the count is right."""
    after = '<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="$C$1:D4"/></mergeCells>'
    sheet = merge_markup(tmp_path, lambda s: s.unmerge_cells("A1:B1"), after=after)
    assert '<mergeCells count="1"><mergeCell ref="$C$1:D4"/></mergeCells>' in sheet


def test_a_list_that_is_empty_goes(tmp_path: Path) -> None:
    """The last merged area takes the section with it."""
    after = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    sheet = merge_markup(tmp_path, lambda s: s.unmerge_cells("A1:B1"), after=after)
    assert "mergeCell" not in sheet


def test_a_validation_comes_and_one_goes(tmp_path: Path) -> None:
    """Validations are known by their cells; the others keep what openpyxl does not know."""

    def change(sheet: Any) -> None:
        del sheet.data_validations.dataValidation[0]
        new = DataValidation(type="list", formula1='"a,b"')
        new.add("D4")
        sheet.add_data_validation(new)

    first = '<dataValidation type="whole" sqref="A1"><formula1>1</formula1></dataValidation>'
    second = '<dataValidation sqref="C3 B2" xr:uid="{1}" xmlns:xr="urn:u" type="custom">'
    second += "<formula1>TRUE</formula1></dataValidation>"
    after = f'<dataValidations count="2">{first}{second}</dataValidations>'
    sheet = merge_markup(tmp_path, change, after=after)
    inside = _between(sheet, '<dataValidations count="2">', "</dataValidations>")
    assert inside.startswith(second)
    assert 'sqref="D4"' in inside
    assert first not in sheet


def test_a_validation_for_one_more_cell_keeps_the_rest(tmp_path: Path) -> None:
    """A validation that got another range is still the same."""
    after = (
        '<dataValidations count="1"><dataValidation type="whole" sqref="A1" mc:x="1" '
        'xmlns:mc="urn:m"><formula1>1</formula1></dataValidation></dataValidations>'
    )
    sheet = merge_markup(
        tmp_path, lambda s: s.data_validations.dataValidation[0].add("B7"), after=after
    )
    assert after.replace('sqref="A1"', 'sqref="A1 B7"') in sheet


def test_rules_of_one_range_that_stand_apart(tmp_path: Path) -> None:
    """A rule goes from the one of two elements for its range that holds it."""
    one, two = (
        f'<conditionalFormatting sqref="A1:A9"><cfRule type="cellIs" priority="{n}" '
        f'operator="equal"><formula>{n}</formula></cfRule></conditionalFormatting>'
        for n in (1, 2)
    )

    def change(sheet: Any) -> None:
        for rules in sheet.conditional_formatting._cf_rules.values():
            del rules[1]

    sheet = merge_markup(tmp_path, change, after=one + two)
    assert one in sheet
    assert two not in sheet


def test_a_rule_takes_its_extension_with_it(tmp_path: Path) -> None:
    """The extension of a data bar goes with the rule that it continues; others stay."""

    def bar(number: int, cell: str) -> tuple[str, str]:
        rule = (
            f'<conditionalFormatting sqref="{cell}"><cfRule type="dataBar" priority="{number}">'
            '<dataBar><cfvo type="min"/><cfvo type="max"/><color rgb="FF638EC6"/></dataBar><extLst>'
            f'<ext uri="{{B}}" xmlns:x14="{_X14}"><x14:id>{{{number}}}</x14:id></ext></extLst>'
            "</cfRule></conditionalFormatting>"
        )
        extension = (
            '<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/'
            f'main"><x14:cfRule type="dataBar" id="{{{number}}}"><x14:dataBar/></x14:cfRule>'
            f"<xm:sqref>{cell}</xm:sqref></x14:conditionalFormatting>"
        )
        return rule, extension

    (rule, extension), (other_rule, other_extension) = bar(1, "A1"), bar(2, "B1")
    after = (
        f'{rule}{other_rule}<extLst><ext uri="{{C}}" xmlns:x14="{_X14}">'
        f"<x14:conditionalFormattings>{extension}{other_extension}</x14:conditionalFormattings>"
        "</ext></extLst>"
    )

    def change(sheet: Any) -> None:
        del sheet.conditional_formatting["A1"]

    sheet = merge_markup(tmp_path, change, after=after)
    assert rule not in sheet
    assert extension not in sheet
    assert other_rule in sheet
    assert f"<x14:conditionalFormattings>{other_extension}</x14:conditionalFormattings>" in sheet


def test_a_rule_is_added_beside_extensions(tmp_path: Path) -> None:
    """A new format leaves the extended ones as they are."""
    inside = f'<ext uri="{{C}}" xmlns:x14="{_X14}"><x14:dataValidations count="1"/></ext>'
    extension = f"<extLst>{inside}</extLst>"
    sheet = merge_markup(
        tmp_path,
        lambda s: s.conditional_formatting.add("B1:B4", data_bar("FF638EC6")),
        after=extension,
    )
    assert sheet.endswith(f"</conditionalFormatting>{extension}</worksheet>")


def test_a_section_of_a_header_changes_alone(tmp_path: Path) -> None:
    """The other sections of a header keep codes that openpyxl writes otherwise."""
    after = (
        '<headerFooter scaleWithDoc="0"><oddHeader>&amp;L&amp;"Arial,Bold"&amp;12 Plan'
        "&amp;COld&amp;R&amp;G&amp;K112233x</oddHeader></headerFooter>"
    )

    def change(sheet: Any) -> None:
        sheet.oddHeader.center.text = "New & old"

    sheet = merge_markup(tmp_path, change, after=after)
    assert after.replace("COld", "CNew &amp; old") in sheet.replace("&amp;&amp;", "&amp;")


def test_panes_freeze_and_thaw(tmp_path: Path) -> None:
    """Freezing gives what openpyxl's own file has, and thawing too."""
    path = write_zip(
        tmp_path / "book.xlsx",
        minimal_parts(before=_VIEWS.format('tabSelected="1" showGridLines="0"')),
    )

    def freeze(sheet: Any) -> None:
        sheet.freeze_panes = "B2"

    frozen = merge(path, freeze).path
    assert shown(frozen) == shown(resave(path, freeze))

    def thaw(sheet: Any) -> None:
        sheet.freeze_panes = None

    assert shown(merge(frozen, thaw).path) == shown(resave(frozen, thaw))


def test_breaks_are_counted(tmp_path: Path) -> None:
    """A break more is counted, and the breaks that were there stay."""
    after = (
        '<rowBreaks count="1" manualBreakCount="1"><brk id="4" max="16383" man="1"/></rowBreaks>'
    )
    sheet = merge_markup(tmp_path, lambda s: s.row_breaks.append(Break(id=9)), after=after)
    assert (
        '<rowBreaks count="2" manualBreakCount="2"><brk id="4" max="16383" man="1"/>'
        '<brk id="9" min="0" max="16383" man="1"/></rowBreaks>'
    ) in sheet


def test_a_section_comes_before_unknown_alternatives(tmp_path: Path) -> None:
    """Alternate content of a later section stays behind what is put in."""
    alternate = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        '<mc:Choice Requires="x14"><controls/></mc:Choice></mc:AlternateContent>'
    )

    def change(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:B9"

    sheet = merge_markup(tmp_path, change, after=alternate)
    assert '<autoFilter ref="A1:B9"/>' + alternate in sheet


def test_formats_whose_ranges_are_spelt_otherwise(tmp_path: Path) -> None:
    """Formats are known by their ranges in any spelling, or else by their places."""
    rule = '<cfRule type="cellIs" priority="1" operator="equal" xr:x="y" xmlns:xr="urn:r">'
    rule += "<formula>1</formula></cfRule>"
    after = "".join(
        f'<conditionalFormatting sqref="{area}">{rule}</conditionalFormatting>'
        for area in ("A1:A1 A1", "B1:B1 C1:C1 B1:B1", "D1")
    )
    path = write_zip(tmp_path / "book.xlsx", minimal_parts(after=after))

    def change(sheet: Any) -> None:
        for rules in sheet.conditional_formatting._cf_rules.values():
            rules[0].formula = ["7"]

    merged = merge(path, change)
    assert shown(merged.path) == shown(resave(path, change))
