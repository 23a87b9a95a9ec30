"""What is measured with: a budget in the layout of a consortium, and one large sheet."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["make_budget", "make_mixed", "make_sheet", "make_sheets"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts><font/></fonts><fills><fill><patternFill/></fill></fills>'
    "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/>"
    '<xf numFmtId="14"/></cellXfs><cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)
_ROWS_AT_ONCE = 1_000
_THIN = Side(style="thin", color="999999")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_HEAD_ROWS = (12, 17, 21, 27, 34, 41)
_MONEY = "#,##0.00 €"


def make_budget(path: Path, *, partners: int) -> Path:
    """A workbook of one sheet a partner and two overviews, with formulas and formats."""
    workbook = Workbook()
    overview = workbook.active
    overview.title = "Budget Overview"
    months = workbook.create_sheet("PM Overview")
    for number in range(1, partners + 1):
        name = "P1-Coord" if number == 1 else f"P{number}-ACRO{number:02}"
        _partner(workbook.create_sheet(name), number)
        for column in range(6, 24):
            cell = overview.cell(number + 7, column, f"='{name}'!{_letter(column + 1)}13")
            cell.number_format = _MONEY
        for column in range(3, 18):
            months.cell(number + 4, column, f"='{name}'!{_letter(column)}18")
    workbook.save(path)
    workbook.close()
    return path


def make_sheet(path: Path, *, rows: int, columns: int) -> Path:
    """One sheet "Data" of numbers and, in every fifth column, text."""

    def cell(row: int, column: int) -> str:
        place = f'r="{_letter(column)}{row}"'
        if column % 5 == 1:
            return f'<c {place} t="inlineStr"><is><t>item {row}</t></is></c>'
        return f"<c {place}><v>{row * column / 7!r}</v></c>"

    return _write(path, {"Data": _rows(rows, columns, cell)})


def make_mixed(path: Path, *, rows: int) -> Path:
    """One sheet "Data" of twenty columns of all kinds of cells, as Excel writes them."""
    strings = [f"item {number}" for number in range(2 * rows)]
    kinds: tuple[Callable[[str, int], str], ...] = (
        lambda place, row: f'<c {place} t="s"><v>{row - 1}</v></c>',
        lambda place, row: f'<c {place} t="s"><v>{rows + row % rows}</v></c>',
        lambda place, row: f'<c {place} s="1"><v>{40_000 + row % 900}</v></c>',
        lambda place, row: f'<c {place} t="b"><v>{row % 2}</v></c>',
        lambda place, row: f'<c {place} t="inlineStr"><is><t>in line {row}</t></is></c>',
        lambda place, row: f"<c {place}><f>B{row}*2</f><v>{row / 3!r}</v></c>",
        lambda place, row: f'<c {place} t="e"><v>#N/A</v></c>' if row % 50 == 0 else "",
        *(lambda place, row: f"<c {place}><v>{row * 1.1!r}</v></c>",) * 2,
        lambda place, row: f"<c {place}><v>{row}</v></c>",
    )

    def cell(row: int, column: int) -> str:
        return kinds[column % 10](f'r="{_letter(column)}{row}"', row)

    table = "".join(f"<si><t>{text}</t></si>" for text in strings)
    return _write(path, {"Data": _rows(rows, 20, cell)}, f'<sst xmlns="{_MAIN}">{table}</sst>')


def make_sheets(path: Path, *, sheets: int, rows: int, columns: int) -> Path:
    """A workbook by openpyxl with sheets "S1", "S2" and so on of numbers and some texts."""
    workbook = Workbook(write_only=True)
    for number in range(1, sheets + 1):
        sheet = workbook.create_sheet(f"S{number}")
        for row in range(rows):
            sheet.append([f"item {row}" if c % 5 == 0 else row * c / 7 for c in range(columns)])
    workbook.save(path)
    workbook.close()
    return path


def _rows(rows: int, columns: int, cell: Callable[[int, int], str]) -> Iterator[str]:
    for row in range(1, rows + 1):
        cells = "".join(cell(row, column) for column in range(1, columns + 1))
        yield f'<row r="{row}" spans="1:{columns}">{cells}</row>'


def _write(path: Path, sheets: dict[str, Iterable[str]], strings: str = "") -> Path:
    """A workbook in Excel's markup; a write by openpyxl of two million cells takes a minute."""
    numbered = list(enumerate(sheets.items(), 1))
    kinds = [
        ("worksheet", f"worksheets/sheet{n}.xml", f"{_TYPE}.worksheet+xml") for n, _ in numbered
    ]
    kinds.append(("styles", "styles.xml", f"{_TYPE}.styles+xml"))
    if strings:
        kinds.append(("sharedStrings", "sharedStrings.xml", f"{_TYPE}.sharedStrings+xml"))
    declared = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        types = "".join(
            f'<Override PartName="/xl/{part}" ContentType="{kind}"/>' for _, part, kind in kinds
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f"{types}</Types>",
        )
        archive.writestr("_rels/.rels", _relationships([("officeDocument", "xl/workbook.xml")]))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{declared}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", _relationships([(kind, part) for kind, part, _ in kinds])
        )
        archive.writestr("xl/styles.xml", _STYLES)
        if strings:
            archive.writestr("xl/sharedStrings.xml", strings)
        for number, (_, rows) in numbered:
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
                each = iter(rows)
                while block := "".join(islice(each, _ROWS_AT_ONCE)):
                    part.write(block.encode())
                part.write(b"</sheetData></worksheet>")
    return path


