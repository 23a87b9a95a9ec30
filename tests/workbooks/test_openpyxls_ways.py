"""Every way of use that openpyxl's documentation teaches, on sheets read late and at once.

One function per chapter or way; what it returns, what the workbook holds afterwards and
what a reader finds in the saved file must be the same as with openpyxl alone.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import (
    AreaChart,
    BarChart,
    DoughnutChart,
    LineChart,
    PieChart,
    RadarChart,
    Reference,
    ScatterChart,
    Series,
)
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import (
    CellIsRule,
    ColorScaleRule,
    DataBarRule,
    FormulaRule,
    IconSetRule,
    Rule,
)
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.packaging.custom import IntProperty, StringProperty
from openpyxl.styles import (
    Alignment,
    Border,
    Font,
    GradientFill,
    NamedStyle,
    PatternFill,
    Protection,
    Side,
)
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import (
    CustomFilter,
    CustomFilters,
    FilterColumn,
    Filters,
)
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.pagebreak import Break, ColBreak
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo
from PIL import Image as Picture

from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.comparing import book_contents
from tests.workbooks.reading.test_lazy import make_rich_budget

Way = Callable[[Any], Any]
WAYS: list[Way] = []


def way(function: Way) -> Way:
    WAYS.append(function)
    return function


@way
def sheets_by_name_and_order(book: Any) -> Any:
    added = book.create_sheet("First", 0)
    book.create_sheet("Before the last", -1)
    added.sheet_properties.tabColor = "1072BA"
    copied = book.copy_worksheet(book["Plan"])
    return [sheet.title for sheet in book], copied.title, book["First"] is added, book.index(added)


@way
def one_cell(book: Any) -> Any:
    sheet = book.active
    sheet["A4"] = 4
    sheet.cell(row=4, column=2, value=10)
    cell = sheet["C3"]
    cell.value = "hello"
    return sheet["A4"].value, cell.coordinate, cell.row, cell.column_letter, cell.data_type


@way
def many_cells(book: Any) -> Any:
    sheet = book["Plan"]
    return (
        [[cell.value for cell in row] for row in sheet["A1":"C2"]],
        [cell.coordinate for cell in sheet["C"]],
        [len(column) for column in sheet["C:D"]],
        [cell.value for cell in sheet[2]],
        len(sheet[1:3]),
        [[cell.coordinate for cell in row] for row in sheet.iter_rows(max_col=3, max_row=2)],
        [[cell.coordinate for cell in column] for column in sheet.iter_cols(max_col=2, max_row=3)],
        list(sheet.iter_rows(values_only=True)),
        list(sheet.values),
        len(tuple(sheet.rows)),
        len(tuple(sheet.columns)),
    )


@way
def extents(book: Any) -> Any:
    sheet = book["Plan"]
    sheet["H40"] = "far"
    sheet.append([1, 2, 3])
    sheet.append({"A": "a", "D": 4.5, 5: "e"})
    return sheet.dimensions, sheet.max_row, sheet.max_column, sheet.min_row, sheet.min_column


@way
def numbers_and_formats(book: Any) -> Any:
    sheet = book["Plan"]
    sheet["A1"] = dt.datetime(2026, 7, 21)
    sheet["A2"] = "=SUM(1, 1)"
    sheet["A3"] = 0.5
    sheet["A3"].number_format = "0%"
    return sheet["A1"].number_format, sheet["A2"].data_type, sheet["A3"].number_format


@way
def merged_cells(book: Any) -> Any:
    sheet = book["Plan"]
    sheet.merge_cells("A20:D21")
    sheet.merge_cells(start_row=30, start_column=2, end_row=31, end_column=4)
    sheet.unmerge_cells(start_row=30, start_column=2, end_row=31, end_column=4)
    corner = sheet["A20"]
    corner.value, corner.alignment = "one cell", Alignment(horizontal="center", vertical="center")
    corner.border = Border(bottom=Side(border_style="double", color="FF0000"))
    return sorted(map(str, sheet.merged_cells.ranges)), type(sheet["B21"]).__name__


@way
def pictures(book: Any) -> Any:
    content = BytesIO()
    Picture.new("RGB", (8, 5), "navy").save(content, "PNG")
    picture = Image(content)
    book["Plan"].add_image(picture, "K1")
    return picture.width, picture.height, len(book["Plan"]._images)


@way
def folded_columns_and_rows(book: Any) -> Any:
    sheet = book["Plan"]
    sheet.column_dimensions.group("J", "M", hidden=True)
    sheet.row_dimensions.group(11, 15, hidden=True)
    return sheet.column_dimensions["J"].max, sheet.row_dimensions[12].hidden


@way
def looks(book: Any) -> Any:
    sheet = book["Plan"]
    cell, other = sheet["A1"], sheet["D4"]
    cell.font = Font(name="Calibri", size=12, bold=True, italic=True, color="00FF0000")
    cell.fill = GradientFill(stop=("000000", "FFFFFF"))
    other.fill = PatternFill(fill_type="lightUp", start_color="FFEEDDCC", end_color="FF112233")
    other.border = Border(left=Side("thick"), diagonal=Side("thin"), diagonalUp=True)
    other.alignment = Alignment(text_rotation=45, wrap_text=True, shrink_to_fit=False, indent=2)
    other.protection = Protection(locked=False, hidden=True)
    sheet["D5"].font = copy.copy(cell.font)
    sheet["D6"].font = Font(underline="single", strike=True, vertAlign="superscript")
    sheet.column_dimensions["B"].font = Font(bold=True)
    sheet.row_dimensions[6].fill = PatternFill("solid", fgColor="EEEEEE")
    return cell.font.b, other.has_style, sheet["D5"].font.size, sheet["D5"].style_id


@way
def named_styles(book: Any) -> Any:
    style = NamedStyle(name="highlight", font=Font(bold=True, size=20))
    style.border = Border(left=Side(style="thick"), top=Side(style="thick"))
    book.add_named_style(style)
    sheet = book["Plan"]
    sheet["A1"].style, sheet["D5"].style, sheet["D6"].style = style, "highlight", "Comma"
    return sheet["D5"].style, sorted(book.named_styles)


@way
def rich_text(book: Any) -> Any:
    sheet = book["Plan"]
    bold = InlineFont(b=True, color="FFFF0000")
    sheet["A9"] = CellRichText("plain ", TextBlock(bold, "bold"), " plain again ")
    return str(sheet["A9"].value), type(sheet["A9"].value).__name__


@way
def conditional_formats(book: Any) -> Any:
    sheet = book["Plan"]
    red = PatternFill(start_color="EE1111", end_color="EE1111", fill_type="solid")
    formats = sheet.conditional_formatting
    scale = ColorScaleRule(
        *("percentile", 10, "AA0000"), *("percentile", 50, "00AA00"), *("max", None, "0000AA")
    )
    formats.add("A1:A10", scale)
    formats.add("B5:B10", CellIsRule(operator="between", formula=["1", "5"], fill=red))
    formats.add("C1:C10", FormulaRule(formula=["ISBLANK(C1)"], stopIfTrue=True, font=Font(b=True)))
    formats.add("D1:D10", IconSetRule("5Arrows", "percent", [10, 20, 30, 40, 50], reverse=True))
    formats.add("E1:E10", DataBarRule("percentile", 10, "percentile", 90, color="FF638EC6"))
    look = DifferentialStyle(font=Font(color="9C0103"), fill=PatternFill(bgColor="FFC7CE"))
    rule = Rule(type="containsText", operator="containsText", text="late", dxf=look)
    rule.formula = ['NOT(ISERROR(SEARCH("late",F1)))']
    formats.add("F1:F9", rule)
    return [str(each.sqref) for each in formats]


@way
def rows_and_columns_inserted_and_deleted(book: Any) -> Any:
    sheet = book["Plan"]
    sheet.insert_rows(2)
    sheet.delete_cols(3, 2)
    sheet.insert_cols(1, 2)
    sheet.delete_rows(5, 3)
    sheet.move_range("C1:D2", rows=6, cols=2)
    sheet["B9"] = "=SUM(A1:A3)"
    sheet.move_range("B9:B9", rows=1, translate=True)
    return sheet["B10"].value, list(sheet.values)


@way
def further_properties(book: Any) -> Any:
    sheet = book["Plan"]
    sheet.sheet_properties.filterMode = False
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True, autoPageBreaks=False)
    sheet.sheet_properties.outlinePr.summaryBelow = False
    sheet.sheet_properties.outlinePr.applyStyles = True
    sheet.sheet_view.zoomScale, sheet.sheet_view.showFormulas = 85, True
    sheet.sheet_view.tabSelected = True
    sheet.sheet_format.defaultRowHeight = 18
    return sheet.sheet_properties.pageSetUpPr.autoPageBreaks


@way
def validations(book: Any) -> Any:
    sheet = book["Plan"]
    pets = DataValidation(type="list", formula1='"Dog,Cat,Bat"', allow_blank=True)
    pets.error, pets.errorTitle = "not in the list", "Invalid"
    pets.prompt, pets.promptTitle = "please choose", "List"
    sheet.add_data_validation(pets)
    pets.add(sheet["A11"])
    pets.add("B11:B1048576")
    whole = DataValidation(type="decimal", operator="between", formula1="0", formula2="1")
    sheet.add_data_validation(whole)
    whole.add("C11:C20")
    own = DataValidation(type="custom", formula1="=SOMEFORMULA(C2:C8)")
    sheet.add_data_validation(own)
    return str(pets.sqref), "B12" in pets, len(sheet.data_validations.dataValidation)


@way
def tables(book: Any) -> Any:
    sheet = book.create_sheet("Fruit")
    for row in (["Fruit", "2024", "2025"], ["Apples", 10000, 5000], ["Pears", 2000, 3000]):
        sheet.append(row)
    table = Table(displayName="Fruits", ref="A1:C3")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium9", showRowStripes=True)
    sheet.add_table(table)
    held = book["Tables"].tables
    for name in list(held):
        held[name].ref = held[name].ref[:-1] + "3"
    return sheet.tables.items(), [str(each.ref) for each in held.values()]


@way
def filters(book: Any) -> Any:
    sheet = book["Tables"]
    sheet.auto_filter.ref = "E1:F9"
    column = FilterColumn(colId=0, filters=Filters(filter=["Kiwi", "Apple"]))
    bounds = [CustomFilter("greaterThan", val="10"), CustomFilter("lessThan", val="90")]
    other = FilterColumn(colId=1, customFilters=CustomFilters(_and=True, customFilter=bounds))
    sheet.auto_filter.filterColumn += [column, other]
    sheet.auto_filter.add_sort_condition("F2:F9")
    return len(sheet.auto_filter.filterColumn)


@way
def printing(book: Any) -> Any:
    sheet = book["Plan"]
    sheet.print_options.horizontalCentered = True
    sheet.oddHeader.left.text, sheet.oddHeader.left.size = "Page &[Page] of &N", 14
    sheet.evenFooter.right.text = "right"
    sheet.print_title_cols, sheet.print_title_rows = "A:B", "1:1"
    sheet.print_area = "A1:F10"
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = sheet.PAPERSIZE_A5, 0
    sheet.page_margins.top = 1.25
    sheet.row_breaks.append(Break(id=7))
    sheet.col_breaks = ColBreak()
    sheet.col_breaks.append(Break(id=3))
    return sheet.print_titles, sheet.print_area


@way
def comments(book: Any) -> Any:
    sheet = book["Plan"]
    comment = Comment("This is a note", "The author")
    comment.width, comment.height = 300, 50
    sheet["A1"].comment = comment
    sheet["D4"].comment = Comment("one\ntwo", "Another")
    sheet["B2"].comment = None
    return sheet["A1"].comment.text, sheet["B2"].comment, comment.parent is sheet["A1"]


@way
def dates_and_times(book: Any) -> Any:
    sheet = book["Plan"]
    sheet["A5"], sheet["A6"] = dt.date(2026, 2, 28), dt.time(23, 59, 1)
    sheet["A7"], sheet["A8"] = dt.timedelta(hours=30), dt.datetime(1990, 12, 31, 12)
    return [sheet.cell(row, 1).is_date for row in range(5, 9)], book.epoch


@way
def formulas(book: Any) -> Any:
    sheet = book["Plan"]
    sheet["E2"] = ArrayFormula("E2:E4", "=SUM(B2:B4*C2:C4)")
    sheet["F9"] = Translator("=SUM(B2:B4)", origin="F2").translate_formula("G2")
    tokens = Tokenizer(sheet["F9"].value)
    return sheet["E2"].value.ref, sheet["F9"].value, [token.value for token in tokens.items]


@way
def defined_names(book: Any) -> Any:
    book.defined_names["global_range"] = DefinedName("global_range", attr_text="Plan!$A$1:$C$3")
    book.defined_names.add(DefinedName("constant", attr_text="3.5", comment="a rate"))
    sheet = book["Tables"]
    sheet.defined_names.add(DefinedName("private_range", attr_text="Tables!$A$6"))
    found = book.defined_names["global_range"]
    return list(found.destinations), list(book.defined_names), list(sheet.defined_names)


@way
def document_properties(book: Any) -> Any:
    book.properties.creator, book.properties.title = "Ada", "Budget"
    book.properties.keywords = "plan; cost"
    book.custom_doc_props.append(StringProperty(name="Grant", value="101000000"))
    book.custom_doc_props.append(IntProperty(name="Period", value=2))
    return book.properties.title, [each.name for each in book.custom_doc_props.props]


@way
def protections(book: Any) -> Any:
    book.security = WorkbookProtection(workbookPassword="0000", lockStructure=True)
    sheet = book["Plan"]
    sheet.protection.sheet, sheet.protection.formatCells = True, False
    sheet.protection.password = "secret"
    sheet.protection.enable()
    return sheet.protection.password, book.security.lockStructure


@way
def charts(book: Any) -> Any:
    sheet = book["Tables"]
    labels, data = Reference(sheet, min_col=1, min_row=2, max_row=3), Reference(
        sheet, min_col=2, min_row=1, max_row=3)  # fmt: skip
    for row, kind in enumerate(
        (AreaChart, BarChart, DoughnutChart, LineChart, PieChart, RadarChart)
    ):
        chart = kind()
        chart.title, chart.style = kind.__name__, 10
        chart.add_data(data, titles_from_data=True)
        chart.set_categories(labels)
        sheet.add_chart(chart, f"E{1 + 15 * row}")
    scatter = ScatterChart()
    scatter.x_axis.title, scatter.y_axis.scaling.min = "x", 0
    series = Series(data, labels, title="points")
    series.marker.symbol = "triangle"
    scatter.series.append(series)
    line = LineChart()
    line.add_data(data, titles_from_data=True)
    line.y_axis.axId = 200
    bar = BarChart()
    bar.add_data(data, titles_from_data=True)
    sheet.add_chart(scatter, "N1")
    bar += line
    sheet.add_chart(bar, "N20")
    lone = book.create_chartsheet("Chart alone")
    pie = PieChart()
    pie.add_data(data, titles_from_data=True)
    lone.add_chart(pie)
    return len(sheet._charts), lone.title, book.sheetnames


@way
def sheets_of_every_state(book: Any) -> Any:
    book["Tables"].sheet_state = "hidden"
    book.active = 0
    book["Tables"].freeze_panes = "C3"
    return [sheet.sheet_state for sheet in book], book["Tables"].freeze_panes, book.active.title


@way
def links(book: Any) -> Any:
    sheet = book["Plan"]
    sheet["A10"].hyperlink = "https://example.org/?q=1&r=2"
    sheet["A11"] = '=HYPERLINK("https://example.org","here")'
    sheet["A3"].hyperlink = None
    return sheet["A10"].value, sheet["A10"].hyperlink.target


@way
def ranges(book: Any) -> Any:
    sheet = book["Plan"]
    area = CellRange("A1:C3")
    area.shift(row_shift=1)
    letters = [get_column_letter(number) for number in (1, 27, 703)]
    return area.coord, letters, sheet.calculate_dimension(), sheet.print_titles


@way
def sheets_removed(book: Any) -> Any:
    book.remove(book["Tables"])
    del book[book.sheetnames[-1]]
    book.move_sheet("Plan", 1)
    return book.sheetnames


def seen(path: Path) -> Any:
    """What openpyxl reads, but for the count of levels of columns, which it does not keep."""
    contents = book_contents(openpyxl.load_workbook(path, rich_text=True))
    for sheet in contents["sheets"]:
        sheet["format"] = re.sub(r"outlineLevelCol=\w+", "", sheet["format"])
    return contents


def _done(way: Way, book: Any) -> tuple[Any, Any]:
    result = way(book)
    return result, book_contents(book)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_documented_way_does_the_same(tmp_path: Path, way: Way) -> None:
    """Its results, the workbook in memory and the saved file are those of openpyxl alone."""
    ours = make_rich_budget(tmp_path / "ours.xlsx")
    theirs = tmp_path / "theirs.xlsx"
    shutil.copyfile(ours, theirs)
    book = openpyxl.load_workbook(theirs)
    expected = _done(way, book)
    book.save(theirs)
    service = ResourceManagementService()
    surroundings = Surroundings(service, lock_dir=tmp_path / "locks")
    with ExcelManager(ours, service=surroundings) as manager:
        found = _done(way, manager.workbook)
        report = manager.save()
    service.close()
    assert repr(found[0]) == repr(expected[0])
    assert found[1] == expected[1]
    assert seen(ours) == seen(theirs), report.how
    assert report.how in {"patched", "unchanged"}