def _relationships(targets: list[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _partner(sheet: Worksheet, number: int) -> None:
    _labels(sheet, number)
    _tables(sheet)
    for column in range(3, 18):
        sheet.cell(18, column, (number * column) % 7 / 2)
    sheet["B18"], sheet["G13"] = "=SUM(C18:Q18)", "=D7*B18"
    sheet["N13"], sheet["O13"] = "=0.25*(G13+I13+J13+K13)", "=SUM(G13:N13)"
    sheet["P13"], sheet["Q13"], sheet["R13"] = "=G3", "=O13*P13", "=Q13"
    for row in (22, 23, 28, 29, 30, 35, 36, 42, 43, 44):
        sheet.cell(row, 6, row * number * 10.5)
    _cost_lines(sheet, number)
    for column in range(2, 25):
        sheet.column_dimensions[_letter(column)].width = 14


def _labels(sheet: Worksheet, number: int) -> None:
    for label, row in (("number", 2), ("acronym", 3), ("PIC", 4), ("country", 5), ("rate", 7)):
        sheet.cell(row, 2, label)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=3)
        sheet.merge_cells(start_row=row, start_column=4, end_row=row, end_column=5)
    sheet["D2"], sheet["D3"], sheet["D4"] = number, f"ACRO{number:02}", f"{999_999_000 + number}"
    sheet["D5"], sheet["D7"], sheet["G3"] = "DE", 5_000 + 10 * number, 1.0


def _tables(sheet: Worksheet) -> None:
    for row in range(10, 46):
        for column in range(2, 25):
            cell = sheet.cell(row, column)
            cell.border = _BOX
            if row in _HEAD_ROWS:
                cell.fill, cell.font = _HEAD, Font(bold=True)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.value = f"label {column}"
            elif column >= 6:
                cell.number_format = _MONEY


def _cost_lines(sheet: Worksheet, number: int) -> None:
    """The lines behind the sums."""
    for row in range(50, 120):
        for column in range(2, 25):
            value = row * column * number / 8 if column > 4 else f"line {row}"
            cell = sheet.cell(row, column, value)
            cell.border = _BOX
            cell.number_format = _MONEY


def _letter(column: int) -> str:
    return chr(64 + column)
